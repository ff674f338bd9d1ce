"""The record of what was done, on real servers."""

from __future__ import annotations

from pathlib import Path

import pytest

from .site import Site

pytestmark = pytest.mark.rig

LEDGER = "/var/lib/iadeploy/shop/ledger.jsonl"


def test_every_run_is_in_the_ledger_and_its_copies(site: Site, tmp_path: Path) -> None:
    site.deploy("2.0.0")
    failed = site.operator.run("deploy", "--image", site.images("3.0.0", "crash"))
    assert failed.code == 4, failed.text
    told = site.operator.run("history").report["data"]["history"]
    assert [(one["action"], one["outcome"]) for one in told[:2]] == [
        ("deploy", "failed"),
        ("deploy", "live"),
    ]
    copies = tmp_path / "copies"
    good = site.operator.run("audit export", "--output", str(copies))
    assert good.code == 0, good.text
    for server in site.servers:
        copy = (copies / f"{server.name}.jsonl").read_text(encoding="utf-8")
        assert copy == server.run(["cat", LEDGER]).stdout
