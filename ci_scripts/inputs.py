"""Validation of what people and CI type, before any of it reaches Ansible.

A version string that Ansible templates can run code on the controller, and ``k=v`` extra
variables can smuggle ``ansible_connection``. So each value passes a strict pattern here and then
travels as JSON data.
"""

from __future__ import annotations

import getpass
import os
import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from iadeploy.access import MOST_MINUTES
from iadeploy.errors import DeployError
from iadeploy.public_key import parse_public_key
from iadeploy.reference import Reference, parse_reference

from .exits import CommandError, Exit, bad_input

_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]{0,39}")
_RELEASE = re.compile(r"[0-9]{8}-[0-9]{6}-[a-z0-9]{4,12}")
_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&()*+,;=%-]{1,480}")
_BACKUP = re.compile(r"[0-9]{8}-[0-9]{6}-[A-Za-z0-9_.+-]{1,60}")
_REASON = re.compile(r"[^\W_](?:[^\W]|[ .,:;!?()'/#@+=-]){2,299}")
_LARGEST_KEY = 1 << 16  # bytes
_NO_NAME = re.compile(r"[^A-Za-z0-9._@+-]")
_ACTOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+\[\]-]{0,79}")


def environment_name(text: str) -> str:
    """Return a valid environment name.

    Raises:
        CommandError: it is not one.
    """
    if _ENVIRONMENT.fullmatch(text) is None:
        raise bad_input("ENV", text, "the name of a folder in inventories, such as staging")
    return text


def image(text: str) -> Reference:
    """Return an image reference taken apart.

    Raises:
        CommandError: it is not one.
    """
    try:
        return parse_reference(text)
    except DeployError as error:
        raise CommandError(Exit.BAD_INPUT, f"--image: {error.what}.", f"{error.next_step}.") from (
            error
        )


def release_id(text: str) -> str:
    """Return a valid release id.

    Raises:
        CommandError: it is not one.
    """
    if _RELEASE.fullmatch(text) is None:
        raise bad_input("--to", text, "a release id as 'iactl history ENV' prints it")
    return text


def backup_name(text: str) -> str:
    """Return a valid name of a backup.

    Raises:
        CommandError: it is not one.
    """
    if _BACKUP.fullmatch(text) is None:
        raise bad_input("--backup", text, "a name as 'iactl backup ENV --list' prints it")
    return text


def actor(text: str | None, environ: Mapping[str, str] = os.environ) -> str:
    """Return who acts: the option, else GitHub's actor, else the log-in name; of that, signs that
    no record takes become dashes, since nobody typed it here.

    Raises:
        CommandError: the option is not a plausible name.
    """
    name = text or environ.get("GITHUB_ACTOR") or _login_name()
    if _ACTOR.fullmatch(name) is None:
        raise bad_input("--actor", name, "a log-in name or an e-mail address")
    return name


def day(text: str) -> str:
    """Return a day, or an empty string for none.

    Raises:
        CommandError: it is none.
    """
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise bad_input("--since", text, "a day such as 2026-03-01") from None


def reason(text: str) -> str:
    """Return why somebody does something, for the record.

    Raises:
        CommandError: it is no sentence on one line.
    """
    if _REASON.fullmatch(text) is None:
        raise bad_input("--reason", text, "3 to 300 letters, digits and plain punctuation")
    return text


def public_key(path: Path) -> str:
    """Return the SSH public key in a file, its type and itself.

    Raises:
        CommandError: there is none, or a private one. Nothing of the file is shown.
    """
    try:
        text = path.read_text(encoding="utf-8") if path.stat().st_size <= _LARGEST_KEY else ""
        return parse_public_key(text).text
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise CommandError(
            Exit.BAD_INPUT, f"--public-key: {path} cannot be read ({why}).", "Name the file."
        ) from error
    except DeployError as error:
        raise CommandError(
            Exit.BAD_INPUT, f"--public-key {path}: {error.what}.", f"{error.next_step}."
        ) from error


def minutes(number: int) -> int:
    """Return how many minutes an emergency access lasts.

    Raises:
        CommandError: it is out of range.
    """
    if not 1 <= number <= MOST_MINUTES:
        raise bad_input("--minutes", str(number), f"1 to {MOST_MINUTES}")
    return number


def run_url(environ: Mapping[str, str] = os.environ) -> str:
    """Return where this run can be watched: ``IADEPLOY_RUN_URL``, else GitHub's run, else nothing.

    Raises:
        CommandError: ``IADEPLOY_RUN_URL`` is no plain URL.
    """
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, number = (environ.get(name, "") for name in names)
    there = f"{server}/{repository}/actions/runs/{number}" if server and number else ""
    url = environ.get("IADEPLOY_RUN_URL") or there
    if url and _URL.fullmatch(url) is None:
        raise bad_input("IADEPLOY_RUN_URL", url, "the https address of the run")
    return url


def _login_name() -> str:
    try:
        return _NO_NAME.sub("-", getpass.getuser()).lstrip("-")[:80] or f"uid-{os.getuid()}"
    except (KeyError, OSError):
        return f"uid-{os.getuid()}"
