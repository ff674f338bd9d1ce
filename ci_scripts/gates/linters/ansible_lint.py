"""ansible-lint: playbooks and roles, at the profile that the project asks for.

With nothing to look at it says that it has passed, so the files that it has processed are counted.
A file that it cannot load is an error: its tasks were not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from ...evidence import EvidenceError
from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import encrypted_files, nothing

NAME = "ansible-lint"
_COUNTED = re.compile(r"in (\d+) files processed of (\d+) encountered")
_UNREAD = ("load-failure", "internal-error", "syntax-check[missing-file]")


def run(job: Job) -> Verdict:
    """Look at the folders that the settings name, but for what is encrypted and so no YAML."""
    project = job.project
    folders = [one for one in project.settings.lint.ansible if (project.root / one).is_dir()]
    if not project.within(folders, ".yml", ".yaml"):
        return nothing(NAME, "playbooks or roles")
    ran = tool.run(command(folders, encrypted_files(project, folders)), project.root)
    return judge(ran, tool.version(NAME))


def command(folders: Iterable[str], encrypted: Iterable[str] = ()) -> list[str]:
    """Return how to start it: without a network, and with warnings as findings."""
    tool.version(NAME)
    options = ["--offline", "--strict", "--nocolor", "--format", "json"]
    options += [word for name in encrypted for word in ("--exclude", name)]
    return [*tool.module("ansiblelint", NAME), *options, "--", *folders]


def judge(ran: tool.Ran, tool_version: str = "") -> Verdict:
    """Return the verdict on what it printed. Pure.

    Raises:
        EvidenceError: its results cannot be understood.
    """
    counted = _COUNTED.search(ran.err)
    if counted is None:
        raise tool.ToolBroke(f"ansible-lint broke: {ran.last_words}")
    try:
        findings = list(_findings(json.loads(ran.out)))
    except (KeyError, TypeError, ValueError) as problem:
        raise EvidenceError(
            f"ansible-lint's results cannot be understood: {problem!r}"
        ) from problem
    unread = [one for one in findings if one.id.startswith(_UNREAD)]
    if unread:
        return error(NAME, f"{unread[0]}.", tool_version=tool_version)
    return judged(NAME, findings, int(counted[1]), "files", tool_version=tool_version)


def _findings(rows: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    for row in rows:
        place = row["location"]
        begin = (place.get("lines") or place.get("positions") or {}).get("begin", 0)
        line = begin.get("line", 0) if isinstance(begin, dict) else begin
        path = str(place["path"])
        yield Finding(str(row["check_name"]), str(row["description"]), path, path, int(line))
