"""The other kinds of checks, against real peers where this machine has them."""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import docker
import pytest
from iadeploy.checks.kinds import _missing, command, container, disk, load, service, tls
from iadeploy.checks.verdict import Attempt

from tests.unit.check_builders import ask, check, run
from tests.unit.http_peer import HttpPeer, reply, stall
from tests.unit.tls_peer import TlsPeer, make_certificate, make_chain

JSON = "Content-Type: application/json"


def test_an_open_port_is_open_and_a_closed_one_refuses(http_peer: HttpPeer) -> None:
    asked: dict[str, Any] = {"host": "127.0.0.1", "port": http_peer.port}
    assert ask("tcp", **asked).status == "open"
    http_peer.close()
    assert ask("tcp", **asked).cause == f"connection refused on 127.0.0.1:{http_peer.port}"


@pytest.mark.parametrize(
    ("days", "options", "healthy", "told"),
    [
        (90.5, {"host": "shop.example", "address": "127.0.0.1"}, True, "90 days left"),
        (90.5, {"host": "127.0.0.1"}, True, "90 days left"),
        (5.5, {"host": "127.0.0.1"}, False, "the certificate ends in 5 days"),
        (5.5, {"host": "127.0.0.1", "expect": {"days_left": 5}}, True, "5 days left"),
        (-1, {"host": "127.0.0.1"}, False, "its certificate has expired"),
        (
            90,
            {"host": "127.0.0.1", "server_name": "other.example"},
            False,
            "its certificate is for another name",
        ),
    ],
)
def test_a_certificate_is_judged_by_end_and_name(
    tmp_path: Path, days: float, options: dict[str, Any], healthy: bool, told: str
) -> None:
    path = make_certificate(tmp_path, days)
    with TlsPeer(path) as peer:
        found = ask("tls", port=peer.port, ca_file=str(path), **options)
    assert found.healthy is healthy, found
    assert told in (found.cause or found.status)


@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_an_unknown_authority_is_no_trust(tmp_path: Path) -> None:
    with TlsPeer(make_certificate(tmp_path, 90)) as peer:
        found = ask("tls", host="127.0.0.1", port=peer.port)
        assert "self-signed" in found.cause and "ca_file" in found.hint
        url = f"https://127.0.0.1:{peer.port}/"
        assert "self-signed" in ask("http", url=url).cause
        assert ask("http", url=url, tls_verify=False).healthy


@pytest.mark.parametrize(
    ("sent", "cause"),
    [("whole", ""), ("leaf", "its chain is incomplete or its authority unknown")],
)
def test_a_chain_must_be_sent_as_far_as_the_authority(
    tmp_path: Path, sent: str, cause: str
) -> None:
    chain = make_chain(tmp_path)
    with TlsPeer(chain[sent]) as peer:
        asked: dict[str, Any] = {"ca_file": str(chain["root"]), "timeout": 5}
        told = ask("tls", host="127.0.0.1", port=peer.port, **asked)
        page = ask("http", url=f"https://127.0.0.1:{peer.port}/", **asked)
    for found in (told, page):
        assert (found.healthy, found.cause.partition(" (")[0]) == (not cause, cause), found
    assert cause == "" or "intermediate" in told.hint


def test_https_by_name_at_an_address(tmp_path: Path) -> None:
    path = make_certificate(tmp_path, 90)
    with TlsPeer(path) as peer:
        asked: dict[str, Any] = {"address": "127.0.0.1", "ca_file": str(path)}
        assert ask("http", url=f"https://shop.example:{peer.port}/", **asked).healthy
        told = ask("http", url=f"https://other.example:{peer.port}/", **asked)
        assert "certificate is for another name" in told.cause


def test_what_speaks_no_tls_is_given_up_in_time(http_peer: HttpPeer) -> None:
    told = ask("tls", host="127.0.0.1", port=http_peer.port, timeout=0.3)
    assert told.cause.startswith("no answer within 0.3 s")


def test_days_left_are_whole_days() -> None:
    end = "Jan  2 00:00:00 2026 GMT"
    assert tls.judge(end, 1767225600 - 86400 * 13.5, 14).status == "14 days left"
    assert not tls.judge(end, 1767225600 - 86400 * 12.5, 14).healthy


INSPECTED = {"State": {"Status": "running", "OOMKilled": False, "ExitCode": 0}, "RestartCount": 2}


