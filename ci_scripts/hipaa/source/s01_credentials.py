"""S1: no credentials or private keys, in the tree and in what a change's commits brought."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..history import unpack
from ..project import Project
from ..secret_scan import Leak, ScannerMissing, scan
from ..verdict import Finding, Status, Verdict, judged, not_tested, together
from .context import Source


def check(source: Source) -> Verdict:
    """Scan every file of the tree, then every earlier version in the range of commits."""
    project = source.project
    try:
        return together([("tree", _tree(project)), ("history", _history(project, source.history))])
    except ScannerMissing as error:
        return Verdict(Status.ERROR, f"{error}.")


def findings(leaks: Iterable[Leak], where: str = "") -> list[Finding]:
    """Return the findings for lines that look like a credential. Pure."""
    return [
        Finding(f"this looks like a credential: {leak.kind}{where}", leak.path, leak.line, leak.key)
        for leak in leaks
    ]


def _tree(project: Project) -> Verdict:
    scanned = scan(project.root, project.files)
    binary = [f"Binary files, not looked at: {scanned.binary}."] if scanned.binary else []
    looked_at = len(project.files) - scanned.binary
    return judged(findings(scanned.leaks), looked_at, "files", *binary)


def _history(project: Project, commits: str) -> Verdict:
    if not commits:
        return not_tested("no commits were named; add --history, such as origin/main..HEAD.")
    with tempfile.TemporaryDirectory() as folder:
        versions = unpack(project, commits, Path(folder))
        scanned = scan(Path(folder), versions)
    leaks = [Leak(versions[leak.path], 0, leak.kind, leak.key) for leak in scanned.leaks]
    commit_count = int(project.git("rev-list", "--count", commits))
    found = findings(dict.fromkeys(leaks), " in an earlier version of this file")
    note = f"Earlier versions scanned: {len(versions) - scanned.binary}."
    return judged(found, commit_count, "commits", note)
