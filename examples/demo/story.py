"""What the demo does, in the order in which one would tell it."""

from __future__ import annotations

import json
import secrets
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from tests.fleet import Fleet, Prober, daemon, images
from tests.fleet.errors import RigError
from tests.fleet.report import Report

from .images import BROKEN, REPOSITORY, build_and_push
from .steps import IACTL, DemoError, Step, iactl
from .summary import print_summary

RIG = "demo"
RATE = 60.0  # requests per second
LIMIT = 600.0  # seconds after which the traffic ends by itself
_PATHS = ("/api/health", "/", "/login")


def tell(console: Console) -> None:
    """Run the whole demo.

    Raises:
        DemoError: something did not go as it must.
        RigError: the servers could not be made.
    """
    started = time.monotonic()

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {line}", highlight=False)

    daemon.ensure(say)
    images.server("ready", say)
    images.services(say)
    images.python(say)
    _remove_old_rig(say)
    fleet = Fleet.up(RIG, servers=2, keep=True, progress=say)
    build_and_push(fleet, say)
    environment = _write_environment(fleet)
    steps = [iactl(console, "bootstrap", "bootstrap", RIG, *environment)]
    steps.append(_deploy(console, fleet, "deploy 1.0.0", "1.0.0", environment))
    user, password = "demo", secrets.token_urlsafe(9)
    _create_user(fleet, user, password)
    urls = [server.url + path for server in fleet.servers for path in _PATHS]
    console.print(f"\n[bold]{RATE:g} requests per second start now, through both proxies.[/]")
    with Prober(urls, rate=RATE, limit=LIMIT) as prober:
        steps += _under_traffic(console, fleet, prober, environment)
    seen = prober.report()
    rows = _status(environment)
    print_summary(console, fleet, steps, seen, rows, (user, password), environment)
    _check(seen, rows)


def _remove_old_rig(say: Callable[[str], None]) -> None:
    try:
        Fleet.load(RIG)
    except RigError:
        return
    Fleet.load(RIG).down(say)


def _under_traffic(
    console: Console, fleet: Fleet, prober: Prober, environment: tuple[str, ...]
) -> list[Step]:
    prober.mark("deploy 2.0.0")
    steps = [_deploy(console, fleet, "deploy 2.0.0", "2.0.0", environment)]
    prober.mark(f"deploy {BROKEN} (broken)")
    steps.append(
        _deploy(console, fleet, f"deploy {BROKEN} (broken)", BROKEN, environment, expect=4)
    )
    prober.mark("rollback to 1.0.0")
    steps.append(iactl(console, "rollback to 1.0.0", "rollback", RIG, *environment))
    prober.wait_sent(prober.report().sent + int(RATE))
    return steps


def _deploy(
    console: Console,
    fleet: Fleet,
    name: str,
    version: str,
    environment: tuple[str, ...],
    expect: int = 0,
) -> Step:
    image = fleet.registry.reference(REPOSITORY, version)
    return iactl(console, name, "deploy", RIG, "--image", image, *environment, expect=expect)


def _write_environment(fleet: Fleet) -> tuple[str, ...]:
    """Write the environment's inventory and return the arguments that name it."""
    inventories = fleet.folder / "inventories"
    application = {
        "app_name": "innerarchitect",
        "app_port": 8000,
        "app_read_only": True,
        "app_health_path": "/api/health",
        "app_bake_seconds": 3,
        "app_env": {"AUTO_MIGRATE": True, "COOKIE_SECURE": False},
        "app_secrets": {
            "DATABASE_URL": fleet.database.create_database("innerarchitect"),
            "REDIS_URL": fleet.cache.url,
            "SECRET_KEY": secrets.token_urlsafe(32),
        },
        "app_registry_username": fleet.registry.username,
        "app_registry_password": fleet.registry.password,
    }
    fleet.write_inventory(inventories / RIG, application)
    return ("--inventories", _shown(inventories))


def _shown(path: Path) -> str:
    """Return the path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _create_user(fleet: Fleet, user: str, password: str) -> None:
    """Give the application somebody who can log in."""
    server = fleet.servers[0]
    name = server.run(["docker", "ps", "-q", "--filter", "label=iadeploy.app=innerarchitect"])
    create = ["docker", "exec", "-i", name.stdout.strip(), "python", "-m", "innerarchitect"]
    server.run([*create, "create-user", user], stdin=f"{password}\n")


def _status(environment: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """Ask iactl what every server runs."""
    asked = subprocess.run(
        [str(IACTL), "status", RIG, *environment, "--json"],
        check=False,
        capture_output=True,
        text=True,
    )
    rows: dict[str, dict[str, str]] = json.loads(asked.stdout)["hosts"]
    return rows


def _check(seen: Report, rows: dict[str, dict[str, str]]) -> None:
    """Refuse to end well when users saw a failure, or the wrong release serves."""
    if seen.failed:
        raise DemoError(f"{seen.failed} of {seen.sent} requests failed; see the table")
    if BROKEN in seen.versions:
        raise DemoError(f"the broken version {BROKEN} answered a user")
    wrong = [host for host, row in rows.items() if row["version"] != "1.0.0"]
    if wrong:
        raise DemoError(f"{', '.join(wrong)} does not serve 1.0.0 after the rollback")
