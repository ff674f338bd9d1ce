"""What every role promises: one interface, told alike in defaults, argument specs and README."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from iadeploy.options import BAKE_OPTIONS, HEALTH_OPTIONS, RELEASE_OPTIONS, RUNTIME_OPTIONS
from jinja2.nativetypes import NativeEnvironment

from tests.unit.builders import module

ROOT = Path(__file__).resolve().parents[2]
ROLES = sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir())
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
TASK_FILES = sorted((ROOT / "roles").glob("*/tasks/*.yml"))
HANDLER_FILES = sorted((ROOT / "roles").glob("*/handlers/*.yml"))
# What every environment has to set.
REQUIRED = {"app_name": "shop"}
# What a default may look at besides settings; nothing of it is set here.
SURROUNDINGS: dict[str, Any] = {"__notify_environment": {}}

every_role = pytest.mark.parametrize("role", ROLES)


@cache
def load(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def role_file(role: str, path: str) -> Any:
    return load(ROOT / "roles" / role / path)


def entry_points(role: str) -> dict[str, Any]:
    points: dict[str, Any] = role_file(role, "meta/argument_specs.yml")["argument_specs"]
    return points


def options(role: str) -> dict[str, Any]:
    found: dict[str, Any] = entry_points(role)["main"]["options"]
    return found


def effective(value: Any, variables: dict[str, Any]) -> Any:
    """A default as a play sees it, with its native type."""
    if isinstance(value, dict):
        return {key: effective(one, variables) for key, one in value.items()}
    if isinstance(value, str) and "{{" in value:
        return NativeEnvironment().from_string(value).render(variables)
    return value


def effective_defaults(role: str) -> dict[str, Any]:
    values: dict[str, Any] = {**REQUIRED, **SURROUNDINGS}
    for name, value in role_file(role, "defaults/main.yml").items():
        values[name] = effective(value, values)
    return {name: values[name] for name in role_file(role, "defaults/main.yml")}


def app_variables(value: Any) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\bapp_[a-z0-9_]+", str(value))))


def readme_rows(role: str) -> dict[str, dict[str, str]]:
    """The table of variables in a role's README, by name."""
    text = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    table = text.split("| Variable |", 1)[1].split("\n\n", 1)[0]
    header, _, *rows = [re.split(r" ?\| ?", line.strip("| ")) for line in table.splitlines()]
    found = [dict(zip(["Variable", *header], row, strict=True)) for row in rows]
    return {row["Variable"].strip("`"): row for row in found}


