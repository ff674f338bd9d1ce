"""HAProxy's runtime socket: read and change where an application's requests go.

Commands and their answers: HAProxy 2.6 management guide, section 9.3.
"""

from __future__ import annotations

import csv
import fcntl
import io
import socket
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .errors import DeployError
from .files import explained, write_atomically
from .slots import SLOTS, other
from .traffic import Counters

# srv_admin_state is a bit mask (management guide, "show servers state").
_ADMIN_MAINT = 0x01 | 0x02 | 0x04 | 0x20
_ADMIN_DRAIN = 0x08 | 0x10
_NEEDED = ("be_name", "srv_name", "srv_addr", "srv_port", "srv_admin_state", "srv_uweight")
# What the configuration gives both slots.
_EQUAL = dict.fromkeys(SLOTS, 1)


def ask_socket(path: str, command: str, timeout: float) -> str:
    """Send one line to a UNIX stream socket and return everything it answers.

    Raises:
        OSError: the socket is absent, refuses or does not answer within ``timeout`` seconds.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(timeout)
        connection.connect(path)
        connection.sendall(command.encode() + b"\n")
        answer = bytearray()
        while chunk := connection.recv(65536):
            answer += chunk
    return answer.decode("utf-8", errors="replace")


def ask_runtime(
    path: str,
    command: str,
    timeout: float = 5.0,
    ask: Callable[[str, str, float], str] = ask_socket,
) -> str:
    """Return HAProxy's answer to a command.

    Raises:
        DeployError: HAProxy does not answer.
    """
    try:
        return ask(path, command, timeout)
    except OSError as error:
        raise DeployError(
            f"HAProxy does not answer at {path} ({error.strerror or error})",
            "Check 'service haproxy status' on this server; 'iactl bootstrap' sets it up",
            cause="refused",
        ) from error


class Proxy:
    """The backend of one application on one HAProxy.

    Args:
        backend: the backend's name in HAProxy's configuration.
        socket_path: the admin-level runtime socket.
        state_file: where HAProxy reads server states from when it starts.
        timeout: seconds that one command may take.
        ask: sends a command and returns the answer (replaced in tests of the parser only).
    """

    def __init__(
        self,
        backend: str,
        socket_path: str,
        state_file: str,
        timeout: float = 5.0,
        ask: Callable[[str, str, float], str] = ask_socket,
    ) -> None:
        self.backend = backend
        self.socket_path = socket_path
        self.state_file = Path(state_file)
        self.timeout = timeout
        self._ask = ask

    def _command(self, command: str) -> str:
        return ask_runtime(self.socket_path, command, self.timeout, self._ask)

    def states(self) -> dict[str, str]:
        """Return each slot's state: ``ready``, ``drain`` or ``maint``."""
        return parse_server_states(self._look())

    def _look(self) -> str:
        """Return HAProxy's own words on both slots."""
        answer = self._command(f"show servers state {self.backend}")
        if set(parse_server_states(answer)) != set(SLOTS):
            raise DeployError(
                f"HAProxy has no backend '{self.backend}' with the slots blue and green",
                "Run 'iactl bootstrap' for this environment first",
                cause="refused",
            )
        return answer

    def serve(self, slot: str, *, beside: str = "drain") -> None:
        """Send new requests to ``slot`` and put the other slot into state ``beside``.

        Both changes travel in one line, which HAProxy runs without handling traffic in between.

        Raises:
            DeployError: HAProxy did not take the change.
        """
        self._apply({slot: "ready", other(slot): beside})

    def share(self, slot: str, percent: int) -> None:
        """Send ``percent`` of a hundred new requests to ``slot`` and the others to the one beside.

        Raises:
            DeployError: HAProxy did not take the change.
        """
        self._apply(dict.fromkeys(SLOTS, "ready"), {slot: percent, other(slot): 100 - percent})

    def isolate(self, free: str, serving: str | None) -> None:
        """Make sure that no request can reach slot ``free``, before anything starts there."""
        if self.states()[free] == "maint":
            return
        if serving is None:
            self.park()
        else:
            self.serve(serving, beside="maint")

    def route(self, slot: str, address: str, port: int) -> None:
        """Have a free slot lead to where its release will listen.

        A slot leads where the one before it was until it is told otherwise, and HAProxy keeps the
        port over a restart; the configuration knows the port of one release only.

        Raises:
            DeployError: HAProxy did not take the change.
        """
        wanted = {"srv_addr": address, "srv_port": str(port)}
        astray = [
            row["be_name"] for row in self._leading(slot) if not wanted.items() <= row.items()
        ]
        if not astray:
            return
        changes = (f"set server {name}/{slot} addr {address} port {port}" for name in astray)
        self._command(";".join(changes))
        if any(not wanted.items() <= row.items() for row in self._leading(slot)):
            raise DeployError(
                f"HAProxy does not send backend '{self.backend}', slot {slot}, to {address}:{port}",
                "Look at HAProxy's log on this server, then run the command again",
            )
        self.save()

    def _leading(self, slot: str) -> list[dict[str, str]]:
        """Return where a slot leads, also for an edge's checks."""
        mine = (self.backend, f"check_{self.backend}")
        rows = _servers(self._command("show servers state"))
        return [row for row in rows if row["be_name"] in mine and row["srv_name"] == slot]

    def addresses(self) -> dict[str, str]:
        """Return the address that each slot leads to."""
        return {row["srv_name"]: row["srv_addr"] for row in _servers(self._look())}

    def unreached(self, slot: str) -> str:
        """Say why HAProxy's own checks do not reach a slot, or return an empty string."""
        row = self._statistics(slot)
        if not row.get("status", "").startswith("DOWN"):
            return ""
        return row.get("last_chk") or row.get("check_status") or "it does not answer"

    def park(self) -> None:
        """Take both slots out of rotation: nothing is deployed here."""
        self._apply(dict.fromkeys(SLOTS, "maint"))

    def _apply(self, wanted: dict[str, str], weights: Mapping[str, int] = _EQUAL) -> None:
        # "ready" first: at no instant may the backend be without a server.
        order = sorted(wanted, key=lambda name: wanted[name] != "ready")
        changes = [(name, f"weight {weights[name]}") for name in order]
        changes += [(name, f"state {wanted[name]}") for name in order]
        # HAProxy takes a server that comes out of maintenance away again at its first failed
        # check, which a busy moment is enough for. It proved its health; let it fail three.
        changes += [(name, "health up") for name in order if wanted[name] == "ready"]
        self._command(
            ";".join(f"set server {self.backend}/{name} {change}" for name, change in changes)
        )
        answer = self._look()
        seen, weighed = parse_server_states(answer), parse_server_weights(answer)
        if seen != wanted or weighed != weights:
            raise DeployError(
                f"HAProxy kept {seen} with weights {weighed} for backend '{self.backend}'"
                f" instead of {wanted} with {dict(weights)}",
                "Look at HAProxy's log on this server, then run the command again",
            )
        self.save()

    def save(self) -> None:
        """Write every backend's server states to the file HAProxy loads when it starts."""
        lock = self.state_file.with_name(f".{self.state_file.name}.lock")
        # All applications of the server share the file: no older picture may come after a newer.
        with explained(self.state_file), lock.open("w", encoding="utf-8") as held:
            fcntl.flock(held, fcntl.LOCK_EX)
            answer = self._command("show servers state")
            write_atomically(self.state_file, answer.rstrip("\n") + "\n", mode=0o644)

    def sessions(self, slot: str) -> int:
        """Return how many requests are in flight to ``slot``."""
        return int(self._statistics(slot).get("scur") or 0)

    def counters(self, slot: str) -> Counters:
        """Return what HAProxy counted of ``slot`` since it started."""
        return Counters.from_row(self._statistics(slot))

    def _statistics(self, slot: str) -> dict[str, str]:
        for row in parse_statistics(self._command("show stat")):
            if row.get("pxname") == self.backend and row.get("svname") == slot:
                return row
        return {}