@pytest.mark.parametrize(
    ("changes", "restarts", "expect", "healthy", "told"),
    [
        ({}, 0, {}, True, "running"),
        ({"Health": {"Status": "healthy"}}, 0, {}, True, "running, healthy"),
        ({"Health": {"Status": "starting"}}, 0, {}, False, "calls itself starting"),
        ({"Health": {"Status": "unhealthy"}}, 0, {"health": "any"}, True, "running, unhealthy"),
        ({}, 0, {"health": "healthy"}, False, "has no health check"),
        ({}, 3, {"max_restarts": 2}, False, "restarted 3 times, allowed are 2"),
        ({"OOMKilled": True}, 0, {}, False, "killed for memory"),
        ({"OOMKilled": True}, 0, {"out_of_memory": True}, True, "running"),
        ({"Status": "exited", "ExitCode": 3}, 0, {}, False, "is exited with code 3 instead"),
        ({"Status": "exited", "OOMKilled": True}, 0, {}, False, "was killed for memory"),
        ({"Status": "restarting"}, 0, {}, False, "is restarting instead of running"),
        ({"Status": "exited"}, 0, {"state": "exited"}, True, "exited"),
    ],
)
def test_a_container_is_judged_by_what_the_engine_tells(
    changes: dict[str, Any], restarts: int, expect: dict[str, Any], healthy: bool, told: str
) -> None:
    state = {**INSPECTED["State"], **changes}  # type: ignore[dict-item]
    wanted = check("container", container="web", expect=expect).expect
    found = container.judge("web", {"State": state, "RestartCount": restarts}, wanted)
    assert (found.healthy, told in (found.cause or found.status)) == (healthy, True), found
    assert found.final is (state["Status"] == "exited" and not healthy or "no health" in told)


