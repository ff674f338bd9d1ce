"""What the modules take, and how it becomes the objects that the phases work with."""

from __future__ import annotations

from typing import Any

from .engine import Engine
from .errors import DeployError
from .haproxy import Proxy
from .host import Host, Settings
from .lease import Claim
from .migrate_arguments import MIGRATE_OPTIONS
from .phases.bake import Bake
from .process_arguments import HANDOVER_OPTIONS
from .release_arguments import build_health
from .rules import check_limits, check_name
from .slots import SLOTS
from .store import Store
from .traffic import Limits

# Seconds. A run that died holds others up for as long; one that only waits must outlast its pauses.
_SHORTEST_LEASE, _LONGEST_LEASE = 1.0, 600.0
# Seconds that a cancelled run waits for requests in flight: a CI service kills after ten in all.
_HURRIED = 2.0

HOST_OPTIONS: dict[str, Any] = {
    "app": {"type": "str", "required": True},
    "state_dir": {"type": "path", "default": "/var/lib/iadeploy"},
    "network": {"type": "str", "default": "iadeploy"},
    "addresses": {"type": "dict", "required": True},
    "proxy_socket": {"type": "path", "default": "/run/haproxy/admin.sock"},
    "proxy_state_file": {"type": "path", "default": "/var/lib/haproxy/iadeploy.state"},
    "engine_timeout": {"type": "float", "default": 60.0},
}

HEALTH_OPTIONS: dict[str, Any] = {
    "path": {"type": "str", "default": "/"},
    "statuses": {"type": "list", "elements": "int", "default": [200]},
    "host": {"type": "str", "default": ""},
    "consecutive": {"type": "int", "default": 2},
    "timeout": {"type": "float", "default": 3.0},
    "deadline": {"type": "float", "default": 60.0},
    "interval": {"type": "float", "default": 0.1},
}

RUNTIME_OPTIONS: dict[str, Any] = {
    "port": {"type": "int", "default": 8000},
    "env": {"type": "dict", "default": {}},
    "secrets_as": {"type": "str", "choices": ["file", "env"], "default": "file"},
    "command": {"type": "list", "elements": "str", "default": []},
    "volumes": {"type": "list", "elements": "str", "default": []},
    "tmpfs": {"type": "list", "elements": "str", "default": []},
    "read_only": {"type": "bool", "default": False},
    "memory": {"type": "str", "default": ""},
    "cpus": {"type": "float", "default": 0.0},
    "pids": {"type": "int", "default": 512},
    "cap_drop": {"type": "list", "elements": "str", "default": ["ALL"]},
    "cap_add": {"type": "list", "elements": "str", "default": []},
    "processes": {"type": "dict", "default": {}},
}

BAKE_OPTIONS: dict[str, Any] = {
    "seconds": {"type": "float", "default": 30.0},
    "min_requests": {"type": "int", "default": 20},
    "max_error_percent": {"type": "float", "default": 5.0},
    "latency_factor": {"type": "float", "default": 3.0},
    "window": {"type": "float", "default": 0.0},
    "bad": {"type": "int", "default": 0},
    "halt": {"type": "bool", "default": False},
}

LEASE_OPTIONS: dict[str, Any] = {
    "run": {"type": "str", "default": ""},
    "fence": {"type": "int", "default": 0},
    "owner": {"type": "str", "default": ""},
    "url": {"type": "str", "default": ""},
    "seconds": {"type": "float", "default": 120.0},
    "grant": {"type": "bool", "default": False},
    "expired": {"type": "str", "default": ""},
    "dead": {"type": "bool", "default": False},
    "last": {"type": "bool", "default": False},
}


def _group(options: dict[str, Any]) -> dict[str, Any]:
    """Return the option that holds a group of others."""
    return {"type": "dict", "default": {}, "options": options, "apply_defaults": True}


RELEASE_OPTIONS: dict[str, Any] = {
    "phase": {
        "type": "str",
        "required": True,
        "choices": [
            "plan",
            "fetch",
            "migrate",
            "prepare",
            "switch",
            "handover",
            "bake",
            "commit",
            "abort",
            "unlock",
        ],
    },
    "action": {"type": "str", "choices": ["deploy", "rollback"], "default": "deploy"},
    "release": {"type": "str", "default": ""},
    "image": {"type": "str", "default": ""},
    "digest": {"type": "str", "default": ""},
    "runtime": _group(RUNTIME_OPTIONS),
    "secrets": {"type": "dict", "default": {}, "no_log": True},
    "health": _group(HEALTH_OPTIONS),
    "bake": _group(BAKE_OPTIONS),
    "handover": _group(HANDOVER_OPTIONS),
    "lease": _group(LEASE_OPTIONS),
    "migrate": _group(MIGRATE_OPTIONS),
    "migrated": {"type": "dict", "default": {}},
    "registry_username": {"type": "str", "default": ""},
    "registry_password": {"type": "str", "default": "", "no_log": True},
    "share": {"type": "int", "default": 100},
    "drain_seconds": {"type": "float", "default": 30.0},
    "stop_seconds": {"type": "int", "default": 30},
    "keep": {"type": "int", "default": 5},
    "keep_warm": {"type": "bool", "default": False},
    "hurried": {"type": "bool", "default": False},
    "min_free_mib": {"type": "int", "default": 1024},
    "actor": {"type": "str", "default": ""},
    "reason": {"type": "str", "default": ""},
    **HOST_OPTIONS,
}


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
