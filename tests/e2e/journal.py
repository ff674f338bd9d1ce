"""The reference application with its database, and releases of it that migrate."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from tests.fleet import Fleet, build_application

from .operator import Operator
from .site import Images, Site, settings_file

APPLICATION = Path(__file__).resolve().parents[2] / "examples" / "innerarchitect"
DATABASE = "journal"
DOMAIN = "journal.example"
PROVER = "prover"
BACKUPS = f"/var/lib/iadeploy/{DATABASE}/backups"
_MIGRATION = """
from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"


def upgrade() -> None:
    {body}
"""
# Each kind adds one migration; the numbers say which one it follows.
_KINDS = {
    "additive": ("0003", "0002", 'op.add_column("entries", sa.Column("mood", sa.String(20)))'),
    # A sequence counts on through a rollback.
    "failing": ("0004", "0003", 'op.execute("SELECT nextval(\'runs\')"); op.execute("SELECT 1/0")'),
    "sleepy": ("0004", "0003", 'op.execute("SELECT pg_sleep(60)")'),
    "later": ("0004", "0003", 'op.create_table("tags", sa.Column("id", sa.Integer))'),
    "destructive": ("0005", "0004", 'op.drop_column("entries", "mood")'),
}
_ORDER = {"0003": "additive", "0004": "later"}
# Served well for some seconds, then sick: what a bake is for.
_SICK = """
import time

_healthy, _begun = app.wsgi_app, time.monotonic()


def _sicken(environ, start_response):
    if time.monotonic() - _begun > 4:
        start_response("503 Service Unavailable", [("Content-Length", "0")])
        return [b""]
    return _healthy(environ, start_response)


app.wsgi_app = _sicken
"""


class JournalImages(Images):
    """Versions of the reference application, with more migrations or none."""

    def __call__(self, version: str, mode: str = "plain") -> str:
        """Return the reference of a version; ``mode`` is a kind of migration, and ``-sick``."""
        tag = f"{version}-{mode}"
        if tag not in self._there:
            local = f"iadeploy-test/{DATABASE}:{tag}"
            _build(version, mode, local)
            self._fleet.registry.push(local, DATABASE, tag)
            self._there.add(tag)
        return self._fleet.registry.reference(DATABASE, tag)


def _build(version: str, mode: str, tag: str) -> None:
    kind, _, sick = mode.partition("-")
    with tempfile.TemporaryDirectory(prefix="journal-") as folder:
        context = Path(folder) / "application"
        shutil.copytree(APPLICATION, context, ignore=shutil.ignore_patterns("__pycache__"))
        source = context / "src" / "innerarchitect"
        while kind != "plain":
            revision, before, body = _KINDS[kind]
            text = _MIGRATION.format(revision=revision, before=before, body=body)
            (source / "migrations" / "versions" / f"{revision}_{kind}.py").write_text(text)
            kind = _ORDER.get(before, "plain")
        if sick:
            with (source / "wsgi.py").open("a", encoding="utf-8") as file:
                file.write(_SICK)
        build_application(context, tag, {"APP_VERSION": version})


@dataclass
class Journal(Site):
    """The environment, and its database.

    Attributes:
        identity: what opens its backups, as age-keygen wrote it.
    """

    identity: str = ""

    def sql(self, statements: str) -> str:
        """Run SQL in the application's database as the superuser."""
        return self.fleet.database.sql(statements, database=DATABASE)

    def secrets(self) -> list[str]:
        """Return what nobody may read: the databases' passwords and the application's key."""
        settings = yaml.safe_load(self.plain_settings)
        urls = [settings["app_secrets"]["DATABASE_URL"], settings["app_backup_scratch_url"]]
        passwords = [urlsplit(url).password or "" for url in urls]
        keys = [line for line in self.identity.splitlines() if not line.startswith("#")]
        return [*urls, *passwords, settings["app_secrets"]["SECRET_KEY"], *keys]

    def encrypt_backups(self) -> None:
        """From now on have backups encrypted for a key whose secret part only tests know."""
        self.identity = self.new_identity()
        self.configure(app_backup_recipients=re.findall("age1[a-z0-9]+", self.identity))
        self.plain_settings = settings_file(self.folder).read_text(encoding="utf-8")

    def new_identity(self) -> str:
        """Return a new secret key with its comments; the server brings the program for it."""
        return self.servers[0].run(["age-keygen"]).stdout

    def schema(self) -> str:
        """Return the schema's revision."""
        return self.sql("SELECT version_num FROM alembic_version")

    def runs(self) -> int:
        """Return how often the failing migration ran."""
        return int(self.sql("SELECT last_value - 1 + is_called::int FROM runs"))

    def left(self) -> dict[str, list[str]]:
        """Return what no command may leave behind: task containers, scratch databases, parts."""
        first = self.servers[0]
        names = first.run(["docker", "ps", "-a", "--format", "{{.Names}}"]).stdout.split()
        databases = self.sql("SELECT datname FROM pg_database").split()
        parts = first.run(["sh", "-c", f"ls -A {BACKUPS} | grep part || true"]).stdout.split()
        return {
            "containers": [one for one in names if one.endswith(("-migrate", "-pending"))],
            "databases": [one for one in databases if "scratch" in one],
            "parts": parts,
        }

    def backups(self) -> list[dict[str, Any]]:
        """Return what the first server says of its backups, oldest first."""
        script = f"cat {BACKUPS}/*.json 2>/dev/null || true"
        text = self.servers[0].run(["sh", "-c", script]).stdout
        decoder, found = json.JSONDecoder(), []
        while text.strip():
            one, end = decoder.raw_decode(text.lstrip())
            found.append(one)
            text = text.lstrip()[end:]
        return found

    def status(self) -> dict[str, dict[str, Any]]:
        """Return what iactl tells of every server."""
        hosts: dict[str, dict[str, Any]] = self.operator.run("status").report["hosts"]
        return hosts

    def ledgers(self) -> list[list[dict[str, Any]]]:
        """Return every server's ledger."""
        argv = ["cat", f"/var/lib/iadeploy/{self.app}/ledger.jsonl"]
        texts = [server.run(argv).stdout for server in self.servers]
        return [[json.loads(line) for line in text.splitlines()] for text in texts]


