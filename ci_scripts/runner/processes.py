"""Stopping ansible-playbook so that its remote command stops too."""

from __future__ import annotations

# A handler of signals calls this; a second signal would meet a module that the first one has half
# imported.
import psutil


def stop_playbook(*, hard: bool) -> None:
    """Stop the ansible-playbook that this process started.

    SIGTERM to ansible-playbook itself ends the remote command; ansible-runner's own cancel kills
    the process group and leaves it running (ansible/ansible-runner#973).

    Args:
        hard: SIGKILL instead, when a first attempt was not enough.
    """
    for child in psutil.Process().children():
        try:
            if hard:
                child.kill()
            else:
                child.terminate()
        except psutil.NoSuchProcess:
            continue
