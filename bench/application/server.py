"""The application that the bench deploys: a second to start, JSON answers, a clean stop."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

VERSION = os.environ["APP_VERSION"]
START_SECONDS = 1.0  # what imports and connections take in a real application
idle = threading.Condition()
in_flight = 0


class Handler(BaseHTTPRequestHandler):
    """Answers every path with the health answer of the application contract."""

    protocol_version = "HTTP/1.1"
    wbufsize = 65536  # headers and body in one packet
    disable_nagle_algorithm = True

    def do_GET(self) -> None:  # pylint: disable=invalid-name
        """Answer one request."""
        count(1)
        payload = json.dumps({"status": "ok", "version": VERSION, "checks": {}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        self.wfile.write(payload)
        self.wfile.flush()
        count(-1)

    def log_message(self, *_: object) -> None:
        """Keep the library's own log out."""


def count(step: int) -> None:
    """Count the requests that are being answered."""
    global in_flight
    with idle:
        in_flight += step
        idle.notify_all()


def main() -> None:
    """Listen until SIGTERM, then finish the requests in flight."""
    time.sleep(START_SECONDS)
    server = ThreadingHTTPServer(("0.0.0.0", 8000), Handler)
    signal.signal(
        signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start()
    )
    server.serve_forever(poll_interval=0.05)
    with idle:
        idle.wait_for(lambda: in_flight == 0, timeout=5)


if __name__ == "__main__":
    main()
