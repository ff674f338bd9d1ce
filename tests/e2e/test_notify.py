"""Who is told of a release, by the real playbooks on real servers; and that it changes nothing."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.waiting import wait_until
from tests.peers import Slack, faults
from tests.peers.slack import TOKEN
from tests.peers.slack_blocks import texts

from .site import Site
from .test_secrets import leaks

pytestmark = pytest.mark.rig
LEDGER = "/var/lib/iadeploy/shop/ledger.jsonl"


@pytest.fixture
def slack(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slack]:
    """A workspace whose token is in the operator's environment, as in CI."""
    with Slack() as peer:
        monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
        site.configure(
            notify_slack_channel="#deploys",
            notify_slack_api_url=peer.api_url,
            notify_log=str(tmp_path / "activity.jsonl"),
        )
        yield peer


def titles(slack: Slack) -> list[str]:
    """Return the first sign of every message in the channel, threads left out."""
    there = [one for one in slack.messages.values() if "thread_ts" not in one]
    return [one["blocks"][0]["text"]["text"][0] for one in there]


def test_deploy_is_one_message_that_becomes_its_outcome(
    site: Site, slack: Slack, tmp_path: Path
) -> None:
    site.configure(app_bake_seconds=1)
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert (said.code, said.report["data"]["notify"]) == (0, "sent"), said.text
    assert titles(slack) == ["✅"]
    first, *_ = slack.messages
    assert "1.0.0 → 2.0.0" in json.dumps(slack.messages[first], ensure_ascii=False)
    [details] = slack.threads(first)
    head = json.loads(site.servers[0].run(["tail", "-n1", LEDGER]).stdout)["hash"]
    assert f"Ledger head\n{head[:16]}" in texts(details)
    assert "Failed requests\n0" in texts(details)
    lines = (tmp_path / "activity.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["event"] for line in lines] == ["started", "succeeded"]
    again = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert (again.code, again.report["data"]["notify"]) == (0, "none")
    assert site.operator.run("rollback").report["data"]["notify"] == "sent"
    assert titles(slack)[-1] == "↩"


def test_release_that_a_required_channel_is_not_told_of_does_not_begin(
    site: Site, slack: Slack
) -> None:
    slack.misbehave(for_good=faults.answers(500))
    site.configure(notify_required=True)
    before = site.snapshot()
    said = site.operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 3, said.text
    assert "notify_required is set" in said.text and "slack" in said.text.lower(), said.text
    assert site.snapshot() == before
    # Another machine need not wait until the lock runs out.
    site.configure(notify_required=False)
    ended = site.operator.playbook("deploy", f"release_image={site.images('2.0.0')}")
    assert ended.returncode == 0, ended.stdout


def test_failed_deploy_says_so_without_a_line_of_the_log(site: Site, slack: Slack) -> None:
    said = site.operator.run("deploy", "--image", site.images("3.0.0", "crash"))
    assert (said.code, said.report["data"]["notify"]) == (4, "sent"), said.text
    assert titles(slack) == ["❌"]
    assert "log line" not in json.dumps(slack.posted)


def test_cancelled_deploy_is_told_by_iactl(site: Site, slack: Slack) -> None:
    site.configure(app_health_deadline=60)
    process = site.operator.start("deploy", "--image", site.images("3.0.0", "silent"))
    wait_until(site.candidate_runs, "the candidate", deadline=60)
    os.kill(process.pid, signal.SIGTERM)
    said = site.operator.finish(process)
    assert (said.code, said.report["data"]["notify"]) == (7, "sent"), said.text
    assert titles(slack) == ["🚫"]


def test_the_token_is_seen_nowhere_while_a_deploy_runs(site: Site, slack: Slack) -> None:
    process = site.operator.start("deploy", "--image", site.images("2.4.0", "slow"))
    hits: set[str] = set()
    while process.poll() is None:
        hits |= leaks(("never-there", TOKEN), site.operator.scratch, own=process.pid)
    said = site.operator.finish(process)
    assert said.code == 0, said.text
    # The file of the handover is the one place, and only its owner can read it.
    assert {hit.split(": ")[0].rpartition("/")[2] for hit in hits} <= {"notification.json"}
    assert TOKEN not in said.progress + json.dumps(said.report)
    assert titles(slack) == ["✅"]


def test_verification_that_fails_alerts_the_channels(site: Site, slack: Slack) -> None:
    good = site.operator.run("verify", "--inside")
    assert (good.code, slack.posted) == (0, []), good.text
    server = site.servers[1]
    [serving] = [name for name, state in site.containers(server).items() if " running " in state]
    server.run(["docker", "stop", serving])
    said = site.operator.run("verify", "--inside")
    assert (said.code, said.report["data"]["notify"]) == (5, "sent"), said.text
    [alert] = slack.messages.values()
    text = json.dumps(alert)
    assert "not healthy" in text and "1 of 2" in text and f"{server.name}: " in text
    site.operator.run("verify", "--inside", "--no-notify")
    assert len(slack.messages) == 1
