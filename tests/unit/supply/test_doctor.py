"""What the workflows need: one data file, one table in the docs, one command."""

from __future__ import annotations

import json
import re

import pytest
from typer.testing import CliRunner, Result

from ci_scripts import cli
from ci_scripts.doctor.examine import State, chosen, examine
from ci_scripts.doctor.needs import Need, needs
from ci_scripts.exits import Exit
from tests.unit.builders import ROOT

from .keys import DEPLOY, pinned

SENTINEL = "sentinel-0b5e55ed"
GOOD = {
    "SSH_PRIVATE_KEY": DEPLOY.private.decode(),
    "SSH_KNOWN_HOSTS": pinned("192.0.2.10"),
    "STAGING_SERVER_IP": "192.0.2.10",
    "SERVER_USER": "deploy",
}
# As the mission writes them.
NAMED = (
    "SSH_PRIVATE_KEY STAGING_SERVER_IP PRODUCTION_SERVER_IP SERVER_USER ANTHROPIC_API_KEY "
    "STRIPE_SECRET_KEY STRIPE_PUBLISHABLE_KEY SENDGRID_API_KEY SLACK_WEBHOOK_URL NOTIFICATION_EMAIL"
).split()


def doctor(monkeypatch: pytest.MonkeyPatch, *arguments: str, **values: str) -> Result:
    for one in needs():
        monkeypatch.delenv(one.name, raising=False)
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    return CliRunner().invoke(cli.app, ["doctor", "--github", *arguments])


def states(result: Result) -> dict[str, str]:
    return {one["name"]: one["state"] for one in json.loads(result.stdout)["data"]["needs"]}


def test_every_secret_that_was_agreed_on_is_in_the_file() -> None:
    there = [one.name for one in needs()]
    assert not set(NAMED) - set(there)
    assert len(there) == len(set(there))


@pytest.mark.parametrize("one", needs(), ids=lambda one: str(one.name))
def test_each_need_is_complete(one: Need) -> None:
    assert one.kind in ("secret", "variable")
    assert one.use in ("connection", "application", "registry", "notification", "report")
    assert one.environments and one.jobs and one.what and one.make


def test_the_docs_have_the_same_table() -> None:
    text = (ROOT / "docs" / "secrets.md").read_text(encoding="utf-8")
    rows = [
        tuple(cell.strip() for cell in line.strip("|").split("|"))
        for line in text.splitlines()
        if re.match(r"\| `[A-Z_]+` \|", line)
    ]
    assert rows == [
        (
            f"`{one.name}`",
            ", ".join(one.environments),
            ", ".join(one.jobs),
            "yes" if one.required else "",
            one.what,
            one.make,
        )
        for one in needs()
    ]


def test_what_is_missing_is_named_with_how_to_make_it(monkeypatch: pytest.MonkeyPatch) -> None:
    values = {name: value for name, value in GOOD.items() if name != "SSH_KNOWN_HOSTS"}
    result = doctor(monkeypatch, "--environment", "staging", **values)
    assert result.exit_code == Exit.GATE_FAILED
    everywhere = "staging, production, staging-backup, production-backup"
    assert f"SSH_KNOWN_HOSTS is missing ({everywhere})" in result.stderr
    assert "ssh_host_ed25519_key.pub" in result.stderr


def test_with_all_that_is_required_it_is_content(monkeypatch: pytest.MonkeyPatch) -> None:
    result = doctor(monkeypatch, "--environment", "staging", "--json", **GOOD)
    found = states(result)
    assert result.exit_code == Exit.DONE
    assert "PRODUCTION_SERVER_IP" not in found
    assert (found["SSH_PRIVATE_KEY"], found["SLACK_WEBHOOK_URL"]) == ("set", "left out")


def test_the_nightly_backup_needs_its_own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = ("--environment", "staging-backup", "--json")
    assert states(doctor(monkeypatch, *asked, **GOOD))["SSH_KNOWN_HOSTS"] == "set"
    result = doctor(monkeypatch, *asked)
    assert result.exit_code == Exit.GATE_FAILED
    assert states(result)["STAGING_SERVER_IP"] == "missing"
    assert "PRODUCTION_SERVER_IP" not in states(result)
    assert "STRIPE_SECRET_KEY" not in states(result)


def test_a_job_needs_only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    result = doctor(monkeypatch, "--job", "deploy-staging", "--environment", "staging", "--json")
    assert set(states(result)) == {
        one.name
        for one in needs()
        if "deploy-staging" in one.jobs and one.environments != ("production",)
    }
    assert "PRODUCTION_SERVER_IP" not in states(result)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SSH_PRIVATE_KEY", SENTINEL),
        ("SSH_KNOWN_HOSTS", SENTINEL),
        ("STAGING_SERVER_IP", f"{SENTINEL}:22"),
        ("SERVER_USER", f"{SENTINEL} -o"),
        ("SLACK_WEBHOOK_URL", f"http://{SENTINEL}"),
        ("NOTIFICATION_EMAIL", SENTINEL),
        ("STRIPE_SECRET_KEY", "sk"),
    ],
)
def test_what_cannot_be_right_is_told_and_never_shown(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    result = doctor(monkeypatch, "--json", **{**GOOD, name: value})
    assert (result.exit_code, states(result)[name]) == (Exit.GATE_FAILED, "wrong")
    assert SENTINEL not in result.output


def test_needs_are_chosen_by_environment_and_job() -> None:
    names = {one.name for one in chosen(needs(), "production", "rollback")}
    assert "PRODUCTION_SERVER_IP" in names and "STAGING_SERVER_IP" not in names
    assert "SLACK_WEBHOOK_URL" in names and "ANTHROPIC_API_KEY" not in names
    assert len(chosen(needs(), "", "")) == len(needs())


def test_an_empty_secret_is_not_set() -> None:
    # A secret that does not exist reaches a job as an empty variable.
    found = examine(needs(), {"SSH_PRIVATE_KEY": "", "SLACK_WEBHOOK_URL": " "})
    known = {one.need.name: one.state for one in found}
    assert known["SSH_PRIVATE_KEY"] is State.MISSING
    assert known["SLACK_WEBHOOK_URL"] is State.LEFT_OUT


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--environment", "moon"), "production, production-backup, staging, staging-backup"),
        (("--job", "moon"), "deploy-staging"),
    ],
)
def test_an_unknown_environment_or_job_is_refused(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, str], said: str
) -> None:
    result = doctor(monkeypatch, *arguments)
    assert (result.exit_code, said in result.stderr) == (Exit.BAD_INPUT, True)
