"""What the demo does, in the order in which one would tell it."""

from __future__ import annotations

import secrets
import time
from pathlib import Path

from rich.console import Console

from tests.fleet import Fleet, Prober, daemon, images

from .images import BROKEN, REPOSITORY, build_and_push
from .judge import Status, check
from .steps import DemoError, Step, ask, iactl
from .summary import ENVIRONMENT, print_summary
from .takedown import RIG, make_room

RATE = 60.0  # requests per second
LIMIT = 600.0  # seconds after which the traffic ends by itself
_PATHS = ("/api/health", "/", "/login")


def tell(console: Console, spent: float = 0.0) -> None:
    """Run the whole demo.

    Args:
        console: where it is told.
        spent: seconds that have gone by already, with making the virtual environment.

    Raises:
        DemoError: something did not go as it must.
        RigError: the servers could not be made.
    """
    started = time.monotonic() - spent

    def say(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:6.1f} s[/]  {line}", highlight=False)

    daemon.ensure(say)
    images.server("ready", say)
    images.services(say)
    images.python(say)
    make_room(say)
    fleet = Fleet.up(RIG, servers=2, keep=True, progress=say)
    build_and_push(fleet, say)
    environment = _write_environment(fleet)
    steps = [iactl(console, "bootstrap", "bootstrap", ENVIRONMENT, *environment)]
    steps.append(_deploy(console, fleet, "deploy 1.0.0", "1.0.0", environment))
    user, password = "demo", secrets.token_urlsafe(9)
    _create_user(fleet, user, password)
    urls = [server.url + path for server in fleet.servers for path in _PATHS]
    console.print(f"\n[bold]{RATE:g} requests per second start now, through both proxies.[/]")
    with Prober(urls, rate=RATE, limit=LIMIT) as prober:
        steps += _under_traffic(console, fleet, prober, environment)
    seen = prober.report()
    asked = ask("status", ENVIRONMENT, *environment, "--json")
    status = Status.read(asked.returncode, asked.stdout, asked.stderr)
    total = time.monotonic() - started
    print_summary(console, fleet, steps, total, seen, status.rows, (user, password), environment)
    check(seen, status, [server.name for server in fleet.servers])


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
    steps.append(iactl(console, "rollback to 1.0.0", "rollback", ENVIRONMENT, *environment))
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
    return iactl(
        console, name, "deploy", ENVIRONMENT, "--image", image, *environment, expect=expect
    )


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
    fleet.write_inventory(inventories / ENVIRONMENT, application)
    return ("--inventories", _shown(inventories))


def _shown(path: Path) -> str:
    """Return the path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def _create_user(fleet: Fleet, user: str, password: str) -> None:
    """Give the application somebody who can log in.

    Raises:
        DemoError: it does not take one.
    """
    server = fleet.servers[0]
    running = ["docker", "ps", "-q", "--filter", "label=iadeploy.app=innerarchitect"]
    name = server.run(running, check=True).stdout.strip()
    create = ["docker", "exec", "-i", name, "python", "-m", "innerarchitect", "create-user", user]
    done = server.run(create, stdin=f"{password}\n")
    if done.returncode != 0:
        said = " ".join((done.stderr or done.stdout)[-300:].split())
        raise DemoError(
            f"no user could be created in the application on {server.name} "
            f"(exit {done.returncode}): {said}"
        )
