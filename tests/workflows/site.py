"""Where the application runs: the rig's servers as staging and as production, and their secrets."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.fleet import Fleet, engine
from tests.fleet.server import Server

_VAULT = Path(sys.executable).with_name("ansible-vault")
_FORWARD = """
import asyncio, sys

async def copy(source, target):
    while data := await source.read(65536):
        target.write(data)
        await target.drain()
    target.close()

async def serve(reader, writer):
    there = await asyncio.open_connection(sys.argv[2], 5000)
    await asyncio.gather(copy(reader, there[1]), copy(there[0], writer))

async def main():
    await (await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))).serve_forever()

asyncio.run(main())
"""
_ENVIRONMENTS = {"staging": 0, "production": 1}


@dataclass
class Site:
    """Two environments with one server each.

    Attributes:
        passwords: of each environment's vault.
    """

    fleet: Fleet
    passwords: dict[str, str] = field(default_factory=dict)
    vaults: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def registry(self) -> str:
        """The registry, by an address under which servers and this machine both reach it.

        Docker takes the certificate of a registry on 127.0.0.0/8 unverified, here and there, so
        neither machine's settings change.
        """
        return f"127.0.0.1:{self.fleet.registry.local_port}"

    def forward(self) -> None:
        """Have every server reach the registry under that address."""
        port, target = self.fleet.registry.local_port, self.fleet.registry.address
        for server in self.fleet.servers:
            container = engine.client().containers.get(server.container_name)
            container.exec_run(["python3", "-c", _FORWARD, str(port), target], detach=True)

    def server(self, environment: str) -> Server:
        """The server of an environment."""
        return self.fleet.servers[_ENVIRONMENTS[environment]]

    def inventory(self, environment: str) -> dict[str, Mapping[str, Any]]:
        """The files of an environment as they stand in the repository: nothing secret in them."""
        server = f"{environment}-1"
        database = f"journal_{environment}"
        url = self.fleet.database.create_database(database)
        prover = self.fleet.database.create_database(f"prover_{environment}")
        self.fleet.database.sql(f"ALTER ROLE prover_{environment} CREATEDB")
        self.vaults[environment] = {
            "vault_database_url": url,
            "vault_scratch_url": prover,
            "vault_redis_url": self.fleet.cache.url,
            "vault_secret_key": secrets.token_urlsafe(32),
        }
        self.passwords[environment] = secrets.token_urlsafe(18)
        groups: dict[str, Any] = {"app": {"hosts": {server: {}}}, "proxy": {"hosts": {server: {}}}}
        own = {"ansible_user": "nobody", "ansible_python_interpreter": "/usr/bin/python3"}
        return {
            "hosts.yml": {"all": {"vars": own, "children": groups}},
            "group_vars/all/app.yml": self._settings(),
        }

    def _settings(self) -> dict[str, Any]:
        return {
            "app_name": "innerarchitect",
            "app_image": f"{self.registry}/you/innerarchitect",
            "app_port": 8000,
            "app_health_path": "/api/health",
            "app_health_deadline": 40,
            "app_read_only": True,
            "app_bake_seconds": 2,
            "app_env": {"COOKIE_SECURE": False, "WEB_WORKERS": 1, "SESSION_IDLE_SECONDS": 900},
            "app_secrets": {
                "DATABASE_URL": "{{ vault_database_url }}",
                "REDIS_URL": "{{ vault_redis_url }}",
                "SECRET_KEY": "{{ vault_secret_key }}",
            },
            "app_migrate_command": ["python", "-m", "innerarchitect", "migrate"],
            "app_migrate_scripts": "innerarchitect:migrations",
            "app_backup_scratch_url": "{{ vault_scratch_url }}",
            # A setting of bootstrap; here it says that logs leave the server.
            "host_docker_options": {"log-driver": "syslog"},
            "app_checks": [
                {
                    "name": "health",
                    "kind": "http",
                    "path": "/api/health",
                    "expect": {"release": True},
                }
            ],
        }

    def vault(self, environment: str) -> str:
        """The content of an environment's vault.yml."""
        with tempfile.NamedTemporaryFile("w") as password:
            password.write(self.passwords[environment])
            password.flush()
            done = subprocess.run(
                [str(_VAULT), "encrypt", "--vault-password-file", password.name, "--output", "-"],
                input=json.dumps(self.vaults[environment]),
                capture_output=True,
                text=True,
                check=True,
            )
        return done.stdout

    def secrets(self, environment: str) -> dict[str, str]:
        """The secrets of an environment as GitHub keeps them; made-up ones are sentinels."""
        server = self.server(environment)
        return {
            "SSH_PRIVATE_KEY": server.key_path.read_text(encoding="ascii"),
            "SSH_KNOWN_HOSTS": server.known_hosts_line,
            f"{environment.upper()}_SERVER_IP": server.address,
            "SERVER_USER": "root",
            "ANSIBLE_VAULT_PASSWORD": self.passwords[environment],
            "REGISTRY_USERNAME": self.fleet.registry.username,
            "REGISTRY_PASSWORD": self.fleet.registry.password,
            **{
                name: f"sentinel-{name.lower()}-{environment}-7c1d"
                for name in ("ANTHROPIC_API_KEY", "STRIPE_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY")
            },
        }

    def hidden(self) -> list[str]:
        """Every value that no log and no artifact may hold."""
        found = [*self.passwords.values()]
        for environment in _ENVIRONMENTS:
            given = self.secrets(environment)
            found += [given["SSH_PRIVATE_KEY"].splitlines()[1], given["REGISTRY_PASSWORD"]]
            found += [value for value in given.values() if value.startswith("sentinel-")]
            found += [str(value) for value in self.vaults[environment].values()]
        return found

    def served(self, environment: str) -> str:
        """The version that an environment's server serves through its proxy, or `-`."""
        fetch = (
            "import json, urllib.request as u; "
            "print(json.load(u.urlopen('http://127.0.0.1/api/health', timeout=5))['version'])"
        )
        done = self.server(environment).run(["python3", "-c", fetch])
        return done.stdout.strip() or "-"
