"""Two peers for HAProxy's runtime socket: recorded answers, and the real one where installed."""

from __future__ import annotations

import csv
import io
import shutil
import socket
import socketserver
import subprocess
import threading
from pathlib import Path
from types import TracebackType

from tests.fleet.waiting import wait_until
from tests.unit.builders import ADDRESSES

BACKEND = "app_shop"
CHECKED = "app_other"
# Answers of HAProxy 2.6.12 (Debian 12), recorded with this configuration.
_HEADER = (
    "1\n# be_id be_name srv_id srv_name srv_addr srv_op_state srv_admin_state srv_uweight"
    " srv_iweight srv_time_since_last_change srv_check_status srv_check_result srv_check_health"
    " srv_check_state srv_agent_state bk_f_forced_id srv_f_forced_id srv_fqdn srv_port srvrecord"
    " srv_use_ssl srv_check_port srv_check_addr srv_agent_addr srv_agent_port\n"
)
_ROW = (
    "{id} {backend} {number} {slot} {address} 2 {admin} {weight} 1 8 1 0 2 0 0 0 0 - {port} - 0 0"
    " - - 0\n"
)
_STAT = (
    "# pxname,svname,qcur,qmax,scur,smax,slim,stot,bin,bout,dreq,dresp,ereq,econ,eresp,wretr,"
    "wredis,status,weight,check_status,check_code,check_desc\n"
    "web,FRONTEND,,,3,3,9984,9,0,0,0,0,0,,,,,OPEN,\n"
    "app_shop,blue,0,0,{blue},2,,4,0,0,,0,,0,0,0,0,no check,1\n"
    "app_shop,green,0,0,{green},2,,5,0,0,,0,,0,0,0,0,no check,1\n"
    "app_shop,BACKEND,0,0,9,9,999,9,0,0,0,0,,0,0,0,0,UP,2\n"
    "app_other,blue,0,0,7,7,,7,0,0,,0,,0,0,0,0,no check,1\n"
    # As on an edge.
    "app_news,web1,0,0,1,1,,9,0,0,,0,,0,0,0,0,UP,1,L7OK,200,Layer7 check passed\n"
    "app_news,web2,0,0,0,0,,0,0,0,,0,,0,0,0,0,DOWN,1,L7STS,503,Layer7 wrong status\n"
    "app_news,web2-unchecked,0,0,0,0,,0,0,0,,0,,0,0,0,0,no check,1,,,\n"
)
_NO_BACKEND, _NO_SERVER = "Can't find backend.\n", "No such server.\n"
_FLAGS = {"ready": 0, "maint": 1, "drain": 8}
_CONFIGURATION = """\
global
    stats socket {folder}/admin.sock mode 600 level admin
    server-state-file {folder}/servers.state
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind 127.0.0.1:{port}
    default_backend app_shop
backend app_shop
    load-server-state-from-file global
    server blue 127.0.0.1:{blue}
    server green 127.0.0.1:1
backend app_other
    load-server-state-from-file global
    server blue 127.0.0.1:1 check inter 1s fall 3
    server green 127.0.0.1:1
"""


class HaproxyPeer:
    """What a test needs of either peer."""

    socket_path: Path

    def put(self, slot: str, state: str) -> None:
        """Set a slot's state, from outside of the code under test."""
        raise NotImplementedError

    def states(self) -> dict[str, str]:
        """Return the slots' states, told without the code under test."""
        raise NotImplementedError

    def weights(self) -> dict[str, int]:
        """Return the slots' weights, told without the code under test."""
        raise NotImplementedError


