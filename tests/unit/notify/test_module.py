"""The module as its users meet it: documentation, examples, settings, activity log."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.notify import activity, delivery
from iadeploy.notify.config import read_channels
from iadeploy.notify.options import NOTIFY_OPTIONS

from tests.peers import Slack
from tests.unit.builders import failure_of, module

from .conftest import Notify, by_webhook

DOCUMENTED = yaml.safe_load(module("notify").DOCUMENTATION)
FACETS = ("type", "elements", "choices", "default")


def facets(option: dict[str, Any]) -> dict[str, Any]:
    told = {name: option[name] for name in FACETS if name in option}
    told |= {"required": True} if option.get("required") else {}
    inner = option.get("suboptions") or option.get("options") or {}
    return {**told, "inner": {name: facets(one) for name, one in inner.items()}}


def test_documentation_tells_every_option_as_the_argument_spec_has_it() -> None:
    told = {name: facets(one) for name, one in DOCUMENTED["options"].items()}
    assert told == {name: facets(one) for name, one in NOTIFY_OPTIONS.items()}


def described(options: dict[str, Any]) -> list[str]:
    inner = [name for one in options.values() for name in described(one.get("suboptions", {}))]
    return [name for name, one in options.items() if not one.get("description")] + inner


def test_every_option_is_described() -> None:
    assert described(DOCUMENTED["options"]) == []


def test_results_are_those_documented(slack: Slack, notify: Notify) -> None:
    answer = notify(slack=by_webhook(slack))
    told = yaml.safe_load(module("notify").RETURN)
    # Ansible keeps the warnings of other tests in this process.
    assert set(told) == set(answer) - {"changed", "invocation", "msg", "warnings"}
    assert set(told["channels"]["contains"]) == set(answer["channels"][0])


@pytest.mark.parametrize("number", range(3))
def test_examples_use_options_that_exist(number: int) -> None:
    example = yaml.safe_load(module("notify").EXAMPLES)[number]
    given_options = example["ansible.legacy.notify"]
    assert set(given_options) <= set(NOTIFY_OPTIONS)
    for name, value in given_options.items():
        if isinstance(value, dict):
            assert set(value) <= set(NOTIFY_OPTIONS[name]["options"])
    assert given_options["event"] in NOTIFY_OPTIONS["event"]["choices"]


def test_without_a_channel_it_says_so_and_changes_nothing(notify: Notify, tmp_path: Path) -> None:
    answer = notify(log=str(tmp_path / "log"))
    assert (answer["state"], answer["degraded"], answer["changed"]) == ("none", False, False)
    assert "nobody is told" in answer["msg"]
    assert not (tmp_path / "log").exists()


def test_check_mode_sends_nothing_and_names_wrong_settings(slack: Slack, notify: Notify) -> None:
    answer = notify(slack=by_webhook(slack), _ansible_check_mode=True)
    assert (answer["changed"], slack.requests) == (True, [])
    assert notify(slack={"webhook_url": "ftp://x"}, _ansible_check_mode=True)["degraded"]


SMTP = {"host": "mail.example.com"}
MAIL = {"to": ["a@b.c"], "sender": "a@b.c"}
WRONG: list[tuple[dict[str, Any], str]] = [
    ({"slack": {"webhook_url": "http://example.com/sentinel"}}, "slack.webhook_url"),
    ({"slack": {"bot_token": "xoxb-sentinel"}}, "slack.channel"),
    ({"slack": {"bot_token": "xoxb sentinel", "channel": "#a"}}, "slack.bot_token"),
    ({"slack": {"bot_token": "xoxb-1", "channel": "<!channel>"}}, "slack.channel"),
    ({"email": {**MAIL, "to": [], "smtp": SMTP}}, "email has no to"),
    ({"email": {**MAIL, "to": ["a@b.c\nBcc: d@e.f"], "smtp": SMTP}}, "email.to"),
    ({"email": {**MAIL, "sender": "Ops <a@b.c>", "smtp": SMTP}}, "email.sender"),
    ({"email": {**MAIL, "smtp": {**SMTP, "port": 0}}}, "email.smtp.port"),
    ({"email": {**MAIL, "smtp": {"host": "a b"}}}, "email.smtp.host"),
    ({"email": {**MAIL, "smtp": {**SMTP, "username": "a"}}}, "has no password"),
    (
        {
            "email": {
                **MAIL,
                "smtp": {**SMTP, "username": "a", "password": "sentinel", "security": "none"},
            }
        },
        "in the clear",
    ),
    ({"email": MAIL}, "sendgrid_api_key or smtp.host"),
    ({"webhook": {"url": "https://example.com/sentinel", "secret": "short"}}, "webhook.secret"),
    ({"webhook": {"url": "file:///etc/passwd", "secret": "x" * 32}}, "webhook.url"),
]


@pytest.mark.parametrize(("wrong", "told"), WRONG, ids=[told for _, told in WRONG])
def test_wrong_settings_are_one_sentence_without_the_value(
    notify: Notify, wrong: dict[str, Any], told: str
) -> None:
    answer = notify(**wrong)
    (one,) = answer["channels"]
    assert (answer["state"], one["attempts"]) == ("degraded", 0)
    assert told in one["reason"] and "\n" not in one["reason"]
    assert "sentinel" not in one["reason"] + answer["msg"]


@pytest.mark.parametrize("seconds", [0, -1, 31, "nan"])
def test_time_limit_is_above_0_and_up_to_30(notify: Notify, seconds: object) -> None:
    answer = notify(timeout=seconds)
    assert (answer["failed"], "notify_timeout" in answer["msg"]) == (True, True)


TEXT = st.text(max_size=60)


@given(TEXT, TEXT, TEXT, TEXT, TEXT, st.integers())
def test_any_setting_is_a_channel_or_a_sentence(
    url: str, token: str, address: str, host: str, secret: str, port: int
) -> None:
    smtp = {"security": "starttls", "username": "", "password": "", "ca_file": ""}
    channels = read_channels(
        {
            "slack": {
                "webhook_url": url,
                "bot_token": token,
                "channel": address,
                "api_url": "https://slack.com/api/",
                "events": None,
            },
            "email": {
                "to": [address],
                "sender": address,
                "sendgrid_api_key": token,
                "sendgrid_api_url": "https://api.sendgrid.com",
                "smtp": {**smtp, "host": host, "port": port},
                "events": None,
            },
            "webhook": {"url": url, "secret": secret, "ca_file": "", "events": ["failed"]},
        }
    )
    for problem in channels.problems.values():
        assert problem.endswith(".") and problem.isprintable()
    if channels.email is not None:
        assert not set("\r\n<>, ") & set("".join(channels.email.to))


def write(path: Path, count: int, most: int = 10_000) -> None:
    for number in range(count):
        activity.append(path, {"number": number, "key": "sentinel-key"}, ["sentinel-key"], most)


def test_activity_log_is_masked_private_and_bounded(tmp_path: Path) -> None:
    path = tmp_path / "made" / "activity.jsonl"
    write(path, 500, most=2000)
    older = path.with_name("activity.jsonl.1")
    lines = [json.loads(line) for file in (older, path) for line in file.open()]
    assert [line["number"] for line in lines] == list(range(500 - len(lines), 500))
    for file in (path, older):
        assert stat.S_IMODE(file.stat().st_mode) == 0o640 and file.stat().st_size <= 2000
        assert "sentinel" not in file.read_text()


def test_activity_log_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "log").symlink_to("/dev/null")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "pipe").chmod(0o666)
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    for path in (tmp_path / "log", tmp_path, tmp_path / "pipe"):
        failure = failure_of(lambda path=path: write(path, 1))  # type: ignore[misc]
        assert "activity log" in failure.what
    os.close(reader)
    assert stat.S_IMODE((tmp_path / "pipe").stat().st_mode) == 0o666


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": "Sun, 01 Mar 2026 10:00:09 GMT"}, 9.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "9" * 400}, None),
        ({"X-RateLimit-Reset": "1772359203"}, 3.0),
        ({"X-RateLimit-Reset": "x"}, None),
        ({}, None),
    ],
)
def test_asked_pause_is_taken_when_it_makes_sense(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert delivery.asked_pause(headers, clock=lambda: 1772359200.0) == seconds


def test_budget_holds_whatever_is_answered() -> None:
    now = [0.0]

    def pause(seconds: float) -> None:
        now[0] += seconds

    answer = delivery.Answer(False, "busy", True, None)
    came = delivery.deliver("slack", lambda limit: answer, 30.0, pause, lambda: now[0])
    assert (came.state, now[0] <= 30.0, came.attempts) == ("failed", True, 7)


def test_what_a_library_says_of_its_failure_is_not_repeated() -> None:
    def fail() -> delivery.Answer:
        raise ValueError("https://hooks.example.com/sentinel is wrong")

    answer = delivery.within(5.0, fail)
    assert (answer.sent, answer.reason) == (False, "it could not be sent (ValueError)")
