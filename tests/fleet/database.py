"""A real PostgreSQL on the rig's network."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

from . import container
from .container import BOOT_DEADLINE, Member, Plan
from .errors import RigError
from .waiting import wait_until

ROLE = "database"
PORT = 5432
_BINARIES = "/usr/lib/postgresql/15/bin"
_CONFIGURATION = "/etc/postgresql/15/main/postgresql.conf"
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")


@dataclass
class Database(Member):
    """PostgreSQL 15 that takes passwords (scram-sha-256) from the whole rig."""

    def create_database(self, name: str) -> str:
        """Create a database with an owner of the same name and return its URL.

        The URL holds the random password and an IP address. RigError when the name is taken or
        not plain (a-z, 0-9 and '_').
        """
        if not _NAME.fullmatch(name):
            raise RigError(f"database name {name!r} is not usable: a-z, 0-9 and '_' only")
        password = secrets.token_urlsafe(18)
        self.sql(
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}';\n"
            f"CREATE DATABASE {name} OWNER {name};\n"
        )
        return f"postgresql://{name}:{password}@{self.address}:{PORT}/{name}"

    def sql(self, statements: str, *, database: str = "postgres") -> str:
        """Run SQL as the superuser and return the rows, unaligned; RigError on an SQL error."""
        argv = ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align"]
        argv += ["--set", "ON_ERROR_STOP=1", "--dbname", database]
        return self.run(argv, stdin=statements, user="postgres", check=True).stdout.strip()

    def wait_ready(self) -> None:
        """Wait until it takes connections over the network."""

        def accepts() -> bool:
            argv = [f"{_BINARIES}/pg_isready", "--quiet", "--host", self.address]
            return self.run(argv).returncode == 0

        wait_until(accepts, f"an answer of {self.container_name}", deadline=BOOT_DEADLINE)


def create(database: Database, image: str) -> None:
    """Make and start the database."""
    plan = Plan(
        image=image,
        command=[
            "sh",
            "-c",
            "install -d -o postgres -g postgres -m 2775 /run/postgresql && "
            "exec setpriv --reuid postgres --regid postgres --init-groups "
            f"{_BINARIES}/postgres -c config_file={_CONFIGURATION}",
        ],
        # PostgreSQL's "stop now, but cleanly"; on SIGTERM it would wait for every client to leave.
        stop_signal="SIGINT",
    )
    container.create(database, plan)
    database.start()
