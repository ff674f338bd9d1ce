"""Emergency access: which keys are taken, what its limits look like, whose processes are ended."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from iadeploy import access_actions
from iadeploy.access import Access, check_asked, shut_out
from iadeploy.access_file import access_file, describe_access, read_access, write_access
from iadeploy.ledger import append, read_ledger
from iadeploy.public_key import parse_public_key
from iadeploy.sessions import Process, belonging, running
from iadeploy.store import Store

from tests.unit.builders import ROOT, failure_of, run_module

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4 ann@example"
OTHER_KEY = KEY.replace("x4eHh4eHh4eHh4eHh4", "x4eHh5eXl5eXl5eXl5")
# 2026-03-01 23:59:30 UTC and two minutes later, on the next day
BEGUN, UNTIL = 1772409570, 1772409690
ACCESS = Access(
    id="a1",
    user="emergency",
    key_file="/var/lib/iadeploy-access/.ssh/authorized_keys",
    rule_file="/etc/sudoers.d/iadeploy-emergency",
    fingerprint="SHA256:x",
    actor="ops",
    reason="the bastion is down",
    begun=BEGUN,
    until=UNTIL,
    app="shop",
)


def generated(folder: Path, *options: str) -> Path:
    path = folder / "key"
    subprocess.run(["ssh-keygen", "-q", "-N", "", "-f", str(path), *options], check=True)
    return path


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
def test_a_key_of_ssh_keygen_is_taken_and_named_as_sshd_names_it(tmp_path: Path, kind: str) -> None:
    path = generated(tmp_path, "-t", kind)
    key = parse_public_key(path.with_suffix(".pub").read_text())
    told = subprocess.run(["ssh-keygen", "-lf", str(path)], check=True, capture_output=True)
    assert key.fingerprint == told.stdout.decode().split()[1]
    assert key.text == " ".join(path.with_suffix(".pub").read_text().split()[:2])


@pytest.mark.parametrize("form", ["RFC4716", "PEM", "PKCS8"])
def test_a_private_key_is_refused_and_not_shown(tmp_path: Path, form: str) -> None:
    text = generated(tmp_path, "-t", "rsa", "-m", form).read_text()
    failure = failure_of(lambda: parse_public_key(text))
    assert "that is a private key" in failure.what
    assert not any(line in str(failure) for line in text.splitlines()[1:])


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("", "there are 0 keys instead of one"),
        ("# nothing\n", "there are 0 keys instead of one"),
        (f"{KEY}\n{KEY}\n", "there are 2 keys instead of one"),
        (f'command="true" {KEY}', "does not begin with ssh-ed25519"),
        ("ssh-dss AAAA", "does not begin with ssh-ed25519"),
        (KEY.replace("ssh-ed25519", "ssh-rsa", 1), "another type than it says"),
        (KEY[:60], "cut off or changed"),
        ("ssh-ed25519 {{ lookup('pipe', 'id') }}", "cut off or changed"),
        ("ssh-ed25519", "another type than it says"),
    ],
)
def test_what_is_no_public_key_is_bad_input(text: str, named: str) -> None:
    failure = failure_of(lambda: parse_public_key(text))
    assert (failure.cause, named in failure.what) == ("input", True), failure.what


def test_a_short_rsa_key_is_refused(tmp_path: Path) -> None:
    text = generated(tmp_path, "-t", "rsa", "-b", "1024").with_suffix(".pub").read_text()
    assert "2048 bits" in failure_of(lambda: parse_public_key(text)).what


def test_each_limit_says_when_it_ends_by_itself() -> None:
    key = parse_public_key(KEY)
    line = ACCESS.key_line(key)
    assert line == f'restrict,pty,expiry-time="20260302000130Z" {key.text} emergency-access\n'
    assert ACCESS.rule() == (
        "emergency ALL=(ALL:ALL) NOTBEFORE=20260301235930Z NOTAFTER=20260302000130Z"
        " NOPASSWD: ALL\n"
    )
    assert ACCESS.account_expires() == 1772496000  # 2026-03-03, so that 2026-03-02 is whole
    assert [ACCESS.over(at) for at in (BEGUN, UNTIL - 1, UNTIL)] == [False, False, True]


@pytest.mark.parametrize(
    ("user", "minutes", "reason", "named"),
    [
        ("emergency", 0, "why", "minutes: '0'"),
        ("emergency", 481, "why", "minutes: '481'"),
        ("root", 60, "why", "access_user: 'root'"),
        ("a b", 60, "why", "access_user: 'a b'"),
        ("emergency", 60, "  ", "reason: '  '"),
        ("emergency", 60, "two\nlines", "reason"),
        ("emergency", 60, "x" * 301, "reason"),
    ],
)
def test_what_may_not_be_asked_for(user: str, minutes: int, reason: str, named: str) -> None:
    check_asked("emergency", 480, "why")
    failure = failure_of(lambda: check_asked(user, minutes, reason))
    assert (failure.cause, named in failure.what) == ("input", True)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ("pubkeyauthentication yes\nauthorizedkeysfile .ssh/authorized_keys .ssh/keys2", ""),
        ("authorizedkeysfile %h/.ssh/authorized_keys", ""),
        ("allowusers ann emergency", ""),
        ("allowusers ann\nallowusers emergency", ""),
        ("pubkeyauthentication no", "PubkeyAuthentication is no"),
        ("allowusers ann", "AllowUsers does not name emergency"),
        ("allowgroups staff", "AllowGroups does not name emergency"),
        ("allowusers ann\nallowusers *", ""),
        ("allowusers emergenc?", ""),
        ("allowusers emergency@10.0.0.0/8", ""),
        ("allowusers [e]mergency", "AllowUsers does not name emergency"),
        ("allowusers Emergency ann@*", "AllowUsers does not name emergency"),
        # A "!" is no negation there: it is a name that nobody has.
        ("allowusers !emergency", "AllowUsers does not name emergency"),
        ("denyusers !emergency", ""),
        ("allowgroups emer*", ""),
        ("denyusers emergency", "DenyUsers names emergency"),
        ("denyusers ann\ndenyusers e*", "DenyUsers names emergency"),
        ("denyusers *@*", "DenyUsers names emergency"),
        ("denyusers emergency@192.0.2.0/24", ""),
        ("denygroups *", "DenyGroups names emergency"),
        ("authorizedkeysfile /etc/ssh/keys/%u", "AuthorizedKeysFile is elsewhere"),
    ],
)
def test_why_sshd_would_not_let_the_account_in(settings: str, why: str) -> None:
    told = shut_out(settings, ACCESS.user, ACCESS.key_file)
    assert told.startswith(why) and bool(told) == bool(why)


def test_a_session_is_its_processes_and_what_they_started_as_root() -> None:
    root, own = frozenset({0}), frozenset({1001})
    tree = [
        Process(1, 0, root),
        Process(10, 1, root),  # sshd
        Process(20, 10, root),  # sshd, privileged
        Process(21, 20, own),  # sshd, the user's
        Process(22, 21, own),  # a shell
        Process(23, 22, root),  # sudo
        Process(24, 23, root),  # what it runs
        Process(30, 1, root),  # a service that was started in the session
    ]
    assert belonging(tree, 1001) == {21, 22, 23, 24}
    assert belonging(tree, 1002) == set()


class Kernel:
    """A /proc with processes that a test makes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process(1, 0)
        (folder / "self").symlink_to("1")

    def process(self, pid: int, uid: int, *, parent: int = 1, space: str = "1") -> None:
        """Have a process of a user's in a PID namespace."""
        one = self.folder / str(pid)
        (one / "ns").mkdir(parents=True)
        (one / "ns" / "pid").symlink_to(f"pid:[{space}]")
        uids = "\t".join([str(uid)] * 4)
        (one / "status").write_text(
            f"Name:\tx\nState:\tS (sleeping)\nPPid:\t{parent}\nUid:\t{uids}\n"
        )


