"""The Ansible modules, run as Ansible runs them: JSON in, one JSON answer out."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.iadeploy import engine, tether
from ansible.module_utils.testing import patch_module_args
from iadeploy.lease import Claim, LeaseFile
from iadeploy.store import Store

from tests.unit.builders import (
    ADDRESSES,
    DIGEST,
    OLDER_ID,
    RELEASE_ID,
    ROOT,
    SECRET,
    module,
    release,
    run_module,
)
from tests.unit.haproxy_peer import RecordedHaproxy
from tests.unit.http_peer import HttpPeer, connection_to, reply

MODULES = tuple(sorted(path.stem for path in (ROOT / "library").glob("*.py")))
# What a module has to be given before it tells its argument spec.
GIVEN = {"health_check": {"checks": [{"name": "room", "kind": "disk"}]}}
BAD_PLANS: list[tuple[dict[str, Any], str, str]] = [
    ({"app": "../etc"}, "input", "app_name"),
    ({"image": ""}, "input", "image reference"),
    ({"image": "{{ lookup('pipe', 'id') }}"}, "input", "image reference"),
    ({"image": "r.io/shop:1; id"}, "input", "image reference"),
    ({"release": "latest"}, "input", "release"),
    ({"release": ""}, "input", "release"),
    ({"digest": "sha256:short"}, "input", "digest"),
    ({"addresses": {"blue": "10.0.0.1"}}, "input", "addresses"),
    ({"runtime": {"port": 99999}}, "input", "app_port"),
    ({"runtime": {"memory": "lots"}}, "input", "app_memory"),
    ({"runtime": {"env": {"A=B": "c"}}}, "input", "A=B"),
    ({"runtime": {"volumes": ["/:/host"]}}, "input", "app_volumes"),
    ({"health": {"consecutive": 0}}, "input", "app_health_consecutive"),
    ({"health": {"path": "x"}}, "input", "app_health_path"),
    ({"secrets": {"KEY": "short"}}, "input", "KEY"),
    ({"bake": {"max_error_percent": 101}}, "input", "app_bake_max_error_percent"),
    ({"lease": {"seconds": 0}}, "input", "app_lease_seconds"),
    ({"state_dir": "/does/not/exist"}, "refused", "/does/not/exist"),
]
# What AnsibleModule itself refuses: types, choices, names.
BAD_ARGUMENTS: list[tuple[dict[str, Any], str]] = [
    ({"phase": "destroy"}, "phase"),
    ({"action": "undo"}, "action"),
    ({"keep": "many"}, "keep"),
    ({"addresses": "10.0.0.1"}, "addresses"),
    ({"runtime": {"prot": 80}}, "prot"),
    ({"runtime": {"secrets_as": "vault"}}, "secrets_as"),
    ({"health": {"statuses": ["ok"]}}, "statuses"),
    ({"unknown_option": 1}, "unknown_option"),
]


@pytest.fixture(autouse=True)
def unshared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give each test its own argument spec; AnsibleModule writes defaults into it."""
    code = module("app_release")
    monkeypatch.setattr(code, "RELEASE_OPTIONS", copy.deepcopy(code.RELEASE_OPTIONS))


@pytest.fixture
def arguments(tmp_path: Path) -> dict[str, Any]:
    """What both modules need, on a host whose HAProxy does not run."""
    return {
        "app": "shop",
        "addresses": ADDRESSES,
        "state_dir": str(tmp_path),
        "proxy_socket": str(tmp_path / "admin.sock"),
        "proxy_state_file": str(tmp_path / "servers.state"),
    }


@pytest.fixture
def plan(arguments: dict[str, Any]) -> dict[str, Any]:
    """A sound plan's arguments."""
    more = {"phase": "plan", "release": RELEASE_ID, "image": "r.io/shop:1.4.0"}
    return {**arguments, **more, "secrets": {"DATABASE_URL": SECRET}}


@pytest.mark.parametrize(("changes", "cause", "named"), BAD_PLANS, ids=str)
def test_bad_input_is_one_sentence_with_its_cause(
    plan: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    cause: str,
    named: str,
) -> None:
    answer = run_module("app_release", {**plan, **changes}, capsys)
    assert (answer["failed"], answer["ok"], answer["phase"]) == (True, False, "plan")
    assert answer["cause"] == cause
    assert named in answer["msg"]
    assert "\n" not in answer["msg"] and answer["msg"].endswith(".")


