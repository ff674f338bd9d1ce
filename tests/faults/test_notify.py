"""Row 19: those who are to be told cannot be told."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.peers import SendGrid, Slack, faults
from tests.peers.sendgrid import KEY, SENDER
from tests.peers.slack import TOKEN

from .row import Row

pytestmark = [pytest.mark.rig, pytest.mark.row(19)]

NOWHERE = "http://nobody.invalid/"
PATIENCE = 4  # seconds, notify_timeout
FAULTS = (
    ("429", faults.too_many("3600")),
    ("401", faults.answers(401)),
    ("500", faults.answers(500)),
    ("hang", faults.hang),
)


@pytest.fixture
def peers(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Slack, SendGrid]]:
    """A workspace and a mail service whose keys are in the operator's environment, as in CI."""
    monkeypatch.setenv("SLACK_BOT_TOKEN", TOKEN)
    monkeypatch.setenv("SENDGRID_API_KEY", KEY)
    with Slack() as slack, SendGrid() as sendgrid:
        yield slack, sendgrid


def test_channels_that_fail_change_nothing(
    row: Callable[..., Row], peers: tuple[Slack, SendGrid], tmp_path: Path
) -> None:
    slack, sendgrid = peers
    settings = {
        "notify_slack_channel": "#deploys",
        "notify_slack_api_url": slack.api_url,
        "notify_email_to": ["ops@example.com"],
        "notify_email_sender": SENDER,
        "notify_sendgrid_api_url": sendgrid.address,
        "notify_timeout": PATIENCE,
        "notify_log": str(tmp_path / "activity.jsonl"),
    }
    with row(secrets=(KEY,)) as it:
        it.configure(**settings)
        good = it.deploy(it.new)
        assert (good.code, good.report["data"]["notify"]) == (0, "sent"), good.text
        versions = [it.old, it.new]
        for number, (name, fault) in enumerate(FAULTS):
            for peer in peers:
                peer.misbehave(for_good=fault)
            degraded(it, versions[number % 2], name, good.report["seconds"])
        it.configure(notify_slack_api_url=NOWHERE, notify_sendgrid_api_url=NOWHERE)
        degraded(it, versions[0], "DNS", good.report["seconds"])
        bodies = [one.body.decode() for peer in peers for one in peer.requests]
        it.hear(*bodies, (tmp_path / "activity.jsonl").read_text(encoding="utf-8"))


def degraded(it: Row, version: str, name: str, usual: float) -> None:
    """Deploy a version that goes live although nobody can be told of it."""
    said = it.deploy(version)
    assert (said.code, said.report["data"]["notify"]) == (0, "degraded"), (name, said.text)
    assert {one.served for one in it.look().values()} == {version}
    assert said.report["seconds"] < 3 * usual + 30, (name, said.report["seconds"])
