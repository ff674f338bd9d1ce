"""iactl's part: keys handed over unseen, ends that a playbook could not tell, the commands."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from iadeploy.notify.event import KINDS
from typer.testing import CliRunner

from ci_scripts import cli, notifications
from ci_scripts.exits import Exit
from ci_scripts.report import Report
from ci_scripts.runner.handover import EVENT, hand_over
from ci_scripts.runner.result import Result
from tests.peers.slack import TOKEN
from tests.peers.slack_blocks import problems
from tests.unit.builders import DIGEST, answered, module, planned, refused, verdict


def test_keys_travel_in_a_file_that_only_its_owner_can_read(tmp_path: Path) -> None:
    environ = {"SLACK_BOT_TOKEN": TOKEN, "AWS_SECRET": "other", "GITHUB_RUN_ID": "17"}
    hostile = "{{ lookup('pipe', 'id') }}"
    passed = hand_over("notify", {"a": 1, EVENT: {"message": hostile}}, environ, tmp_path)
    path = Path(passed.pop("__notify_handover"))
    assert passed == {"a": 1}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = json.loads(path.read_text())
    assert told["environment"] == {"SLACK_BOT_TOKEN": TOKEN, "GITHUB_RUN_ID": "17"}
    assert told["event"] == {"message": hostile}


@pytest.mark.parametrize("playbook", ["status", "bootstrap", "finish"])
def test_a_playbook_that_tells_nobody_gets_no_keys(playbook: str, tmp_path: Path) -> None:
    assert hand_over(playbook, {"a": 1}, {"SLACK_BOT_TOKEN": TOKEN}, tmp_path) == {"a": 1}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", ["", "{", "[]", '{"head_commit": null}', "{}"])
def test_a_commit_message_that_cannot_be_read_is_left_out(content: str, tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(content)
    passed = hand_over("deploy", {}, {"GITHUB_EVENT_PATH": str(event)}, tmp_path)
    assert json.loads(Path(passed["__notify_handover"]).read_text())["event"] == {}


def told_event(event: str, state: str = "sent", **more: Any) -> dict[str, Any]:
    result = {"event": event, "state": state, "channels": [], "receipt": {}, "facts": {}, **more}
    data = {"res": {"ansible_facts": {"notify_result": result}}, "task_action": "set_fact"}
    return {"event": "runner_on_ok", "event_data": data}


def on(kind: str) -> dict[str, Any]:
    return {"event": kind, "event_data": {"task_action": "ansible.legacy.notify"}}


@pytest.mark.parametrize(
    ("events", "owed", "state"),
    [
        ([], False, "none"),
        ([on("runner_on_start"), on("runner_on_skipped")], False, "none"),
        ([on("runner_on_start")], True, "degraded"),
        ([on("runner_on_start"), told_event("started")], True, "sent"),
        ([told_event("started"), told_event("succeeded")], False, "sent"),
        ([told_event("started", "degraded"), told_event("failed")], False, "degraded"),
    ],
)
def test_an_end_is_owed_to_those_who_heard_of_the_beginning(
    events: list[dict[str, Any]], owed: bool, state: str
) -> None:
    told = notifications.Told()
    for event in events:
        told.take(event)
    assert (told.owed, told.state) == (owed, state)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (Exit.CANCELLED, "cancelled"),
        (Exit.NEEDS_HUMAN, "needs_human"),
        (Exit.FAILED, "failed"),
        (Exit.DONE, "succeeded"),
    ],
)
def test_what_the_playbook_could_not_tell_is_told_afterwards(
    code: Exit, kind: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[dict[str, Any]] = []

    def run(name: str, inventory: Path, variables: dict[str, Any], listen: Any) -> Result:
        seen.append(variables)
        listen(told_event(variables["notify_event"]))
        return Result()

    monkeypatch.setattr(notifications, "run_playbook", run)
    told = notifications.Told()
    told.take(told_event("started", receipt={"at": 1.0}, facts={"version": "2.0.0"}))
    report = Report("deploy", "staging", code, "It ended.", details=["| a log line"])
    notifications.settle(report, told, tmp_path)
    (sent,) = seen
    assert (sent["notify_event"], sent["notify_receipt"]) == (kind, {"at": 1.0})
    assert sent[EVENT]["version"] == "2.0.0" and sent[EVENT]["message"] == "It ended."
    assert "log line" not in str(sent)
    assert (report.exit, report.data["notify"]) == (code, "sent")


@pytest.mark.parametrize(
    ("phases", "check", "said"),
    [(["plan", "commit"], False, 1), (["plan"], False, 0), (["plan", "commit"], True, 0)],
)
def test_a_release_without_channels_says_once_that_nobody_was_told(
    phases: list[str], check: bool, said: int, tmp_path: Path
) -> None:
    report = Report("deploy", "staging", data={"phases": phases})
    notifications.settle(report, notifications.Told(), tmp_path, check=check)
    assert report.data["notify"] == "none"
    assert len([line for line in report.details if "nobody was told" in line]) == said


@pytest.mark.parametrize("fault", [OSError("disk"), KeyboardInterrupt(), KeyError("x")], ids=str)
def test_no_fault_of_telling_reaches_the_release(
    fault: BaseException, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def run(*arguments: object) -> Result:
        raise fault

    monkeypatch.setattr(notifications, "run_playbook", run)
    told = notifications.Told()
    told.take(told_event("started"))
    report = Report("deploy", "staging", Exit.CANCELLED, "Cancelled.")
    notifications.settle(report, told, tmp_path)
    assert (report.exit, report.data["notify"]) == (Exit.CANCELLED, "degraded")
    assert notifications.health_alert({"message": "bad"}, tmp_path) == "degraded"


def began(**hosts: Any) -> dict[str, Any]:
    facts: dict[str, Any] = module("notification").release_began(
        verdict("plan", hosts), "deploy", "r.io:5000/shop:1.4.0", "shop"
    )
    return facts


def ended(judged: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = module("notification").release_ended(judged, "deploy", "live", facts)
    return told


def test_facts_of_a_release_come_from_its_verdicts() -> None:
    facts = began(web1=planned(), web2=planned())
    assert (facts["previous_version"], facts["version"]) == ("1.3.0", "1.4.0")
    plan = verdict("plan", {"web1": planned()})
    switched = verdict("switch", {"web1": answered("switch")}, plan)
    done = ended(verdict("commit", {"web1": answered("commit")}, switched), facts)
    assert (done["event"], done["hosts_ok"], done["hosts_total"]) == ("succeeded", 1, 1)
    assert done["next_step"] == "To go back: iactl rollback live"


def test_an_outcome_has_the_failed_requests_and_the_ledger_s_head() -> None:
    plan = verdict("plan", {"web1": planned(), "web2": planned()})
    counted = {"requests": 90, "errors": 2, "response_ms": 1.0}
    baked = verdict("bake", {one: answered("bake", traffic=counted) for one in plan["hosts"]}, plan)
    heads = {"web2": answered("commit", ledger_head="22"), "web1": answered("commit")}
    done = ended(verdict("commit", heads, baked), {})
    assert (done["failed_requests"], done["ledger_head"]) == (4, "22")
    worse = refused("bake", "unhealthy", evidence={"traffic": counted})
    bad = verdict("bake", {"web1": worse, "web2": answered("bake", traffic={})}, plan)
    back = {"web1": answered("abort", ledger_head="11"), "web2": answered("abort")}
    told = ended(verdict("abort", back, bad), {})
    assert (told["event"], told["failed_requests"], told["ledger_head"]) == ("failed", 2, "11")
    unbaked = ended(verdict("commit", {"web1": answered("commit")}, plan), {})
    assert ("failed_requests" in unbaked, unbaked["ledger_head"]) == (False, "")


def test_a_failure_is_told_without_what_servers_said() -> None:
    facts = began(web1=planned())
    plan = verdict("plan", {"web1": planned()})
    lost = refused("prepare", "unhealthy", "SENTINEL body", evidence={"log": ["SENTINEL line"]})
    prepared = verdict("prepare", {"web1": lost}, plan)
    told = ended(verdict("abort", {"web1": answered("abort")}, prepared), facts)
    assert (told["event"], told["hosts_ok"]) == ("failed", 0)
    assert "every server serves 1.3.0 as before" in told["message"]
    assert "SENTINEL" not in str(told)


def test_a_fleet_in_doubt_calls_for_a_human() -> None:
    plan = verdict("plan", {"web1": planned()})
    switched = verdict("switch", {"web1": refused("switch", "failed")}, plan)
    told = ended(verdict("abort", {"web1": refused("abort", "failed")}, switched), {})
    assert (told["event"], "iactl status live" in told["next_step"]) == ("needs_human", True)


def test_a_run_that_lost_its_lock_on_the_way_was_not_refused() -> None:
    plan = verdict("plan", {"web1": planned()})
    prepared = verdict("prepare", {"web1": answered("prepare")}, plan)
    fenced = verdict("switch", {"web1": refused("switch", "fenced")}, prepared)
    assert "lost its lock" in ended(fenced, {})["message"]


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("r.io:5000/shop:1.4.0", "1.4.0"),
        ("r.io:5000/shop", DIGEST[7:19]),
        (f"r.io/shop:2@{DIGEST}", "2"),
        (f"shop@{DIGEST}", DIGEST[7:19]),
    ],
)
def test_planned_version_is_the_tag_or_the_digest_s_head(image: str, version: str) -> None:
    assert module("notification")._planned({"digest": DIGEST}, image) == version


def test_links_are_made_of_what_ci_knows() -> None:
    environment = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "you/shop",
        "GITHUB_RUN_ID": "17",
        "GITHUB_SHA": "abc",
    }
    facts = {"previous_version": "1.3.0", "version": "1.4.0"}
    told = module("notification").ci_facts(environment, facts, "", "v")
    assert told["run_url"] == "https://github.com/you/shop/actions/runs/17"
    assert told["compare_url"] == "https://github.com/you/shop/compare/v1.3.0...v1.4.0"
    hostile = {**facts, "version": "1/../../evil"}
    assert module("notification").ci_facts(environment, hostile, "", "v")["compare_url"] == ""
    assert set(module("notification").ci_facts({}, facts, "", "").values()) == {""}


def iactl(*arguments: str) -> Any:
    return CliRunner().invoke(cli.app, ["notify", *arguments])


def test_preview_shows_every_channel_and_writes_the_page(tmp_path: Path) -> None:
    page = tmp_path / "mail.html"
    said = iactl("preview", "failed", "--html", str(page))
    assert said.exit_code == 0
    for part in ("── Slack ──", "── E-mail ──", "── Webhook ──", '"event": "failed"'):
        assert part in said.output
    assert "prefers-color-scheme" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", KINDS)
def test_every_event_can_be_previewed_as_the_channels_would_take_it(kind: str) -> None:
    said = iactl("preview", kind, "--json")
    assert said.exit_code == 0
    shown = json.loads(said.output)["data"]
    assert problems(shown["slack"]) == []
    assert shown["webhook"]["event"] == kind
    assert KINDS[kind].title in shown["email"]["subject"]
    for text in (json.dumps(shown["slack"], ensure_ascii=False), *shown["email"].values()):
        assert KINDS[kind].title in text and "shop" in text
    # A preview shows what a real one has: an alert is of no release.
    of_a_release = kind not in ("health_alert", "scan_findings", "test")
    assert ("version" in shown["webhook"]) is of_a_release


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["preview", "nonsense"], "one of started"),
        (["preview", "failed", "--html", "/does/not/exist/x.html"], "--html"),
        (["test", "Nowhere!"], "ENV"),
    ],
)
def test_bad_input_is_a_sentence_and_exit_2(arguments: list[str], named: str) -> None:
    said = iactl(*arguments)
    assert (said.exit_code, named in said.output) == (2, True)
    assert "Traceback" not in said.output