def test_a_container_whose_image_has_the_account_s_uid_is_no_part_of_its_sessions(
    tmp_path: Path,
) -> None:
    kernel = Kernel(tmp_path)
    kernel.process(20, 0)  # a container's shim
    kernel.process(21, 1000, parent=20, space="2")
    kernel.process(22, 1000, parent=21, space="2")
    kernel.process(30, 1000)  # a shell of the account's
    kernel.process(31, 0, parent=30, space="3")  # sudo unshare --pid --fork
    (tmp_path / "40").mkdir()  # it has ended meanwhile
    assert belonging(running(tmp_path), 1000) == {30, 31}


def test_the_account_s_uid_is_one_that_images_do_not_use_and_it_expires() -> None:
    tasks = yaml.safe_load((ROOT / "roles/access/tasks/open.yml").read_text(encoding="utf-8"))
    account = tasks[1]["block"][0]["ansible.builtin.user"]
    # Debian's images count from 100, 999 and 1000 on; a system account's expiry is dropped.
    assert (account["uid_min"], account["uid_max"]) == (59000, 59999)
    assert account["expires"] and not account.get("system")


def test_the_module_refuses_in_a_sentence_and_touches_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = {"app": "shop", "state_dir": str(tmp_path), "home": str(tmp_path / "home")}
    for wrong in ({"public_key": "no key"}, {"public_key": KEY, "minutes": 481, "reason": "why"}):
        answer = run_module("emergency_access", {**base, "state": "begun", **wrong}, capsys)
        assert (answer["failed"], answer["cause"]) == (True, "input")
    for state in ("ended", "tidied"):
        user = {"user": "nobody-has-it"}
        answer = run_module("emergency_access", {**base, **user, "state": state}, capsys)
        assert (answer["changed"], answer["access"]) == (False, {})
    assert list(tmp_path.iterdir()) == []