@pytest.mark.parametrize(("changes", "named"), BAD_ARGUMENTS, ids=str)
def test_an_argument_of_another_kind_is_refused_by_name(
    plan: dict[str, Any],
    capsys: pytest.CaptureFixture[str],
    changes: dict[str, Any],
    named: str,
) -> None:
    answer = run_module("app_release", {**plan, **changes}, capsys)
    assert answer["failed"] is True
    assert named in answer["msg"]


@pytest.mark.parametrize("missing", ["phase", "app", "addresses"])
def test_a_missing_argument_is_named(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    del plan[missing]
    assert missing in run_module("app_release", plan, capsys)["msg"]


@pytest.mark.parametrize("phase", ["prepare", "switch", "commit"])
def test_every_phase_without_a_proxy_is_a_refusal_that_names_it(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str], phase: str
) -> None:
    if phase != "prepare":
        store = module("iadeploy.store").Store(plan["state_dir"], "shop")
        store.save(release())
    answer = run_module("app_release", {**plan, "phase": phase, "digest": DIGEST}, capsys)
    assert (answer["cause"], answer["phase"]) == ("refused", phase)
    assert plan["proxy_socket"] in answer["msg"]


@pytest.mark.parametrize("phase", ["switch", "commit"])
def test_a_release_that_the_host_does_not_keep_is_unavailable(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str], phase: str
) -> None:
    answer = run_module("app_release", {**plan, "phase": phase}, capsys)
    assert answer["cause"] == "unavailable"
    assert RELEASE_ID in answer["msg"] and "none is kept here" in answer["msg"]


