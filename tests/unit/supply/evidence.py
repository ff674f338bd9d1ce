"""A folder of evidence with which a release may go to production, and ways to break it."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

DIGEST, IMAGE_ID = f"sha256:{'d' * 64}", f"sha256:{'1' * 64}"
OTHER = f"sha256:{'9' * 64}"
COMMIT = "c" * 40
Documents = dict[str, Any]
Change = Callable[[Documents], object]


def ago(**units: float) -> str:
    """Return a moment of the past as the tools write it."""
    return f"{datetime.now(timezone.utc) - timedelta(**units):%Y-%m-%dT%H:%M:%SZ}"


def release() -> Documents:
    """The record of the release."""
    return {
        "schema": 1,
        "image": f"registry.example.com/shop@{DIGEST}",
        "repository": "registry.example.com/shop",
        "digest": DIGEST,
        "tags": ["main"],
        "image_id": IMAGE_ID,
        "commit": COMMIT,
        "branch": "main",
        "version": "1.4.0",
        "run_url": "",
        "pushed_at": ago(hours=3),
    }


def good() -> Documents:
    """Every document by its path in the folder."""
    return {
        "staging-history.json": _report(
            "staging",
            data={
                "history": [
                    _event("refused", OTHER, minutes=80),
                    _event("live", DIGEST, minutes=90),
                    _event("live", OTHER, hours=30),
                ]
            },
        ),
        "staging-status.json": _report(
            "staging",
            at=ago(minutes=5),
            hosts={name: {"digest": DIGEST, "state": "running"} for name in ("web1", "web2")},
        ),
        "docker-build/trivy-results.json": {
            "SchemaVersion": 2,
            "Metadata": {"ImageID": IMAGE_ID, "OS": {"Family": "debian"}},
            "Results": [{"Packages": [{"Name": "zlib1g"}]}],
        },
        "docker-build/gate-verdicts.json": _verdicts(
            _verdict("trivy", at=ago(hours=1), data_date=ago(hours=6))
        ),
        "security-scan/gate-verdicts.json": _verdicts(_verdict("bandit", at=ago(hours=1))),
        "weekly/gate-verdicts.json": _verdicts(
            _verdict("bandit", at=ago(days=6)), _verdict("pip-audit", at=ago(days=6))
        ),
        "production-backup.json": _report(
            "production",
            data={
                "backup": {
                    "name": "20260301-120000-0002",
                    "at": ago(minutes=20),
                    "proved_at": ago(minutes=19),
                    "bytes": 1 << 20,
                }
            },
        ),
        "security-scan/hipaa-results.json": _hipaa("source", commit=COMMIT, subjects=["shop"]),
        "docker-build/hipaa-results.json": _hipaa("image", subjects=[f"image.tar ({IMAGE_ID})"]),
        "head.json": {"schema": 1, "branch": "main", "head": COMMIT, "at": ago(minutes=1)},
        "approval.json": {
            "schema": 1,
            "approver": "ada",
            "how": "the reviewers of the environment",
            "environment": "production",
            "digest": DIGEST,
            "at": ago(minutes=1),
        },
    }


def write(folder: Path, documents: Documents) -> Path:
    """Write documents into a folder and return it."""
    for name, document in documents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        text = document if isinstance(document, str) else json.dumps(document)
        path.write_text(text, encoding="utf-8")
    return folder


def put(name: str, *keys: Any) -> Callable[[Any], Change]:
    """Return what puts a value into a document."""

    def to(value: Any) -> Change:
        def change(documents: Documents) -> None:
            inside = documents[name]
            for key in keys[:-1]:
                inside = inside[key]
            inside[keys[-1]] = value

        return change

    return to


def _report(environment: str, **rest: Any) -> Documents:
    told = {"schema": 1, "environment": environment, "exit_code": 0, "message": "m", "at": ago()}
    return {**told, "hosts": {}, "data": {}, **rest}


def _event(outcome: str, digest: str, **units: float) -> Documents:
    facts = {"action": "deploy", "outcome": outcome, "digest": digest}
    return {**facts, "at": ago(**units), "hosts": ["web1", "web2"]}


def _verdict(gate: str, **rest: Any) -> Documents:
    return {"gate": gate, "verdict": "pass", "reason": "r", "scanned": 3, **rest}


def _verdicts(*verdicts: Documents) -> Documents:
    return {"schema": 1, "verdicts": list(verdicts)}


def _hipaa(target: str, commit: str = "", subjects: list[str] | None = None) -> Documents:
    return {
        "schema": 1,
        "at": ago(hours=1),
        "commit": commit,
        "subjects": subjects or [],
        "checks": [
            {"id": "X1", "target": target, "result": "pass", "reason": "r"},
            {"id": "X2", "target": "runtime", "result": "not_tested", "reason": "r"},
        ],
    }
