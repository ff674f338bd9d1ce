"""S10: backups are configured, and restore and emergency access have playbooks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ...runner.syntax import syntax_complaints
from ...runner.values import Server
from ..pointers import pointer_fault
from ..project import Project
from ..tasks import every_task
from ..verdict import Finding, Verdict, judged, together
from ..yaml_values import documents
from .context import Source

_EMERGENCY = ("emergency_access", "emergency-access", "break_glass")
# What a variable about backups is called, by what it configures.
_SETTINGS = {
    "schedule": re.compile(r"backup.*(?:schedule|calendar|cron|hour|interval)"),
    "encryption": re.compile(r"backup.*(?:encrypt|recipient|passphrase|public_key|gpg|age_)"),
    "checksum": re.compile(r"backup.*(?:checksum|sha256|digest|verify)"),
}
_ENDS = re.compile(r"\bexpires\b|\bat\b|systemd-run|on-active|chage|--expiredate")
_RECORDS = re.compile(r"\blogger\b|syslogger|ledger|audit", re.IGNORECASE)


def check(source: Source) -> Verdict:
    """Look at each server's variables, then at the playbooks and have Ansible read them."""

    def look(place: str, server: Server) -> Verdict:
        variables: dict[str, Any] = {}
        for role in sorted((source.content / "roles").glob("*/defaults")):
            variables |= server.role(role.parent).variables
        faults = {name: _pointed(source.project, name) for name in not_configured(variables)}
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


def not_configured(variables: Mapping[str, Any]) -> Iterator[str]:
    """Yield what no variable configures for backups. Pure."""
    for name, pattern in _SETTINGS.items():
        if not any(value and pattern.search(known) for known, value in variables.items()):
            yield name


def _pointed(project: Project, name: str) -> str:
    pointer = project.settings.backup.get(name)
    return pointer_fault(project, f"backup.{name}", pointer, f"the {name} of backups")


def emergency_faults(playbook: str) -> Iterator[str]:
    """Yield what an emergency access playbook lacks. Pure.

    Raises:
        ValueError: it is no YAML.
    """
    tasks = [str(dict(task)) for doc in documents(playbook) for task, _ in every_task(doc)]
    if not any(_ENDS.search(task) for task in tasks):
        yield "the emergency access does not end by itself"
    if not any(_RECORDS.search(task) for task in tasks):
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
        for text in emergency_faults(emergency.read_text(encoding="utf-8")):
            yield Finding(text, f"playbooks/{emergency.name}", 0, text)


def _find(source: Source, names: tuple[str, ...]) -> Path | None:
    """Return the playbook with the first of the names, the project's own before the product's."""
    folders = [root / "playbooks" for root in (source.project.root, source.content)]
    paths = [folder / f"{name}.yml" for name in names for folder in folders]
    return next((path for path in paths if path.is_file()), None)
