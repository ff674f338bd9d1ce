"""A test's own application on the shared servers, and what really runs of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.fleet import Fleet, Prober, build_application
from tests.fleet.report import Report
from tests.fleet.server import Server

from .operator import Operator

TINY = Path(__file__).resolve().parents[1] / "apps" / "tiny"
SECRET = "sentinel-secret-91e7c2"


class Images:
    """Versions of the tiny application in the rig's registry, built when first asked for."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._there: set[str] = set()

    def __call__(self, version: str, mode: str = "ok") -> str:
        """Return the reference of a version, as the servers know it."""
        tag = f"{version}-{mode}"
        if tag not in self._there:
            local = f"iadeploy-test/tiny:{tag}"
            build_application(TINY, local, {"APP_VERSION": version, "MODE": mode})
            self._fleet.registry.push(local, "tiny", tag)
            self._there.add(tag)
        return self._fleet.registry.reference("tiny", tag)


@dataclass
class Site:
    """One environment with one application.

    Attributes:
        fleet: the rig it runs on.
        servers: its servers.
        app: the application's name.
        domain: its host name; an empty string takes whatever no other application has.
        operator: who runs commands for it.
        images: the versions there are.
        plain_settings: the environment's app.yml as it was first.
    """

    fleet: Fleet
    servers: list[Server]
    app: str
    domain: str
    operator: Operator
    images: Images
    plain_settings: str = ""

    @property
    def folder(self) -> Path:
        """The environment's inventory folder."""
        return self.operator.inventories / self.operator.environment

    def configure(self, **settings: Any) -> None:
        """Change settings in the environment's app.yml."""
        path = self.folder / "group_vars" / "all" / "app.yml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        path.write_text(yaml.safe_dump({**content, **settings}), encoding="utf-8")

    def leave_only(self, *names: str) -> None:
        """Have no other servers than these in the inventory."""
        path = self.folder / "hosts.yml"
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        for group in content["all"]["children"].values():
            group["hosts"] = {name: group["hosts"][name] for name in names}
        path.write_text(yaml.safe_dump(content), encoding="utf-8")

    def deploy(self, version: str, mode: str = "ok") -> None:
        """Deploy a version that must succeed."""
        said = self.operator.run("deploy", "--image", self.images(version, mode))
        assert said.code == 0, said.text

    def served(self) -> dict[str, str]:
        """Return the version that each server's proxy serves, or ``-``."""
        return {server.name: self._ask(server) for server in self.servers}

    def _ask(self, server: Server) -> str:
        host = self.domain or server.address
        answer = server.run(["python3", "-c", _FETCH, host], check=False)
        return answer.stdout.strip() or "-"

    def request(self, path: str) -> subprocess.Popen[str]:
        """Start one request through the first server's proxy; its output is the answer."""
        url = f"{self.servers[0].url}{path}"
        argv = [sys.executable, "-c", _REQUEST, url]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)

    def containers(self, server: Server) -> dict[str, str]:
        """Return the application's containers on a server: name to id, state and start time."""
        form = "{{.Names}} {{.ID}} {{.State}}"
        listed = server.run(
            ["docker", "ps", "-a", "--filter", f"label=iadeploy.app={self.app}", "--format", form]
        )
        rows = [line.split(" ", 1) for line in listed.stdout.splitlines()]
        return {name: f"{rest} {_started(server, name)}" for name, rest in rows}

    def candidate_runs(self) -> bool:
        """Tell whether some server runs a second container."""
        states = [self.containers(server).values() for server in self.servers]
        return any(sum(" running " in row for row in rows) == 2 for rows in states)

    def remote_work(self) -> bool:
        """Tell whether a phase of a release still runs on some server."""
        asked = ["pgrep", "-f", "app_release"]
        return any(server.run(asked).returncode == 0 for server in self.servers)

    def proxy_states(self, server: Server) -> dict[str, str]:
        """Return the proxy's administrative state of each slot, as HAProxy's number."""
        return {slot: row["srv_admin_state"] for slot, row in self._slots(server).items()}

    def weights(self, server: Server) -> dict[str, int]:
        """Return the proxy's weight of each slot."""
        return {slot: int(row["srv_uweight"]) for slot, row in self._slots(server).items()}

    def _slots(self, server: Server) -> dict[str, dict[str, str]]:
        """Return what the proxy tells of each slot, by its own names."""
        asked = server.run(["python3", "-c", _SLOTS, f"app_{self.app}"])
        slots: dict[str, dict[str, str]] = json.loads(asked.stdout)
        return slots

    def snapshot(self) -> dict[str, Any]:
        """Return all that must stay as it is when a command is refused."""
        return {
            server.name: (self.containers(server), self.proxy_states(server))
            for server in self.servers
        }

    @contextmanager
    def traffic(
        self,
        rate: float = 50.0,
        servers: Sequence[Server] | None = None,
        *,
        limit: float = 1800.0,
        timeout: float = 15.0,
    ) -> Iterator[Traffic]:
        """Send users' requests through every proxy, or some, for as long as the block lasts.

        Args:
            limit: seconds after which they end by themselves.
            timeout: seconds that a user waits for an answer.
        """
        asked = self.servers if servers is None else servers
        name = f"#{self.domain}" if self.domain else ""
        paths = (f"/api/health{name}", f"/{name}")
        urls = [f"{server.url}{path}" for server in asked for path in paths]
        with Prober(urls, rate=rate, timeout=timeout, limit=limit) as prober:
            traffic = Traffic(prober)
            yield traffic
            prober.wait_sent(prober.report().sent + int(rate))
        traffic.seen = prober.report()


