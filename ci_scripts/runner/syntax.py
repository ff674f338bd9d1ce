"""Whether Ansible can read playbooks; no server is asked."""

from __future__ import annotations

import os
import subprocess  # nosec B404 - a list, no shell
from collections.abc import Sequence
from pathlib import Path

from ..content import content_root
from .environment import scrubbed

_SECONDS = 60


def syntax_complaints(playbooks: Sequence[Path]) -> dict[Path, str]:
    """Return what Ansible finds wrong, by playbook; nothing for those that it can read.

    Raises:
        OSError: Ansible cannot be started.
        subprocess.TimeoutExpired: it does not end.
    """
    # Together first: starting Ansible takes most of the time, and most playbooks are fine.
    if not playbooks or not _complaint(playbooks):
        return {}
    each = {playbook: _complaint([playbook]) for playbook in playbooks}
    return {playbook: said for playbook, said in each.items() if said}


def _complaint(playbooks: Sequence[Path]) -> str:
    done = subprocess.run(  # nosec B603 B607 - a list, no shell
        ["ansible-playbook", "--syntax-check", "-i", "localhost,", *map(str, playbooks)],
        env=scrubbed(os.environ, content_root()),
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if done.returncode == 0:
        return ""
    lines = [line for line in done.stderr.splitlines() if line.startswith(("[ERROR]", "ERROR"))]
    return (lines or done.stderr.splitlines() or ["no reason given"])[0].strip()