class RecordedHaproxy(HaproxyPeer):
    """A UNIX socket that speaks the runtime protocol from recorded answers.

    Attributes:
        deaf: accept changes and apply none of them.
        mute: take a command and never answer it.
        cut: close the connection after that many bytes of an answer.
        in_flight: slot to the requests in flight.
        seen: the states after each single change.
        between: the states after each whole line, when HAProxy handles traffic again.
    """

    def __init__(self, socket_path: Path) -> None:
        self.socket_path = socket_path
        self.deaf = self.mute = False
        self.cut: int | None = None
        self.in_flight = {"blue": 0, "green": 0}
        self.seen: list[dict[str, str]] = []
        self.between: list[dict[str, str]] = []
        self._admin = {BACKEND: {"blue": 0, "green": 0}, "app_other": {"blue": 0, "green": 1}}
        self._places: dict[str, tuple[str, int]] = {}
        self._weights: dict[str, dict[str, int]] = {BACKEND: {}, "app_other": {}}
        self._ended = threading.Event()
        self._server = _Server(str(socket_path), _Connection)
        self._server.peer = self

    def __enter__(self) -> RecordedHaproxy:
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._server.server_close()

    def put(self, slot: str, state: str) -> None:
        self._admin[BACKEND][slot] = _FLAGS[state]

    def put_flag(self, slot: str, flag: int) -> None:
        """Set srv_admin_state itself, also to what only a configuration sets."""
        self._admin[BACKEND][slot] = flag

    def weights(self) -> dict[str, int]:
        return {slot: self._weights[BACKEND].get(slot, 1) for slot in self._admin[BACKEND]}

    def states(self) -> dict[str, str]:
        names = {flag: name for name, flag in _FLAGS.items()}
        return {slot: names[flag] for slot, flag in self._admin[BACKEND].items()}

    def forget_backend(self) -> None:
        """Answer as a HAProxy whose configuration lacks the application."""
        del self._admin[BACKEND]

    def answer(self, line: str) -> bytes:
        """Return the answer to a line of commands."""
        if self.mute:
            self._ended.wait(5)
        text = "".join(self._one(command) + "\n" for command in line.split(";"))
        if "set server" in line and BACKEND in self._admin:
            self.between.append(self.states())
        return text.encode()[: self.cut]

    def _one(self, command: str) -> str:
        words = command.split()
        if words[:2] == ["show", "stat"]:
            return _STAT.format(**self.in_flight)
        if words[:3] == ["show", "servers", "state"]:
            wanted = words[3:] or list(self._admin)
            if any(name not in self._admin for name in wanted):
                return _NO_BACKEND
            return _HEADER + "".join(map(self._rows, wanted))
        assert words[:2] == ["set", "server"], command
        assert words[3] in ("state", "weight", "health", "addr"), command
        backend, _, slot = words[2].partition("/")
        if words[3] == "addr":
            return self._move(words[2], words[4], int(words[6]))
        if words[3] == "health":
            return "Health checks are not enabled on this server.\n"
        if words[3] == "weight":
            return self._weigh(backend, slot, int(words[4]))
        return self._set(backend, slot, words[4])

    def _rows(self, backend: str) -> str:
        return "".join(
            _ROW.format(
                id=3 + list(self._admin).index(backend),
                backend=backend,
                number=number,
                slot=slot,
                admin=flag,
                weight=self._weights[backend].get(slot, 1),
                address=self._place(backend, slot, number)[0],
                port=self._place(backend, slot, number)[1],
            )
            for number, (slot, flag) in enumerate(self._admin[backend].items(), start=1)
        )

    def _place(self, backend: str, slot: str, number: int) -> tuple[str, int]:
        usual = ADDRESSES[slot] if backend == BACKEND else "127.0.0.1"
        return self._places.get(f"{backend}/{slot}", (usual, 18000 + number))

    def _move(self, server: str, address: str, port: int) -> str:
        if not self.deaf:
            self._places[server] = (address, port)
        return f"IP changed to '{address}', port changed to '{port}' by 'stats socket command'\n"

    def _weigh(self, backend: str, slot: str, weight: int) -> str:
        if slot not in self._admin.get(backend, {}):
            return _NO_SERVER
        if not self.deaf:
            self._weights[backend][slot] = weight
        return ""

    def _set(self, backend: str, slot: str, state: str) -> str:
        if slot not in self._admin.get(backend, {}):
            return _NO_SERVER
        if not self.deaf:
            self._admin[backend][slot] = _FLAGS[state]
            self.seen.append(self.states())
        return ""


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 64  # HAProxy's own is larger still
    peer: RecordedHaproxy


class _Connection(socketserver.StreamRequestHandler):
    server: _Server

    def handle(self) -> None:
        line = self.rfile.readline().decode().strip()
        try:
            self.wfile.write(self.server.peer.answer(line))
        except OSError:
            return


class RealHaproxy(HaproxyPeer):
    """A HAProxy on loopback; its slot blue leads to ``upstream``."""

    def __init__(self, folder: Path, keep_state: bool = False) -> None:
        self.folder = folder
        self.socket_path = folder / "admin.sock"
        self.state_file = folder / "servers.state"
        self.upstream = socket.create_server(("127.0.0.1", 0))
        self.port = _free_port()
        if not keep_state:
            self.state_file.write_text("")
        self._process: subprocess.Popen[bytes] | None = None

    @staticmethod
    def installed() -> bool:
        """Tell whether this machine has a HAProxy."""
        return shutil.which("haproxy") is not None

    def __enter__(self) -> RealHaproxy:
        upstream = self.upstream.getsockname()[1]
        text = _CONFIGURATION.format(folder=self.folder, port=self.port, blue=upstream)
        configuration = self.folder / "haproxy.cfg"
        configuration.write_text(text)
        self._process = subprocess.Popen(
            ["haproxy", "-db", "-f", str(configuration)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self._answers, "HAProxy's first answer", deadline=5, every=0.02)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self.upstream.close()

    def put(self, slot: str, state: str) -> None:
        self._ask(f"set server {BACKEND}/{slot} state {state}")

    def states(self) -> dict[str, str]:
        words = {"no check": "ready", "MAINT": "maint", "DRAIN": "drain"}
        return {row["svname"]: words[row["status"]] for row in self._rows()}

    def weights(self) -> dict[str, int]:
        answers = {slot: self._ask(f"get weight {BACKEND}/{slot}") for slot in ("blue", "green")}
        return {slot: int(answer.split()[0]) for slot, answer in answers.items()}

    def checked(self) -> dict[str, str]:
        """Return the row of the one slot that HAProxy checks; nobody listens behind it."""
        return next(row for row in self._rows(CHECKED) if row["svname"] == "blue")

    def _rows(self, backend: str = BACKEND) -> list[dict[str, str]]:
        rows = csv.DictReader(io.StringIO(self._ask("show stat").removeprefix("# ")))
        return [row for row in rows if row["pxname"] == backend and row["svname"] != "BACKEND"]

    def _answers(self) -> bool:
        try:
            return "app_shop" in self._ask("show stat")
        except OSError:
            return False

    def _ask(self, command: str) -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(self.socket_path))
            connection.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: connection.recv(65536), b"")).decode()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
