"""Whether the places that ``hipaa.toml`` points to still show what they are to show."""

from __future__ import annotations

from .project import Project
from .settings import FILE, Pointer


def pointer_fault(project: Project, name: str, pointer: Pointer | None, what: str) -> str:
    """Return what is wrong with a pointer, or an empty string.

    Args:
        name: the pointer's own, such as ``audit.sink``.
        what: what it is to show, such as "that backups are encrypted".
    """
    if pointer is None:
        return f"nothing shows {what}: set {name} in {FILE}"
    if pointer.file not in project.files:
        return f"{name} in {FILE} points to {pointer.file}, which is not there"
    if not pointer.holds.strip() or pointer.holds not in (project.text(pointer.file) or ""):
        return f"{pointer.file} does not show {what} any more: see {name} in {FILE}"
    return ""
