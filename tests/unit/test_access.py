"""Emergency access: which keys are taken, what its limits look like, whose processes are ended."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from iadeploy.access import Access, check_asked, shut_out
from iadeploy.access_file import describe_access, read_access, write_access
from iadeploy.ledger import append, read_ledger
from iadeploy.public_key import parse_public_key
from iadeploy.sessions import Process, belonging

from tests.unit.builders import failure_of, run_module

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGx4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4eHh4 ann@example"
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
        ("denyusers emergency", "DenyUsers names emergency"),
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
