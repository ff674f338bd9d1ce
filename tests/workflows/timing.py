"""What each job costs, and the longest way through: printed at the end, for docs/pipeline.md."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import model
from .graph import critical_path
from .harness import Outcome

_PREFIX = "pipeline/"


@dataclass
class Timing:
    """The runs' times."""

    lines: list[str] = field(default_factory=list)

    def add(self, what: str, outcome: Outcome) -> None:
        """Note a run's jobs and its critical path."""
        seconds = {name.removeprefix(_PREFIX): it for name, it in outcome.seconds.items()}
        shown = ", ".join(f"{name} {it:.0f} s" for name, it in seconds.items())
        self.lines.append(f"{what}: {shown}")
        pipeline = model.read()["ci.yml"]
        by_job: dict[str, float] = {}
        for name, it in seconds.items():
            job = _job(name, [one.name for one in pipeline.jobs])
            by_job[job] = max(by_job.get(job, 0.0), it)
        path = critical_path(pipeline, by_job)
        if path:
            total = sum(by_job[name] for name in path)
            self.lines.append(f"  critical path {total:.0f} s: {' → '.join(path)}")


def _job(name: str, jobs: list[str]) -> str:
    """The job that a combination or a called workflow's job belongs to."""
    return max((job for job in jobs if name.startswith(job)), key=len, default=name)
