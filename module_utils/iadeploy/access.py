"""Emergency access to a server: who has it, until when, and what ends it. Pure.

Three things end it without anybody coming back: OpenSSH takes the key no more
(``expiry-time``, sshd(8)), sudo takes the rule no more (``NOTAFTER``, sudoers(5)), and the account
ends with the day after (shadow(5) counts days).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta, timezone
from fnmatch import fnmatchcase
from typing import Any

from .errors import DeployError
from .masking import printable
from .public_key import PublicKey

ACTION = "emergency-access"  # in the ledger
MOST_MINUTES = 480
_USER = re.compile(r"[a-z][a-z0-9-]{0,30}")
_REASON = 3, 300  # characters
_STAMP = "%Y%m%d%H%M%SZ"


@dataclass(frozen=True)
class Access:
    """One emergency access.

    Attributes:
        id: tells it from an earlier and a later one.
        user: the account.
        key_file: the account's authorized_keys.
        rule_file: the account's sudo rule.
        fingerprint: of the key that may log in.
        actor: who asked for it.
        reason: why.
        begun: seconds since 1970, by the server's clock.
        until: the same, when it ends.
        app: the application that it was given for; empty in a record of an older version.
    """

    id: str
    user: str
    key_file: str
    rule_file: str
    fingerprint: str
    actor: str
    reason: str
    begun: int
    until: int
    app: str = ""

    def over(self, at: float) -> bool:
        """Whether its time is over at a moment, seconds since 1970."""
        return at >= self.until

    def key_line(self, key: PublicKey) -> str:
        """Return the line of authorized_keys: a terminal, and no way through to elsewhere."""
        ends = _moment(self.until).strftime(_STAMP)
        return f'restrict,pty,expiry-time="{ends}" {key.text} {ACTION}\n'

    def rule(self) -> str:
        """Return the line of sudoers."""
        begins, ends = (_moment(at).strftime(_STAMP) for at in (self.begun, self.until))
        limits = f"NOTBEFORE={begins} NOTAFTER={ends}"
        return f"{self.user} ALL=(ALL:ALL) {limits} NOPASSWD: ALL\n"

    def account_expires(self) -> int:
        """Return the day from which the account is no account any more, seconds since 1970."""
        day = _moment(self.until).replace(hour=0, minute=0, second=0) + timedelta(days=1)
        return int(day.timestamp())

    def told(self) -> dict[str, Any]:
        """Return what people and the ledger are told."""
        names = ("user", "fingerprint", "actor", "reason")
        facts = {name: getattr(self, name) for name in names}
        return {**facts, "until": _moment(self.until).strftime("%Y-%m-%dT%H:%M:%SZ")}

    def to_json(self) -> dict[str, Any]:
        """Return what the server keeps of it."""
        return asdict(self)


def check_asked(user: str, minutes: int, reason: str) -> None:
    """Return when an access may be given like this.

    Raises:
        DeployError: a value is outside what is allowed; the sentence names it.
    """
    if _USER.fullmatch(user) is None or user == "root":
        raise _refuse("access_user", user, "lower-case letters, digits and hyphens; not root")
    if not 1 <= minutes <= MOST_MINUTES:
        raise _refuse("minutes", str(minutes), f"1 to {MOST_MINUTES} minutes")
    least, most = _REASON
    if not least <= len(reason.strip()) <= most or printable(reason) != reason or "\n" in reason:
        raise _refuse("reason", reason, f"{least} to {most} characters on one line")


def shut_out(answer: str, user: str, key_file: str) -> str:
    """Return why sshd would not let the account in, or an empty string.

    Args:
        answer: what ``sshd -T`` printed for the account.
    """
    settings: dict[str, list[str]] = {}
    for line in answer.splitlines():
        name, _, value = line.partition(" ")
        settings.setdefault(name, []).extend(value.split())
    if "no" in settings.get("pubkeyauthentication", []):
        return "PubkeyAuthentication is no"
    for name, told in (("allowusers", "AllowUsers"), ("allowgroups", "AllowGroups")):
        if name in settings and not _names(settings[name], user):
            return f"{told} does not name {user}"
    for name, told in (("denyusers", "DenyUsers"), ("denygroups", "DenyGroups")):
        # One that denies some hosts only lets the account in from the others.
        if _names((one for one in settings.get(name, []) if _everywhere(one)), user):
            return f"{told} names {user}"
    files = settings.get("authorizedkeysfile", [])
    read = {one.replace("%u", user).replace("%h/", "") for one in files}
    if files and not any(key_file == one or key_file.endswith(f"/{one}") for one in read):
        return "AuthorizedKeysFile is elsewhere than in the account's folder .ssh"
    return ""


def _names(patterns: Iterable[str], user: str) -> bool:
    """Whether one of sshd's patterns names an account, be it for some hosts only.

    It knows ``*`` and ``?`` there. A ``!`` is part of a name, and no negation (OpenSSH, match.c).
    """
    names = (one.partition("@")[0].replace("[", "[[]") for one in patterns)
    return any(fnmatchcase(user, name) for name in names)


def _everywhere(pattern: str) -> bool:
    return pattern.partition("@")[2] in ("", "*")


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at, timezone.utc)


def _refuse(where: str, value: str, allowed: str) -> DeployError:
    return DeployError(f"{where}: {value[:80]!a} is not allowed", f"Use {allowed}", cause="input")
