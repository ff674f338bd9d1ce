"""What others' linters say of the workflows; each is shown a mistake that it must find."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from .model import FOLDER, ROOT

_BIN = Path(sys.executable).parent
_ACTIONS = sorted((ROOT / ".github" / "actions").glob("*/action.yml"))
_WORKFLOWS = sorted(FOLDER.glob("*.yml"))
_CI = (FOLDER / "ci.yml").read_text(encoding="utf-8")


def run(*argv: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a tool beside this Python, away from any settings of the checkout."""
    words = [str(one) for one in argv]
    return subprocess.run(
        [str(_BIN / words[0]), *words[1:]], capture_output=True, text=True, check=False, cwd="/"
    )


def schema(kind: str, *paths: Path) -> tuple[int, str]:
    """Check files against GitHub's schema."""
    done = run("check-jsonschema", "--builtin-schema", f"vendor.github-{kind}", *paths)
    return done.returncode, done.stdout + done.stderr


def actionlint(*paths: Path) -> tuple[int, str]:
    """Check files with actionlint; shellcheck looks into their lines."""
    done = run("actionlint", "-no-color", "-shellcheck", str(_BIN / "shellcheck"), *paths)
    return done.returncode, done.stdout + done.stderr


def zizmor(*paths: Path) -> list[str]:
    """Return the audits that find something, in the strictest reading."""
    options = ["--offline", "--no-config", "--persona", "auditor", "--format", "json"]
    done = run("zizmor", *options, *paths)
    return [one["ident"] for one in json.loads(done.stdout)]


def test_github_s_schema_takes_every_file() -> None:
    assert schema("workflows", *_WORKFLOWS)[0] == 0, schema("workflows", *_WORKFLOWS)[1]
    assert schema("actions", *_ACTIONS)[0] == 0, schema("actions", *_ACTIONS)[1]


def test_actionlint_finds_nothing() -> None:
    assert actionlint(*_WORKFLOWS) == (0, "")


def test_zizmor_finds_nothing_as_an_auditor() -> None:
    assert zizmor(*_WORKFLOWS, *_ACTIONS) == []


def test_nothing_is_passed_over_but_the_inheritance_of_secrets() -> None:
    passed_over = re.findall(
        r"zizmor: ignore\[([^\]]*)\]", "".join(map(Path.read_text, _WORKFLOWS))
    )
    assert set(passed_over) == {"secrets-inherit"}
    assert [path for path in ROOT.glob("**/zizmor.y*ml") if ".venv" not in path.parts] == []


@pytest.mark.parametrize(
    ("old", "new"),
    [("    runs-on: ubuntu-24.04\n", ""), ("timeout-minutes: 20", "timeout-minutes: soon")],
)
def test_the_schema_finds_a_mistake(old: str, new: str, tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text(_CI.replace(old, new, 1))
    assert schema("workflows", path)[0] != 0


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("needs.staged.result", "needs.stagd.result", "stagd"),
        ("inputs.package", "inputs.pakage", "pakage"),
        ("iactl lint --output evidence", "cd $HOME/$1 && ls $(pwd)", "shellcheck"),
    ],
)
def test_actionlint_finds_a_mistake(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "ci.yml"
    path.write_text(_CI.replace(old, new, 1))
    code, text = actionlint(path)
    assert (code, said in text) == (1, True), text


@pytest.mark.parametrize(
    ("old", "new", "audit"),
    [
        ("iactl lint", "iactl lint ${{ github.head_ref }}", "template-injection"),
        ("persist-credentials: false", "persist-credentials: true", "artipacked"),
        ("  pull_request:", "  pull_request_target:", "dangerous-triggers"),
        ("permissions: {}", "permissions: write-all", "excessive-permissions"),
        ("zizmor: ignore[secrets-inherit] ", "", "secrets-inherit"),
        ("uses: $/", "uses: ./", "self-repository"),
    ],
)
def test_zizmor_finds_a_mistake(old: str, new: str, audit: str, tmp_path: Path) -> None:
    assert old in _CI
    path = tmp_path / ".github" / "workflows" / "ci.yml"
    path.parent.mkdir(parents=True)
    path.write_text(_CI.replace(old, new, 1))
    assert audit in zizmor(path)
