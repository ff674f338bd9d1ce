"""Stopping ansible-playbook so that its remote command stops too."""

from __future__ import annotations


def stop_playbook(*, hard: bool) -> None:
    """Stop the ansible-playbook that this process started.

    SIGTERM to ansible-playbook itself ends the remote command; ansible-runner's own cancel kills
    the process group and leaves it running (ansible/ansible-runner#973).

    Args:
        hard: SIGKILL instead, when a first attempt was not enough.
    """
    import psutil  # pylint: disable=import-outside-toplevel  # only a cancel needs it

    for child in psutil.Process().children():
        try:
            if hard:
                child.kill()
            else:
                child.terminate()
        except psutil.NoSuchProcess:
            continue
