"""Row 20: somebody changes the record, or a crash tears it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.site import Site

from .row import Row

pytestmark = [pytest.mark.rig, pytest.mark.row(20)]

LEDGER = "/var/lib/iadeploy/shop/ledger.jsonl"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("2s/ops/0ps/; 2s/deploy/depl0y/", "record 2 was changed"),
        ("2s/^\\(.\\{60\\}\\).*/\\1/", "record 2 cannot be read"),
    ],
    ids=["edited", "cut"],
)
def test_record_is_changed(
    row: Callable[..., Row], site: Site, tmp_path: Path, change: str, told: str
) -> None:
    server = site.servers[1]
    kept = server.run(["cat", LEDGER], check=True).stdout
    with row() as it:
        try:
            server.run(["sed", "-i", change, LEDGER], check=True)
            said = it.run("audit verify")
            assert said.code == 5 and f"{server.name}: {told}" in said.text, said.text
            assert it.run("status").code == 5
            before = {name: one.at_rest for name, one in it.look().items()}
            said = it.deploy(it.new)
            assert said.code == 3, said.text
            assert f"{server.name}: the ledger is broken: {told}" in said.text
            assert {name: one.at_rest for name, one in it.look().items()} == before
            copies = tmp_path / "copies"
            assert it.run("audit export", "--output", str(copies)).code == 5
            there = server.run(["cat", LEDGER]).stdout
            assert (copies / f"{server.name}.jsonl").read_text(encoding="utf-8") == there
            assert it.run("audit acknowledge", "--reason", "we looked").code == 0
            assert it.deploy(it.new).code == 0
            refused = it.run("history", "--outcome", "refused").report["data"]["history"]
            assert server.name in refused[0]["hosts"], refused
            said = it.run("audit verify")
            assert said.code == 0 and f"acknowledged before: {told}" in said.text, said.text
        finally:
            # What stood there before, for the oracle and the rows that follow.
            server.run(["sh", "-c", f"cat > {LEDGER}"], stdin=kept, check=True)
        assert it.deploy(it.old).code == 0


def test_torn_end_is_repaired_and_marked(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        server.run(["sh", "-c", f'printf \'{{"kind":"outco\' >> {LEDGER}'], check=True)
        assert it.run("audit verify").code == 0
        assert it.deploy(it.new).code == 0
        kinds = [one["kind"] for one in it.look([server])[server.name].entries]
        assert kinds[-3:] == ["repair", "intent", "outcome"], kinds
