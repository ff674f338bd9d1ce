"""A real gunicorn: start, workers, log, and a stop that loses nobody's request."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src"
DEADLINE_SECONDS = 20.0


class Server:
    """A server in its own process; `log` holds all it wrote."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._log_path = folder / "log"
        with self._log_path.open("w") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "innerarchitect", "serve"],
                env={
                    "PATH": os.environ["PATH"],
                    "PYTHONPATH": str(SOURCE),
                    "PYTHONUNBUFFERED": "1",
                    "DATA_DIR": str(folder / "data"),
                    "PORT": str(self.port),
                    "APP_VERSION": "1.2.3",
                },
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def log(self) -> str:
        """Return what the server wrote so far."""
        return self._log_path.read_text()

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection that gives up after some seconds."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS)

    def get(self, path: str) -> tuple[int, str]:
        """Fetch over a fresh connection."""
        connection = self.connect()
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def wait_until_healthy(self) -> None:
        """Return at the first healthy answer; fail when the process ends or time is up."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                if self.get("/api/health")[0] == 200:
                    return
            except OSError:
                time.sleep(0.02)
        pytest.fail(f"the server did not become healthy:\n{self.log}")

    def terminate(self) -> None:
        """Send the signal that stops a container."""
        self.process.send_signal(signal.SIGTERM)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """Start a server with embedded settings and end it whatever happens."""
    server = Server(tmp_path)
    try:
        server.wait_until_healthy()
        yield server
    finally:
        server.process.kill()
        server.process.wait()


def test_sigterm_does_not_wait_for_idle_connections(server: Server) -> None:
    kept_alive = server.connect()
    kept_alive.request("GET", "/")
    kept_alive.getresponse().read()
    server.terminate()
    # Less than the 25 seconds that requests under way are given.
    assert server.process.wait(DEADLINE_SECONDS) == 0


def test_sigterm_lets_a_request_under_way_finish(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.port), DEADLINE_SECONDS) as client:
        client.sendall(
            b"POST /login HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
            b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 6\r\n\r\n"
        )
        assert b"100 Continue" in client.recv(1000)  # a worker has the request now
        server.terminate()
        wait_for(lambda: "Handling signal: term" in server.log)
        client.sendall(b"name=a")
        assert client.recv(1000).startswith(b"HTTP/1.1 400 ")
    assert server.process.wait(DEADLINE_SECONDS) == 0


def test_a_worker_that_has_no_handler_yet_ends_at_sigterm(tmp_path: Path) -> None:
    program = """
import os, signal
import innerarchitect.gunicorn_conf
told = []
signal.signal(signal.SIGTERM, lambda number, frame: told.append(number))  # as gunicorn has it
worker = os.fork()
if worker == 0:
    os.kill(os.getpid(), signal.SIGTERM)
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]) == -signal.SIGTERM
os.kill(os.getpid(), signal.SIGTERM)
assert told == [signal.SIGTERM]
"""
    environment = {"PYTHONPATH": str(SOURCE), "DATA_DIR": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


def test_metrics_cover_all_workers(server: Server) -> None:
    for _ in range(40):
        assert server.get("/nothing-here")[0] == 404
    assert 'innerarchitect_requests_total{status="404"} 40\n' in server.get("/api/metrics")[1]
    assert 'innerarchitect_info{version="1.2.3"} 1\n' in server.get("/api/metrics")[1]


def test_access_log_has_the_path_but_no_query_and_no_forged_lines(server: Server) -> None:
    server.get("/caf%C3%A9%0a[FORGED]?token=hush-hush")
    wait_for(lambda: "/caf%C3%A9" in server.log)
    assert '"GET /caf%C3%A9%0A%5BFORGED%5D" 404 ' in server.log
    assert "hush" not in server.log


def wait_for(condition: object) -> None:
    """Return when the condition holds; fail when it does not in time."""
    assert callable(condition)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "gave up waiting"
        time.sleep(0.01)
