"""Who is compared: our deploy, the hand-written floor, and a typical role."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.fleet import Fleet, RigError

from .commands import Command, run_together
from .images import Image

_HERE = Path(__file__).resolve().parent
_BIN = Path(sys.executable).parent
_FLOOR = _HERE / "floor.py"
_PORT = 8000
_PUBLISHED = 8080


class Contender(Protocol):
    """One way to deploy, with an application of its own on every server."""

    name: str

    def urls(self) -> list[str]:
        """Where its application answers, one URL per server."""

    def deploy(self, image: Image) -> list[Command]:
        """The commands that deploy an image, to be started together."""


def settings(app: str, index: int, fleet: Fleet, **more: Any) -> dict[str, Any]:
    """Return the app.yml of one of the bench's applications: defaults, and no bake."""
    return {
        "app_name": app,
        "app_port": _PORT,
        "app_slot_index": index,
        "app_registry_username": fleet.registry.username,
        "app_registry_password": fleet.registry.password,
        "app_bake_seconds": 0,
        **more,
    }


@dataclass
class Ours:
    """``iactl``, as a user types it.

    Attributes:
        fleet: the servers.
        inventories: folder of environments; the application's is called like the contender.
    """

    fleet: Fleet
    inventories: Path
    name: str = "iactl"

    def prepare(self) -> None:
        """Write its environment and bootstrap the servers."""
        wanted = settings(self.name, 0, self.fleet)
        self.fleet.write_inventory(self.inventories / self.name, wanted)
        run_together([self.command("bootstrap", self.name)]).check("iactl bootstrap")

    def urls(self) -> list[str]:
        """Through HAProxy, by address."""
        return [f"{server.url}/api/health" for server in self.fleet.servers]

    def command(self, *arguments: str) -> Command:
        """Return one iactl command line."""
        where = ["--inventories", str(self.inventories), "--json"]
        return Command([str(_BIN / "iactl"), *arguments, *where], self.inventories)

    def deploy(self, image: Image) -> list[Command]:
        """By tag: resolving it is part of the command."""
        return [self.command("deploy", self.name, "--image", image.tagged)]

    def rollback(self, release: str) -> list[Command]:
        """Back to a release, or to ``previous``."""
        target = [] if release == "previous" else ["--to", release]
        return [self.command("rollback", self.name, *target)]

    def keep_warm(self, wanted: bool) -> None:
        """Set whether a commit leaves the old container running."""
        path = self.inventories / self.name / "group_vars" / "all" / "app.yml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        text = yaml.safe_dump({**content, "app_keep_warm": wanted})
        path.write_text(text, encoding="utf-8")

    def serving(self) -> str:
        """Return the release that runs, when only one does."""
        form = '{{.Label "iadeploy.release"}}'
        ours = f"label=iadeploy.app={self.name}"
        listed = ["docker", "ps", "--filter", ours, "--format", form]
        return self.fleet.servers[0].run(listed, check=True).stdout.strip()

    def stop_all_but(self, release: str) -> None:
        """Stop the containers of other releases that ``keep_warm`` left running."""
        form = '{{.Names}} {{.Label "iadeploy.release"}}'
        ours = f"label=iadeploy.app={self.name}"
        for server in self.fleet.servers:
            listed = server.run(["docker", "ps", "--filter", ours, "--format", form], check=True)
            rows = [line.split() for line in listed.stdout.splitlines()]
            spare = [name for name, owner in rows if owner != release]
            if spare:
                server.run(["docker", "stop", *spare], check=True)


@dataclass
class Floor:
    """One hand-written SSH command per server, all servers at once, behind the same HAProxy."""

    fleet: Fleet
    ours: Ours
    name: str = "floor"

    def prepare(self) -> None:
        """Give it a backend beside ours, and the registry's login, which it keeps for good."""
        # The servers' addresses as plain numbers: further host names that need no name server.
        numbers = [str(int(IPv4Address(server.address))) for server in self.fleet.servers]
        wanted = settings(self.name, 1, self.fleet, app_domains=numbers)
        self.fleet.write_inventory(self.ours.inventories / self.name, wanted)
        run_together([self.ours.command("bootstrap", self.name)]).check("iactl bootstrap")
        registry = self.fleet.registry
        login = ["docker", "login", "--username", registry.username, "--password-stdin"]
        park = ";".join(f"set server app_floor/{slot} state maint" for slot in ("blue", "green"))
        for server in self.fleet.servers:
            server.run([*login, registry.host], stdin=registry.password, check=True)
            server.run(["python3", "-c", _ASK, park], check=True)

    def urls(self) -> list[str]:
        """Through HAProxy, by the address as a number."""
        numbers = [int(IPv4Address(server.address)) for server in self.fleet.servers]
        return [f"http://{number}/api/health" for number in numbers]

    def deploy(self, image: Image) -> list[Command]:
        """By digest, as whoever writes this down knows it."""
        slots = ["172.30.250.12", "172.30.250.13"]
        remote = " ".join(["python3", "-", self.name, image.pinned, *slots, str(_PORT)])
        return [
            Command([*server.ssh_base_argv, remote], self.ours.inventories, _FLOOR)
            for server in self.fleet.servers
        ]


@dataclass
class Typical:
    """A role of builtin modules and docker commands: stop, run, wait."""

    fleet: Fleet
    inventories: Path
    name: str = "role"

    def prepare(self) -> None:
        """Write its inventory; it publishes a port and needs nothing else."""
        wanted = {"app_publish": _PUBLISHED, **settings(self.name, 0, self.fleet)}
        self.fleet.write_inventory(self.inventories / self.name, wanted)

    def urls(self) -> list[str]:
        """At the published port."""
        return [f"{server.url}:{_PUBLISHED}/api/health" for server in self.fleet.servers]

    def deploy(self, image: Image) -> list[Command]:
        """One playbook."""
        inventory = ["-i", str(self.inventories / self.name), "-e", f"app_image={image.tagged}"]
        argv = [str(_BIN / "ansible-playbook"), *inventory, "deploy.yml"]
        configuration = {"ANSIBLE_CONFIG": str(_HERE / "typical" / "ansible.cfg")}
        return [Command(argv, _HERE / "typical", environment=configuration)]


def program(name: str) -> str:
    """Return a program's path; RigError when this machine does not have it."""
    found = shutil.which(name)
    if found is None:
        raise RigError(f"{name} is not installed on this machine")
    return found


_ASK = """
import socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect("/run/haproxy/admin.sock")
connection.sendall(f"{sys.argv[1]}\\n".encode())
connection.recv(65536)
"""