def test_an_abort_of_what_was_never_begun_changes_nothing(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = run_module("app_release", {**plan, "phase": "abort"}, capsys)
    assert (answer["ok"], answer["changed"], answer["flipped"]) == (True, False, False)


def test_an_abort_leaves_a_committed_release_where_it_is(
    plan: dict[str, Any],
    recorded_haproxy: RecordedHaproxy,
    capsys: pytest.CaptureFixture[str],
) -> None:
    store = module("iadeploy.store").Store(plan["state_dir"], "shop")
    store.save(release(committed_at="2026-03-01T10:16:00Z"))
    recorded_haproxy.put("green", "maint")
    store.record("deploy", "live", release())
    answer = run_module("app_release", {**plan, "phase": "abort"}, capsys)
    assert (answer["ok"], answer["changed"], answer["live"]) == (True, False, True)
    assert recorded_haproxy.states() == {"blue": "ready", "green": "maint"}


def test_an_abort_takes_no_other_release_for_the_live_one(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(plan["state_dir"], "shop")
    store.save(release())
    store.record("deploy", "live", release())
    store.record("deploy", "live", release(id=OLDER_ID))
    assert not run_module("app_release", {**plan, "phase": "abort"}, capsys)["live"]


def test_an_abort_of_a_live_release_leaves_the_lock_to_its_commit(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(plan["state_dir"], "shop")
    store.save(release())
    store.record("deploy", "live", release())
    fence = store.lease.grant(Claim("r1"), "", force=False)
    lease = {"run": "r1", "fence": fence, "grant": True, "last": True}
    assert run_module("app_release", {**plan, "phase": "abort", "lease": lease}, capsys)["live"]
    held = store.lease.read()
    assert held is not None and held.held


NEXT = {"phase": "prepare", "then": ["switch", "commit"]}


def test_nothing_follows_a_phase_that_failed(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = run_module("app_release", {**plan, **NEXT, "digest": DIGEST}, capsys)
    assert (answer["phase"], answer["ok"], answer["passed"]) == ("prepare", False, [])


@pytest.mark.usefixtures("recorded_haproxy", "idle_engine")
def test_the_phases_that_follow_answer_each_for_itself(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = run_module("app_release", {**plan, **NEXT, "_ansible_check_mode": True}, capsys)
    assert (answer["phase"], answer["ok"], answer["changed"]) == ("commit", True, True)
    assert [one["phase"] for one in answer["passed"]] == ["prepare", "switch"]


@pytest.mark.usefixtures("recorded_haproxy", "idle_engine")
def test_nothing_follows_when_the_controller_has_gone(
    plan: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(tether, "is_cut", lambda descriptor: True)
    answer = run_module("app_release", {**plan, **NEXT, "_ansible_check_mode": True}, capsys)
    assert (answer["phase"], answer["passed"]) == ("prepare", [])


@pytest.mark.parametrize("changes", [{}, {"image": "Bad"}, {"runtime": {"port": 0}}], ids=str)
def test_a_secret_s_value_is_in_no_answer(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str], changes: dict[str, Any]
) -> None:
    plan["registry_username"], plan["registry_password"] = "ops", "registry-Passw0rd"
    answer = str(run_module("app_release", {**plan, "phase": "prepare", **changes}, capsys))
    assert SECRET not in answer and "registry-Passw0rd" not in answer


def test_release_info_without_a_proxy_is_a_refusal_that_names_it(
    arguments: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = run_module("release_info", arguments, capsys)
    assert (answer["failed"], answer["cause"]) == (True, "refused")
    assert arguments["proxy_socket"] in answer["msg"]


def test_release_info_without_the_application_s_backend_names_bootstrap(
    arguments: dict[str, Any],
    recorded_haproxy: RecordedHaproxy,
    capsys: pytest.CaptureFixture[str],
) -> None:
    recorded_haproxy.forget_backend()
    answer = run_module("release_info", arguments, capsys)
    assert (answer["cause"], "iactl bootstrap" in answer["msg"]) == ("refused", True)


def test_proxy_info_tells_which_servers_get_requests(
    recorded_haproxy: RecordedHaproxy, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"app": "news", "proxy_socket": str(recorded_haproxy.socket_path)}
    answer = run_module("proxy_info", asked, capsys)
    assert answer["servers"] == {"web1": "", "web2": "its health path answers 503"}
    assert answer["changed"] is False


def test_proxy_info_refuses_an_application_that_the_edge_does_not_know(
    recorded_haproxy: RecordedHaproxy, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = {"app": "blog", "proxy_socket": str(recorded_haproxy.socket_path)}
    answer = run_module("proxy_info", asked, capsys)
    assert (answer["cause"], "iactl bootstrap" in answer["msg"]) == ("refused", True)
    asked["proxy_socket"] += ".gone"
    answer = run_module("proxy_info", asked, capsys)
    assert (answer["cause"], "HAProxy does not answer" in answer["msg"]) == ("refused", True)


@pytest.mark.parametrize("name", ["../etc", "", "Shop", "shop\n"])
def test_release_info_refuses_a_bad_name(
    arguments: dict[str, Any], capsys: pytest.CaptureFixture[str], name: str
) -> None:
    answer = run_module("release_info", {**arguments, "app": name}, capsys)
    assert (answer["cause"], "app_name" in answer["msg"]) == ("input", True)


@pytest.fixture
def idle_engine(http_peer: HttpPeer, monkeypatch: pytest.MonkeyPatch) -> HttpPeer:
    """A Docker Engine on loopback that has no containers."""
    monkeypatch.setattr(engine, "UnixConnection", lambda *_: connection_to(http_peer))
    http_peer.answer(reply(200, b"OK"), reply(200, b"[]"))
    return http_peer


@pytest.mark.usefixtures("recorded_haproxy", "idle_engine")
def test_release_info_tells_of_an_empty_host_that_nothing_is_wrong(
    arguments: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = run_module("release_info", arguments, capsys)
    assert (answer["ok"], answer["changed"]) == (True, False)
    assert (answer["serving"], answer["problems"], answer["releases"]) == (None, [], [])


@pytest.mark.usefixtures("idle_engine")
@pytest.mark.parametrize("phase", ["prepare", "switch", "commit", "abort"])
def test_check_mode_tells_the_change_and_makes_none(
    plan: dict[str, Any],
    recorded_haproxy: RecordedHaproxy,
    capsys: pytest.CaptureFixture[str],
    phase: str,
) -> None:
    checked = {**plan, "phase": phase, "_ansible_check_mode": True}
    answer = run_module("app_release", checked, capsys)
    assert (answer["ok"], answer["changed"]) == (True, True)
    assert recorded_haproxy.seen == []
    assert not (Path(plan["state_dir"]) / "shop").exists()


@pytest.mark.usefixtures("recorded_haproxy", "idle_engine")
@pytest.mark.parametrize("migrate", [{}, {"command": ["migrate"], "url": ""}])
def test_a_rollback_on_an_empty_host_has_no_target(
    plan: dict[str, Any], capsys: pytest.CaptureFixture[str], migrate: dict[str, Any]
) -> None:
    """That the settings of a migration are wrong is no matter of a rollback."""
    asked = {**plan, "action": "rollback", "release": "previous", "migrate": migrate}
    answer = run_module("app_release", asked, capsys)
    assert (answer["failed"], answer["cause"]) == (True, "unavailable")
    assert "--to" in answer["msg"]


class _Seen(Exception):
    """Carries the argument spec out of main()."""


def argument_spec(name: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return the argument spec that a module gives to AnsibleModule."""

    def look(argument_spec: dict[str, Any], **options: Any) -> None:
        del options
        raise _Seen(argument_spec)

    code = module(name)
    monkeypatch.setattr(code, "AnsibleModule", look)
    with patch_module_args(GIVEN.get(name, {})), pytest.raises(_Seen) as caught:
        code.main()
    spec: dict[str, Any] = caught.value.args[0]
    return spec


def documented(options: dict[str, Any]) -> dict[str, Any]:
    """Return documented options in the form of an argument spec."""
    kept = ("type", "elements", "required", "default", "choices")
    spec = {}
    for name, option in options.items():
        assert option["description"], f"{name} has no description"
        spec[name] = {key: option[key] for key in kept if key in option}
        if "suboptions" in option:
            spec[name]["options"] = documented(option["suboptions"])
    return spec


def plain(spec: dict[str, Any]) -> dict[str, Any]:
    """Return an argument spec without what documentation does not tell."""
    told = {}
    for name, option in spec.items():
        silent = ("no_log", "apply_defaults", "options")
        told[name] = {key: value for key, value in option.items() if key not in silent}
        if "options" in option:
            told[name]["options"] = plain(option["options"])
    return told


def test_in_check_mode_the_lock_is_not_given_back(
    arguments: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = LeaseFile(tmp_path / "shop")
    fence = file.grant(Claim(RELEASE_ID))
    asked = {**arguments, "phase": "unlock", "lease": {"run": RELEASE_ID, "fence": fence}}
    for check, held in ((True, True), (False, False)):
        told = run_module("app_release", {**asked, "_ansible_check_mode": check}, capsys)
        lease = file.read()
        assert told["ok"] and lease is not None and lease.held is held


@pytest.mark.parametrize("reason", ["", "web2: it is locked by sam"])
def test_a_refusal_by_another_server_is_in_the_ledger_of_the_one_that_granted_the_lease(
    arguments: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    claim = {"run": RELEASE_ID, "fence": LeaseFile(tmp_path / "shop").grant(Claim(RELEASE_ID))}
    asked = {**arguments, "phase": "unlock", "lease": claim, "actor": "kim", "reason": reason}
    assert run_module("app_release", asked, capsys)["ok"]
    wanted = {"outcome": "refused", "run": RELEASE_ID, "actor": "kim", "reason": reason}
    told = [
        {key: one[key] for key in wanted} for one in Store(str(tmp_path), "shop").ledger().entries
    ]
    assert told == ([wanted] if reason else [])


@pytest.mark.parametrize(
    ("seconds", "dead", "told"),
    [(120.0, [], ["refused"]), (0.0, [], []), (120.0, [RELEASE_ID], [])],
    ids=["lives", "silent for its whole time", "killed"],
)
def test_who_is_refused_by_a_living_run_is_in_the_ledger(
    plan: dict[str, Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    seconds: float,
    dead: list[str],
    told: list[str],
) -> None:
    store = Store(str(tmp_path), "shop")
    store.lease.grant(Claim(RELEASE_ID, seconds=seconds, owner="sam"))
    asked = {"run": "20260101-000000-bbbb", "grant": True, "dead_runs": dead}
    answer = run_module("app_release", {**plan, "lease": asked}, capsys)
    assert answer["cause"] == "locked"
    entries = store.ledger().entries
    assert [one["outcome"] for one in entries] == told
    assert all("locked by sam" in one["reason"] for one in entries)


@pytest.mark.parametrize("name", MODULES)
def test_the_documentation_says_what_the_module_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    documentation = yaml.safe_load(module(name).DOCUMENTATION)
    assert documentation["module"] == name
    spec = argument_spec(name, monkeypatch)
    assert documented(documentation["options"]) == plain(spec)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_are_tasks_that_the_module_takes(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = argument_spec(name, monkeypatch)
    for task in yaml.safe_load(module(name).EXAMPLES):
        assert task["name"]
        # 'notify' alone is Ansible's keyword for handlers.
        taken = task.get(f"ansible.legacy.{name}") or task[name]
        assert set(taken) <= set(spec)
        required = {option for option, rules in spec.items() if rules.get("required")}
        assert required <= set(taken)


def test_secret_options_are_never_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    spec = argument_spec("app_release", monkeypatch)
    assert {name for name, option in spec.items() if option.get("no_log")} == {
        "secrets",
        "registry_password",
    }
    migrate = spec["migrate"]["options"]
    assert migrate["url"]["no_log"] and migrate["backup"]["options"]["scratch_url"]["no_log"]
    assert argument_spec("app_database", monkeypatch)["url"]["no_log"]
