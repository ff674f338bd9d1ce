"""The floor: what somebody writes by hand for one server, sent over one SSH connection.

``python3 - APP IMAGE BLUE GREEN PORT`` pulls, starts beside, waits for health, switches HAProxy
and stops the old container. It has no journal, no lock, no rollback and no word on failure; it is
the measure of what the work itself takes.
"""

import http.client
import socket
import subprocess
import sys
import time

HEALTH_INTERVAL = 0.05  # seconds
HEALTH_DEADLINE = 30.0  # seconds


def docker(*arguments: str) -> None:
    """Run one docker command."""
    subprocess.run(["docker", *arguments], stdout=subprocess.DEVNULL, check=True)


def proxy(command: str) -> str:
    """Ask HAProxy's runtime socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("/run/haproxy/admin.sock")
        connection.sendall(f"{command}\n".encode())
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def serving(app: str) -> str:
    """Return the slot that takes requests, or an empty string."""
    for line in proxy(f"show servers state app_{app}").splitlines():
        fields = line.split()
        if len(fields) > 6 and fields[3] in ("blue", "green") and fields[6] == "0":
            return fields[3]
    return ""


def wait_healthy(address: str, port: int) -> None:
    """Return when the application answers 200."""
    deadline = time.monotonic() + HEALTH_DEADLINE
    while time.monotonic() < deadline:
        connection = http.client.HTTPConnection(address, port, timeout=3)
        try:
            connection.request("GET", "/api/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(HEALTH_INTERVAL)
    raise SystemExit("not healthy")


def main(app: str, image: str, blue: str, green: str, port: str) -> None:
    """Deploy an image."""
    addresses = {"blue": blue, "green": green}
    docker("pull", "--quiet", image)
    old = serving(app)
    new = "green" if old == "blue" else "blue"
    subprocess.run(["docker", "rm", "--force", f"{app}-{new}"], capture_output=True, check=False)
    placed = ["--network", "iadeploy", "--ip", addresses[new], "--restart", "unless-stopped"]
    docker("run", "--detach", "--name", f"{app}-{new}", *placed, image)
    wait_healthy(addresses[new], int(port))
    beside = f"; set server app_{app}/{old} state drain" if old else ""
    proxy(f"set server app_{app}/{new} state ready{beside}")
    if old:
        docker("stop", f"{app}-{old}")
        # A slot that is only drained is checked on, found down, and would come up late next time.
        proxy(f"set server app_{app}/{old} state maint")


main(*sys.argv[1:])
