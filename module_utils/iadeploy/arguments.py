"""How what the modules take becomes the objects that the phases work with."""

from __future__ import annotations

from typing import Any

from .engine import Engine
from .errors import DeployError
from .haproxy import Proxy
from .host import Host, Settings
from .lease import Claim
from .phases.bake import Bake
from .release_arguments import build_health
from .rules import check_limits, check_name
from .slots import SLOTS
from .store import Store
from .traffic import Limits

# Seconds. A run that died holds others up for as long; one that only waits must outlast its pauses.
_SHORTEST_LEASE, _LONGEST_LEASE = 1.0, 600.0
# Seconds that a cancelled run waits for requests in flight: a CI service kills after ten in all.
_HURRIED = 2.0


def build_host(params: dict[str, Any]) -> Host:
    """Return the host context that a module's parameters describe.

    Raises:
        DeployError: a parameter is not allowed, or the host was never bootstrapped.
    """
    app = check_name(params["app"], "app_name")
    addresses = {str(slot): str(address) for slot, address in params["addresses"].items()}
    if set(addresses) != set(SLOTS):
        raise DeployError(
            f"addresses names the slots {sorted(addresses)}",
            "Give one address for blue and one for green",
            cause="input",
        )
    user, password = params.get("registry_username"), params.get("registry_password")
    hurried = params.get("hurried", False)
    drain_seconds = params.get("drain_seconds", 0.0)
    return Host(
        app=app,
        store=Store(params["state_dir"], app),
        engine=Engine(params["engine_timeout"], (user, password or "") if user else None),
        proxy=Proxy(f"app_{app}", params["proxy_socket"], params["proxy_state_file"]),
        settings=Settings(
            network=params["network"],
            addresses=addresses,
            drain_seconds=min(drain_seconds, _HURRIED) if hurried else drain_seconds,
            stop_seconds=params.get("stop_seconds", 0),
            keep=params.get("keep", 1),
            keep_warm=params.get("keep_warm", False),
            hurried=hurried,
            min_free_bytes=params.get("min_free_mib", 0) << 20,
        ),
        health=build_health(params.get("health") or {}),
    )


def build_bake(options: dict[str, Any]) -> Bake:
    """Return how to watch the release: for one window, or for the whole time.

    Raises:
        DeployError: a limit is outside what is allowed.
    """
    limits = Limits(
        options["min_requests"], options["max_error_percent"], options["latency_factor"]
    )
    window = options["window"] or options["seconds"]
    return Bake(window, check_limits(limits), options["bad"], options["halt"])


def build_claim(options: dict[str, Any]) -> Claim:
    """Return what a run says of itself.

    Raises:
        DeployError: its lease would last no time.
    """
    seconds = options["seconds"]
    if not _SHORTEST_LEASE <= seconds <= _LONGEST_LEASE:
        raise DeployError(
            f"app_lease_seconds is {seconds:g}",
            f"Use {_SHORTEST_LEASE:g} to {_LONGEST_LEASE:g} seconds",
            cause="input",
        )
    return Claim(options["run"], options["fence"], options["owner"], options["url"], seconds)
