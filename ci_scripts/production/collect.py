"""What only GitHub knows, written down as evidence: the branch's head, and who approved."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import requests

from ..exits import CommandError, Exit
from ..heads import head_of, question
from ..image.records import Pushed
from .evidence import APPROVAL, HEAD

_SECONDS = 30
_SCHEMA = 1


def collect(
    folder: Path, release: Pushed, branch: str, approver: str, environ: Mapping[str, str]
) -> list[str]:
    """Ask what can be asked, and write what is answered; return what could not be had.

    Raises:
        CommandError: the folder cannot be written to.
    """
    remarks = []
    now = f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    try:
        head = head_of(question(branch, None, environ))
        _write(folder / HEAD, {"branch": branch, "head": head, "at": now})
    except CommandError as error:
        remarks.append(error.what)
    who, how = approver, "the option --approver"
    if not who:
        try:
            who, how = _reviewer(environ), "the reviewers of the environment"
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            remarks.append(f"Who approved cannot be asked for: {type(error).__name__}.")
    if who:
        document = {"approver": who, "how": how, "environment": "production", "at": now}
        _write(folder / APPROVAL, {**document, "digest": release.digest})
    return remarks


def _reviewer(environ: Mapping[str, str]) -> str:
    """Return who approved the run for production, or an empty string where nobody did.

    Source: GitHub's REST API, "Get the review history for a workflow run".
    """
    names = ("GITHUB_API_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environ.get(name, "") for name in names)
    token = environ.get("GH_TOKEN") or environ.get("GITHUB_TOKEN") or ""
    if not (server and repository and run and token):
        return ""
    answer = requests.get(
        f"{server}/repos/{repository}/actions/runs/{run}/approvals",
        headers={
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {token}",
            "X-GitHub-Api-Version": "2022-11-28",
        },
        timeout=_SECONDS,
        allow_redirects=False,
    )
    answer.raise_for_status()
    approved = [
        str(one["user"]["login"])
        for one in answer.json()
        if one["state"] == "approved"
        and any(place["name"] == "production" for place in one["environments"])
    ]
    return approved[-1] if approved else ""


def _write(path: Path, document: dict[str, Any]) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"schema": _SCHEMA, **document}, indent=2) + "\n"
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT, f"{path} cannot be written: {error}.", "Name another --evidence."
        ) from error
