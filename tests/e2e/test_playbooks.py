"""The playbooks without iactl."""

from __future__ import annotations

import pytest

from .site import Site

pytestmark = pytest.mark.rig


def test_playbooks_alone_are_as_safe(site: Site) -> None:
    before = site.snapshot()
    run = site.operator.playbook
    failed = run("deploy", f"release_image={site.images('3.0.0', 'crash')}")
    assert failed.returncode != 0
    assert "fatal: cannot log in" in " ".join(failed.stdout.split()), failed.stdout
    assert site.snapshot() == before
    good = run("deploy", f"release_image={site.images('2.0.0')}")
    assert good.returncode == 0, good.stdout
    assert set(site.served().values()) == {"2.0.0"}
    back = run("rollback")
    assert back.returncode == 0, back.stdout
    assert set(site.served().values()) == {"1.0.0"}
