"""The module health_check, run as Ansible runs it."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.builders import ROOT, module, run_module
from tests.unit.http_peer import HttpPeer, reply

SECRET = "s3cret-Passw0rd"
CHECK_MODE = {"_ansible_check_mode": True}
CLOSED = {"kind": "tcp", "host": "127.0.0.1", "port": 1}


def test_all_good_is_no_change(http_peer: HttpPeer, capsys: pytest.CaptureFixture[str]) -> None:
    checks = [
        {"name": "page", "kind": "http", "url": http_peer.url},
        {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": http_peer.port},
    ]
    answer = run_module("health_check", {"checks": checks}, capsys)
    assert answer["changed"] is False and "failed" not in answer
    assert [one["healthy"] for one in answer["results"]] == [True, True]
    assert answer["summary"][0] == "2 of 2 checks passed"


def test_a_critical_failure_fails_with_all_results(
    http_peer: HttpPeer, capsys: pytest.CaptureFixture[str]
) -> None:
    checks = [{"name": "page", "kind": "http", "url": http_peer.url}, {"name": "db", **CLOSED}]
    answer = run_module("health_check", {"checks": checks}, capsys)
    assert (answer["failed"], answer["cause"]) == (True, "unhealthy")
    assert answer["msg"].startswith("1 of 2 checks passed, 1 failed. db: connection refused on ")
    assert [one["healthy"] for one in answer["results"]] == [True, False]


def test_a_failing_warning_is_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    checks = [{"name": "mail", "severity": "warning", **CLOSED}]
    answer = run_module("health_check", {"checks": checks}, capsys)
    assert "failed" not in answer
    assert "mail: connection refused" in str(answer["warnings"])


def test_check_mode_asks_nothing(http_peer: HttpPeer, capsys: pytest.CaptureFixture[str]) -> None:
    checks = [{"name": "page", "kind": "http", "url": http_peer.url}]
    answer = run_module("health_check", {"checks": checks, **CHECK_MODE}, capsys)
    assert (answer["changed"], answer["results"], http_peer.requests) == (False, [], [])
    assert "1 checks are valid" in answer["summary"][0]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"checks": [{"name": "a", "kind": "disk", "expect": {"statu": 1}}]}, "checks[0].expect."),
        ({"checks": [], "dead_line": 3}, "dead_line"),
        ({"checks": "all"}, "checks"),
        ({}, "checks"),
    ],
)
def test_a_mistake_is_named_by_its_path_also_in_check_mode(
    wrong: dict[str, Any], path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for mode in ({}, CHECK_MODE):
        answer = run_module("health_check", {**wrong, **mode}, capsys)
        assert (answer["failed"], answer["cause"], answer["results"]) == (True, "input", [])
        assert any(one.startswith(path) for one in answer["problems"])
        assert "\n" not in answer["msg"]


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"colour": "red"},
        {"timeout": "soon"},
        {"expect": SECRET},
        {"host": "x"},
        {"secret_headers": {"X": SECRET}},
    ],
    ids=str,
)
def test_a_secret_is_in_no_answer(more: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    dsn = f"postgresql://owner:{SECRET}@127.0.0.1:1/shop"
    checks = [{"name": "db", "kind": "postgres", "dsn": dsn, **more}]
    answer = run_module("health_check", {"checks": checks}, capsys)
    assert answer["failed"] is True
    assert SECRET not in str(answer)


def test_what_a_page_says_is_in_no_answer(
    http_peer: HttpPeer, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    http_peer.answer(reply(500, b"patient Jane Roe"))
    log = tmp_path / "health.jsonl"
    checks = [{"name": "page", "kind": "http", "url": http_peer.url, "expect": {"body": "fine"}}]
    answer = run_module("health_check", {"checks": checks, "log_file": str(log)}, capsys)
    assert answer["failed"] is True
    assert "Jane" not in str(answer) + log.read_text()


def test_the_examples_are_valid(capsys: pytest.CaptureFixture[str]) -> None:
    tasks = yaml.safe_load(module("health_check").EXAMPLES)
    assert len(tasks) == 4
    text = str(tasks).replace("{{ vault_database_url }}", "postgresql://u:p@h/n")
    for task in ast.literal_eval(text):
        answer = run_module("health_check", {**task["health_check"], **CHECK_MODE}, capsys)
        assert "failed" not in answer, answer


@pytest.mark.parametrize("path", sorted((ROOT / "inventories").glob("*/group_vars/all/app.yml")))
def test_the_environments_checks_are_valid(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    urls = {"vault_database_url": "postgresql://u:p@h/n", "vault_redis_url": "redis://h/0"}
    text = path.read_text(encoding="utf-8")
    for name, url in urls.items():
        text = text.replace(f"{{{{ {name} }}}}", url)
    settings = yaml.safe_load(text)
    for checks in (settings["app_checks"], settings.get("app_public_checks")):
        if checks:
            given = {"checks": checks, "base_url": "https://x.example", "container": "web"}
            answer = run_module("health_check", {**given, **CHECK_MODE}, capsys)
            assert "failed" not in answer, answer


def test_the_environments_check_what_an_operator_asks_for() -> None:
    path = ROOT / "inventories" / "production" / "group_vars" / "all" / "app.yml"
    checks = yaml.safe_load(path.read_text(encoding="utf-8"))["app_checks"]
    assert {"container", "service", "postgres", "redis"} <= {one["kind"] for one in checks}
    assert {one["path"] for one in checks if one["kind"] == "http"} >= {
        "/",
        "/login",
        "/api/health",
        "/api/metrics",
        "/api/session-check",
        "/manifest.json",
        "/static/css/style.css",
        "/static/js/script.js",
    }


@pytest.mark.parametrize("path", sorted((ROOT / "library").glob("*.py")), ids=lambda it: it.stem)
def test_every_helper_that_a_module_imports_is_there(path: Path) -> None:
    # mypy takes ansible.* on trust, since that package has no types.
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "ansible.module_utils.iadeploy"
        ):
            helper = importlib.import_module(str(node.module).removeprefix("ansible.module_utils."))
            assert [one.name for one in node.names if not hasattr(helper, one.name)] == []


def test_every_module_of_the_library_is_run_by_a_test() -> None:
    text = "".join(one.read_text() for one in (ROOT / "tests" / "unit").rglob("*.py"))
    for path in (ROOT / "library").glob("*.py"):
        assert f'run_module("{path.stem}"' in text, path.stem


def test_the_page_about_it_lists_every_option_and_its_examples_are_valid(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = (ROOT / "docs" / "verify.md").read_text(encoding="utf-8")
    spec = module("iadeploy.checks.fields")
    for name in (*spec.KINDS, *spec.CHECK_FIELDS, *spec.EXPECT_FIELDS):
        assert f"`{name}`" in page or f".{name}`" in page or f"`{name}," in page, name
    text = page.split("```yaml\n", 1)[1].split("```", 1)[0]
    text = text.replace("{{ vault_database_url }}", "postgresql://u:p@h/n")
    settings = yaml.safe_load(text.replace("{{ vault_redis_url }}", "redis://h/0"))
    for name in ("app_checks", "app_public_checks"):
        given = {"checks": settings[name], "base_url": "https://x.example", "container": "web"}
        answer = run_module("health_check", {**given, **CHECK_MODE}, capsys)
        assert "failed" not in answer, answer
