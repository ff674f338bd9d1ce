"""Run on a server by its own Python: what is really there.

Asks the engine, the proxy and the files themselves, and nothing of the product, so that the
oracle can hold it against what the product says. Standard library only.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from typing import Any

STATE = "/var/lib/iadeploy"
_READY, _DRAIN = "0", "8"


def main() -> None:
    """Answer the question on standard input with one JSON object."""
    asked = json.load(sys.stdin)
    app, words = asked["app"], asked["words"]
    inspected = _inspected(app)
    folder = f"{STATE}/{app}"
    print(
        json.dumps(
            {
                "containers": [_container(one) for one in json.loads(inspected)],
                "states": _states(app),
                "served": _served(asked["host"]),
                "journal": _text(f"{folder}/journal.json"),
                "lease": json.loads(_text(f"{folder}/lease.json") or "{}"),
                "ledger": _text(f"{folder}/ledger.jsonl"),
                "left": [name for name in _names(folder) if ".json" in name and name[0] == "."],
                "working": any("app_release" in line for line in _command_lines()),
                "leaks": _leaks(words, inspected),
            }
        )
    )


def _inspected(app: str) -> str:
    listed = ["docker", "ps", "-aq", "--filter", f"label=iadeploy.app={app}"]
    names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split()
    if not names:
        return "[]"
    shown = ["docker", "inspect", *names]
    return subprocess.run(shown, capture_output=True, text=True, check=False).stdout


def _container(row: dict[str, Any]) -> dict[str, Any]:
    labels = row["Config"]["Labels"]
    told = {name: labels.get(f"iadeploy.{name}", "") for name in ("release", "slot", "digest")}
    return {
        **told,
        "name": row["Name"].lstrip("/"),
        "image": row["Config"]["Image"],
        "state": row["State"]["Status"],
        "started": row["State"]["StartedAt"],
    }


def _states(app: str) -> dict[str, str]:
    """Return each slot's state in the proxy; nothing when it does not answer."""
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.connect("/run/haproxy/admin.sock")
        connection.sendall(f"show servers state app_{app}\n".encode())
        text = b"".join(iter(lambda: connection.recv(65536), b"")).decode()
    except OSError:
        return {}
    finally:
        connection.close()
    rows = [line.split() for line in text.splitlines() if line[:1].isdigit() and " " in line]
    named = {_READY: "ready", _DRAIN: "drain"}
    return {row[3]: named.get(row[6], "maint") for row in rows}


def _served(host: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", 80, timeout=5)
    try:
        connection.request("GET", "/api/health", headers={"Host": host})
        return str(json.loads(connection.getresponse().read())["version"])
    except (OSError, ValueError, KeyError, http.client.HTTPException):
        return ""


def _text(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _names(folder: str) -> list[str]:
    return sorted(os.listdir(folder)) if os.path.isdir(folder) else []


def _command_lines() -> list[str]:
    own = str(os.getpid())
    numbers = [name for name in os.listdir("/proc") if name.isdigit() and name != own]
    lines = []
    for number in numbers:
        try:
            lines.append(_text(f"/proc/{number}/cmdline").replace("\0", " "))
        except OSError:
            continue  # it has ended
    return lines


def _leaks(words: list[str], inspected: str) -> list[str]:
    """Return where a secret can be seen that only the application may read."""
    places = {"docker inspect": inspected, "ps": "\n".join(_command_lines())}
    for folder, _, names in os.walk(STATE):
        if "/secrets" not in folder:
            places.update({f"{folder}/{name}": _text(f"{folder}/{name}") for name in names})
    return [place for place, text in places.items() if any(word in text for word in words)]


if __name__ == "__main__":
    main()
