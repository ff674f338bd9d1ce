"""What belongs together in a check, and what cannot be. Pure."""

from __future__ import annotations

import re
from typing import Any

from .jsonpath import parse_path
from .reading import Problems, shown
from .targets import check_host, check_url

_NAME = re.compile(r"[^\s\x00-\x1f\x7f](?:[^\x00-\x1f\x7f]{0,78}[^\s\x00-\x1f\x7f])?")
_ROOM = ("min_free_mib", "min_free_percent", "min_free_inodes_percent")
# Statuses that are followed as far as a check allows it.
REDIRECTS = (301, 302, 303, 307, 308)
_SETTING = re.compile(r"[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?")
_SCALARS = (str, int, float, bool, type(None))


def judge_module(module: dict[str, Any], problems: Problems) -> None:
    """Name what is wrong with the module's own options."""
    if module["base_url"]:
        check_url(module["base_url"], "base_url", problems)
    for name in ("address", "container"):
        check_host(module, name, "", problems)
    if module["log_file"] and not module["log_file"].startswith("/"):
        problems.add("log_file", "must be an absolute path")


def judge_names(checks: list[tuple[str, str, str]], problems: Problems) -> None:
    """Name what is wrong between checks: names given twice, dependencies on nothing.

    Args:
        checks: name, kind and ``depends_on`` of each.
    """
    kinds: dict[str, str] = {}
    for at, (name, kind, _) in enumerate(checks):
        if name in kinds:
            problems.add(f"checks[{at}].name", f"{name!a} is there twice")
        kinds[name] = kind
    for at, (_, _, needed) in enumerate(checks):
        if needed and kinds.get(needed) != "container":
            what = "is no check of kind container" if needed in kinds else "is no other check"
            problems.add(f"checks[{at}].depends_on", f"{needed[:40]!a} {what}")


def judge_common(common: dict[str, Any], path: str, problems: Problems) -> None:
    """Name what is wrong with the options that every kind has."""
    name = common["name"]
    if isinstance(name, str) and _NAME.fullmatch(name) is None:
        problems.add(f"{path}.name", "must be 1 to 80 characters on one line")
    if common["depends_on"] and common["depends_on"] == name:
        problems.add(f"{path}.depends_on", "is the check itself")


def judge_expect(kind: str, expect: dict[str, Any], path: str, problems: Problems) -> None:
    """Name what is wrong with an expectation, and make it ready: patterns, paths."""
    for name in ("body", "output"):
        if expect.get(name) is not None:
            expect[name] = _pattern(expect[name], f"{path}.expect.{name}", problems)
    if kind == "http":
        if not expect["status"]:
            problems.add(f"{path}.expect.status", "is empty, so no answer would be good")
        if expect["release"] and expect["version"]:
            problems.add(f"{path}.expect.release", "and expect.version exclude each other")
        expect["json"] = _paths(expect["json"] or {}, f"{path}.expect.json", problems)
        expect["headers"] = {
            header: _pattern(text, f"{path}.expect.headers.{header[:40]}", problems)
            for header, text in (expect["headers"] or {}).items()
        }
    if kind == "postgres":
        if expect["value"] is not None and not expect["value"]:
            problems.add(f"{path}.expect.value", "is empty")
        wanted = expect["settings"] or {}
        expect["settings"] = _settings(wanted, f"{path}.expect.settings", problems)
    if kind == "disk" and not any(expect[name] for name in _ROOM):
        problems.add(f"{path}.expect", "asks for nothing")


def judge_together(
    target: dict[str, Any], expect: dict[str, Any], path: str, problems: Problems
) -> None:
    """Name what no answer could fulfil, given how it is asked for."""
    if target["method"] == "HEAD":
        for name in ("body", "json", "version", "release"):
            if expect[name]:
                problems.add(f"{path}.expect.{name}", "needs the method GET: HEAD has no body")
    never = sorted(set(REDIRECTS) & set(expect["status"])) if target["redirects"] else []
    if never and not set(expect["status"]) - set(REDIRECTS):
        problems.add(f"{path}.expect.status", f"{never[0]} is followed; set redirects to 0")


def _pattern(text: Any, path: str, problems: Problems) -> Any:
    try:
        return re.compile(str(text))
    except (re.error, RecursionError, OverflowError):
        problems.add(path, "is no regular expression")
        return None


def _settings(wanted: dict[str, Any], path: str, problems: Problems) -> dict[str, tuple[str, ...]]:
    """Return the good values of each setting of a PostgreSQL server."""
    found = {}
    for name, value in wanted.items():
        good = value if isinstance(value, list) else [value]
        if _SETTING.fullmatch(name) is None:
            problems.add(f"{path}.{shown(name)}", "is no setting's name")
        elif not good or not all(isinstance(one, (str, int, float)) for one in good):
            problems.add(f"{path}.{name}", "must be a value as SHOW prints it, or a list of them")
        else:
            found[name] = tuple(map(_as_shown, good))
    return found


def _as_shown(value: Any) -> str:
    """Return a value as PostgreSQL's SHOW prints it; YAML reads a bare on as true."""
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def _paths(wanted: dict[str, Any], path: str, problems: Problems) -> list[tuple[str, Any, Any]]:
    """Return name, steps and value of each wanted JSON path."""
    found = []
    for text, value in wanted.items():
        where = f"{path}.{text[:40] if text.isprintable() else '?'}"
        try:
            found.append((text, parse_path(text), value))
        except ValueError:
            problems.add(where, "is no path such as checks.database or items[0].name")
        if not isinstance(value, _SCALARS):
            problems.add(where, "must be a text, a number, true, false or null")
    return found
