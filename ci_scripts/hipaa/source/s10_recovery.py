"""S10: backups are configured, and restore and emergency access have playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from ...runner.syntax import syntax_complaints
from ...runner.values import Server
from ..pointers import pointer_fault
from ..project import Project
from ..role_tasks import tasks_of
from ..verdict import Finding, Verdict, judged, together
from .context import Source

_EMERGENCY = ("emergency_access", "emergency-access", "break_glass")
# What a variable about backups is called, by what it configures.
_SETTINGS = {
    "schedule": re.compile(r"backup.*(?:schedule|calendar|cron|hour|interval)"),
    "encryption": re.compile(r"backup.*(?:encrypt|recipient|passphrase|public_key|gpg|age_)"),
    "checksum": re.compile(r"backup.*(?:checksum|sha256|digest|verify)"),
}
_ENDS = re.compile(r"\bexpires\b|\bat\b|systemd-run|on-active|chage|--expiredate")
# The product's own module writes into the ledger before and after.
_RECORDS = re.compile(
    r"\blogger\b|syslogger|ledger|audit|'emergency_access': \{'state': 'begun'", re.IGNORECASE
)


def check(source: Source) -> Verdict:
    """Look at each server's variables, then at the playbooks and have Ansible read them."""

    def look(place: str, server: Server) -> Verdict:
        faults = {name: _pointed(source.project, name) for name in _missing(source, server)}
        found = [
            Finding(f"no variable gives backups their {name}, and {fault}", place, 0, name)
            for name, fault in faults.items()
            if fault
        ]
        return judged(found, len(_SETTINGS), "backup settings")

    playbooks = list(_playbook_faults(source))
    return together(
        [("", source.each_server(look)), ("", judged(playbooks, 3, "playbooks for recovery"))]
    )


def _missing(source: Source, server: Server) -> list[str]:
    """Return what no variable configures for backups, as the roles see them on a server."""
    missing = set(_SETTINGS)
    for folder in sorted((source.content / "roles").glob("*/defaults")):
        role = server.role(folder.parent)
        missing = {
            name
            for name in missing
            if not any(_SETTINGS[name].search(one) and role.value(one) for one in role.variables)
        }
    return sorted(missing)


def _pointed(project: Project, name: str) -> str:
    pointer = project.settings.backup.get(name)
    return pointer_fault(project, f"backup.{name}", pointer, f"the {name} of backups")


def emergency_faults(tasks: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Yield what the tasks of an emergency access lack. Pure."""
    texts = [str(dict(task)) for task in tasks]
    if not any(_ENDS.search(text) for text in texts):
        yield "the emergency access does not end by itself"
    if not any(_RECORDS.search(text) for text in texts):
        yield "the emergency access is not recorded"


def _playbook_faults(source: Source) -> Iterator[Finding]:
    found = {names[0]: _find(source, names) for names in (("backup",), ("restore",), _EMERGENCY)}
    for name, playbook in found.items():
        if playbook is None:
            yield Finding("there is no such playbook", f"playbooks/{name}.yml", 0, "absent")
    there = [playbook for playbook in found.values() if playbook is not None]
    complaints = syntax_complaints(there)
    for playbook, said in complaints.items():
        yield Finding(f"Ansible cannot read it: {said}", f"playbooks/{playbook.name}", 0, "syntax")
    emergency = found[_EMERGENCY[0]]
    if emergency is not None and emergency not in complaints:
        roles = [root / "roles" for root in (source.project.root, source.content)]
        for text in emergency_faults(tasks_of(emergency, roles)):
            yield Finding(text, f"playbooks/{emergency.name}", 0, text)


def _find(source: Source, names: tuple[str, ...]) -> Path | None:
    """Return the playbook with the first of the names, the project's own before the product's."""
    folders = [root / "playbooks" for root in (source.project.root, source.content)]
    paths = [folder / f"{name}.yml" for name in names for folder in folders]
    return next((path for path in paths if path.is_file()), None)
