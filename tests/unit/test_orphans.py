"""Processes that hold a slot's address and belong to no container."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from iadeploy.orphans import end, holders

from tests.unit.builders import failure_of

ADDRESS = "172.30.250.11"
CONTAINER = "65c2236f88e2"
SHIM = ("/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", CONTAINER, "")


class Kernel:
    """A /proc with processes that a test makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process(1, "/sbin/init")
        (folder / "self").symlink_to("1")

    def process(
        self, pid: int, *words: str, parent: int = 1, address: str = "10.0.0.1", space: str = "1"
    ) -> None:
        """Have a process, with the only address that its network namespace has."""
        one = self.folder / str(pid)
        (one / "ns").mkdir(parents=True)
        (one / "ns" / "pid").symlink_to(f"pid:[{space}]")
        (one / "cmdline").write_text("\0".join(words))
        (one / "stat").write_text(f"{pid} (a (strange) name) S {parent} {pid} 0")
        (one / "net").mkdir()
        (one / "net" / "fib_trie").write_text(
            f"Main:\n  +-- 0.0.0.0/0 3 0 5\n     |-- {address}0\n        /32 link UNICAST\n"
            f"     |-- {address}\n        /32 host LOCAL\n"
        )


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path)


def test_a_container_s_process_holds_the_address_of_its_network(kernel: Kernel) -> None:
    kernel.process(20, *SHIM)
    kernel.process(21, "runc", "init", parent=20, address=ADDRESS)
    assert holders(ADDRESS, kernel.folder) == {CONTAINER: [20, 21]}


@pytest.mark.parametrize(
    ("shim", "space", "parent", "address"),
    [
        (SHIM, "1", 20, "172.30.250.1"),
        (SHIM, "1", 1, ADDRESS),
        (SHIM, "2", 20, ADDRESS),
        (("containerd-shim", "-namespace", "k8s.io", "-id", "x", ""), "1", 20, ADDRESS),
        (("grep", *SHIM), "1", 20, ADDRESS),
    ],
    ids=["another address", "no container", "an engine inside", "not Docker's", "no shim"],
)
def test_what_is_no_container_of_this_engine_or_elsewhere_holds_nothing(
    kernel: Kernel, shim: tuple[str, ...], space: str, parent: int, address: str
) -> None:
    kernel.process(20, *shim, space=space)
    kernel.process(21, "runc", "init", parent=parent, address=address)
    assert holders(ADDRESS, kernel.folder) == {}


def test_a_process_that_ends_meanwhile_is_no_failure(kernel: Kernel) -> None:
    kernel.process(20, *SHIM)
    kernel.process(21, "runc", "init", parent=20, address=ADDRESS)
    kernel.process(22, "runc", "init", parent=20, address=ADDRESS)
    shutil.rmtree(kernel.folder / "21" / "net")
    assert holders(ADDRESS, kernel.folder) == {CONTAINER: [20, 22]}


def test_what_does_not_end_is_killed_and_named(kernel: Kernel) -> None:
    """The made-up kernel goes on showing them."""
    idle = [sys.executable, "-c", "input()"]
    with (
        subprocess.Popen(idle, stdin=subprocess.PIPE) as shim,
        subprocess.Popen(idle, stdin=subprocess.PIPE) as below,
    ):
        kernel.process(shim.pid, *SHIM)
        kernel.process(below.pid, "runc", "init", parent=shim.pid, address=ADDRESS)
        error = failure_of(lambda: end(CONTAINER, ADDRESS, kernel.folder, deadline=0.1))
        assert (shim.wait(10), below.wait(10)) == (-signal.SIGKILL, -signal.SIGKILL)
    assert f"process {below.pid} holds {ADDRESS}" in str(error)
    assert error.cause == "refused"
