"""Row 10: disks and inodes run out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.e2e.site import Site
from tests.fleet.server import Server

from .row import Row

pytestmark = [pytest.mark.rig, pytest.mark.row(10)]

STATE = "/var/lib/iadeploy"
DOWNLOADS = "/var/lib/docker/tmp"


@contextmanager
def small_disk(server: Server, folder: str, options: str, fill: str = "true") -> Iterator[None]:
    """Have a folder, with what is in it, on a small disk of its own for a block."""
    script = (
        f"set -e; rm -rf /root/kept; cp -a {folder} /root/kept;"
        f" mount -t tmpfs -o {options} tmpfs {folder};"
        f" cp -a /root/kept/. {folder}/; cd {folder}; {fill}; sync"
    )
    server.run(["sh", "-c", script], check=True)
    try:
        yield
    finally:
        back = (
            f"cd {folder}; rm -f filler*; rm -rf /root/kept; cp -a {folder} /root/kept; cd /;"
            f" umount -l {folder}; cp -a /root/kept/. {folder}/; rm -rf /root/kept"
        )
        server.run(["sh", "-c", back], check=True)


def test_too_little_room_is_seen_before_anything_is_touched(
    row: Callable[..., Row], site: Site
) -> None:
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        it.configure(app_min_free_mib=100_000_000)
        said = it.deploy(it.new)
        assert said.code == 3, said.text
        for server in site.servers:
            assert f"{server.name}: /var/lib/docker has " in said.text
        assert "MiB are missing" in said.text
        assert "'docker image prune -a' would free " in said.text
        assert {name: one.at_rest for name, one in it.look().items()} == before


def test_disk_full_in_the_pull(row: Callable[..., Row], site: Site) -> None:
    server = site.servers[1]
    with row() as it:
        before = {name: one.at_rest for name, one in it.look().items()}
        with small_disk(server, DOWNLOADS, "size=4k", "dd if=/dev/zero of=filler bs=4k || true"):
            said = it.deploy("10.0.0", "fresh")
        assert said.code == 3, said.text
        assert f"{server.name}: cannot pull" in said.text and "no space left" in said.text
        assert "docker image prune -a" in said.text
        assert {name: one.at_rest for name, one in it.look().items()} == before


@pytest.mark.parametrize("what", ["bytes", "inodes"])
def test_the_toolkit_s_own_disk_is_full(row: Callable[..., Row], site: Site, what: str) -> None:
    server = site.servers[1]
    options, fill = "size=64m", "dd if=/dev/zero of=filler bs=64k 2> /dev/null || true"
    if what == "inodes":
        there = len(server.run(["find", STATE], check=True).stdout.splitlines())
        options = f"nr_inodes={there + 10}"
        fill = "i=0; while touch filler$i 2> /dev/null; do i=$((i+1)); done"
    with row(status=None) as it:
        with small_disk(server, STATE, options, fill):
            said = it.deploy(it.new)
            told = it.run("status")
            served = {one.served for one in it.look().values()}
        assert said.code in (3, 4), said.text
        assert "cannot be written (No space left on device)" in said.text, said.text
        assert f"{server.name}: " in said.text
        assert told.report["hosts"][server.name]["version"] == it.old
        assert served == {it.old}
