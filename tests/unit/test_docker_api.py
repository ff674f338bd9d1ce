"""HTTP to the engine: versions, broken connections, answers that are not read to their end."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from iadeploy.docker_api import ApiError, DockerApi, UnixConnection
from iadeploy.errors import DeployError

from tests.unit.http_peer import TIMEOUT, HttpPeer, chunked, connection_to, late, reply, stall


def api_of(peer: HttpPeer) -> DockerApi:
    return DockerApi(connection_to(peer))


@pytest.mark.parametrize(
    ("said", "used"),
    [("1.41", "v1.41"), ("1.43", "v1.43"), ("1.51", "v1.44"), ("", "v1.41"), ("odd", "v1.41")],
)
def test_the_newest_version_that_both_know_is_spoken(
    http_peer: HttpPeer, said: str, used: str
) -> None:
    http_peer.answer(reply(200, b"{}", f"Api-Version: {said}"))
    api_of(http_peer).get("/info")
    assert [line.split(b" ")[1] for line in http_peer.requests] == [
        b"/_ping",
        f"/{used}/info".encode(),
    ]


def test_a_refusal_keeps_the_engine_s_words(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(409, json.dumps({"message": "in use"}).encode()))
    with pytest.raises(ApiError, match="in use") as caught:
        api_of(http_peer).delete("/images/x")
    assert caught.value.status == 409


def test_a_refusal_in_other_words_is_kept_as_it_is(http_peer: HttpPeer) -> None:
    http_peer.answer(reply(502, b"<html>bad gateway"))
    with pytest.raises(ApiError, match="bad gateway"):
        api_of(http_peer).get("/info")


def test_a_slow_stop_is_waited_for_and_the_next_call_is_not(http_peer: HttpPeer) -> None:
    api = api_of(http_peer)
    api._prefix = "/v1.41"
    http_peer.answer(late(1.5 * TIMEOUT))
    api.post("/containers/x/stop", patience=20.0)
    http_peer.answer(stall())
    with pytest.raises(TimeoutError):
        api.post("/containers/x/start")


def test_a_slow_stop_is_not_waited_for_once_the_controller_has_gone(
    http_peer: HttpPeer,
) -> None:
    def gone() -> None:
        raise DeployError("the controller has gone", cause="cancelled")

    api = api_of(http_peer)
    api._prefix = "/v1.41"
    http_peer.answer(stall())
    with pytest.raises(DeployError, match="has gone"):
        api.post("/containers/x/stop", patience=20.0, may_go_on=gone)
    http_peer.answer(reply(200, b"{}"))
    assert api.get("/info") == {}, "over a connection of its own"


def test_an_answer_left_unread_does_not_spoil_the_next(http_peer: HttpPeer) -> None:
    api = api_of(http_peer)
    http_peer.answer(chunked(*(b'{"status":"Pulling"}\n' for _ in range(50))))
    answers = api.lines("/images/create", {})
    assert next(answers) == {"status": "Pulling"}
    answers.close()
    http_peer.answer(reply(200, b'{"fine":true}'))
    assert api.get("/info") == {"fine": True}


def test_an_engine_that_was_restarted_is_asked_again_over_a_new_connection(
    tmp_path: Path,
) -> None:
    path = tmp_path / "docker.sock"
    api = DockerApi(UnixConnection(str(path), timeout=5))
    for number in range(2):
        with one_answer(path, {"run": number}):
            assert api.get("/info") == {"run": number}


class one_answer:  # pylint: disable=invalid-name
    """An engine on a UNIX socket that keeps its connection open until it ends."""

    def __init__(self, path: Path, answer: object) -> None:
        path.unlink(missing_ok=True)
        self._body = json.dumps(answer).encode()
        self._listening = socket.socket(socket.AF_UNIX)
        self._listening.bind(str(path))
        self._listening.listen()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self._listening.accept()
        self._open.append(connection)
        head = f"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: {len(self._body)}"
        with contextlib.suppress(OSError):  # it ends while this thread waits
            while connection.recv(65536):
                connection.sendall(head.encode() + b"\r\n\r\n" + self._body)

    def __enter__(self) -> None:
        return None

    def __exit__(self, *_: object) -> None:
        for connection in (*self._open, self._listening):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()


def test_nobody_at_the_socket_is_an_os_error(tmp_path: Path) -> None:
    call: Callable[[], object] = lambda: DockerApi(
        UnixConnection(str(tmp_path / "none.sock"), timeout=1)
    ).get("/info")
    with pytest.raises(FileNotFoundError):
        call()
