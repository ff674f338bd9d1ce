"""No secret reaches output, processes, the engine's view or a file that others can read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from .site import SECRET, Site

pytestmark = pytest.mark.rig


def test_secret_reaches_the_application_only(site: Site) -> None:
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 0, said.text
    assert SECRET not in str(said.report) + said.progress
    for server in site.servers:
        names = [name for name, row in site.containers(server).items() if "running" in row]
        inside = server.run(["docker", "exec", names[0], "cat", "/run/secrets/TINY_SECRET"])
        assert inside.stdout == SECRET
        assert SECRET not in server.run(["docker", "inspect", *names]).stdout
        assert SECRET not in server.run(["cat", "/var/lib/iadeploy/shop/ledger.jsonl"]).stdout
        found = server.run(
            ["grep", "-rl", SECRET, "/var/lib/iadeploy", "/etc", "/root"], check=False
        )
        for path in found.stdout.split():
            shown = server.run(["stat", "-c", "%a %u", path]).stdout.split()
            assert shown == ["400", "10002"], path
            assert "/secrets/TINY_SECRET" in path


def test_secret_is_in_no_process_and_no_file_of_the_controller(site: Site) -> None:
    # A killed iactl of another test can have left its folder or its mark, which this one may
    # remove; it must leave none of its own.
    site.operator.scratch.mkdir(exist_ok=True)
    before = set(site.operator.scratch.iterdir())
    process = site.operator.start("deploy", "--image", site.images("2.4.0", "slow"))
    hits: set[str] = set()
    token = "sentinel-token-5f1c"
    while process.poll() is None:
        hits |= leaks((SECRET, token), site.operator.scratch, own=process.pid)
    said = site.operator.finish(process)
    assert said.code == 0, said.text
    assert not hits
    assert set(site.operator.scratch.iterdir()) <= before


def leaks(words: tuple[str, ...], scratch: Path, own: int) -> set[str]:
    """Return the places on this machine where a word can be seen right now."""
    found = set()
    # os.walk, unlike glob, does not mind folders that vanish meanwhile.
    files = [Path(folder, name) for folder, _, names in os.walk(scratch) for name in names]
    places = [*Path("/proc").glob("[0-9]*/cmdline"), *files]
    for path in places:
        try:
            text = path.read_bytes().decode(errors="replace") if path.is_file() else ""
        except OSError:
            continue
        found |= {f"{path}: {word}" for word in words if word in text}
    # The operator's shell has the token in its environment, Ansible must not have it.
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            command = path.with_name("cmdline").read_bytes()
            held = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if (
            b"ci_scripts.runner.child" in command
            and words[1] in held
            and str(own) not in path.parts
        ):
            found.add(f"{path}: {words[1]}")
    return found
