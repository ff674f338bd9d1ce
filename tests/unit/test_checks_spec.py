"""From a playbook's words to checks: every mistake is named by its path."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.checks.fields import CHECK_FIELDS, EXPECT_FIELDS, KINDS, MODULE_FIELDS
from iadeploy.checks.jsonpath import parse_path, value_at
from iadeploy.checks.spec import ConfigError, find_secrets, parse_plan

from tests.unit.check_builders import check

LOG_IN = {"name": "a", "kind": "postgres", "dsn": "postgresql://u@h/n"}
URL = "https://shop.example.com/login"
SECRET = "s3cret-Value"
WEB = {"name": "a", "kind": "http", "url": URL}


def problems(*checks: Any, **module: Any) -> list[str]:
    """Return what is wrong with a plan."""
    with pytest.raises(ConfigError) as caught:
        parse_plan({"checks": list(checks), **module})
    return caught.value.problems


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({**WEB, "expect": {"status": "ok"}}, "checks[0].expect.status: must be a list"),
        ({**WEB, "expect": {"status": ["ok"]}}, "checks[0].expect.status[0]: must be a whole"),
        ({**WEB, "expect": {"status": [99]}}, "checks[0].expect.status[0]: 99 is not between"),
        ({**WEB, "expect": {"status": []}}, "checks[0].expect.status: is empty"),
        ({**WEB, "expect": {"stats": 1}}, "checks[0].expect.stats: is not known"),
        ({**WEB, "expect": {"body": "("}}, "checks[0].expect.body: is no regular expression"),
        ({**WEB, "expect": {"json": {"a..b": 1}}}, "checks[0].expect.json.a..b: is no path"),
        ({**WEB, "expect": {"json": {"a": [1]}}}, "checks[0].expect.json.a: must be a text"),
        ({**WEB, "expect": {"days_left": 3}}, "checks[0].expect.days_left: belongs to the kinds"),
        ({**WEB, "expect": {"release": True, "version": "1"}}, "checks[0].expect.release: and"),
        ({**WEB, "expect": {"settings": {"a": 1}}}, "checks[0].expect.settings: belongs to"),
        ({**LOG_IN, "expect": {"settings": {"a'b": 1}}}, 'checks[0].expect.settings."a\'b": is no'),
        ({**LOG_IN, "expect": {"settings": {"a": []}}}, "checks[0].expect.settings.a: must be a"),
        ({**LOG_IN, "expect": {"settings": {"a": [{}]}}}, "checks[0].expect.settings.a: must be a"),
        ({**WEB, "expect": 3}, "checks[0].expect: must be a mapping"),
        ({**WEB, "timeout": "soon"}, "checks[0].timeout: must be a number; 'soon' is not"),
        ({**WEB, "timeout": 0}, "checks[0].timeout: 0.0 is not between"),
        ({**WEB, "timeout": float("nan")}, "checks[0].timeout: must be a number"),
        ({**WEB, "retries": True}, "checks[0].retries: must be a whole number"),
        ({**WEB, "severity": "fatal"}, "checks[0].severity: 'fatal' is not one of"),
        ({**WEB, "colour": "red"}, "checks[0].colour: is not known; there are: name"),
        ({**WEB, "host": "x"}, "checks[0].host: belongs to the kinds tcp"),
        ({**WEB, "url": "ftp://x/"}, "checks[0].url: must be a URL"),
        ({**WEB, "url": "https://u:p@x/"}, "checks[0].url: holds credentials"),
        ({**WEB, "path": "/"}, "checks[0].path: and url exclude each other"),
        ({**WEB, "headers": {"Cookie": "a"}}, "checks[0].headers.Cookie: holds a secret"),
        ({**WEB, "headers": {"X-A": "a\r\nB: c"}}, "checks[0].headers.X-A: must be printable"),
        ({**WEB, "headers": {"X A": "a"}}, "checks[0].headers.X A: is no name of a header"),
        ({**WEB, "password": SECRET}, "checks[0].password: needs a username"),
        ({**WEB, "token": "t", "username": "u"}, "checks[0].token: and username exclude"),
        ({**WEB, "url": "http://x/", "ca_file": "/c"}, "checks[0].ca_file: needs an https url"),
        ({**WEB, "tls_verify": False, "ca_file": "/c"}, "checks[0].ca_file: is useless"),
        ({**WEB, "method": "HEAD", "expect": {"body": "x"}}, "checks[0].expect.body: needs the"),
        ({**WEB, "method": "HEAD", "expect": {"json": {"a": 1}}}, "checks[0].expect.json: needs"),
        ({**WEB, "method": "HEAD", "expect": {"release": True}}, "checks[0].expect.release: n"),
        ({**WEB, "redirects": 2, "expect": {"status": [302]}}, "checks[0].expect.status: 302 is"),
        ({**WEB, "depends_on": "b"}, "checks[0].depends_on: 'b' is no other check"),
        ({"name": "a", "kind": "http"}, "checks[0].url: is missing"),
        ({"name": "a", "kind": "http", "path": "/"}, "checks[0].path: needs the option base_url"),
        ({"name": "a", "kind": "ping"}, "checks[0].kind: 'ping' is not one of"),
        ({"name": "a"}, "checks[0].kind: is missing"),
        ({"kind": "disk"}, "checks[0].name: is missing"),
        ({"name": "a\nb", "kind": "disk"}, "checks[0].name: must be 1 to 80"),
        ({"name": "a", "kind": "disk", "folder": "x"}, "checks[0].folder: must be an absolute"),
        ({"name": "a", "kind": "tcp", "host": "x"}, "checks[0].port: is missing"),
        ({"name": "a", "kind": "tcp", "host": "a b", "port": 1}, "checks[0].host: must be"),
        ({"name": "a", "kind": "tls"}, "checks[0].host: is missing"),
        ({"name": "a", "kind": "container"}, "checks[0].container: is missing"),
        ({"name": "a", "kind": "service"}, "checks[0].unit: is missing"),
        ({"name": "a", "kind": "service", "unit": "a b"}, "checks[0].unit: is no name"),
        ({"name": "a", "kind": "postgres"}, "checks[0].host: is missing"),
        ({"name": "a", "kind": "postgres", "dsn": "mysql://x"}, "checks[0].dsn: must be a URL"),
        (
            {"name": "a", "kind": "postgres", "dsn": "postgres://h/n", "ca_file": "/c"},
            "checks[0].ca_file: needs an sslmode of require, verify-ca, verify-full",
        ),
        (
            {"name": "a", "kind": "redis", "dsn": "redis://h", "ca_file": "/c"},
            "checks[0].ca_file: needs tls and tls_verify",
        ),
        (
            {"name": "a", "kind": "redis", "host": "h", "tls": 1, "tls_verify": 0, "ca_file": "/"},
            "checks[0].ca_file: needs tls and tls_verify",
        ),
        ({"name": "a", "kind": "redis", "dsn": SECRET}, "checks[0].dsn: must be a URL"),
        (
            {"name": "a", "kind": "redis", "dsn": "redis://h", "host": "h"},
            "checks[0].dsn: and host exclude each other",
        ),
        (
            {"name": "a", "kind": "command", "container": "c", "command": "ls -l"},
            "checks[0].command: must be a list",
        ),
        ({"name": "a", "kind": "command", "container": "c"}, "checks[0].command: is missing"),
        ("text", "checks[0]: must be a mapping"),
        (None, "checks[0]: must be a mapping"),
    ],
)
def test_a_mistake_is_named_by_its_path_and_shows_no_secret(wrong: Any, named: str) -> None:
    told = problems(wrong)
    assert any(one.startswith(named) for one in told), told
    assert SECRET not in str(told)


def test_all_mistakes_are_named_at_once() -> None:
    told = problems(
        {**WEB, "timeout": "x"}, {"name": "b", "kind": "tcp"}, {**WEB, "retries": -1}, deadline="x"
    )
    assert [one.partition(":")[0] for one in told] == [
        "deadline",
        "checks[0].timeout",
        "checks[1].host",
        "checks[2].retries",
    ]


def test_two_checks_do_not_share_a_name() -> None:
    assert problems(WEB, WEB) == ["checks[1].name: 'a' is there twice"]


def test_only_a_container_can_be_depended_on() -> None:
    other = {"name": "b", "kind": "disk"}
    told = problems(other, {**WEB, "depends_on": "b"})
    assert told == ["checks[1].depends_on: 'b' is no check of kind container"]


def test_the_module_fills_in_what_checks_leave_out() -> None:
    module = {
        "base_url": "https://shop.example.com/",
        "address": "127.0.0.1",
        "release_version": "1.4.0",
    }
    one = check("http", module, path="/login", expect={"release": True})
    assert one.target["url"] == URL
    assert one.target["address"] == "127.0.0.1"
    assert one.expect["version"] == "1.4.0"
    assert check("container", {"container": "web"}).target["container"] == "web"


@pytest.mark.parametrize(
    ("kind", "dsn", "place", "wanted"),
    [
        (
            "postgres",
            "postgresql+psycopg2://us%40er:p%2Fw@db:6543/shop?sslmode=require",
            "db:6543/shop",
            {"username": "us@er", "password": "p/w", "sslmode": "require"},
        ),
        ("postgres", "postgres://[::1]/x", "[::1]:5432/x", {"host": "::1", "username": None}),
        ("redis", f"rediss://:{SECRET}@c/3", "c:6379", {"password": SECRET, "db": 3, "tls": True}),
    ],
)
def test_a_url_with_credentials_is_taken_apart(
    kind: str, dsn: str, place: str, wanted: dict[str, Any]
) -> None:
    one = check(kind, dsn=dsn)
    assert one.place == place
    assert {name: one.target[name] for name in wanted} == wanted


def test_the_place_of_a_url_has_no_query() -> None:
    assert check("http", url=f"{URL}?token={SECRET}#x").place == URL


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b", 1), ("items[1].name", "y"), ('["a.b"].c', 2), ("items[-1].name", "y")],
)
def test_a_json_path_finds_its_value(path: str, found: Any) -> None:
    document = {"a": {"b": 1}, "items": [{"name": "x"}, {"name": "y"}], "a.b": {"c": 2}}
    assert value_at(document, parse_path(path)) == found


@pytest.mark.parametrize("path", ["", ".", "a..b", "a[", "a[x]", ".a", 'a["b'])
def test_what_is_no_json_path_is_refused(path: str) -> None:
    with pytest.raises(ValueError):
        parse_path(path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(max_size=8) | st.integers(), inner, max_size=4),
    max_leaves=12,
)
EXPECT = st.dictionaries(st.sampled_from(sorted(EXPECT_FIELDS)), ANYTHING, max_size=4)
LIKELY = st.fixed_dictionaries(
    {"kind": st.sampled_from(KINDS)},
    optional={name: ANYTHING for name in CHECK_FIELDS if name not in ("kind", "expect")}
    | {"expect": EXPECT | ANYTHING},
)
MODULE = st.fixed_dictionaries(
    {"checks": st.lists(LIKELY | ANYTHING, max_size=3) | ANYTHING},
    optional={name: ANYTHING for name in MODULE_FIELDS if name != "checks"},
)


@given(MODULE | st.dictionaries(st.text() | st.integers(), ANYTHING, max_size=4))
def test_arbitrary_data_is_a_plan_or_a_list_of_problems_with_paths(raw: dict[Any, Any]) -> None:
    try:
        parse_plan(raw)
    except ConfigError as error:
        assert error.problems
        assert all(": " in one for one in error.problems)
        assert len(str(error)) < 20_000 and "\n" not in str(error)
    find_secrets(raw)


@given(st.text() | st.text(alphabet='abc.[]"0-'))
def test_an_arbitrary_text_is_a_json_path_or_a_value_error(text: str) -> None:
    try:
        steps = parse_path(text)
    except ValueError:
        return
    with pytest.raises(LookupError):
        value_at(None, steps)


def test_secrets_are_found_wherever_they_stand() -> None:
    raw = {"checks": [{"dsn": "a1"}, {"secret_headers": {"X": "b2"}}, [{"password": ["c3"]}]]}
    assert find_secrets(raw) == {"a1", "b2", "c3"}
