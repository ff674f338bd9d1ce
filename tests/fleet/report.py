"""What users saw while a prober ran."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from .recording import Recording
from .traffic import Sample

_SHOWN_FAILURES = 20


@dataclass(frozen=True)
class Version:
    """A served version: how often, and when first and last, in seconds since the start."""

    count: int
    first: float
    last: float


@dataclass(frozen=True)
class Failure:
    """A request that failed; `at` is seconds since the start."""

    at: float
    url: str
    status: int
    reason: str


@dataclass(frozen=True)
class Span:
    """Requests sent in a stretch of time. Times, gaps and latencies are seconds.

    `longest_gap` is the longest time without any success, the stretch's ends included; `gaps` has
    it for every URL alone. Latencies are those of successes; None when there were none.
    """

    label: str
    begin: float
    duration: float
    sent: int
    failed: int
    retried: int
    unsent: int
    longest_gap: float
    gaps: dict[str, float]
    versions: dict[str, Version]
    statuses: dict[int, int]
    latency_p50: float | None
    latency_p99: float | None
    failures: list[Failure] = field(repr=False)

    @property
    def succeeded(self) -> int:
        """Requests that were answered well."""
        return self.sent - self.failed

    @property
    def achieved_rate(self) -> float:
        """Requests per second that were really sent."""
        return self.sent / self.duration if self.duration > 0 else 0.0


@dataclass(frozen=True)
class Report(Span):
    """The whole run, with its phases between marks. `failures` holds the first 20."""

    rate: float
    phases: list[Span]

    def phase(self, label: str) -> Span:
        """The phase that began with that mark; KeyError when there is none."""
        for phase in self.phases:
            if phase.label == label:
                return phase
        raise KeyError(label)

    def __str__(self) -> str:
        lines = [
            f"{self.sent} sent at {self.achieved_rate:.1f}/s (wanted {self.rate:g}/s), "
            f"{self.failed} failed, {self.unsent} not sent, {self.retried} retried; "
            f"longest gap {self.longest_gap * 1000:.0f} ms"
        ]
        for span in self.phases:
            seen = ", ".join(f"{name} x{it.count}" for name, it in span.versions.items()) or "-"
            lines.append(
                f"  {span.label}: {span.sent} sent, {span.failed} failed, gap "
                f"{span.longest_gap * 1000:.0f} ms, p50 {_ms(span.latency_p50)}, "
                f"p99 {_ms(span.latency_p99)}, versions {seen}"
            )
        lines += [f"  at {it.at:.2f} s {it.url}: {it.reason}" for it in self.failures[:5]]
        return "\n".join(lines)


def make(recording: Recording, marks: Sequence[tuple[float, str]], rate: float) -> Report:
    """Judge a recording; a phase begins at each mark, the first one, `start`, at the beginning."""
    origin = recording.begin
    cuts = [(origin, "start"), *((max(at, origin), label) for at, label in marks)]
    ends = [at for at, _ in cuts[1:]] + [recording.end]
    phases = [
        _span(recording, label, begin, max(begin, end), last=number == len(cuts) - 1)
        for number, ((begin, label), end) in enumerate(zip(cuts, ends, strict=True))
    ]
    whole = _span(recording, "whole run", origin, recording.end, last=True)
    return Report(**vars(whole), rate=rate, phases=phases)


def _span(recording: Recording, label: str, begin: float, end: float, *, last: bool) -> Span:
    def inside(at: float) -> bool:
        return begin <= at and (at < end or last)

    sent = [sample for sample in recording.samples if inside(sample.at)]
    successes = sorted(
        (sample for sample in recording.samples if sample.ok), key=lambda sample: sample.end
    )
    failed = sorted((sample for sample in sent if not sample.ok), key=lambda sample: sample.at)
    latencies = sorted(sample.end - sample.at for sample in sent if sample.ok)
    origin = recording.begin
    return Span(
        label=label,
        begin=begin - origin,
        duration=end - begin,
        sent=len(sent),
        failed=len(failed),
        retried=sum(sample.retried for sample in sent),
        unsent=sum(count for at, count in recording.unsent if inside(at)),
        longest_gap=_gap([sample.end for sample in successes], begin, end),
        gaps={
            url: _gap([sample.end for sample in successes if sample.url == url], begin, end)
            for url in dict.fromkeys(recording.urls)
        },
        versions=_versions(sent, origin),
        statuses=dict(Counter(sample.status for sample in sent)),
        latency_p50=_quantile(latencies, 0.50),
        latency_p99=_quantile(latencies, 0.99),
        failures=[
            Failure(sample.at - origin, sample.url, sample.status, sample.error or "")
            for sample in failed[:_SHOWN_FAILURES]
        ],
    )


def _gap(times: list[float], begin: float, end: float) -> float:
    points = [begin, *(at for at in times if begin <= at <= end), end]
    return max(later - earlier for earlier, later in itertools.pairwise(points))


def _versions(samples: list[Sample], origin: float) -> dict[str, Version]:
    seen: dict[str, Version] = {}
    for sample in sorted(samples, key=lambda one: one.at):
        if sample.version is not None and sample.ok:
            before = seen.get(sample.version)
            at = sample.at - origin
            seen[sample.version] = Version(
                (before.count if before else 0) + 1, before.first if before else at, at
            )
    return seen


def _quantile(ordered: list[float], share: float) -> float | None:
    """The nearest-rank quantile."""
    if not ordered:
        return None
    rank = -(-len(ordered) * share // 1)
    return ordered[max(0, int(rank) - 1)]


def _ms(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds * 1000:.1f} ms"