def test_a_server_keeps_one_access_and_tells_when_it_is_over(tmp_path: Path) -> None:
    assert (read_access(tmp_path), describe_access(tmp_path)) == (None, None)
    write_access(tmp_path, ACCESS)
    assert read_access(tmp_path) == ACCESS
    told = describe_access(tmp_path) or {}
    assert (told["until"], told["over"]) == ("2026-03-02T00:01:30Z", True)
    (tmp_path / "access.json").write_text("{}")
    assert read_access(tmp_path) is None


def test_a_record_that_an_older_iactl_wrote_is_read(tmp_path: Path) -> None:
    record = ACCESS.to_json()
    del record["app"]
    access_file(tmp_path).write_text(json.dumps(record))
    assert read_access(tmp_path) == replace(ACCESS, app="")


class Server:
    """A server with programs that a test makes; nothing of it leaves the test's folder."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.watched: list[Access] = []
        self.program("sudo", "")
        self.program("sshd", "echo authorizedkeysfile .ssh/authorized_keys")
        patch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        patch.setattr(
            access_actions, "leave_watcher", lambda store, it, end: self.watched.append(it)
        )
        key_file, rule_file = folder / "home" / ".ssh" / "authorized_keys", folder / "rule"
        places = {"key_file": str(key_file), "rule_file": str(rule_file)}
        patch.setattr(access_actions, "_places", lambda params: places)
        patch.setattr("syslog.syslog", lambda *told: None)

    def program(self, name: str, script: str) -> None:
        """Have a program."""
        path = self.folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def ask(self, state: str, app: str = "shop", **more: Any) -> dict[str, Any]:
        """Ask the module for something."""
        base = {name: one.get("default") for name, one in access_actions.ACCESS_OPTIONS.items()}
        places = {"state_dir": str(self.folder), "home": str(self.folder / "home")}
        asked = {"user": "nobody-has-it", "public_key": KEY, "reason": "why", "actor": f"of-{app}"}
        params = {**base, **places, **asked, "state": state, "app": app, **more}
        return access_actions.answer(params, False)

    def told(self, app: str) -> list[tuple[str, str]]:
        """Return what an application's ledger tells: outcomes, and who asked for them."""
        entries = Store(str(self.folder), app).ledger().entries
        return [(one["outcome"], one["actor"]) for one in entries]


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Server:
    return Server(tmp_path, monkeypatch)