def make_journal(fleet: Fleet, folder: Path) -> Journal:
    """Write the environment of the reference application, with a database of its own."""
    url = fleet.database.create_database(DATABASE)
    prover = fleet.database.create_database(PROVER)
    fleet.database.sql(f"ALTER ROLE {PROVER} CREATEDB")
    fleet.database.sql(
        f"CREATE SEQUENCE runs OWNED BY NONE; ALTER SEQUENCE runs OWNER TO {DATABASE};",
        database=DATABASE,
    )
    settings = {
        "app_name": DATABASE,
        "app_domains": [DOMAIN],
        "app_slot_index": 3,
        "app_health_deadline": 20,
        "app_bake_seconds": 0,
        "app_read_only": True,
        "app_env": {"COOKIE_SECURE": False, "WEB_WORKERS": 1},
        "app_migrate_command": ["python", "-m", "innerarchitect", "migrate"],
        "app_migrate_scripts": "innerarchitect:migrations",
        "app_migrate_timeout": 30,
        "app_backup_scratch_url": prover,
        "app_secrets": {
            "DATABASE_URL": url,
            "REDIS_URL": fleet.cache.url,
            "SECRET_KEY": secrets.token_urlsafe(32),
        },
        "app_registry_username": fleet.registry.username,
        "app_registry_password": fleet.registry.password,
    }
    # Not in the order of their names, which says who is the first.
    hosts = [server.name for server in reversed(fleet.servers)]
    fleet.write_inventory(folder / DATABASE, settings, hosts=hosts)
    operator = Operator(folder, DATABASE, folder)
    path = folder / DATABASE / "group_vars" / "all" / "app.yml"
    plain = path.read_text(encoding="utf-8")
    return Journal(fleet, fleet.servers, DATABASE, DOMAIN, operator, JournalImages(fleet), plain)
