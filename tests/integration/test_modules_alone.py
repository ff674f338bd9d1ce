"""The modules health_check and notify in somebody else's playbook, without this project."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.peers import Receiver, SendGrid, Slack, faults
from tests.peers import sendgrid as sendgrid_peer
from tests.peers import slack as slack_peer
from tests.peers.http import HttpServer
from tests.peers.receiver import SECRET
from tests.unit.http_peer import HttpPeer, health, reply

ROOT = Path(__file__).resolve().parents[2]
SENTINEL = "sentinel-7f3a91"
GO_ON = {"ignore_errors": True}
PRIVATE = "patient Jane Roe"


class Elsewhere:
    """An empty folder with the two modules and what they import beside a playbook.

    Args:
        folder: the empty folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "library").mkdir()
        for name in ("health_check", "notify"):
            shutil.copy(ROOT / "library" / f"{name}.py", folder / "library")
        helpers = folder / "module_utils" / "iadeploy"
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "module_utils" / "iadeploy", helpers, ignore=ignored)

    def play(
        self, tasks: list[dict[str, Any]], *flags: str, python: str = sys.executable, **more: Any
    ) -> tuple[int, str]:
        """Run tasks on this machine with plain Ansible; return the exit code and all it says."""
        play = {"hosts": "localhost", "connection": "local", "gather_facts": False}
        variables = {"ansible_python_interpreter": python, **more}
        playbook = self.folder / "play.yml"
        playbook.write_text(yaml.safe_dump([{**play, "vars": variables, "tasks": tasks}]))
        argv = [
            str(Path(sys.executable).with_name("ansible-playbook")),
            "-i",
            "localhost,",
            *flags,
            str(playbook),
        ]
        # No configuration, no search path, no home of this project.
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LANG": "C.UTF-8"}
        done = subprocess.run(
            argv, cwd=self.folder, env=environment, capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def elsewhere(tmp_path: Path) -> Elsewhere:
    """Somebody else's project."""
    return Elsewhere(tmp_path)


@pytest.fixture
def page() -> Iterator[HttpPeer]:
    """An application."""
    with HttpPeer() as peer:
        yield peer


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def task(module: str, **options: Any) -> dict[str, Any]:
    return {"name": f"Run {module}", f"ansible.legacy.{module}": options}


def test_a_healthy_application_is_no_change(elsewhere: Elsewhere, page: HttpPeer) -> None:
    page.answer(health("1.4.0"))
    checks = [
        {"name": "health", "kind": "http", "url": page.url, "expect": {"version": "1.4.0"}},
        {"name": "port", "kind": "tcp", "host": "127.0.0.1", "port": page.port},
        {"name": "room", "kind": "disk", "expect": {"min_free_percent": 0, "min_free_mib": 1}},
    ]
    code, said = elsewhere.play([task("health_check", checks=checks)], "-v")
    assert code == 0, said
    assert "3 of 3 checks passed" in said and "changed=0" in said


def test_nothing_secret_is_said_of_checks_however_talkative_ansible_is(
    elsewhere: Elsewhere, page: HttpPeer
) -> None:
    page.answer(reply(500, PRIVATE.encode()))
    log = elsewhere.folder / "health.jsonl"
    login: dict[str, Any] = {"host": "127.0.0.1", "port": closed_port(), "password": SENTINEL}
    dsn = f"postgresql://owner:{SENTINEL}@127.0.0.1:{login['port']}/shop"
    web: dict[str, Any] = {"kind": "http", "url": page.url, "expect": {"body": "fine"}}
    checks = [
        {"name": "token", **web, "token": SENTINEL},
        {"name": "login", **web, "username": "ops", "password": SENTINEL},
        {"name": "headers", **web, "secret_headers": {"X-Key": SENTINEL}},
        {"name": "database", "kind": "postgres", "dsn": dsn},
        {"name": "cache", "kind": "redis", **login},
    ]
    wrong = [{**one, "colour": "red"} for one in checks]
    tasks = [task("health_check", checks=asked, log_file=str(log)) for asked in (checks, wrong)]
    code, said = elsewhere.play([{**one, **GO_ON} for one in tasks], "-vvvv", "--diff")
    assert (code, said.count("...ignoring")) == (0, 2), said
    assert "0 of 5 checks passed" in said and "checks[4].colour: is not known" in said
    assert SENTINEL not in said + log.read_text()
    assert PRIVATE not in said + log.read_text()


def test_a_missing_library_is_named_and_the_other_kinds_need_none(
    elsewhere: Elsewhere, page: HttpPeer, tmp_path: Path
) -> None:
    bare = tmp_path / "bare"
    venv.create(bare, with_pip=False)
    here = {"host": "127.0.0.1", "port": page.port}
    checks = [
        {"name": "tcp", "kind": "tcp", **here},
        {"name": "disk", "kind": "disk", "expect": {"min_free_percent": 0, "min_free_mib": 1}},
        {"name": "service", "kind": "service", "process": "ansible-playboo"},
        {"name": "tls", "kind": "tls", **here, "timeout": 0.5},
        {"name": "page", "kind": "http", "url": page.url},
        {"name": "database", "kind": "postgres", **here},
        {"name": "cache", "kind": "redis", **here},
        {"name": "web", "kind": "container", "container": "web"},
        {"name": "self test", "kind": "command", "container": "web", "command": ["id"]},
    ]
    tasks = [task("health_check", checks=checks)]
    code, said = elsewhere.play(tasks, "-v", python=str(bare / "bin" / "python"))
    assert code == 2, said
    assert "3 of 9 checks passed, 6 failed" in said
    assert "tls: no answer within 0.5 s" in said
    for package in ("requests", "psycopg2", "redis", "docker"):
        assert f"install the Debian package python3-{package}" in said


class Channels:
    """Every channel, each at a peer of its own."""

    def __init__(self, slack: Slack, sendgrid: SendGrid, receiver: Receiver) -> None:
        self.peers: list[HttpServer] = [slack, sendgrid, receiver]
        self.options = {
            "email": {
                "to": ["ops@example.com"],
                "sender": sendgrid_peer.SENDER,
                "sendgrid_api_key": sendgrid_peer.KEY,
                "sendgrid_api_url": sendgrid.address,
            },
            "webhook": {"url": receiver.url, "secret": SECRET},
        }
        self.slack = [
            {"webhook_url": slack.webhook_url},
            {"bot_token": slack_peer.TOKEN, "channel": "#deploys", "api_url": slack.api_url},
        ]


@pytest.fixture
def channels() -> Iterator[Channels]:
    """A workspace, an account and a receiver."""
    with Slack() as slack, SendGrid() as sendgrid, Receiver() as receiver:
        yield Channels(slack, sendgrid, receiver)


@pytest.mark.parametrize(
    ("fault", "state"),
    [(None, "sent"), (faults.answers(401, SENTINEL.encode()), "degraded")],
    ids=["taken", "refused"],
)
def test_neither_key_nor_address_is_said_however_talkative_ansible_is(
    elsewhere: Elsewhere, channels: Channels, fault: faults.Fault | None, state: str
) -> None:
    for peer in channels.peers:
        peer.misbehave(for_good=fault)
    log = elsewhere.folder / "activity.jsonl"
    common = {"event": "failed", "message": "It failed.", "log": str(log), **channels.options}
    tasks = [task("notify", slack=slack, **common) for slack in channels.slack]
    code, said = elsewhere.play(tasks, "-vvvv", "--diff")
    assert code == 0, said
    assert said.count(f'"state": "{state}"') >= 2
    keys = (slack_peer.KEY, slack_peer.TOKEN, sendgrid_peer.KEY, SECRET, "sentinelHookToken")
    heard = said + log.read_text()
    assert [key for key in (*keys, SENTINEL) if key in heard] == []
    assert [json.loads(line)["state"] for line in log.read_text().splitlines()] == [state] * 2


def test_required_fails_the_play_and_nothing_else_does(
    elsewhere: Elsewhere, channels: Channels
) -> None:
    for peer in channels.peers:
        peer.misbehave(for_good=faults.answers(401))
    common = {"event": "started", "slack": channels.slack[0]}
    tasks = [task("notify", **common), task("notify", event="started")]
    code, said = elsewhere.play([*tasks, task("notify", **common, required=True)], "-v")
    assert (code, said.count("ok: [localhost]"), said.count("fatal: ")) == (2, 2, 1), said
    assert "Slack answered 401" in said and "nobody is told" in said


@pytest.mark.parametrize("module", ["health_check", "notify"])
def test_the_examples_can_be_pasted_into_a_playbook(elsewhere: Elsewhere, module: str) -> None:
    text = (ROOT / "library" / f"{module}.py").read_text(encoding="utf-8")
    examples = yaml.safe_load(text.split('EXAMPLES = r"""', 1)[1].split('"""', 1)[0])
    vault = {
        "vault_database_url": "postgresql://owner:secret-word@10.0.0.5/shop",
        "vault_redis_password": "secret-word",
        "vault_slack_bot_token": "xoxb-secret-word",
        "vault_smtp_password": "secret-word",
        "vault_webhook_secret": "secret-word-0123456789",
    }
    code, said = elsewhere.play(examples, "--check", **vault)
    assert code == 0, said
    assert f"ok={len(examples)} " in said and "WARNING" not in said, said


def test_ansible_doc_tells_every_option(elsewhere: Elsewhere) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(elsewhere.folder), "LANG": "C.UTF-8"}
    for module in ("health_check", "notify"):
        argv = [str(Path(sys.executable).with_name("ansible-doc")), "-t", "module"]
        argv += ["-M", str(elsewhere.folder / "library"), module]
        done = subprocess.run(argv, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for part in ("OPTIONS", "EXAMPLES", "RETURN VALUES", "ATTRIBUTES", "check_mode"):
            assert part in done.stdout
        assert "ERROR" not in done.stdout + done.stderr