@dataclass
class Traffic:
    """What users saw; filled in when the traffic has ended."""

    prober: Prober
    seen: Report | None = None

    def assert_unharmed(self, versions: set[str], *, reload: bool = False) -> None:
        """Assert that no request failed and that only these versions answered.

        A reload of the proxy may close idle connections, which clients then open anew.
        """
        assert self.seen is not None
        assert self.seen.failed == 0, self.seen
        assert reload or self.seen.retried == 0, self.seen
        assert set(self.seen.versions) == versions, self.seen
        assert self.seen.unsent == 0, self.seen


def _started(server: Server, name: str) -> str:
    return server.run(["docker", "inspect", "-f", "{{.State.StartedAt}}", name]).stdout.strip()


def settings(app: str, domain: str, index: int, fleet: Fleet) -> Mapping[str, Any]:
    """Return the app.yml of a tiny application."""
    return {
        "app_name": app,
        "app_port": 8000,
        "app_domains": [domain] if domain else [],
        "app_slot_index": index,
        "app_health_deadline": 8,
        "app_bake_seconds": 0,
        "app_stop_seconds": 5,
        "app_drain_seconds": 10,
        "app_secrets": {"TINY_SECRET": SECRET},
        "app_registry_username": fleet.registry.username,
        "app_registry_password": fleet.registry.password,
    }


def make_site(
    fleet: Fleet, images: Images, folder: Path, app: str, domain: str, index: int
) -> Site:
    """Write an environment for an application on the shared servers."""
    elsewhere = folder / "an operator's folder"
    elsewhere.mkdir()
    fleet.write_inventory(folder / app, settings(app, domain, index, fleet))
    operator = Operator(folder, app, elsewhere)
    plain = settings_file(folder / app).read_text(encoding="utf-8")
    return Site(fleet, fleet.servers, app, domain, operator, images, plain)


def settings_file(environment: Path) -> Path:
    """Return an environment's app.yml."""
    return environment / "group_vars" / "all" / "app.yml"


_FETCH = """
import http.client, json, sys
try:
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=5)
    connection.request("GET", "/api/health", headers={"Host": sys.argv[1]})
    print(json.loads(connection.getresponse().read())["version"])
except Exception:
    pass
"""
_REQUEST = "import sys, urllib.request as u; print(u.urlopen(sys.argv[1]).read().decode())"
_SLOTS = """
import json, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect("/run/haproxy/admin.sock")
connection.sendall(f"show servers state {sys.argv[1]}\\n".encode())
text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
names, *rows = [line.lstrip("# ").split() for line in text.splitlines() if " " in line]
print(json.dumps({row[3]: dict(zip(names, row)) for row in rows}))
"""
