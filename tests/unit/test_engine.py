"""The Docker Engine's failures, told by a loopback server that answers as the engine does."""

from __future__ import annotations

import base64
import io
import json
import tarfile
import time
from collections.abc import Callable
from typing import Any

import pytest
from iadeploy.docker_api import DockerApi
from iadeploy.engine import Engine
from iadeploy.reference import parse_reference

from tests.unit.builders import DIGEST, failure_of
from tests.unit.http_peer import Behaviour, HttpPeer, chunked, connection_to, raw, reply, stall

JSON = "Content-Type: application/json"
CALLS: dict[str, Callable[[Engine], object]] = {
    "info": lambda engine: engine.info(),
    "resolve": lambda engine: engine.resolve(parse_reference("r.io/shop:1")),
    "pull": lambda engine: engine.pull("r.io/shop", DIGEST),
    "has_image": lambda engine: engine.has_image("r.io/shop"),
    "containers": lambda engine: engine.containers("shop"),
    "inspect": lambda engine: engine.inspect("shop-1"),
    "create": lambda engine: engine.create("shop-1", {}),
    "start": lambda engine: engine.start("shop-1"),
    "keep_running": lambda engine: engine.keep_running("shop-1"),
    "keep_stopped": lambda engine: engine.keep_stopped("shop-1"),
    "signal": lambda engine: engine.signal("shop-1", "SIGTERM"),
    "has_network": lambda engine: engine.has_network("iadeploy"),
    "remove": lambda engine: engine.remove("shop-1"),
    "logs": lambda engine: engine.logs("shop-1"),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


@pytest.fixture
def engine(http_peer: HttpPeer) -> Engine:
    """An engine whose connection leads to the loopback server."""
    return Engine(timeout=0.2, api=api_of(http_peer))


def api_of(peer: HttpPeer) -> DockerApi:
    """A connection to the loopback server that has agreed on a version already."""
    api = DockerApi(connection_to(peer))
    api._prefix = "/v1.41"
    return api


def said(status: int, message: str) -> Behaviour:
    return reply(status, json.dumps({"message": message}).encode(), JSON)


def gave(body: Any) -> Behaviour:
    return reply(200, json.dumps(body).encode(), JSON)


@pytest.mark.parametrize("name", CALLS)
def test_an_engine_that_fails_is_told_with_its_words(
    engine: Engine, http_peer: HttpPeer, name: str
) -> None:
    # What the engine cannot create or start is the candidate's own fault.
    cause = "unhealthy" if name in ("create", "start") else "refused"
    http_peer.answer(said(500, "the storage driver\nis broken"))
    error = failure_of(lambda: CALLS[name](engine))
    assert (error.cause, "\n" in error.what) == (cause, False)
    assert "the storage driver is broken" in error.what and error.next_step


@every_call
def test_an_engine_that_hangs_up_is_a_refusal(
    engine: Engine, http_peer: HttpPeer, call: Callable[[Engine], object]
) -> None:
    http_peer.answer(raw(b""))
    error = failure_of(lambda: call(engine))
    assert (error.cause, "does not answer" in error.what) == ("refused", True)


def test_a_hung_engine_is_given_up(engine: Engine, http_peer: HttpPeer) -> None:
    http_peer.answer(stall())
    started = time.monotonic()
    error = failure_of(engine.info)
    assert time.monotonic() - started < 8
    assert "did not answer within" in error.what


@pytest.mark.parametrize("name", ["resolve", "pull"])
def test_a_hung_registry_is_not_taken_for_a_hung_engine(
    engine: Engine, http_peer: HttpPeer, name: str
) -> None:
    http_peer.answer(stall())
    error = failure_of(lambda: CALLS[name](engine))
    assert "the registry behind the Docker Engine did not answer within" in error.what
    assert "that the registry runs" in error.next_step


def test_the_registry_s_login_travels_in_a_header_of_its_own(
    engine: Engine, http_peer: HttpPeer
) -> None:
    http_peer.answer(gave({"Descriptor": {"digest": DIGEST}}))
    assert CALLS["resolve"](engine) == DIGEST
    private = Engine(auth=("ops", "registry-Passw0rd"), api=api_of(http_peer))
    CALLS["resolve"](private)
    without, login = (request.decode() for request in http_peer.requests)
    assert "X-Registry-Auth" not in without
    sent = next(line for line in login.splitlines() if line.startswith("X-Registry-Auth: "))
    decoded = json.loads(base64.urlsafe_b64decode(sent.split(": ")[1]))
    assert (decoded["username"], decoded["password"]) == ("ops", "registry-Passw0rd")
    assert "registry-Passw0rd" not in login


# As Docker 20.10 says it, what the operator should look at.
SAID = [
    ("unauthorized: authentication required", "app_registry_password"),
    ("denied: requested access to the resource is denied", "app_registry_password"),
    ("manifest for r.io/shop:1 not found: manifest unknown: manifest unknown", "has pushed it"),
    ("write /var/lib/docker/tmp/x: no space left on device", "disk space"),
    ("x509: certificate signed by unknown authority", "host_registry_certificates"),
    ("dial tcp 10.0.0.9:5000: connect: connection refused", "can reach it"),
    ("dial tcp: lookup r.io on 10.0.0.2:53: no such host", "can reach it"),
    ("context deadline exceeded", "can reach it"),
    ("toomanyrequests: You have reached your pull rate limit.", "limits requests"),
    ('Get "https://r.io/v2/": toomanyrequests: retry later', "limits requests"),
    ("exec /usr/bin/app: exec format error", "architecture"),
    ('exec: "serve": executable file not found in $PATH: unknown', "app_command"),
    ('Get "https://r.io/v2/": EOF', "can reach it"),
    ("net/http: TLS handshake timeout", "can reach it"),
    ("received unexpected HTTP status: 503 Service Unavailable", "can reach it"),
    ("name unknown: repository name not known to registry", "has pushed it"),
    ("failed to resolve reference r.io/shop:1: r.io/shop:1: not found", "has pushed it"),
    ("error from registry: denied", "app_registry_password"),
    ("something new", "engine's log"),
]
# What it says of this server; no registry was asked.
OF_THE_SERVER = [
    ("network iadeploy not found", "iactl bootstrap"),
    ("failed to set up container networking: network iadeploy not found", "iactl bootstrap"),
    ("mkdir /srv/x: permission denied", "engine's log"),
    (
        "error while creating mount source path '/srv/x': mkdir /srv/x: permission denied",
        "app_volumes",
    ),
    ("invalid mount config: bind source path does not exist: /srv/x", "app_volumes"),
    ("runc create failed: exec: permission denied: unknown", "app_command"),
    ('plugin "x" not found', "engine's log"),
    ("failed to create shim task: context deadline exceeded: unknown", "engine's log"),
    ("dial unix /run/containerd/containerd.sock: connection refused", "engine's log"),
]


@pytest.mark.parametrize(("message", "step"), SAID)
def test_what_the_registry_says_becomes_a_next_step(
    engine: Engine, http_peer: HttpPeer, message: str, step: str
) -> None:
    http_peer.answer(said(500, message))
    error = failure_of(lambda: CALLS["resolve"](engine))
    assert message in error.what and "r.io/shop:1" in error.what
    assert step in error.next_step


@pytest.mark.parametrize(("message", "step"), OF_THE_SERVER)
@pytest.mark.parametrize("name", ["create", "start"])
def test_what_is_wrong_with_the_server_is_no_matter_of_the_registry(
    engine: Engine, http_peer: HttpPeer, name: str, message: str, step: str
) -> None:
    http_peer.answer(said(500, message))
    error = failure_of(lambda: CALLS[name](engine))
    assert message in error.what and step in error.next_step


def test_a_pull_that_breaks_off_in_the_stream_is_a_failure(
    engine: Engine, http_peer: HttpPeer
) -> None:
    lines = [{"status": "Pulling"}, {"error": "no space left on device"}]
    http_peer.answer(chunked(*(json.dumps(line).encode() + b"\r\n" for line in lines)))
    assert "disk space" in failure_of(lambda: CALLS["pull"](engine)).next_step


def test_a_long_answer_is_cut(engine: Engine, http_peer: HttpPeer) -> None:
    http_peer.answer(said(500, "x" * 5000))
    assert len(failure_of(engine.info).what) < 500


def test_what_is_not_there_is_no_failure(engine: Engine, http_peer: HttpPeer) -> None:
    http_peer.answer(said(404, "No such container: shop-1"))
    assert engine.inspect("shop-1") is None
    engine.remove("shop-1")
    http_peer.answer(said(404, "No such image: r.io/shop"))
    assert engine.has_image("r.io/shop") is False
    engine.remove_image("r.io/shop")


def test_a_container_that_somebody_else_removes_is_no_failure(
    engine: Engine, http_peer: HttpPeer
) -> None:
    http_peer.answer(said(409, "removal of container shop-1 is already in progress"))
    engine.remove("shop-1")
    http_peer.answer(said(409, "container shop-1 is in use"))
    assert "in use" in failure_of(lambda: engine.remove("shop-1")).what


def test_an_image_that_is_there_is_found(engine: Engine, http_peer: HttpPeer) -> None:
    http_peer.answer(gave({"Id": DIGEST}))
    assert engine.has_image("r.io/shop") is True


@pytest.mark.parametrize(
    ("call", "asked"),
    [
        (lambda engine: engine.stop("shop-1", 7), b"POST /v1.41/containers/shop-1/stop?t=7 "),
        (
            lambda engine: engine.remove("shop-1"),
            b"DELETE /v1.41/containers/shop-1?force=true&v=true ",
        ),
        (
            lambda engine: engine.signal("shop-1", "SIGQUIT"),
            b"POST /v1.41/containers/shop-1/kill?signal=SIGQUIT ",
        ),
    ],
    ids=[
        "stop with its grace",
        "remove with its volumes, running or not",
        "a signal by its name",
    ],
)
def test_the_engine_is_asked_for(
    engine: Engine, http_peer: HttpPeer, call: Callable[[Engine], object], asked: bytes
) -> None:
    http_peer.answer(reply(204))
    call(engine)
    assert http_peer.requests[0].startswith(asked)


@pytest.mark.parametrize(
    ("call", "policy"),
    [(Engine.keep_running, "unless-stopped"), (Engine.keep_stopped, "no")],
)
def test_whether_a_container_comes_back_is_its_restart_policy(
    engine: Engine, http_peer: HttpPeer, call: Callable[[Engine, str], None], policy: str
) -> None:
    http_peer.answer(gave({}))
    call(engine, "shop-1")
    head, _, body = http_peer.requests[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v1.41/containers/shop-1/update ")
    assert json.loads(body) == {"RestartPolicy": {"Name": policy}}


@pytest.mark.parametrize("status", [404, 409])
def test_a_signal_to_what_has_ended_is_no_failure(
    engine: Engine, http_peer: HttpPeer, status: int
) -> None:
    http_peer.answer(said(status, "Container shop-1 is not running"))
    engine.signal("shop-1", "SIGTERM")
    assert http_peer.requests


def test_a_network_is_there_or_not(engine: Engine, http_peer: HttpPeer) -> None:
    http_peer.answer(gave({"Name": "iadeploy-processes"}))
    assert engine.has_network("iadeploy-processes") is True
    http_peer.answer(said(404, "network iadeploy-processes not found"))
    assert engine.has_network("iadeploy-processes") is False


def test_an_image_still_in_use_stays(engine: Engine, http_peer: HttpPeer) -> None:
    http_peer.answer(said(409, "conflict: unable to delete: image is being used"))
    engine.remove_image("r.io/shop")
    assert http_peer.requests


def test_containers_come_newest_first(engine: Engine, http_peer: HttpPeer) -> None:
    rows = [{"Names": [f"/c{at}"], "State": "exited", "Created": at} for at in (1, 3, 2)]
    http_peer.answer(gave(rows))
    assert [one.name for one in engine.containers("shop")] == ["c3", "c2", "c1"]


def test_images_that_no_container_uses_are_counted(engine: Engine, http_peer: HttpPeer) -> None:
    images = [{"Id": f"sha256:{name}", "Size": size} for name, size in (("a", 5), ("b", 7))]
    http_peer.answer(gave(images), gave([{"ImageID": "sha256:a"}, {"ImageID": "sha256:gone"}]))
    assert engine.unused_image_bytes() == 7


def test_an_image_s_facts_come_from_its_labels(engine: Engine, http_peer: HttpPeer) -> None:
    version = {"org.opencontainers.image.version": "1.4.0"}
    http_peer.answer(gave({"Architecture": "arm64", "Config": {"Labels": version, "User": "app"}}))
    facts = engine.image_facts("r.io/shop")
    assert (facts.version, facts.revision, facts.architecture, facts.user) == (
        "1.4.0",
        "",
        "arm64",
        "app",
    )


@pytest.mark.parametrize(
    ("machine", "name"), [("x86_64", "amd64"), ("aarch64", "arm64"), ("s390x", "s390x")]
)
def test_the_host_s_architecture_is_told_in_the_words_of_images(
    engine: Engine, http_peer: HttpPeer, machine: str, name: str
) -> None:
    http_peer.answer(gave({"Architecture": machine}))
    assert engine.architecture() == name


@pytest.mark.parametrize(
    ("user", "ids"),
    [("", (0, 0)), ("1000", (1000, 1000)), ("1000:50", (1000, 50)), ("app", (999, 998))],
)
def test_a_user_of_an_image_is_told_in_numbers(
    engine: Engine, http_peer: HttpPeer, user: str, ids: tuple[int, int]
) -> None:
    passwd = b"root:x:0:0::/root:/bin/sh\nbroken\napp:x:999:998::/app:/bin/sh\n"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        member = tarfile.TarInfo("passwd")
        member.size = len(passwd)
        tar.addfile(member, io.BytesIO(passwd))
    stat = "X-Docker-Container-Path-Stat: e30="
    http_peer.answer(reply(200, archive.getvalue(), stat))
    assert engine.user_ids("shop-1", user) == ids
    if user == "app":
        assert "numeric USER" in failure_of(lambda: engine.user_ids("shop-1", "x")).next_step
