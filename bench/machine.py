"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
from datetime import datetime, timezone
from importlib.metadata import version

import psutil

from tests.fleet import Fleet, engine


def describe() -> dict[str, str]:
    """Return this machine's size and the versions on it; nothing that names the machine."""
    memory = psutil.virtual_memory().total / (1 << 30)
    return {
        "date": f"{datetime.now(timezone.utc):%Y-%m-%d %H:%M} UTC",
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.machine()}",
        "load before": f"{os.getloadavg()[0]:.1f}",
        "Python": platform.python_version(),
        "iactl": version("innerarchitect-deploy"),
        "ansible-core": version("ansible-core"),
        "ansible-runner": version("ansible-runner"),
        "engine below the servers": str(engine.client().version()["Version"]),
    }


def describe_server(fleet: Fleet) -> dict[str, str]:
    """Return the versions on a rig's servers."""
    server = fleet.servers[0]
    docker = server.run(["docker", "version", "--format", "{{.Server.Version}}"], check=True)
    proxy = server.run(["haproxy", "-v"], check=True).stdout.split()
    python = server.run(["python3", "--version"], check=True).stdout.split()
    return {
        "servers' Docker Engine": docker.stdout.strip(),
        "servers' HAProxy": proxy[2] if len(proxy) > 2 else "?",
        "servers' Python": python[-1],
    }
