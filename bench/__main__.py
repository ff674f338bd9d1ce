"""Compare deploys on throwaway servers: ``python -m bench --help``."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.fleet import RigError

from . import figures, machine, tables
from .commands import BenchError
from .measure import Sample
from .observe import Observation
from .session import Rounds, session

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "benchmark.md"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; returns 1 when something could not be measured, not on missed targets."""
    given = _parser().parse_args(arguments)
    try:
        result = _measure(given)
    except (BenchError, RigError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("bench: interrupted; everything it started is removed", file=sys.stderr)
        return 130
    print(result["text"])
    if given.json:
        given.json.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if given.markdown:
        given.markdown.write_text(result["text"], encoding="utf-8")
    return 0


def _measure(given: argparse.Namespace) -> dict[str, Any]:
    """Measure on every number of servers; returns all raw figures and the text."""
    about: dict[str, str] = {}
    samples: list[Sample] = []
    observations: list[Observation] = []
    rigs: list[str] = []
    sizes: list[int] = [1] if given.quick else given.servers
    plan = Rounds(min(given.rounds, 2), 1, 0) if given.quick else Rounds.of(given.rounds)
    begin = time.monotonic()
    for done, servers in enumerate(sizes, start=1):
        share = sum(map(_weight, sizes[:done])) / sum(map(_weight, sizes))
        deadline = begin + 60 * given.minutes * share
        with session(servers, deadline, _say) as one:
            rigs.append(one.fleet.name)
            about = about or {**machine.describe(), **machine.describe_server(one.fleet)}
            one.warm_up()
            one.rounds(plan)
            samples += one.samples
            observations += one.observations
    table = figures.rows(samples)
    judged = figures.targets(table, observations)
    return {
        "schema": 1,
        "machine": about,
        "rigs": rigs,
        "samples": [asdict(one) for one in samples],
        "observations": [asdict(one) for one in observations],
        "rows": [asdict(one) for one in table],
        "targets": [asdict(one) for one in judged],
        "text": tables.render(about, table, observations, judged),
    }


def _weight(servers: int) -> float:
    """About how many seconds everything on so many servers takes; the time is shared by it."""
    return 100.0 + 45.0 * servers


def _say(line: str) -> None:
    print(f"  {line}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument(
        "--servers", type=_sizes, default=[1, 4, 8], help="numbers of servers (default 1,4,8)"
    )
    parser.add_argument("--rounds", type=_positive, default=3, help="rounds per number, at most")
    parser.add_argument("--minutes", type=float, default=14.0, help="no new round after these")
    parser.add_argument("--quick", action="store_true", help="one server, two rounds at most")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every raw figure")
    parser.add_argument(
        "--markdown",
        type=Path,
        nargs="?",
        const=_PAGE,
        metavar="FILE",
        help="write the tables, by default to docs/benchmark.md",
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _sizes(text: str) -> list[int]:
    return [_positive(part) for part in text.split(",")]


if __name__ == "__main__":
    sys.exit(main())
