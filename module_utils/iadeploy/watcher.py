"""A process that stays on the server until an emergency access is over, and takes it back then.

It needs nobody: the controller may be dead by then. Should it be ended itself, sshd and sudo refuse
all the same from that moment on, and the next bootstrap clears away what is left.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from .access import Access
from .access_file import read_access
from .store import Store

_LOOK = 2.0  # seconds between two looks at the clock, and whether the access is still this one
Close = Callable[[Store, Access, str, str], None]


def leave_watcher(store: Store, access: Access, close: Close) -> None:
    """Leave a process that outlives this one and its log-in.

    Args:
        close: takes the access back.
    """
    store.ledger()  # whatever is imported late has to be there before Ansible's module is gone
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        return
    try:
        os.setsid()
        if os.fork() == 0:
            _forget_everything()
            _watch(store, access, close)
    finally:
        os._exit(0)


def _forget_everything() -> None:
    """Hold nothing that the one who started this waits for or would unmount."""
    os.chdir("/")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    os.closerange(3, 4096)


def _watch(store: Store, access: Access, close: Close) -> None:
    while True:
        current = read_access(store.root)
        if current is None or current.id != access.id:
            return
        left = access.until - time.time()
        if left <= 0:
            close(store, access, "expired", access.actor)
            return
        time.sleep(min(left, _LOOK))
