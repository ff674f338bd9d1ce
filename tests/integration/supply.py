"""A small application's checkout, and the pipeline's commands run in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

IACTL = Path(sys.executable).with_name("iactl")
_TOOLS = Path(sys.executable).parent
_GITHUB = ("GITHUB_", "RUNNER_", "REGISTRY_", "TRIVY_")
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "tiny"
version = "1.4.0"
[tool.hatch.build.targets.wheel]
packages = ["tiny"]
"""


@dataclass(frozen=True)
class Said:
    """How a command ended.

    Attributes:
        report: the object that ``--json`` printed.
        progress: standard error.
    """

    code: int
    report: dict[str, Any]
    progress: str

    @property
    def text(self) -> str:
        """Everything that is told."""
        told = [self.report["message"], *self.report["details"], self.report["next_step"]]
        return "\n".join(told)


def checkout(folder: Path, application: Path) -> Path:
    """Make a git checkout of an application in a folder and return the folder."""
    shutil.copytree(application, folder)
    (folder / "tiny").mkdir()
    (folder / "tiny" / "__init__.py").write_text('"""Nothing."""\n')
    (folder / "pyproject.toml").write_text(PYPROJECT)
    commit(folder, "The first version")
    return folder


def in_days(days: int) -> str:
    """Return the day that many days from now, as TOML writes it."""
    return (date.today() + timedelta(days=days)).isoformat()


def commit(folder: Path, message: str) -> str:
    """Commit everything in a folder and return the commit."""
    if not (folder / ".git").is_dir():
        git(folder, "init", "-q", "-b", "development")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def git(folder: Path, *arguments: str) -> str:
    """Run git with an identity of its own and return what it prints."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    done = subprocess.run(
        ["git", "-C", str(folder), *identity, *arguments],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def iactl(
    folder: Path,
    *arguments: str,
    variables: Mapping[str, str] | None = None,
    program: Path = IACTL,
) -> Said:
    """Run a command in a folder, with some variables in its environment."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_GITHUB)}
    path = {"PATH": f"{_TOOLS}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        [str(program), *arguments, "--json"],
        cwd=folder,
        env={**kept, **path, **(variables or {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Said(done.returncode, json.loads(done.stdout), done.stderr)
