"""S7: nothing switches verification off, and no weak hash is used."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from ...evidence import read_json
from ...gates.scanners.bandit import RESULTS as BANDIT_RESULTS
from ..verdict import Finding, Verdict, judged
from .context import Source

# What to look for, by the name that an accepted finding is known by. Written so that this file
# does not find itself.
PATTERNS: dict[str, str] = {
    "requests without verification": r"\bverify\s*=\s*False\b",
    "no certificate asked for": r"\bCERT_NONE\b",
    "no host name check": r"\bcheck_hostname\s*=\s*False\b",
    "unverified context": r"\b_create_unverified_context\b",
    "certificates not validated": (
        r"\b(?:validate_certs|tls_verify|verify_ssl)\s*[:=]\s*['\"]?(?:false|no)\b"
    ),
    "unknown host keys taken": r"\bStrictHostKeyChecking[ =]+['\"]?(?:no|off|accept-new)\b",
    "host keys thrown away": r"\bUserKnownHostsFile[ =]+['\"]?/dev/null\b",
    "host keys not checked": r"\bhost_key_checking\s*[:=]\s*['\"]?(?:false|no|0)\b",
    "host keys asked over the net": r"\bssh-[k]eyscan\b",
    "any host key added": r"\bAutoAddPolicy\b",
    "curl without verification": (
        r"\bcurl\b[^|;&\n]*\s(?:(?-i:-[a-zA-Z]*k[a-zA-Z]*)|--[i]nsecure)(?=\s|$)"
    ),
    "wget without verification": r"--no-check-[c]ertificate\b",
    "git or npm without verification": r"\b(?:sslVerify|strict-ssl)\s*[ =]\s*['\"]?false\b",
    "node without verification": r"\bNODE_TLS_REJECT_UNAUTHORIZED\s*[:=]\s*['\"]?0",
    "pip without verification": r"--trusted-[h]ost\b",
    "proxy without verification": r"^\s*(?:default-)?server\b.*\bverify\s+none\b",
    "weak hash": r"\bhashlib\.(?:md5|sha1)\(|\bhashlib\.new\(\s*['\"](?:md5|sha1)\b",
}
_COMPILED = {name: re.compile(pattern, re.IGNORECASE) for name, pattern in PATTERNS.items()}
# Use in a test, or in prose, protects nobody and harms nobody.
_NOT_SHIPPED = frozenset(("tests", "test", "molecule"))
_PROSE = (".md", ".rst")
# Weak hashes, no certificate validation, no host key verification.
_BANDIT = frozenset(("B324", "B501", "B507"))


def check(source: Source) -> Verdict:
    """Look at every file that ships, and at bandit's report where there is one."""
    findings: list[Finding] = []
    looked_at = 0
    for path, text in source.project.texts():
        if _ships(path):
            looked_at += 1
            findings += in_text(path, text)
    report = read_json(source.evidence / BANDIT_RESULTS)
    if report is None:
        note = f"There is no {BANDIT_RESULTS}, so B324, B501 and B507 rest on S7's own patterns."
        return judged(findings, looked_at, "files", note)
    findings += from_bandit(report)
    return judged(findings, looked_at, "files and bandit's report")


def in_text(path: str, text: str) -> Iterator[Finding]:
    """Yield each line that switches a verification off or uses a weak hash."""
    for number, line in enumerate(text.splitlines(), start=1):
        for name, pattern in _COMPILED.items():
            if pattern.search(line):
                yield Finding(name, path, number, name)


def from_bandit(report: Any) -> Iterator[Finding]:
    """Yield bandit's findings of these kinds."""
    for one in report["results"]:
        if one["test_id"] in _BANDIT:
            path = PurePosixPath(one["filename"]).as_posix().removeprefix("./")
            text = f"bandit {one['test_id']}: {one['issue_text']}"
            yield Finding(text, path, one["line_number"], one["test_id"])


def _ships(path: str) -> bool:
    whole = PurePosixPath(path)
    return not set(whole.parts[:-1]) & _NOT_SHIPPED and not path.endswith(_PROSE)