def parse_statistics(answer: str) -> list[dict[str, str]]:
    """Read the answer to ``show stat``."""
    return list(csv.DictReader(io.StringIO(answer.lstrip("# "))))


def parse_server_states(answer: str) -> dict[str, str]:
    """Read the answer to ``show servers state`` as slot name to state."""
    return {row["srv_name"]: _state(int(row["srv_admin_state"])) for row in _servers(answer)}


def parse_server_weights(answer: str) -> dict[str, int]:
    """Read the answer to ``show servers state`` as slot name to weight."""
    return {row["srv_name"]: int(row["srv_uweight"]) for row in _servers(answer)}


def _state(admin: int) -> str:
    if admin & _ADMIN_MAINT:
        return "maint"
    return "drain" if admin & _ADMIN_DRAIN else "ready"


def _servers(answer: str) -> Iterator[dict[str, str]]:
    """Yield the answer's servers by column; a line that was cut short is none."""
    lines = answer.splitlines()
    header = next((line[2:].split() for line in lines if line.startswith("# be_id")), [])
    if not set(_NEEDED) <= set(header):
        return
    for line in lines:
        row = dict(zip(header, line.split(), strict=False))
        complete = len(row) == len(header) and not line.startswith("#")
        if complete and row["srv_admin_state"].isdecimal() and row["srv_uweight"].isdecimal():
            yield row
