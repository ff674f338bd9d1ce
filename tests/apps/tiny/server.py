"""A small application that keeps the application contract, or breaks it as its MODE says.

ok          behaves
crash       exits at once with a message that holds its secret
unhealthy   answers 503 on its health endpoint
liar        reports another version than its image's
once        answers one health request well, then exits
silent      accepts connections and never answers
dies        exits three seconds after its first user's request
errs        answers users 500 from three seconds after the first one's request
drags       takes half a second for users from three seconds after the first one's request
sickens     calls itself unhealthy from three seconds after its first user's request
slow        listens only after 4 seconds
late        listens only after 15 seconds
plain       has no health endpoint and no version, as many real applications
shallow     answers its health endpoint 200 whatever its checks say
fresh       behaves, and has a layer of its own to pull
rude        says in its log, its version and its checks what could do harm somewhere

With DEPENDS=HOST:PORT it is healthy only while it reaches that. /slow?SECONDS takes so long, by
default 2; /upgrade leaves HTTP, as a websocket does; /forwarded tells what the proxies say of
whoever asks.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODE = os.environ["MODE"]
# Jinja, shell, YAML, Slack's markup, a terminal's escapes, NUL, right-to-left marks, and very long.
RUDE = (
    "{{ 7 * 191 }} {% raw %} $(touch /tmp/pwned) `id` ; rm -rf ~ !!python/object:os.system"
    " <!channel> <https://evil.example|log in> *bold* [red]markup[/red] &amp;"
    " \x1b[2J\x1b]0;owned\x07 \x00 \u202egnp.exe\u202c \r\n" + "long " * 2000
)
VERSION = os.environ["APP_VERSION"]
answered = threading.Event()
first_user: list[float] = []


def spoiled() -> bool:
    """Whether users have been here for three seconds."""
    return bool(first_user) and time.monotonic() - first_user[0] > 3


def reaches(place: str | None) -> bool:
    """Whether something listens at HOST:PORT; at no place at all is fine."""
    if not place:
        return True
    host, _, port = place.partition(":")
    try:
        socket.create_connection((host, int(port)), timeout=1).close()
    except OSError:
        return False
    return True


def secret() -> str:
    """Return the secret as the contract gives it, or an empty string."""
    path = os.environ.get("TINY_SECRET_FILE")
    return Path(path).read_text(encoding="utf-8") if path else os.environ.get("TINY_SECRET", "")


class Handler(BaseHTTPRequestHandler):
    """Answers every path."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # headers and body in one packet

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        """Answer one request."""
        if MODE == "silent":
            time.sleep(3600)
        if self.path == "/upgrade":
            self.converse()
            return
        if self.path.startswith("/slow"):
            time.sleep(float(self.path.partition("?")[2] or 2))
        status, body = 200, json.dumps({"hello": VERSION})
        if self.path == "/forwarded":
            names = ("X-Forwarded-For", "X-Forwarded-Proto")
            body = json.dumps({name: self.headers.get_all(name) for name in names})
        if self.path != "/api/health":
            first_user.append(time.monotonic())
            if MODE == "dies" and spoiled():
                os._exit(3)
            if MODE == "errs" and spoiled():
                status = 500
            if MODE == "drags" and spoiled():
                time.sleep(0.5)
        if self.path == "/api/health":
            status, body = self.health()
        payload = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()
        print(f"request {self.path.split('?')[0]} {status}", flush=True)

    def converse(self) -> None:
        """Leave HTTP, as a websocket does, and answer every line with the version and the line."""
        self.send_response(101)
        self.send_header("Connection", "Upgrade")
        self.send_header("Upgrade", "lines")
        self.end_headers()
        self.wfile.flush()
        self.close_connection = True
        for line in self.rfile:
            self.wfile.write(f"{VERSION} ".encode() + line)
            self.wfile.flush()

    def health(self) -> tuple[int, str]:
        """Return status and body of the health endpoint."""
        if MODE == "plain":
            return 404, "{}"
        if MODE == "once" and answered.is_set():
            os._exit(3)
        answered.set()
        version = "0.0.0-old" if MODE == "liar" else VERSION
        good = MODE not in ("unhealthy", "shallow", "rude") and reaches(os.environ.get("DEPENDS"))
        good = good and not (MODE == "sickens" and spoiled())
        checks = {"database": "ok" if good else "error: no such table"}
        if MODE == "rude":
            checks = {RUDE: RUDE}
        told = "ok" if good or MODE == "shallow" else "error"
        body = {"status": told, "version": version, "checks": checks}
        return (200 if told == "ok" else 503), json.dumps(body)

    def log_message(self, *_: object) -> None:
        """Keep the library's own log out."""


class Server(ThreadingHTTPServer):
    """A server that ends its requests first, and lets as many wait as a real one does."""

    daemon_threads = False
    request_queue_size = 128


def main() -> None:
    """Listen until SIGTERM."""
    print(f"tiny {VERSION} starts", flush=True)
    if MODE == "rude":
        print(RUDE, flush=True)
    if MODE == "crash":
        sys.exit(f"fatal: cannot log in with password {secret()}")
    time.sleep({"slow": 4, "late": 15}.get(MODE, 0))
    server = Server(("0.0.0.0", int(os.environ.get("PORT", "8000"))), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    server.serve_forever(poll_interval=0.05)
    server.server_close()


if __name__ == "__main__":
    main()
