"""What a release is, and which configurations are allowed."""

from __future__ import annotations

import json
from dataclasses import asdict, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.rules import check_health, check_name, check_release_id, check_runtime
from iadeploy.spec import Health, Process, Release, Runtime, canonical_json

from tests.unit.builders import DIGEST, RELEASE_ID, SECRET, failure_of, release

_TEXTS = st.tuples() | st.lists(st.text(max_size=5), max_size=3).map(tuple)
_RUNTIMES = st.builds(
    Runtime,
    port=st.integers(1, 65535),
    env=st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=3),
    secret_names=_TEXTS,
    secrets_as=st.sampled_from(["file", "env"]),
    command=_TEXTS,
    volumes=_TEXTS,
    tmpfs=_TEXTS,
    read_only=st.booleans(),
    memory=st.text(max_size=5),
    cpus=st.floats(0.0, 64.0),
    pids=st.integers(0, 4096),
    cap_drop=_TEXTS,
    cap_add=_TEXTS,
    processes=st.lists(
        st.builds(Process, name=st.text(max_size=3), command=_TEXTS, count=st.integers(1, 3)),
        max_size=2,
    ).map(tuple),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CHANGES: list[dict[str, Any]] = [
    {"port": 8001},
    {"env": {"MODE": "test"}},
    {"env": {}},
    {"secret_names": ()},
    {"secrets_as": "env"},
    {"command": ("serve",)},
    {"volumes": ("data:/data",)},
    {"tmpfs": ("/tmp",)},
    {"read_only": True},
    {"memory": "1g"},
    {"cpus": 0.5},
    {"pids": 100},
    {"cap_drop": ()},
    {"cap_add": ("NET_BIND_SERVICE",)},
    {"processes": (Process("worker", ("work",)),)},
]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_every_setting_changes_the_configuration_hash(change: dict[str, Any]) -> None:
    runtime = release().runtime
    assert replace(runtime, **change).config_hash != runtime.config_hash


def test_no_setting_is_left_out_of_that_test() -> None:
    assert {name for change in CHANGES for name in change} == {one.name for one in fields(Runtime)}


@given(_RUNTIMES, _RUNTIMES)
def test_the_configuration_hash_differs_exactly_when_the_runtime_does(
    one: Runtime, two: Runtime
) -> None:
    assert (one.config_hash == two.config_hash) == (one == two)


@given(_RUNTIMES)
def test_the_configuration_hash_survives_the_way_to_disk_and_back(runtime: Runtime) -> None:
    kept = Release.from_json(json.loads(json.dumps(release(runtime=runtime).to_json())))
    assert kept.runtime == runtime
    assert kept.runtime.config_hash == runtime.config_hash


def test_a_record_from_before_there_were_processes_is_the_same_release() -> None:
    record = release().to_json()
    del record["runtime"]["processes"]
    assert Release.from_json(json.loads(json.dumps(record))) == release()
    assert Runtime().config_hash == (
        "55057060f1203f1ba34caa82ecf05693ec6fc1c2d34f24111d4b0405f32fd96a"
    )


@given(st.dictionaries(st.text(), _JSON), st.randoms())
def test_canonical_json_does_not_depend_on_the_order_of_keys(value: Any, random: Any) -> None:
    items = list(value.items())
    random.shuffle(items)
    assert canonical_json(dict(items)) == canonical_json(value)
    assert json.loads(canonical_json(value)) == value


def test_canonical_json_holds_no_white_space_and_keeps_letters() -> None:
    assert canonical_json({"b": [1, 2], "a": "é"}) == '{"a":"é","b":[1,2]}'


@pytest.mark.parametrize(
    ("changes", "label"),
    [
        ({"version": "2.0.0"}, "2.0.0"),
        ({}, "1.4.0"),
        ({"tag": ""}, "a1a1a1a1a1a1"),
    ],
)
def test_people_see_the_version_else_the_tag_else_the_digest(
    changes: dict[str, str], label: str
) -> None:
    assert release(**changes).label == label


def test_a_release_names_its_image_by_digest_and_its_container_by_id() -> None:
    one = release()
    assert one.image == f"registry.example.com:5000/shop@{DIGEST}"
    assert one.container == f"shop-{RELEASE_ID}"


def test_a_release_with_every_field_comes_back_from_json() -> None:
    one = release(
        version="1.4.0",
        revision="abc",
        actor="ops",
        created_at="2026-03-01T10:15:00Z",
        committed_at="2026-03-01T10:16:00Z",
        previous="x",
    )
    assert Release.from_json(json.loads(json.dumps(one.to_json()))) == one


def test_the_summary_holds_no_configuration_values() -> None:
    one = release(runtime=Runtime(env={"TOKEN": SECRET}))
    assert SECRET not in json.dumps(one.summary())


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"schema": 2},
        {**release().to_json(), "schema": 2},
        {"schema": 1},
        {"schema": 1, "runtime": 3},
        {**asdict(release()), "schema": 1, "unknown": 1},
        {**asdict(release()), "schema": 1, "runtime": {}},
        [],
        None,
        "text",
    ],
    ids=lambda record: str(record)[:30],
)
def test_a_foreign_or_damaged_record_is_a_value_error(record: Any) -> None:
    with pytest.raises(ValueError, match="."):
        Release.from_json(record)


