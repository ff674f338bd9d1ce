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

_MESSAGES = {
    "started": "The deploy to 4 servers has begun.",
    "succeeded": "production now serves 1.4.0 on 4 servers.",
    "failed": "It did not get through; every server serves 1.3.0 as before.",
    "rolled_back": "production now serves 1.3.0 on 4 servers.",
    "cancelled": "Cancelled; every server serves what it served before.",
    "needs_human": "switch failed on web3, and not every server is where it should be.",
    "health_alert": "1 of 4 servers is not healthy: web3.",
    "scan_findings": "2 findings of high severity in the image.",
    "test": "This is a test. Nothing happened.",
}
_NEXT = {
    "succeeded": "To go back: iactl rollback production",
    "failed": "Read the run's report.",
    "needs_human": "Run 'iactl status production'.",
    "health_alert": "Run 'iactl status production'.",
}


def sample(kind: str) -> Event:
    """Return an event with every fact that it can have.

    Raises:
        CommandError: there is no such event.
    """
    if kind not in KINDS:
        raise bad_input("EVENT", kind, f"one of {', '.join(KINDS)}")
    over = kind not in ("started", "test")
    good = kind in ("succeeded", "rolled_back")
    return Event(
        kind=kind,
        message=_MESSAGES[kind],
        environment="production",
        app="shop",
        version="1.4.0" if kind != "rolled_back" else "1.3.0",
        previous_version="1.3.0" if kind != "rolled_back" else "1.4.0",
        compare_url="https://github.com/you/shop/compare/v1.3.0...v1.4.0",
        commit="5f0c2a9e7d41b36c8a90e1f2d3b4c5a697886e0d",
        commit_message="Search finds entries by date & tag",
        actor="alice",
        approver="bob",
        duration=83.4 if over else None,
        hosts_ok=(4 if good else 3) if over else None,
        hosts_total=4 if over else None,
        health=("4 of 4 healthy" if good else "the candidate was not healthy") if over else "",
        failed_requests=0 if over else None,
        run_url="https://github.com/you/shop/actions/runs/17",
        ledger_head="9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        next_step=_NEXT.get(kind, ""),
        release="20260301-101500-ab12cd",
        at="2026-03-01T10:16:23Z",
    )


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
