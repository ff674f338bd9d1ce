"""The bench runs to its end and compares what it says it compares; times are not judged here."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench import figures
from bench.measure import Sample
from tests.fleet import engine

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.rig
@pytest.mark.timeout(600)
def test_quick_run_fills_its_tables_and_loses_no_request(tmp_path: Path) -> None:
    file, page = tmp_path / "result.json", tmp_path / "page.md"
    argv = [sys.executable, "-m", "bench", "--quick", "--rounds=1"]
    argv += ["--json", str(file), "--markdown", str(page)]
    ended = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    result = json.loads(file.read_text(encoding="utf-8"))
    rows = {(row["contender"], row["scenario"]): row for row in result["rows"]}
    assert {who for who, what in rows if what == "warm"} == {"iactl", "floor", "role"}
    assert ("iactl", "rollback, warm") in rows
    for (who, _), row in rows.items():
        assert row["sent"] > 0
        assert row["lost"] == 0 or who == "role", row
    assert all(one["calls"] > 0 for one in result["observations"])
    assert "## Targets" in page.read_text(encoding="utf-8")
    assert str(ROOT) not in page.read_text(encoding="utf-8")
    for rig in result["rigs"]:
        assert not engine.client().containers.list(all=True, filters={"name": rig})
        assert not engine.client().images.list(filters={"reference": f"iadeploy-bench/app:{rig}*"})


def test_ratio_pairs_each_round_with_the_floor_of_the_same_round() -> None:
    samples = [
        _sample("iactl", 1, 3.0),
        _sample("floor", 1, 2.0),
        _sample("iactl", 2, 12.0),
        _sample("floor", 2, 6.0),
        _sample("iactl", 3, 4.0),
        _sample("floor", 3, 2.5),
    ]
    ours = next(row for row in figures.rows(samples) if row.contender == "iactl")
    assert ours.ratio == pytest.approx(1.6)
    assert (ours.median, ours.lowest, ours.highest, ours.rounds) == (4.0, 3.0, 12.0, 3)


@pytest.mark.parametrize(("seconds", "met"), [(3.0, True), (3.1, False)])
def test_target_is_met_at_its_limit_and_missed_beyond(seconds: float, met: bool) -> None:
    samples = [_sample("iactl", 1, seconds), _sample("floor", 1, 2.0)]
    assert figures.targets(figures.rows(samples), [])[0].met is met


@pytest.mark.parametrize(("seconds", "met"), [(4.6, True), (4.8, False)])
def test_a_cold_rollback_may_take_the_application_s_start_besides(
    seconds: float, met: bool
) -> None:
    sample = replace(_sample("iactl", 1, seconds), scenario="rollback", start=1.6)
    [target] = [one for one in figures.targets(figures.rows([sample]), []) if "cold" in one.promise]
    assert (target.met, target.measured) == (met, f"{seconds:.2f} s, 1.60 s of it the start")


def test_a_lost_request_of_ours_misses_the_target_and_one_of_the_role_does_not() -> None:
    assert _loss([_sample("iactl", 1, 2.0, lost=1)]).met is False
    assert _loss([_sample("iactl", 1, 2.0), _sample("role", 1, 2.0, lost=9)]).met is True


def _loss(samples: list[Sample]) -> figures.Target:
    return figures.targets(figures.rows(samples), [])[-1]


def _sample(contender: str, number: int, seconds: float, lost: int = 0) -> Sample:
    return Sample(
        servers=1,
        contender=contender,
        scenario="warm",
        number=number,
        seconds=seconds,
        cpu_seconds=0.1,
        sent=100,
        lost=lost,
        unsent=0,
        gap=0.0,
        load=0.0,
    )
