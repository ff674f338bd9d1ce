"""Which channels there are, checked before anything is sent. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from ..errors import DeployError
from .event import KINDS

_ADDRESS = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_{|}~-]+)*"
    r"@(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?"
    r"(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,62}[A-Za-z0-9])?)*"
)
_ENDPOINT = re.compile(r"https://[A-Za-z0-9][!-~]*")
# Loopback needs no TLS: a relay on the controller itself.
_LOCAL = re.compile(r"http://(?:127\.0\.0\.1|localhost|\[::1\])(?::[0-9]{1,5})?(?:/[!-~]*)?")
_SLACK_CHANNEL = re.compile(r"#?[^\s#<>@,&|]{1,80}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,252})|[0-9a-fA-F:]+")
_KEY = re.compile(r"[!-~]+")
_MIN_SECRET = 16
_MAX_RECIPIENTS = 50
_MAX_TIMEOUT = 30.0
_ALL = frozenset(KINDS)


@dataclass(frozen=True)
class Slack:
    """Slack by webhook or by bot token; the token counts when both are given."""

    webhook_url: str
    bot_token: str
    channel: str
    api_url: str
    events: frozenset[str] = _ALL


@dataclass(frozen=True)
class Smtp:
    """An SMTP server."""

    host: str
    port: int
    security: str
    username: str
    password: str
    ca_file: str


@dataclass(frozen=True)
class Email:
    """E-mail by SendGrid or by SMTP; the server counts when both are given."""

    to: tuple[str, ...]
    sender: str
    sendgrid_api_key: str
    sendgrid_api_url: str
    smtp: Smtp | None
    events: frozenset[str] = _ALL


@dataclass(frozen=True)
class Webhook:
    """A receiver of signed JSON."""

    url: str
    secret: str
    ca_file: str
    events: frozenset[str] = _ALL


@dataclass(frozen=True)
class Channels:
    """The channels that are set up, and those whose setup is wrong.

    Attributes:
        problems: channel to the sentence that says what is wrong with it.
        secrets: every value that must not be shown anywhere.
    """

    slack: Slack | None = None
    email: Email | None = None
    webhook: Webhook | None = None
    problems: dict[str, str] = field(default_factory=dict)
    secrets: tuple[str, ...] = ()

    def names(self) -> list[str]:
        """Return the names of all channels that somebody meant to set up."""
        there = [name for name in ("slack", "email", "webhook") if getattr(self, name) is not None]
        return sorted({*there, *self.problems})


def read_channels(params: dict[str, Any]) -> Channels:
    """Return the channels that a module's parameters describe.

    One channel's mistake does not silence the others: it is kept beside them.
    """
    channels: dict[str, Any] = {}
    problems: dict[str, str] = {}
    for name, read in (("slack", _slack), ("email", _email), ("webhook", _webhook)):
        try:
            channels[name] = read(params[name] or {})
        except DeployError as error:
            problems[name] = str(error)
    return Channels(**channels, problems=problems, secrets=tuple(_secrets(params)))


def read_timeout(seconds: float) -> float:
    """Return the budget of an event, in seconds.

    Raises:
        DeployError: it is not above 0 and up to 30.
    """
    if not 0 < seconds <= _MAX_TIMEOUT:
        raise _refuse("notify_timeout", str(seconds), f"seconds above 0, up to {_MAX_TIMEOUT:.0f}")
    return seconds


def _slack(given: dict[str, Any]) -> Slack | None:
    url, token, channel = given["webhook_url"].strip(), given["bot_token"].strip(), given["channel"]
    if not url and not token:
        return None
    if token:
        _secret(_KEY, token, "slack.bot_token", "the token as Slack shows it, xoxb-…")
        if _SLACK_CHANNEL.fullmatch(channel) is None:
            raise _refuse("slack.channel", channel, "a channel's name or id, such as '#deploys'")
    else:
        _endpoint(url, "slack.webhook_url")
    _endpoint(given["api_url"], "slack.api_url")
    return Slack(url, token, channel, given["api_url"], _events(given, _ALL))


def _email(given: dict[str, Any]) -> Email | None:
    key, smtp = given["sendgrid_api_key"].strip(), given["smtp"] or {}
    to = tuple(address for one in given["to"] if (address := str(one).strip()))
    if not key and not smtp.get("host"):
        if to and given["sender"]:
            raise _missing("email", "sendgrid_api_key or smtp.host")
        return None
    if not to:
        raise _missing("email", "to")
    if len(to) > _MAX_RECIPIENTS:
        raise _refuse("email.to", str(len(to)), f"at most {_MAX_RECIPIENTS} addresses, or a list")
    for address in (*to, given["sender"]):
        _address(address, "email.sender" if address is given["sender"] else "email.to")
    server = _smtp(smtp) if smtp.get("host") else None
    if server is None:
        _secret(_KEY, key, "email.sendgrid_api_key", "the key as SendGrid shows it, SG.…")
        _endpoint(given["sendgrid_api_url"], "email.sendgrid_api_url")
    wanted = _events(given, _ALL - {"started"})
    return Email(to, given["sender"], key, given["sendgrid_api_url"].rstrip("/"), server, wanted)


def _smtp(given: dict[str, Any]) -> Smtp:
    host, port = given["host"].strip(), given["port"]
    if _HOST.fullmatch(host) is None:
        raise _refuse("email.smtp.host", host, "a host name or an address")
    if not 1 <= port <= 65535:
        raise _refuse("email.smtp.port", str(port), "a port from 1 to 65535")
    if bool(given["username"]) != bool(given["password"]):
        raise _missing("email.smtp", "password" if given["username"] else "username")
    if given["username"] and given["security"] == "none":
        raise DeployError(
            "email.smtp.security is none, and the password would travel in the clear",
            "Use starttls or tls, or a server that asks for no password",
            cause="input",
        )
    return Smtp(
        host, port, given["security"], given["username"], given["password"], given["ca_file"]
    )


def _webhook(given: dict[str, Any]) -> Webhook | None:
    url, secret = given["url"].strip(), given["secret"]
    if not url:
        return None
    _endpoint(url, "webhook.url")
    if len(secret) < _MIN_SECRET:
        raise DeployError(
            f"webhook.secret has fewer than {_MIN_SECRET} characters",
            "Make one with 'openssl rand -hex 32' and give it to the receiver too",
            cause="input",
        )
    return Webhook(url, secret, given["ca_file"], _events(given, _ALL))


def _events(given: dict[str, Any], otherwise: frozenset[str]) -> frozenset[str]:
    # A test message is for every channel; that is what it tests.
    return frozenset(given["events"]) | {"test"} if given["events"] else otherwise


def _secrets(params: dict[str, Any]) -> list[str]:
    smtp = (params["email"] or {}).get("smtp") or {}
    found = [
        params["slack"]["webhook_url"],
        params["slack"]["bot_token"],
        params["email"]["sendgrid_api_key"],
        smtp.get("password", ""),
        params["webhook"]["url"],
        params["webhook"]["secret"],
    ]
    return [value.strip() for value in found if value]


def _endpoint(url: str, where: str) -> None:
    """Refuse what is no address to send to, without showing it: it may be the key itself."""
    _secret(_ENDPOINT, url, where, "an https:// address, or http:// on this machine", also=_LOCAL)


def _secret(
    pattern: re.Pattern[str],
    value: str,
    where: str,
    allowed: str,
    also: re.Pattern[str] | None = None,
) -> None:
    if pattern.fullmatch(value) is None and (also is None or also.fullmatch(value) is None):
        raise DeployError(f"{where} is not what it should be", f"Use {allowed}", cause="input")


def _address(text: str, where: str) -> None:
    if len(text) > 254 or _ADDRESS.fullmatch(text) is None:
        raise _refuse(where, text, "plain e-mail addresses, such as ops@example.com")


def _missing(channel: str, name: str) -> DeployError:
    return DeployError(
        f"{channel} has no {name}", "Set it, or leave the channel out", cause="input"
    )


def _refuse(where: str, value: str, allowed: str) -> DeployError:
    return DeployError(f"{where}: {value[:80]!a} is not allowed", f"Use {allowed}", cause="input")
