"""What the scanners of packages share: what they are asked about, and how they tell a finding.

Among it is a positive control. A service that answers politely and knows nothing gives the same
result as one that knows everything about a clean project. So each run asks about one release more
that is known to be vulnerable, and a scanner that finds no fault with it has proved nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Any

from ..job import CannotRun
from ..locks import LockError, Pin, lock_files, read_pins
from ..project import Project
from ..verdict import Finding

# PYSEC-2017-94 and PYSEC-2018-97: every release is affected, none has a fix, the last was in 2013.
CONTROL = Pin("pycrypto", "2.6.1")


def pins_of(project: Project) -> tuple[Pin, ...]:
    """Return the packages of a project's lock files.

    Raises:
        CannotRun: it has no lock file.
        LockError: there is no package in them, or they leave a version open.
        MissingPath: one that its settings name does not exist.
    """
    locks = lock_files(project)
    if not locks:
        raise CannotRun(f"{project.root} has no lock file; pin what it installs")
    pins = read_pins(project.root, locks)
    if not pins:
        raise LockError(f"{', '.join(locks)}: no package is pinned there")
    return pins


def requirements(pins: Iterable[Pin]) -> str:
    """Return a requirements file that names the packages, and the control once."""
    return "".join(f"{pin}\n" for pin in dict.fromkeys([*pins, CONTROL]))


def vulnerability(
    pin: Pin, name: str, fixed_in: Iterable[str], description: Any, aliases: Iterable[str]
) -> Finding:
    """Return the finding for a vulnerability of a package."""
    fixed = ", ".join(fixed_in)
    told = " ".join(str(description or "").split())[:200]
    text = f"{pin}, {f'fixed in {fixed}' if fixed else 'no fix yet'}. {told}".strip()
    others = tuple(sorted(set(aliases) - {name}))
    return Finding(name, text, pin.name, pin.path, pin.line, aliases=others)


def now() -> str:
    """Return this moment (ISO 8601, UTC): the date of what a service answers."""
    return f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
