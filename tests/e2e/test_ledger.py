"""The record of what was done, on real servers."""

from __future__ import annotations

import pytest

from .site import Site

pytestmark = pytest.mark.rig

LEDGER = "/var/lib/iadeploy/shop/ledger.jsonl"


def test_every_run_is_in_the_ledger_and_an_edited_record_is_named(site: Site) -> None:
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
    server.run(["cp", "-p", LEDGER, "/root/ledger.kept"])
    try:
        server.run(["sed", "-i", "2s/ops/0ps/; 2s/deploy/depl0y/", LEDGER])
        said = site.operator.run("audit verify")
        assert said.code == 5, said.text
        assert "web2: record 2 was changed" in said.text
        assert site.operator.run("status").code == 5
    finally:
        server.run(["mv", "/root/ledger.kept", LEDGER])
    assert site.operator.run("audit verify").code == 0
