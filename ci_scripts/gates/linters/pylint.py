"""pylint: what the others do not see; no error, and a score.

Its exit code is a mask of bits. An empty folder gets score 10 and two "linted modules" (measured
with 4.1), so the files that it says it has checked are counted. It looks for the project's
dependencies in the project's own environment too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...evidence import EvidenceError, read_json
from .. import tool
from ..job import Job
from ..verdict import Finding, Verdict, error, judged
from .subject import notes, nothing

NAME = "pylint"
JSON, TEXT = "pylint-report.json", "pylint-report.txt"
_COUNTED = re.compile(r"^Checked (\d+) files/modules", re.MULTILINE)
_SYNTAX = "E0001"


def run(job: Job) -> Verdict:
    """Look at the files that the settings name."""
    settings = job.project.settings.lint
    files = job.project.within(settings.pylint, ".py")
    if not files:
        return nothing(NAME, "Python files")
    ran = tool.run(command(files, job.output, _own_packages(job)), job.project.root)
    document = read_json(job.output / JSON)
    text = job.output / TEXT
    if document is None or not text.is_file():
        raise tool.ToolBroke(f"pylint left no report: {ran.last_words}")
    printed = text.read_text(encoding="utf-8", errors="replace")
    checked = _COUNTED.search(f"{printed}\n{ran.out}\n{ran.err}")
    looked_at = int(checked[1]) if checked else 0
    return judge(document, looked_at, len(files), settings.pylint_score, tool.version(NAME))


def command(files: Iterable[str], output: Path, packages: Sequence[str]) -> list[str]:
    """Return how to start it.

    Args:
        packages: folders of the project's own environment to look for imports in, after its own.
    """
    formats = f"json2:{output / JSON},text:{output / TEXT}"
    hook = [f"--init-hook=import sys; sys.path.extend({list(packages)!r})"] if packages else []
    return [*tool.module(NAME), "--verbose", f"--output-format={formats}", *hook, "--", *files]


def judge(
    document: Any, looked_at: int, asked: int, least_score: float, tool_version: str = ""
) -> Verdict:
    """Return the verdict on ``pylint-report.json``. Pure.

    Args:
        looked_at: how many files it says it has checked.
        asked: how many files it got.

    Raises:
        EvidenceError: the document is none of pylint's.
    """
    try:
        statistics = document["statistics"]
        score = float(statistics["score"])
        messages = document["messages"]
        unread = [one for one in messages if one["type"] == "fatal" or one["messageId"] == _SYNTAX]
        findings = list(_findings(messages))
    except (KeyError, TypeError, AttributeError, ValueError) as problem:
        raise EvidenceError(f"{JSON} cannot be understood: {problem!r}") from problem
    if unread:
        first = unread[0]
        reason = f"{first['path']}: {first['messageId']} {first['message']}."
        return error(NAME, reason, tool_version=tool_version)
    if score < least_score:
        findings.append(Finding("score", f"{score:.2f} is less than {least_score:.2f}"))
    told = (
        f"Score {score:.2f} of 10, at least {least_score:.2f} is asked for.",
        *notes(looked_at, asked),
    )
    return judged(NAME, findings, looked_at, "files", tool_version=tool_version, notes=told)


def _findings(messages: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    for one in messages:
        if one["type"] == "error":
            path = str(one["path"])
            text = f"{one['message']} ({one['symbol']})"
            yield Finding(one["messageId"], text, path, path, int(one["line"]), "error")


def _own_packages(job: Job) -> tuple[str, ...]:
    if str(job.python) == sys.executable:
        return ()
    asked = "import json, sysconfig; print(sysconfig.get_path('purelib'))"
    ran = tool.run([str(job.python), "-I", "-c", asked], job.project.root, seconds=60)
    if ran.code != 0:
        raise tool.ToolBroke(f"{job.python} does not run: {ran.last_words}")
    return (ran.out.strip(),)
