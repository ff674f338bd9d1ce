"""From a module's parameters to the objects that phases work with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from iadeploy.arguments import build_host
from iadeploy.reference import parse_reference
from iadeploy.release_arguments import build_release, check_secrets
from iadeploy.spec import Health, Runtime

from tests.unit.builders import ADDRESSES, DIGEST, OTHER_DIGEST, RELEASE_ID, SECRET, failure_of

RUNTIME: dict[str, Any] = {
    "port": 8000,
    "env": {},
    "secrets_as": "file",
    "command": [],
    "volumes": [],
    "tmpfs": [],
    "read_only": False,
    "memory": "",
    "cpus": 0.0,
    "pids": 512,
    "cap_drop": ["ALL"],
    "cap_add": [],
    "processes": {},
}
HEALTH: dict[str, Any] = {
    "path": "/",
    "statuses": [200],
    "host": "",
    "consecutive": 2,
    "timeout": 3.0,
    "deadline": 60.0,
    "interval": 0.1,
}


def release_parameters(**changes: Any) -> dict[str, Any]:
    return {
        "app": "shop",
        "release": RELEASE_ID,
        "image": "r.io/shop:1.4.0",
        "digest": "",
        "runtime": {**RUNTIME, **changes.pop("runtime", {})},
        "secrets": {},
        "health": HEALTH,
        "actor": "ops",
        **changes,
    }


def host_parameters(state: Path, **changes: Any) -> dict[str, Any]:
    return {
        "app": "shop",
        "state_dir": str(state),
        "network": "iadeploy",
        "addresses": ADDRESSES,
        "proxy_socket": "/run/haproxy/admin.sock",
        "proxy_state_file": "/var/lib/haproxy/iadeploy.state",
        "engine_timeout": 60.0,
        **changes,
    }


def test_a_release_is_what_its_parameters_say() -> None:
    parameters = release_parameters(
        digest=DIGEST,
        secrets={"DATABASE_URL": SECRET},
        runtime={"env": {"MODE": "live"}, "command": ["serve"]},
    )
    built, secrets = build_release(parameters)
    assert built.image == f"r.io/shop@{DIGEST}"
    assert (built.id, built.app, built.tag, built.actor) == (RELEASE_ID, "shop", "1.4.0", "ops")
    assert secrets == {"DATABASE_URL": SECRET}
    assert built.runtime == Runtime(
        env={"MODE": "live"}, secret_names=("DATABASE_URL",), command=("serve",)
    )


@pytest.mark.parametrize(
    ("image", "digest", "expected"),
    [
        ("r.io/shop:1", "", ""),
        ("r.io/shop:1", DIGEST, DIGEST),
        (f"r.io/shop@{DIGEST}", "", DIGEST),
        (f"r.io/shop@{OTHER_DIGEST}", DIGEST, DIGEST),
    ],
)
def test_the_plan_s_digest_wins_over_the_reference_s(
    image: str, digest: str, expected: str
) -> None:
    assert build_release(release_parameters(image=image, digest=digest))[0].digest == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        (True, "true"),
        (False, "false"),
        (8000, "8000"),
        (1.5, "1.5"),
        ("", ""),
        (None, ""),
    ],
)
def test_a_yaml_value_becomes_the_text_one_expects_in_an_environment(value: Any, text: str) -> None:
    built, _ = build_release(release_parameters(runtime={"env": {"NAME": value}}))
    assert built.runtime.env == {"NAME": text}


def test_the_order_of_secrets_changes_no_hash() -> None:
    both = {"A": SECRET, "B": SECRET}
    one, _ = build_release(release_parameters(secrets=both))
    two, _ = build_release(release_parameters(secrets=dict(reversed(both.items()))))
    assert one.runtime.config_hash == two.runtime.config_hash


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"image": ""}, "image reference"),
        ({"image": "r.io/Shop:1"}, "image reference"),
        ({"digest": "sha256:1"}, "digest"),
        ({"digest": f"{DIGEST}\n"}, "digest"),
        ({"release": "latest"}, "release"),
        ({"release": "../../etc"}, "release"),
        ({"secrets": {"KEY": "short"}}, "KEY"),
        ({"secrets": {"../KEY": SECRET}}, "../KEY"),
        ({"runtime": {"port": 0}}, "app_port"),
        ({"runtime": {"env": {"A-B": "1"}}}, "A-B"),
        ({"runtime": {"memory": "lots"}}, "app_memory"),
        ({"runtime": {"cpus": -1.0}}, "app_cpus"),
        ({"runtime": {"tmpfs": ["tmp"]}}, "app_tmpfs"),
    ],
    ids=str,
)
def test_what_is_not_allowed_is_named_before_anything_is_done(
    changes: dict[str, Any], named: str
) -> None:
    error = failure_of(lambda: build_release(release_parameters(**changes)))
    assert error.cause == "input"
    assert named in str(error)


@pytest.mark.parametrize("value", ["", "1234567"])
def test_a_short_secret_is_refused_by_name_and_never_by_value(value: str) -> None:
    error = failure_of(lambda: check_secrets({"FINE": SECRET, "SHORT": value, "ALSO": value}))
    assert "ALSO, SHORT" in str(error)
    assert "FINE" not in str(error)
    assert not value or value not in str(error)


def test_a_secret_of_eight_characters_is_one() -> None:
    assert check_secrets({"KEY": "12345678"}) == {"KEY": "12345678"}


def test_a_host_is_what_its_parameters_say(tmp_path: Path) -> None:
    built = build_host(
        host_parameters(
            tmp_path,
            health={**HEALTH, "path": "/up", "statuses": [200, 204]},
            keep=3,
            min_free_mib=2,
            stop_seconds=7,
        )
    )
    assert built.health == Health(path="/up", statuses=(200, 204))
    assert (built.settings.keep, built.settings.stop_seconds) == (3, 7)
    assert built.settings.min_free_bytes == 2 * 1024 * 1024
    assert built.proxy.backend == "app_shop"
    assert built.store.folder == tmp_path / "shop"


def test_a_host_can_be_built_without_what_only_releases_need(tmp_path: Path) -> None:
    assert build_host(host_parameters(tmp_path)).health == Health()


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"app": "../etc"}, "app_name"),
        ({"app": ""}, "app_name"),
        ({"addresses": {"blue": "10.0.0.1"}}, "addresses"),
        ({"addresses": {**ADDRESSES, "red": "10.0.0.1"}}, "addresses"),
        ({"health": {**HEALTH, "consecutive": 0}}, "app_health_consecutive"),
        ({"health": {**HEALTH, "timeout": 0.0}}, "app_health_timeout"),
        ({"health": {**HEALTH, "path": "api/health"}}, "app_health_path"),
        ({"health": {**HEALTH, "path": "/a b"}}, "app_health_path"),
        ({"health": {**HEALTH, "statuses": []}}, "app_health_statuses"),
        ({"health": {**HEALTH, "statuses": [20]}}, "app_health_statuses"),
    ],
    ids=str,
)
def test_a_host_that_could_not_work_is_refused(
    tmp_path: Path, changes: dict[str, Any], named: str
) -> None:
    error = failure_of(lambda: build_host(host_parameters(tmp_path, **changes)))
    assert error.cause == "input"
    assert named in str(error)


def test_a_server_that_was_never_bootstrapped_is_refused(tmp_path: Path) -> None:
    error = failure_of(lambda: build_host(host_parameters(tmp_path / "absent")))
    assert error.cause == "refused"
    assert "iactl bootstrap" in error.next_step


def test_an_image_s_reference_is_read_as_the_command_line_reads_it() -> None:
    built, _ = build_release(release_parameters(image="r.io/shop"))
    assert f"{built.repository}:{built.tag}" == parse_reference("r.io/shop").text