def test_an_access_whose_record_is_gone_is_not_open(server: Server) -> None:
    assert server.ask("begun")["changed"]
    access_file(server.folder).unlink()
    answer = server.ask("open")
    assert (answer.get("failed"), answer.get("cause")) == (True, "refused")
    assert "is no more on record" in answer["msg"] and server.watched == []


def test_an_access_of_another_application_s_is_not_opened_for_this_one(server: Server) -> None:
    server.ask("begun", "shop")
    server.ask("begun", "news")
    assert server.ask("open", "shop").get("failed") is True
    assert server.ask("open", "news").get("failed") is None
    assert [one.app for one in server.watched] == ["news"]


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'Missing privilege separation directory: /run/sshd' >&2; exit 255", "/run/sshd"),
        ("echo 'line 6: Bad option' >&2; echo pubkeyauthentication yes; exit 255", "line 6"),
        ("exit 1", "exit code 1"),
        ("exit 0", "it says nothing"),
    ],
)
def test_an_sshd_that_does_not_tell_its_settings_is_not_trusted(
    server: Server, script: str, said: str
) -> None:
    server.program("sshd", script)
    server.ask("begun")
    answer = server.ask("open")
    assert (answer.get("failed"), answer.get("cause")) == (True, "refused")
    assert "does not tell whether it lets nobody-has-it in" in answer["msg"]
    assert said in answer["msg"] and server.watched == []


def test_a_server_without_an_sshd_is_refused(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    (server.folder / "sshd").unlink()
    monkeypatch.setattr(access_actions, "_with_sbin", lambda: {"PATH": str(server.folder)})
    server.ask("begun")
    assert "sshd is not installed" in server.ask("open")["msg"]


@pytest.mark.parametrize("how", ["ended", "replaced", "expired"])
def test_the_end_of_an_access_is_in_the_ledger_of_the_application_it_was_given_for(
    server: Server, how: str
) -> None:
    server.ask("begun", "shop")
    server.ask("open", "shop")
    (server.folder / "news").mkdir()
    if how == "ended":
        server.ask("ended", "news")
    elif how == "replaced":
        server.ask("begun", "news", public_key=OTHER_KEY)
    else:
        past = replace(server.watched[0], until=int(time.time()) - 1)
        write_access(server.folder, past)
        server.ask("tidied", "news")
    assert server.told("shop") == [("begun", "of-shop"), ("open", "of-shop"), (how, "of-news")]
    begun = [("begun", "of-news")] if how == "replaced" else []
    assert server.told("news") == begun


def test_the_same_key_for_another_application_ends_the_first_one_s_access(server: Server) -> None:
    server.ask("begun", "shop")
    server.ask("begun", "shop")
    server.ask("begun", "news")
    server.ask("ended", "shop")
    assert server.told("shop") == [("begun", "of-shop")] * 2 + [("replaced", "of-news")]
    assert server.told("news") == [("begun", "of-news"), ("ended", "of-shop")]


def test_the_end_is_told_where_it_is_asked_for_when_the_application_is_gone(server: Server) -> None:
    places: dict[str, Any] = access_actions._places({})
    write_access(server.folder, replace(ACCESS, user="nobody-has-it", **places))
    server.ask("ended", "news")
    assert server.told("news") == [("expired", "of-news")]
    assert not (server.folder / "shop").exists()


def test_two_processes_that_write_into_one_ledger_keep_its_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    code = "import sys; from pathlib import Path; from iadeploy.ledger import append\n"
    code += "for n in range(40): append(Path(sys.argv[1]), {'at': 'now', 'n': n})"
    with ThreadPoolExecutor() as pool:
        argv = [sys.executable, "-c", code, str(path)]
        runs = [pool.submit(subprocess.run, argv, check=True) for _ in range(3)]
        for run in runs:
            run.result()
    append(path, {"at": "now"})
    ledger = read_ledger(path)
    assert (ledger.length, ledger.problem) == (121, "")