@pytest.fixture
def engine(http_peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> HttpPeer:
    """A Docker Engine on loopback."""
    client = functools.partial(docker.APIClient, base_url=f"tcp://127.0.0.1:{http_peer.port}")
    monkeypatch.setattr(docker, "APIClient", client)
    return http_peer


def test_the_engine_is_asked_for_the_container(engine: HttpPeer) -> None:
    engine.answer(
        reply(200, b'{"ApiVersion": "1.41"}', JSON),
        reply(200, json.dumps(INSPECTED).encode(), JSON),
    )
    assert ask("container", container="web").status == "running"
    assert engine.requests[-1].startswith(b"GET /v1.41/containers/web/json ")


def test_a_container_that_is_not_there_and_an_engine_that_hangs(engine: HttpPeer) -> None:
    version = reply(200, b'{"ApiVersion": "1.41"}', JSON)
    engine.answer(version, reply(404, b'{"message": "No such container: web"}', JSON))
    assert ask("container", container="web").cause == "there is no container web"
    engine.answer(version, stall())
    told = ask("command", container="web", command=["id"], timeout=0.5)
    assert told.cause == "no answer within 0.5 s from the Docker Engine"
    engine.close()
    assert ask("container", container="web").cause == "the Docker Engine does not answer"


def frame(stream: int, text: bytes) -> bytes:
    return bytes([stream, 0, 0, 0]) + len(text).to_bytes(4, "big") + text


def test_standard_output_is_taken_out_of_the_engine_s_frames() -> None:
    received = frame(1, b"out") + frame(2, b"err") + frame(1, b"put") + frame(1, b"cut")[:6]
    assert command.stdout(received) == b"output"
    assert len(command.stdout(frame(1, b"x" * 200_000))) == 65536


@pytest.mark.parametrize(
    ("exit_code", "output", "expect", "told"),
    [
        (0, b"fine", {}, ""),
        (0, b"fine", {"output": "^fi"}, ""),
        (3, b"", {"exit_code": 3}, ""),
        (1, b"password", {}, "selftest ended with exit code 1 instead of 0"),
        (0, b"password", {"output": "^fi"}, "the output of selftest does not match '^fi'"),
    ],
)
def test_a_command_is_judged_without_showing_its_output(
    exit_code: int, output: bytes, expect: dict[str, Any], told: str
) -> None:
    one = check("command", container="web", command=["selftest"], expect=expect)
    assert command.judge(exit_code, output, one).cause == told


def test_a_process_is_found_by_its_name_while_it_lives() -> None:
    with subprocess.Popen(["sleep", "60"]) as process:
        try:
            found = service.look_for("sleep", Path("/proc"))
            assert found.healthy and "no systemd" in found.note
        finally:
            process.kill()
    assert not service.look_for("no-such-process", Path("/proc")).healthy


def test_a_zombie_is_no_process(tmp_path: Path) -> None:
    for pid, state in (("1", "Z"), ("2", "S")):
        (tmp_path / pid).mkdir()
        (tmp_path / pid / "stat").write_text(f"{pid} (web (x) {state}) {state} 0")
    (tmp_path / "1" / "stat").write_text("1 (haproxy) Z 0")
    assert not service.look_for("haproxy", tmp_path).healthy
    (tmp_path / "2" / "stat").write_text("2 (haproxy) S 0")
    assert service.look_for("haproxy", tmp_path).healthy


@pytest.mark.parametrize(
    ("told", "wanted", "healthy", "cause"),
    [
        ({"ActiveState": "active", "SubState": "running"}, "active", True, ""),
        ({"ActiveState": "active", "SubState": "running"}, "running", True, ""),
        (
            {"ActiveState": "failed", "Result": "oom-kill"},
            "active",
            False,
            "web.service is failed (oom-kill) instead of active",
        ),
        ({"LoadState": "not-found"}, "active", False, "there is no unit web.service"),
        ({}, "active", False, "web.service is unknown instead of active"),
    ],
)
def test_a_unit_is_judged_by_what_systemd_tells(
    told: dict[str, str], wanted: str, healthy: bool, cause: str
) -> None:
    found = service.judge("web.service", told, wanted)
    assert (found.healthy, found.cause) == (healthy, cause)


def room(**changes: int) -> os.statvfs_result:
    values = {"bsize": 4096, "frsize": 4096, "blocks": 1000, "bfree": 500, "bavail": 400}
    values |= {"files": 1000, "ffree": 600, "favail": 600, "flag": 0, "namemax": 255}
    return os.statvfs_result(list({**values, **changes}.values()))


@pytest.mark.parametrize(
    ("changes", "expect", "cause"),
    [
        ({}, {}, ""),
        ({"bavail": 99}, {}, "9.9 % free at /, expected are 10 %"),
        ({}, {"min_free_mib": 2}, "1 MiB free at /, expected are 2"),
        ({"favail": 40}, {}, "4.0 % of the inodes free at /, expected are 5 %"),
        ({"files": 0, "favail": 0}, {}, ""),
    ],
)
def test_room_is_judged_by_space_and_inodes(
    changes: dict[str, int], expect: dict[str, Any], cause: str
) -> None:
    found = disk.judge(room(**changes), "/", check("disk", expect=expect).expect)
    assert (found.healthy, found.cause) == (not cause, cause)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert ask("disk", folder=str(tmp_path), expect={"min_free_percent": 0.001}).healthy
    assert "No such file" in ask("disk", folder=str(tmp_path / "x")).cause


def test_a_missing_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    import iadeploy.checks.kinds as kinds

    def broken(kind: str) -> Any:
        raise ModuleNotFoundError("no", name="psycopg2.extensions")

    monkeypatch.setattr(kinds, "_find", broken)
    told = kinds.load(["postgres"])["postgres"](check("postgres", host="x"), Attempt(1))
    assert told.cause == "Python's psycopg2 package is missing on this host"
    assert "python3-psycopg2" in told.hint and told.final
    assert _missing("docker")(check("disk"), Attempt(1)).hint.count("python3-docker") == 1


def test_a_kind_s_library_is_imported_only_for_a_check_of_it() -> None:
    code = (
        "import sys; sys.path.insert(0, 'module_utils');"
        "from iadeploy.checks.run import run_plan; from iadeploy.checks.spec import parse_plan;"
        "run_plan(parse_plan({'checks': [{'name': 'a', 'kind': 'disk'},"
        " {'name': 'b', 'kind': 'http', 'url': 'http://127.0.0.1:1/'}]}));"
        "print(*sorted({'requests', 'psycopg2', 'redis', 'docker'} & set(sys.modules)))"
    )
    root = Path(__file__).resolve().parents[2]
    told = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )
    assert told.stdout.split() == ["requests"]


def test_a_silent_database_and_cache_are_given_up_in_time(http_peer: HttpPeer) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        asked = {"host": "127.0.0.1", "port": port, "timeout": 0.4}
        told = run(
            {"name": "a", "kind": "postgres", **asked}, {"name": "b", "kind": "redis", **asked}
        )
    assert [one.cause for one in told] == [f"no answer within 0.4 s from 127.0.0.1:{port}"] * 2
    load(["tcp"])