@pytest.mark.parametrize("name", ["a", "shop", "shop-2", "a" * 31])
def test_a_plain_name_passes(name: str) -> None:
    assert check_name(name, "app_name") == name


@pytest.mark.parametrize(
    "name", ["", "A", "2shop", "-a", "a_b", "a.b", "a/b", "../a", "a" * 32, "a\n", "a b", "é"]
)
def test_a_name_that_cannot_name_containers_is_refused(name: str) -> None:
    error = failure_of(lambda: check_name(name, "app_name"))
    assert (error.cause, "app_name" in str(error)) == ("input", True)


@pytest.mark.parametrize(
    "text",
    ["", "previous", "20260301", "20260301-101500-", "20260301-101500-AB12", f"{RELEASE_ID}\n"],
)
def test_a_release_id_of_another_form_is_refused(text: str) -> None:
    assert failure_of(lambda: check_release_id(text)).cause == "input"


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"port": 1},
        {"port": 65535},
        {"volumes": ("data:/data", "/srv/up-loads:/data:ro", "shop_data.1:/x")},
        {"secrets_as": "env", "env": {"DATABASE_URL_FILE": "x"}},
    ],
    ids=str,
)
def test_a_sound_configuration_passes(changes: dict[str, Any]) -> None:
    runtime = replace(release().runtime, **changes)
    assert check_runtime(runtime) is runtime


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"port": 0}, "app_port"),
    ({"port": 65536}, "app_port"),
    ({"port": -1}, "app_port"),
    ({"env": {"A B": "1"}}, "app_env"),
    ({"env": {"A=B": "1"}}, "app_env"),
    ({"env": {"": "1"}}, "app_env"),
    ({"secret_names": ("../x",)}, "app_secrets"),
    ({"secret_names": ("a/b",)}, "app_secrets"),
    ({"env": {"DATABASE_URL": "x"}}, "app_env"),
    ({"env": {"DATABASE_URL_FILE": "x"}}, "app_env"),
    ({"env": {"DATABASE_URL": "x"}, "secrets_as": "env"}, "app_env"),
    ({"secrets_as": "vault"}, "app_secrets_as"),
    ({"volumes": ("data",)}, "app_volumes"),
    ({"volumes": ("data:relative",)}, "app_volumes"),
    ({"volumes": ("./data:/data",)}, "app_volumes"),
    ({"volumes": ("data:/data:rw",)}, "app_volumes"),
    ({"volumes": ("a:/b:ro:/c",)}, "app_volumes"),
    ({"volumes": ("/:/host",)}, "app_volumes"),
    ({"volumes": ("//:/host:ro",)}, "app_volumes"),
    ({"volumes": ("/srv/..:/host",)}, "app_volumes"),
    ({"volumes": ("/var/run/docker.sock:/d",)}, "app_volumes"),
    ({"volumes": ("/run/docker.sock:/d:ro",)}, "app_volumes"),
    ({"volumes": ("/run/../run//docker.sock/:/d",)}, "app_volumes"),
    ({"volumes": ("/var/run:/d",)}, "app_volumes"),
    ({"volumes": ("/run/:/d",)}, "app_volumes"),
]


@pytest.mark.parametrize(("changes", "field"), REFUSED, ids=str)
def test_an_unsound_configuration_is_refused_by_the_name_of_its_setting(
    changes: dict[str, Any], field: str
) -> None:
    error = failure_of(lambda: check_runtime(replace(release().runtime, **changes)))
    assert error.cause == "input"
    assert field in error.what
    assert error.next_step.startswith("Use ")


@pytest.mark.parametrize(
    "health",
    [
        Health(),
        Health(path="/up?deep=1", statuses=(100, 599), consecutive=1, timeout=0.001),
        Health(host="shop.example.com"),
        Health(host="[::1]:8000"),
    ],
    ids=str,
)
def test_a_sound_health_check_passes(health: Health) -> None:
    assert check_health(health) is health


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"path": ""}, "app_health_path"),
        ({"path": "up"}, "app_health_path"),
        ({"path": "/u p"}, "app_health_path"),
        ({"path": "/a\r\nX: y"}, "app_health_path"),
        ({"host": "a b"}, "app_domains"),
        ({"host": "a\r\nX: y"}, "app_domains"),
        ({"statuses": ()}, "app_health_statuses"),
        ({"statuses": (99,)}, "app_health_statuses"),
        ({"statuses": (200, 600)}, "app_health_statuses"),
        ({"consecutive": 0}, "app_health_consecutive"),
        ({"timeout": 0.0}, "app_health_timeout"),
        ({"timeout": float("nan")}, "app_health_timeout"),
    ],
    ids=str,
)
def test_an_unsound_health_check_is_refused_by_the_name_of_its_setting(
    changes: dict[str, Any], field: str
) -> None:
    error = failure_of(lambda: check_health(replace(Health(), **changes)))
    assert (error.cause, error.what.split(":")[0]) == ("input", field)
