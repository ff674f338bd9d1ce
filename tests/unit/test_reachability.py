"""Why a server could not be reached: what SSH really says, told in one sentence."""

from __future__ import annotations

import pytest

from ci_scripts.reachability import explain

# As ansible-core 2.19 hands on what OpenSSH 9.2 said.
SAID = [
    (
        "@@@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @@@\nIT IS POSSIBLE THAT SOMEONE IS"
        " DOING SOMETHING NASTY!\nHost key verification failed.",
        "not the pinned one",
    ),
    (
        "No ED25519 host key is known for [127.0.0.1]:2222 and you have requested strict"
        " checking.\r\nHost key verification failed.",
        "not in known_hosts",
    ),
    (
        "No RSA host key is known for web1 and you have requested strict checking.\r\n"
        "Host key verification failed.",
        "not in known_hosts",
    ),
    ("root@web1: Permission denied (publickey,password).", "refused the SSH log-in"),
    ("Received disconnect: Too many authentication failures", "refused the SSH log-in"),
    ('Load key "/k": error in libcrypto\r\nroot@web1: Permission denied', "refused the SSH log-in"),
    ("ssh: connect to host 127.0.0.1 port 1: Connection refused", "nothing listens"),
    ("ssh: connect to host 10.0.0.9 port 22: Connection timed out", "does not answer"),
    ("Timeout, server 10.0.0.9 not responding.", "does not answer"),
    ("ssh: connect to host 10.0.0.9 port 22: No route to host", "does not answer"),
    ("ssh: connect to host 10.0.0.9 port 22: Network is unreachable", "does not answer"),
    (
        "ssh: Could not resolve hostname web9: Temporary failure in name resolution",
        "cannot be resolved",
    ),
    ("ssh: Could not resolve hostname web9: Name or service not known", "cannot be resolved"),
    ("/bin/sh: 1: /usr/bin/python3: not found", "no usable Python"),
    (
        'Data could not be sent to remote host "10.0.0.9". Make sure this host can be reached'
        " over ssh:",
        "the SSH connection to it broke off",
    ),
]
PREFIX = "Task failed: Data could not be sent to remote host. Make sure this host is reachable: "


@pytest.mark.parametrize(("said", "cause"), SAID)
def test_each_reason_has_its_cause_and_next_step(said: str, cause: str) -> None:
    for message in (said, PREFIX + said, said.upper()):
        told, step = explain(message)
        assert cause in told
        assert step


@pytest.mark.parametrize(
    "said", ["ann@web1: Permission denied (publickey).", "ann 10.0.0.9: Permission denied"]
)
def test_a_refused_log_in_names_its_user(said: str) -> None:
    assert explain(PREFIX + said)[0] == "it refused the SSH log-in of user 'ann'"


@pytest.mark.parametrize("message", ["", "\n\n", "kex_exchange: closed", "x" * 5000])
def test_an_unknown_reason_is_handed_on_in_one_short_line(message: str) -> None:
    told, step = explain(message)
    assert "\n" not in told and len(told) < 250
    assert "ssh" in step


def test_an_unknown_reason_is_its_last_line() -> None:
    assert "(closed by peer)" in explain("banner\n\n  closed by peer \n")[0]
