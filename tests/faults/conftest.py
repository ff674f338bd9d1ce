"""Three real servers for the fault suite, and the table at its end."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.site import Images, Site, make_site
from tests.fleet import Fleet

from . import breakpoint as stops
from . import results
from .results import Result
from .row import OLD, Row
from .selection import left_out

PROPERTY = "fault"


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """Three servers, a registry, a database and a cache."""
    with Fleet.up(servers=3) as rig:
        yield rig


@pytest.fixture(scope="session")
def images(fleet: Fleet) -> Images:
    """Versions of the tiny application."""
    return Images(fleet)


@pytest.fixture(scope="session")
def site(fleet: Fleet, images: Images, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The bootstrapped environment of the application that meets the faults.

    After all of them the ledgers must hold, by what ``iactl audit verify`` says.
    """
    shop = make_site(fleet, images, tmp_path_factory.mktemp("shop"), "shop", "", 0)
    said = shop.operator.run("bootstrap")
    assert said.code == 0, said.text
    for server in fleet.servers:
        stops.install(server)
    shop.deploy(OLD)
    yield shop
    audit = shop.operator.run("audit verify")
    assert audit.code == 0, audit.text


@pytest.fixture
def row(site: Site, request: pytest.FixtureRequest) -> Callable[..., Row]:
    """Return what begins the test's row."""
    (number,) = request.node.get_closest_marker("row").args
    name = request.node.name.removeprefix("test_").replace("_", " ").replace("[", ": ")

    def report(result: Result) -> None:
        # With the test's report: under pytest-xdist another process prints the table.
        request.node.user_properties.append((PROPERTY, asdict(result)))

    def begin(**options: Any) -> Row:
        return Row(site, number, name.rstrip("]"), report, **options)

    return begin


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what ``FAULTS_ROWS=each`` leaves out."""
    if os.environ.get("FAULTS_ROWS") == "each":
        mine = [one for one in items if one.path.parent == Path(__file__).parent]
        others = left_out(mine)
        items[:] = [one for one in items if one not in others]
        config.hook.pytest_deselected(items=others)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what came out, and keep it where FAULTS_RESULTS says."""
    reports = [one for kind in ("passed", "failed") for one in terminalreporter.stats.get(kind, [])]
    told = [value for one in reports for name, value in one.user_properties if name == PROPERTY]
    found = [Result(**one) for one in told]
    if not found:
        return
    terminalreporter.section("faults")
    terminalreporter.write_line(results.table(found))
    kept = os.environ.get("FAULTS_RESULTS")
    if kept:
        results.save(found, Path(kept))
