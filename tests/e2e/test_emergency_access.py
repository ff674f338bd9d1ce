"""Emergency access as an operator gives it, with real log-ins. Its expiry is in roles/access."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.server import Server

from .site import Site

pytestmark = pytest.mark.rig
REASON = "the bastion is down"


@pytest.fixture
def key(site: Site, tmp_path: Path) -> Iterator[Path]:
    """A pair of keys that no server knows before, nor afterwards."""
    path = tmp_path / "oncall"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)], check=True)
    yield path
    site.operator.run("emergency-access", "--end")


def become_root(server: Server, key: Path) -> subprocess.CompletedProcess[str]:
    """Log in with the key and ask who one is as root."""
    argv = ["ssh", "-i", str(key), *server.ssh_options, "-o", "BatchMode=yes", "-F", "/dev/null"]
    argv += [f"emergency@{server.address}", "sudo", "-n", "id", "-u"]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


def test_a_key_is_let_in_everywhere_recorded_shown_and_taken_back(site: Site, key: Path) -> None:
    assert {become_root(server, key).returncode for server in site.servers} == {255}
    asked = ["--public-key", f"{key}.pub", "--minutes", "5", "--reason", REASON]
    # A run that hangs holds the application; an emergency must not wait for it.
    with holding(site.servers[0], site.app):
        said = site.operator.run("emergency-access", *asked)
    assert said.code == 0, said.text
    assert "emergency is let in on 2 servers until" in said.text
    assert {become_root(server, key).stdout for server in site.servers} == {"0\n"}
    shown = site.operator.run("status")
    assert (shown.code, shown.text.count(REASON)) == (0, 2), shown.text
    ended = site.operator.run("emergency-access", "--end", "--actor", "night-shift")
    assert ended.code == 0, ended.text
    assert {become_root(server, key).returncode for server in site.servers} == {255}
    assert REASON not in site.operator.run("status").text
    asked = ["--action", "emergency-access"]
    history = site.operator.run("history", *asked).report["data"]["history"]
    told = [(row["outcome"], row["reason"], len(row["hosts"])) for row in history[:3]]
    assert told == [(outcome, REASON, 2) for outcome in ("ended", "open", "begun")]
    assert history[0]["actor"] == "night-shift"
    assert site.operator.run("audit verify").code == 0


def holding(server: Server, app: str) -> subprocess.Popen[str]:
    """Hold an application's lock on a server, until the block is left."""
    path = f"/var/lib/iadeploy/{app}/.lock"
    argv = [*server.ssh_base_argv, f"flock {path} sh -c 'echo held; read line'"]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "held\n"
    return process
