"""What happened, as data: the kinds of events and the facts that each may carry. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from .text import clean, is_link


@dataclass(frozen=True)
class Kind:
    """How an event is presented.

    Attributes:
        title: what happened, in words.
        sign: one character for the eye; the title says the same.
        tone: ``progress``, ``good``, ``warning`` or ``bad``.
    """

    title: str
    sign: str
    tone: str


KINDS = {
    "started": Kind("Deploy started", "🚀", "progress"),
    "succeeded": Kind("Deployed", "✅", "good"),
    "failed": Kind("Deploy failed", "❌", "bad"),
    "rolled_back": Kind("Rolled back", "↩️", "warning"),
    "cancelled": Kind("Deploy cancelled", "🚫", "warning"),
    "needs_human": Kind("A human is needed", "🆘", "bad"),
    "health_alert": Kind("Health alert", "🩺", "bad"),
    "scan_findings": Kind("Scan findings", "🔎", "warning"),
    "test": Kind("Test message", "🔔", "progress"),
}


@dataclass(frozen=True)
class Event:
    """One event with its facts; each of them is optional.

    Attributes:
        kind: a key of ``KINDS``.
        message: what happened in one or two sentences.
        environment: where.
        app: the application's name.
        version: the new version.
        previous_version: the version before.
        compare_url: page that shows the difference between the two.
        commit: the commit's hash.
        commit_message: its message; the first line is shown.
        actor: who asked for it.
        approver: who agreed.
        duration: seconds that it took, or None.
        hosts_ok: servers where it went well, or None.
        hosts_total: servers that took part, or None.
        health: summary of the health checks; never an answer's body.
        failed_requests: users' requests that failed meanwhile, or None.
        run_url: page of the CI run.
        ledger_head: hash of the last ledger record.
        next_step: what to do now.
        release: the release's id; messages about one release belong together.
        at: when, RFC 3339 in UTC.
    """

    kind: str
    message: str = ""
    environment: str = ""
    app: str = ""
    version: str = ""
    previous_version: str = ""
    compare_url: str = ""
    commit: str = ""
    commit_message: str = ""
    actor: str = ""
    approver: str = ""
    duration: float | None = None
    hosts_ok: int | None = None
    hosts_total: int | None = None
    health: str = ""
    failed_requests: int | None = None
    run_url: str = ""
    ledger_head: str = ""
    next_step: str = ""
    release: str = ""
    at: str = ""

    @property
    def look(self) -> Kind:
        """How this event is presented."""
        return KINDS[self.kind]


@dataclass(frozen=True)
class Row:
    """One labelled fact, with the page that it leads to or an empty string."""

    label: str
    value: str
    url: str = ""


@dataclass(frozen=True)
class Message:
    """What every channel says of an event, before it is escaped for one of them.

    Attributes:
        kind: how it is presented.
        title: sign, what and where, one line.
        subject: the same without the sign, for e-mail.
        text: what happened; may be empty.
        rows: the facts.
        next_step: what to do now; may be empty.
        run_url: page of the run; may be empty.
        thread: what messages about the same release have in common; may be empty.
    """

    kind: Kind
    title: str
    subject: str
    text: str
    rows: tuple[Row, ...] = field(default=())
    next_step: str = ""
    run_url: str = ""
    thread: str = ""


_NUMBERS = ("duration", "hosts_ok", "hosts_total", "failed_requests")


def build_event(kind: str, facts: dict[str, Any]) -> Event:
    """Return an event of the facts that are given; empty ones count as not given."""
    known = {one.name for one in fields(Event)} - {"kind"}
    given = {
        name: value
        for name, value in facts.items()
        if name in known and value is not None and value != ""
    }
    texts = {name: str(value) for name, value in given.items() if name not in _NUMBERS}
    return Event(kind, **{**given, **texts})


def compose(event: Event) -> Message:
    """Return what is said of an event."""
    where = f"[{clean(event.environment)}] " if event.environment else ""
    what = " ".join(filter(None, (clean(event.app), _move(event))))
    headline = f"{event.look.title}: {what}" if what else event.look.title
    return Message(
        kind=event.look,
        title=f"{event.look.sign} {where}{headline}",
        subject=f"{where}{headline}",
        text=clean(event.message),
        rows=tuple(row for row in _rows(event) if row.value),
        next_step=clean(event.next_step),
        run_url=_link(event.run_url),
        thread=clean(event.release),
    )


def _move(event: Event) -> str:
    old, new = clean(event.previous_version), clean(event.version)
    return f"{old} → {new}" if old and new and old != new else new or old


def _rows(event: Event) -> list[Row]:
    subject = event.commit_message.strip().splitlines()
    commit = " ".join(
        filter(None, (clean(event.commit)[:12], clean(subject[0] if subject else "")))
    )
    hosts = f"{event.hosts_ok} of {event.hosts_total}" if event.hosts_total is not None else ""
    return [
        Row("Version", _move(event), _link(event.compare_url)),
        Row("Commit", commit),
        Row("By", clean(event.actor)),
        Row("Approved by", clean(event.approver)),
        Row("Took", _duration(event.duration)),
        Row("Servers", hosts if event.hosts_ok is not None else ""),
        Row("Health", clean(event.health)),
        Row("Failed requests", "" if event.failed_requests is None else str(event.failed_requests)),
        Row("Release", clean(event.release)),
        Row("Ledger head", clean(event.ledger_head)[:16]),
    ]


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(max(0.0, seconds), 60)
    return f"{int(minutes)} min {int(rest)} s" if minutes else f"{rest:.1f} s"


def _link(url: str) -> str:
    return url if is_link(url) else ""
