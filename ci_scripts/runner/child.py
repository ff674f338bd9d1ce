"""``ansible-playbook``, tied to the life of the process that started it.

Run as ``python -m ci_scripts.runner.child ARGUMENTS…``. Without the tie, a killed iactl leaves
ansible-playbook running in a session of its own, and the next deploy would meet it on the servers.
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1  # prctl(2), Linux only
_RARELY = 50_000  # new objects before Python looks for garbage; 700 is for what runs for long


def die_with(parent: int) -> None:
    """Have the kernel send this process SIGTERM when its parent ends, however it ends.

    Args:
        parent: the parent's process id as it was told; one that has ended already counts too.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGTERM)


def _share_more() -> None:
    """Do what each process per server and task would do, once for all of them."""
    from ansible.plugins.loader import filter_loader, test_loader

    for plugins in (filter_loader, test_loader):
        list(plugins.all())  # loads those that are not loaded yet, also those of a role
    gc.freeze()  # what a process's collector looked at it would have to copy


def main() -> None:
    """Tie this process, then become ansible-playbook.

    What it needs is imported here: iactl imports this file only to know its name.
    """
    die_with(int(os.environ.pop("IADEPLOY_PARENT")))
    gc.set_threshold(_RARELY)
    from ansible.cli.playbook import main as ansible_playbook
    from ansible.constants import DEFAULT_LOCAL_TMP

    from .templates import share_compiled

    share_compiled(Path(DEFAULT_LOCAL_TMP))
    os.register_at_fork(before=_share_more)
    try:
        sys.exit(ansible_playbook(["ansible-playbook", *sys.argv[1:]]))
    finally:
        gc.freeze()  # nothing is gained by looking through all objects once more at the end


if __name__ == "__main__":
    main()