def tasks(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Tasks and those within blocks."""
    inner = [
        one
        for entry in entries
        for part in ("block", "rescue", "always")
        for one in entry.get(part, [])
    ]
    return [*entries, *tasks(inner)] if inner else entries


@every_role
def test_argument_specs_and_defaults_have_the_same_variables(role: str) -> None:
    assert list(options(role)) == list(role_file(role, "defaults/main.yml"))


@every_role
def test_argument_specs_tell_the_effective_defaults(role: str) -> None:
    told = {name: one["default"] for name, one in options(role).items() if "default" in one}
    required = {name for name, one in options(role).items() if one.get("required")}
    defaults = effective_defaults(role)
    assert told == {name: value for name, value in defaults.items() if name not in required}
    assert {defaults[name] for name in required} <= set(REQUIRED.values())


@every_role
def test_defaults_have_the_types_that_argument_specs_ask_for(role: str) -> None:
    kinds = {"str": str, "path": str, "int": int, "bool": bool, "list": list, "dict": dict}
    wrong = {
        name: value
        for name, value in effective_defaults(role).items()
        if not isinstance(value, kinds.get(options(role)[name]["type"], (int, float)))
    }
    assert wrong == {}


@every_role
def test_argument_specs_hold_no_template(role: str) -> None:
    # Ansible evaluates templates in an argument spec and prints the whole spec when a variable is
    # wrong: a default that reads app_secrets would show the secrets.
    text = (ROOT / "roles" / role / "meta" / "argument_specs.yml").read_text(encoding="utf-8")
    assert "{{" not in text


@every_role
def test_every_entry_point_is_a_task_file_that_the_readme_tells_about(role: str) -> None:
    readme = (ROOT / "roles" / role / "README.md").read_text(encoding="utf-8")
    for name in entry_points(role):
        assert (ROOT / "roles" / role / "tasks" / f"{name}.yml").is_file()
        assert name == "main" or f"| `{name}` |" in readme


@every_role
def test_entry_points_describe_a_variable_alike(role: str) -> None:
    for point in entry_points(role).values():
        shared = set(point["options"]) & set(options(role))
        assert {it: point["options"][it] for it in shared} == {
            it: options(role)[it] for it in shared
        }


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda it: it.name)
def test_every_entry_point_that_a_playbook_names_validates_its_arguments(path: Path) -> None:
    for play in load(path):
        for task in tasks(play.get("tasks", [])):
            wanted = task.get("ansible.builtin.import_role") or {}
            assert not wanted or wanted.get("tasks_from", "main") in entry_points(wanted["name"])


@pytest.mark.parametrize("entry", [name for name in entry_points("release") if name != "main"])
def test_entry_point_validates_what_its_tasks_read(entry: str) -> None:
    variables = role_file("release", "vars/main.yml")
    text = task_text(ROOT / f"roles/release/tasks/{entry}.yml")
    text += "".join(str(variables[name]) for name in set(re.findall(r"\b__release_\w+", text)))
    read = set(re.findall(r"\brelease_\w+", text)) & {*options("release"), "release_ending"}
    assert read <= set(entry_points("release")[entry]["options"])


def test_every_step_of_a_release_is_a_file_of_tasks_or_a_phase_of_the_module() -> None:
    variables = role_file("release", "vars/main.yml")
    composed, reads = variables["__release_composed"], variables["__release_read_by"]
    plan = {"warm": False, "handover": "host"}
    wanted = dict.fromkeys(("began", "migrate", "gradually", "bake", "verify"), True)
    steps = {*module("release_steps").release_steps(plan, "deploy", wanted), "takeover"}
    tasks = ROOT / "roles" / "release" / "tasks"
    assert [name for name in composed if not (tasks / f"{name}.yml").is_file()] == []
    assert {*steps - {*composed}, *reads} <= {*RELEASE_OPTIONS["phase"]["choices"]}
    assert {*composed} <= steps


def test_every_ending_of_a_release_is_a_file_of_tasks() -> None:
    verdict = {"phase": "bake", "ok": False}
    endings = module("release_steps").release_endings(verdict, told=True, held=True)
    assert all((ROOT / f"roles/release/tasks/{name}.yml").is_file() for name in endings)


def task_text(path: Path) -> str:
    """A task file and those that it imports."""
    text = path.read_text(encoding="utf-8")
    imported = re.findall(r"import_tasks: (\S+)", text)
    return text + "".join(task_text(path.with_name(name)) for name in imported)


def test_secrets_are_marked_no_log() -> None:
    hidden = {
        name for role in ROLES for name, one in options(role).items() if one.get("no_log") is True
    }
    assert hidden == {
        "database_backup_identity",
        "database_backup_scratch_url",
        "database_url",
        "notify_sendgrid_api_key",
        "notify_slack_bot_token",
        "notify_slack_webhook_url",
        "notify_smtp_password",
        "notify_webhook_secret",
        "notify_webhook_url",
        "release_backup_scratch_url",
        "release_database_url",
        "release_registry_password",
        "release_secrets",
        "verify_checks",
        "verify_public_checks",
    }


@pytest.mark.parametrize(
    ("mapping", "spec"),
    [
        ("__release_runtime", RUNTIME_OPTIONS),
        ("__release_health", HEALTH_OPTIONS),
        ("__release_bake", BAKE_OPTIONS),
    ],
)
def test_role_and_module_ask_for_the_same_types(mapping: str, spec: dict[str, Any]) -> None:
    check_types(role_file("release", "vars/main.yml")[mapping], spec)


def test_role_and_module_ask_for_the_same_types_in_a_phase() -> None:
    phase = role_file("release", "tasks/call.yml")[0]["app_release"]
    passed_on = {key: text for key, text in phase.items() if text.startswith("{{ release_")}
    check_types(passed_on, RELEASE_OPTIONS)


def check_types(mapping: dict[str, str], spec: dict[str, Any]) -> None:
    facets = ("type", "elements", "choices")
    for key, template in mapping.items():
        named = re.findall(r"\brelease_\w+", template)
        asked = options("release").get(named[0]) if named else None
        if asked is not None:
            told = {facet: asked.get(facet) for facet in facets}
            assert told == {facet: spec[key].get(facet) for facet in facets}, key


@every_role
def test_readme_lists_every_variable_as_the_argument_spec_has_it(role: str) -> None:
    rows = readme_rows(role)
    assert list(rows) == list(options(role))
    for name, one in options(role).items():
        elements = f" of {one['elements']}" if "elements" in one else ""
        assert rows[name]["Type"] == one["type"] + elements
        assert rows[name]["Description"] == one["description"]
        default = f"`{json.dumps(one['default'])}`" if "default" in one else "required"
        assert rows[name]["Default"] == default


@every_role
def test_readme_names_the_app_variable_behind_a_default(role: str) -> None:
    defaults = role_file(role, "defaults/main.yml")
    for name, row in readme_rows(role).items():
        assert app_variables(row.get("Set by", "")) == app_variables(defaults[name])


def test_known_app_variables_are_those_that_roles_read() -> None:
    read = {
        name
        for role in ROLES
        for value in role_file(role, "defaults/main.yml").values()
        for name in app_variables(value)
    }
    known = role_file("release", "vars/main.yml")["__release_known_app"]
    assert known == sorted(read)


def test_known_notify_variables_are_those_of_the_argument_spec_and_its_result() -> None:
    known = role_file("notify", "vars/main.yml")["__notify_known_settings"]
    assert known == sorted([*options("notify"), "notify_result"])


def test_proxy_and_release_compute_the_same_slot_addresses() -> None:
    proxy = role_file("proxy", "defaults/main.yml")["proxy_slot_addresses"]
    release = role_file("release", "defaults/main.yml")["release_slot_addresses"]
    assert str(proxy).replace("proxy_", "release_") == str(release)


@pytest.mark.parametrize(
    "path", TASK_FILES + HANDLER_FILES, ids=lambda it: str(it.relative_to(ROOT))
)
def test_task_names_are_sentences(path: Path) -> None:
    names = [task.get("name", "") for task in tasks(load(path))]
    sentence = re.compile(r"[A-Z][^.]* [^.]*[^. ]")
    assert [name for name in names if not sentence.fullmatch(name)] == []


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda it: it.name)
def test_playbook_is_short_and_says_what_it_does(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 60
    assert all(" " in play["name"] for play in load(path))


@pytest.mark.parametrize("path", TASK_FILES, ids=lambda it: str(it.relative_to(ROOT)))
def test_task_file_is_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 80
