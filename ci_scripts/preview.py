"""What a notification would look like, with made-up facts; nothing is sent."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from iadeploy.notify import slack_message, webhook_message
from iadeploy.notify.email_message import Letter, write
from iadeploy.notify.event import KINDS, Event, compose

from .exits import CommandError, Exit, bad_input
from .report import Report

_PAGE = "https://github.com/you/shop"
_RUN = {
    "commit": "5f0c2a9e7d41b36c8a90e1f2d3b4c5a697886e0d",
    "commit_message": "Search finds entries by date & tag",
    "run_url": f"{_PAGE}/actions/runs/17",
}
_RELEASE: dict[str, Any] = {
    **_RUN,
    "version": "1.4.0",
    "previous_version": "1.3.0",
    "compare_url": f"{_PAGE}/compare/v1.3.0...v1.4.0",
    "actor": "alice",
    "approver": "bob",
    "release": "20260301-101500-ab12cd",
}
_OVER: dict[str, Any] = {
    **_RELEASE,
    "duration": 83.4,
    "hosts_total": 4,
    "ledger_head": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
}
_GOOD: dict[str, Any] = {**_OVER, "hosts_ok": 4, "health": "61 checks, no critical one failed."}
# Each with the facts that a real one has.
_FACTS: dict[str, dict[str, Any]] = {
    "started": {**_RELEASE, "message": "The deploy to 4 servers has begun."},
    "succeeded": {
        **_GOOD,
        "message": "production now serves 1.4.0 on 4 servers.",
        "failed_requests": 0,
        "next_step": "To go back: iactl rollback production",
    },
    "failed": {
        **_OVER,
        "message": "It did not get through; every server serves 1.3.0 as before.",
        "hosts_ok": 0,
        "health": "the candidate was not healthy",
        "next_step": "Read the run's report.",
    },
    "rolled_back": {
        **_GOOD,
        "message": "production now serves 1.3.0 on 4 servers.",
        "version": "1.3.0",
        "previous_version": "1.4.0",
        "compare_url": f"{_PAGE}/compare/v1.4.0...v1.3.0",
    },
    "cancelled": {
        **_RELEASE,
        "message": "Cancelled; every server serves what it served before.",
        "duration": 21.7,
    },
    "needs_human": {
        **_OVER,
        "message": "switch failed on web3, and not every server is where it should be.",
        "hosts_ok": 3,
        "failed_requests": 12,
        "next_step": "Run 'iactl status production'.",
    },
    "health_alert": {
        "message": "production is not healthy: 2 critical checks failed.",
        "hosts_ok": 3,
        "hosts_total": 4,
        "health": "web3: database, home page",
        "next_step": "Run 'iactl verify production'.",
    },
    "scan_findings": {
        **_RUN,
        "message": "2 gates found something: image: 1 critical; secrets: 1 key in the history.",
        "next_step": "Read the run's summary.",
    },
    "test": {"message": "This is a test. Nothing happened.", "actor": "alice"},
}


def sample(kind: str) -> Event:
    """Return an event with the facts that one of its kind has.

    Raises:
        CommandError: there is no such event.
    """
    if kind not in KINDS:
        raise bad_input("EVENT", kind, f"one of {', '.join(KINDS)}")
    at = "2026-03-01T10:16:23Z"
    return Event(kind, environment="production", app="shop", at=at, **_FACTS[kind])


def preview(kind: str, html: Path | None) -> Report:
    """Show what would be sent on each channel.

    Args:
        kind: the event.
        html: where the e-mail is written as a page, or None.

    Raises:
        CommandError: there is no such event, or the page cannot be written.
    """
    event = sample(kind)
    message = compose(event)
    letter = write(message)
    slack, webhook = slack_message.full(message), webhook_message.content(event)
    report = Report("notify preview", "")
    report.data = {
        "slack": slack,
        "email": {"subject": letter.subject, "text": letter.text, "html": letter.html},
        "webhook": webhook,
    }
    report.message = f"This is what '{kind}' looks like; nothing was sent."
    report.details = [
        *_part("Slack", _slack_lines(slack)),
        *_part("E-mail", [f"Subject: {letter.subject}", "", *letter.text.splitlines()]),
        *_part("Webhook", json.dumps(webhook, indent=2, ensure_ascii=False).splitlines()),
    ]
    if html is not None:
        _write_page(html, letter)
        report.next_step = f"Open {html} in a browser; make it narrow, and dark."
    return report


def _part(title: str, lines: list[str]) -> list[str]:
    return ["", f"── {title} ──", *lines]


def _slack_lines(body: dict[str, Any]) -> list[str]:
    lines: list[str] = []
    for block in body["blocks"]:
        texts = [block["text"]] if "text" in block else block["fields"]
        lines += [text["text"].replace("\n", " ", 1) for text in texts]
    return lines


def _write_page(path: Path, letter: Letter) -> None:
    try:
        path.write_text(letter.html, encoding="utf-8")
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise CommandError(
            Exit.BAD_INPUT,
            f"--html: {ascii(str(path))} cannot be written ({said}).",
            "Name another file.",
        ) from error
