"""The record of what was done, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from .site import Site

pytestmark = pytest.mark.rig

LEDGER = "/var/lib/iadeploy/shop/ledger.jsonl"


def test_every_run_is_in_the_ledger_and_an_edited_record_is_named_and_stops_deploys(
    site: Site, tmp_path: Path
) -> None:
    site.deploy("2.0.0")
    refused = site.operator.run("deploy", "--image", site.images("3.0.0", "crash"))
    assert refused.code == 4, refused.text
    told = site.operator.run("history").report["data"]["history"]
    assert [(one["action"], one["outcome"]) for one in told[:2]] == [
        ("deploy", "failed"),
        ("deploy", "live"),
    ]
    good = site.operator.run("audit verify")
    assert good.code == 0, good.text
    server = site.servers[1]
    try:
        server.run(["sed", "-i", "2s/ops/0ps/; 2s/deploy/depl0y/", LEDGER])
        said = site.operator.run("audit verify")
        assert said.code == 5, said.text
        assert "web2: record 2 was changed" in said.text
        assert site.operator.run("status").code == 5
        assert site.operator.run("rollback").code == 0  # going back comes first
        kept = site.snapshot()
        said = site.operator.run("deploy", "--image", site.images("2.0.0"))
        assert said.code == 3, said.text
        assert "web2: the ledger is broken: record 2 was changed" in said.text
        assert site.snapshot() == kept
        copies = tmp_path / "copies"
        assert site.operator.run("audit export", "--output", str(copies)).code == 5
        assert (copies / "web2.jsonl").read_text() == server.run(["cat", LEDGER]).stdout
        assert site.operator.run("audit acknowledge", "--reason", "we looked").code == 0
        assert site.operator.run("deploy", "--image", site.images("2.0.0")).code == 0
        told = site.operator.run("history", "--outcome", "refused").report["data"]["history"]
        assert [(one["outcome"], one["hosts"]) for one in told] == [("refused", ["web2"])]
        said = site.operator.run("audit verify")
        assert said.code == 0 and "acknowledged before: record 2" in said.text, said.text
    finally:
        site.operator.run("audit acknowledge", "--reason", "the end of a test")
    assert site.operator.run("audit verify").code == 0
