"""What a project adapts of its gates: the tables ``[tool.iactl…]`` of its ``pyproject.toml``."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from ..exits import CommandError, Exit

FILE = "pyproject.toml"
_Table = TypeVar("_Table")


@dataclass(frozen=True)
class Scan:
    """``[tool.iactl.scan]``.

    Attributes:
        source: files and folders that bandit looks at.
        locks: files with pinned dependencies; empty means those in the top folder.
        osv_url: an OSV service for pip-audit; empty means PyPI's own.
    """

    source: tuple[str, ...] = (".",)
    locks: tuple[str, ...] = ()
    osv_url: str = ""


@dataclass(frozen=True)
class Lint:
    """``[tool.iactl.lint]``.

    Attributes:
        pylint: files and folders that pylint looks at.
        pylint_score: the least score, of 10.
        ansible: folders of playbooks, roles and inventories for ansible-lint, where they exist.
        yaml: files and folders that yamllint looks at.
    """

    pylint: tuple[str, ...] = (".",)
    pylint_score: float = 9.0
    ansible: tuple[str, ...] = ("playbooks", "roles", "inventories")
    yaml: tuple[str, ...] = (".",)


@dataclass(frozen=True)
class Tests:
    """``[tool.iactl.test]``.

    Attributes:
        arguments: what pytest gets, such as folders and ``-n``.
        source: packages and folders whose coverage is measured; empty means what coverage's own
            configuration says.
        min_coverage: the least coverage of lines, in percent.
        minutes: how long the tests may take.
    """

    arguments: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    min_coverage: float = 80.0
    minutes: float = 30.0


@dataclass(frozen=True)
class Settings:
    """All of them.

    Attributes:
        python: the interpreter of the project's own virtual environment, relative to the project;
            empty means ``.venv/bin/python`` where it exists, else the one that runs iactl.
    """

    python: str = ""
    scan: Scan = field(default_factory=Scan)
    lint: Lint = field(default_factory=Lint)
    test: Tests = field(default_factory=Tests)


def read_settings(root: Path) -> Settings:
    """Return a project's settings; the defaults where it says nothing.

    Raises:
        CommandError: the file cannot be understood; the sentence says what is wrong in it.
    """
    path = root / FILE
    if not path.is_file():
        return Settings()
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
        return parse_settings(document.get("tool", {}).get("iactl", {}))
    except AttributeError as error:
        raise CommandError(Exit.BAD_INPUT, f"{path}: tool and tool.iactl are tables.") from error
    except (OSError, ValueError) as error:
        raise CommandError(
            Exit.BAD_INPUT, f"{path}: {error}.", "docs/gates.md lists what [tool.iactl] may hold."
        ) from error


def parse_settings(table: dict[str, Any]) -> Settings:
    """Return the settings of a parsed ``[tool.iactl]``. Pure.

    Raises:
        ValueError: a name is unknown, or a value has the wrong type.
    """
    python = table.get("python", "")
    if not isinstance(python, str):
        raise ValueError("tool.iactl.python is a text")
    return Settings(
        python,
        _parse(Scan, table.get("scan", {}), "tool.iactl.scan"),
        _parse(Lint, table.get("lint", {}), "tool.iactl.lint"),
        _parse(Tests, table.get("test", {}), "tool.iactl.test"),
    )


def _parse(kind: type[_Table], values: Any, name: str) -> _Table:
    known = {one.name: one.default for one in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(values, dict):
        raise ValueError(f"{name} is a table")
    parsed: dict[str, Any] = {}
    for key, value in values.items():
        if key not in known:
            raise ValueError(f"{name}.{key} is no setting; there are {', '.join(known)}")
        parsed[key] = _value(f"{name}.{key}", value, known[key])
    return kind(**parsed)


def _value(name: str, value: Any, default: Any) -> Any:
    if isinstance(default, tuple):
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise ValueError(f"{name} is a list of texts")
        return tuple(value)
    if isinstance(default, float):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            raise ValueError(f"{name} is a number, 0 or more")
        return float(value)
    if not isinstance(value, str):
        raise ValueError(f"{name} is a text")
    return value
