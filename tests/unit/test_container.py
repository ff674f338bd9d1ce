"""What the engine is asked to create, and how its answers are read."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.container import Container, Placement, creation_request, fate, parse_size
from iadeploy.errors import DeployError
from iadeploy.spec import Runtime

from tests.unit.builders import DIGEST, RELEASE_ID, SECRET, container, failure_of, release

PLACEMENT = Placement("green", "iadeploy", "172.30.250.11", "/var/lib/iadeploy/shop/x/secrets")
LABELS = {
    "iadeploy.app": "shop",
    "iadeploy.release": RELEASE_ID,
    "iadeploy.slot": "green",
    "iadeploy.digest": DIGEST,
    "iadeploy.config": "c0ffee",
    "iadeploy.version": "1.4.0",
}


def request(runtime: Runtime, secrets: dict[str, str] | None = None) -> dict[str, Any]:
    return creation_request(release(runtime=runtime), PLACEMENT, secrets or {})


def test_the_whole_request_of_a_fully_configured_release() -> None:
    runtime = Runtime(
        port=5000,
        env={"MODE": "live", "ACCENT": "é = ü"},
        secret_names=("DATABASE_URL", "API_KEY"),
        command=("serve", "--port", "5000"),
        volumes=("data:/data", "/srv/assets:/assets:ro"),
        tmpfs=("/tmp", "/run"),
        read_only=True,
        memory="512m",
        cpus=1.5,
        pids=200,
        cap_drop=("ALL",),
        cap_add=("NET_BIND_SERVICE",),
    )
    secrets = {"DATABASE_URL": SECRET, "API_KEY": SECRET}
    assert request(runtime, secrets) == {
        "Image": f"registry.example.com:5000/shop@{DIGEST}",
        "Cmd": ["serve", "--port", "5000"],
        "Env": [
            "ACCENT=é = ü",
            "API_KEY_FILE=/run/secrets/API_KEY",
            "DATABASE_URL_FILE=/run/secrets/DATABASE_URL",
            "MODE=live",
        ],
        "Labels": {**LABELS, "iadeploy.config": runtime.config_hash},
        "HostConfig": {
            "Binds": [
                "data:/data",
                "/srv/assets:/assets:ro",
                "/var/lib/iadeploy/shop/x/secrets:/run/secrets:ro",
            ],
            "NetworkMode": "iadeploy",
            "RestartPolicy": {"Name": "no"},
            "ReadonlyRootfs": True,
            "Tmpfs": {"/tmp": "rw,nosuid,nodev", "/run": "rw,nosuid,nodev"},
            "CapDrop": ["ALL"],
            "CapAdd": ["NET_BIND_SERVICE"],
            "SecurityOpt": ["no-new-privileges"],
            "Memory": 512 << 20,
            "NanoCpus": 1_500_000_000,
            "PidsLimit": 200,
        },
        "NetworkingConfig": {
            "EndpointsConfig": {"iadeploy": {"IPAMConfig": {"IPv4Address": "172.30.250.11"}}}
        },
    }


def test_a_plain_release_keeps_the_image_s_command_and_mounts_nothing() -> None:
    asked = request(Runtime())
    assert "Cmd" not in asked
    assert (asked["HostConfig"]["Binds"], asked["Env"]) == ([], [])
    assert (asked["HostConfig"]["Memory"], asked["HostConfig"]["NanoCpus"]) == (0, 0)


def test_a_secret_s_value_is_in_the_request_only_when_asked_for_as_a_variable() -> None:
    names = ("DATABASE_URL",)
    secrets = {"DATABASE_URL": SECRET}
    assert SECRET not in str(request(Runtime(secret_names=names), secrets))
    as_variable = request(Runtime(secret_names=names, secrets_as="env"), secrets)
    assert as_variable["Env"] == [f"DATABASE_URL={SECRET}"]
    assert as_variable["HostConfig"]["Binds"] == []


LISTED = {"Names": ["/shop-1"], "State": "exited", "Created": 1, "Labels": LABELS}
INSPECTED: dict[str, Any] = {
    "Name": "/shop-1",
    "RestartCount": 3,
    "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": True, "Error": "no such file"},
    "Config": {"Labels": LABELS},
}
POLICIES = [({}, False), ({"Name": ""}, False), ({"Name": "no"}, False)]
POLICIES += [({"Name": name}, True) for name in ("unless-stopped", "always", "on-failure")]


def test_a_listed_and_an_inspected_container_read_alike() -> None:
    known = ("shop-1", "exited", RELEASE_ID, "green", DIGEST, "c0ffee", "1.4.0")
    assert Container.from_list(LISTED) == Container(*known)
    assert Container.from_inspect(INSPECTED) == Container(*known, 3, 137, True, "no such file")


@pytest.mark.parametrize(("policy", "kept"), POLICIES, ids=str)
def test_the_restart_policy_says_whether_a_container_comes_back(
    policy: dict[str, str], kept: bool
) -> None:
    answer = {**INSPECTED, "HostConfig": {"RestartPolicy": policy}}
    assert Container.from_inspect(answer).kept is kept


def test_a_process_tells_how_it_wants_to_be_ended() -> None:
    labels = {**LABELS, "iadeploy.process": "worker", "iadeploy.per": "host"}
    config = {"Labels": labels, "StopSignal": "SIGQUIT", "StopTimeout": 90}
    state = {**INSPECTED["State"], "StartedAt": "2026-03-01T10:15:00Z"}
    one = Container.from_inspect({**INSPECTED, "Config": config, "State": state})
    assert (one.process, one.per) == ("worker", "host")
    assert (one.stop_signal, one.stop_seconds) == ("SIGQUIT", 90)
    assert one.started_at == "2026-03-01T10:15:00Z"


@pytest.mark.parametrize(
    ("one", "told"),
    [
        (container(), ""),
        (None, "was removed"),
        (container(restarts=1), "crashed and was restarted once"),
        (container(state="restarting", restarts=4), "crashed and was restarted 4 times"),
        (container(state="exited", out_of_memory=True), "was killed for memory"),
        (container(state="exited", exit_code=3), "exited with code 3"),
    ],
)
def test_the_fate_of_a_container_is_told_unless_it_runs_on(one: Any, told: str) -> None:
    assert fate(one) == told


@pytest.mark.parametrize(
    ("state", "alive"),
    [
        ("created", False),
        ("running", True),
        ("restarting", True),
        ("paused", True),
        ("exited", False),
        ("dead", False),
    ],
)
def test_a_container_lives_while_it_may_run_again_by_itself(state: str, alive: bool) -> None:
    assert container(state=state).alive is alive


@pytest.mark.parametrize("labels", [None, {}])
def test_a_container_without_labels_belongs_to_no_release(labels: dict[str, str] | None) -> None:
    listed = Container.from_list({**LISTED, "Labels": labels})
    inspected = Container.from_inspect({**INSPECTED, "Config": {"Labels": labels}})
    assert {listed.release, listed.slot, inspected.release, inspected.slot} == {""}


@pytest.mark.parametrize("state", ["created", "running", "restarting", "exited", "paused", "dead"])
def test_only_docker_s_running_counts_as_running(state: str) -> None:
    assert Container.from_list({**LISTED, "State": state}).running is (state == "running")


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("", 0),
        ("0", 0),
        ("1024", 1024),
        ("7b", 7),
        ("2k", 2048),
        ("512m", 512 << 20),
        ("512M", 512 << 20),
        ("1g", 1 << 30),
    ],
)
def test_a_size_is_read_as_docker_reads_it(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["x", "1.5g", "-1m", "1 g", "1t", "512mb", "1m\n", "١m"])
def test_what_is_no_size_is_refused_by_the_name_of_its_setting(text: str) -> None:
    error = failure_of(lambda: parse_size(text))
    assert (error.cause, "app_memory" in str(error)) == ("input", True)


@given(st.text(max_size=10))
def test_any_other_text_is_a_size_or_a_refusal(text: str) -> None:
    try:
        assert parse_size(text) >= 0
    except DeployError as error:
        assert str(error).isprintable()
