"""A real PostgreSQL and a real Redis of this machine, for as long as a test session lasts."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PASSWORD = "s3cret-Passw0rd"
_DEADLINE = 20.0


@dataclass(frozen=True)
class DataPeer:
    """Where it listens, on 127.0.0.1."""

    port: int
    password: str = PASSWORD


def postgres_binaries() -> Path | None:
    """Return Debian's folder of PostgreSQL's programs, the newest one."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return found[-1].parent if found else None


@contextlib.contextmanager
def postgres() -> Iterator[DataPeer]:
    """Run PostgreSQL with a password for everyone; it refuses to run as root."""
    binaries = postgres_binaries()
    assert binaries is not None
    user = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="iadeploy-pg-") as name:
        folder = Path(name)
        if user:
            account = pwd.getpwnam("postgres")
            os.chown(folder, account.pw_uid, account.pw_gid)
        secret = folder / "secret"
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        data, port = folder / "data", _free_port()
        argv = [binaries / "initdb", "-D", data, "-U", "owner", "-A", "scram-sha-256"]
        argv += ["--no-sync", "--pwfile", secret]
        quiet = {"stdout": subprocess.DEVNULL, "cwd": folder}
        subprocess.run([*map(str, argv)], check=True, **quiet, **user)  # type: ignore
        serve = [binaries / "postgres", "-D", data, "-p", str(port), "-k", folder, "-F"]
        with _running([*map(str, serve), "-h", "127.0.0.1"], folder, user, port):
            yield DataPeer(port)


@contextlib.contextmanager
def redis() -> Iterator[DataPeer]:
    """Run Redis with a password."""
    with tempfile.TemporaryDirectory(prefix="iadeploy-redis-") as name:
        port = _free_port()
        configuration = Path(name) / "redis.conf"
        configuration.write_text(
            f'bind 127.0.0.1\nport {port}\nrequirepass {PASSWORD}\nsave ""\ndir {name}\n'
        )
        with _running(["redis-server", str(configuration)], Path(name), {}, port):
            yield DataPeer(port)


def has_redis() -> bool:
    """Tell whether Redis is installed."""
    return shutil.which("redis-server") is not None


@contextlib.contextmanager
def _running(argv: list[str], folder: Path, user: dict[str, str], port: int) -> Iterator[None]:
    with subprocess.Popen(  # type: ignore[call-overload]
        argv, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **user
    ) as process:
        try:
            ends = time.monotonic() + _DEADLINE
            while not _listens(port):
                assert process.poll() is None and time.monotonic() < ends, f"{argv[0]} is not up"
                time.sleep(0.02)
            yield
        finally:
            # PostgreSQL's fast end; on SIGTERM it would wait for every client to leave.
            process.send_signal(signal.SIGINT)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
