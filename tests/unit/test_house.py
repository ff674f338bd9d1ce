"""The house's rules: who may import whom, how long files may be, what is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_scripts.exits import Exit
from tests.unit.builders import ROOT

MODULES = sorted((ROOT / "library").glob("*.py"))
HELPERS = sorted((ROOT / "module_utils" / "iadeploy").rglob("*.py"))
CONTROLLER = sorted((ROOT / "ci_scripts").rglob("*.py"))
PLUGINS = sorted(
    path
    for kind in ("filter", "lookup")
    for path in (ROOT / "roles").glob(f"*/{kind}_plugins/*.py")
)
PLAYBOOKS = sorted((ROOT / "playbooks").glob("*.yml"))
TASKS = sorted((ROOT / "roles").glob("*/tasks/*.yml"))
RULES = ("approval", "backup", "common", "head", "hipaa", "scan", "staging", "weekly")
PURE = (
    "module_utils/iadeploy/access.py",
    "module_utils/iadeploy/container.py",
    "module_utils/iadeploy/inspection.py",
    "module_utils/iadeploy/masking.py",
    "module_utils/iadeploy/notify/config.py",
    "module_utils/iadeploy/notify/email_message.py",
    "module_utils/iadeploy/notify/event.py",
    "module_utils/iadeploy/notify/options.py",
    "module_utils/iadeploy/notify/slack_message.py",
    "module_utils/iadeploy/notify/text.py",
    "module_utils/iadeploy/notify/webhook_message.py",
    "module_utils/iadeploy/public_key.py",
    "module_utils/iadeploy/reference.py",
    "module_utils/iadeploy/rules.py",
    "module_utils/iadeploy/slots.py",
    "module_utils/iadeploy/spec.py",
    "roles/notify/filter_plugins/notification.py",
    "roles/release/filter_plugins/release_verdict.py",
    "ci_scripts/doctor/examine.py",
    "ci_scripts/fleet_status.py",
    "ci_scripts/gates/ages.py",
    "ci_scripts/gates/catalogue.py",
    "ci_scripts/gates/reports/summary.py",
    "ci_scripts/gates/verdict.py",
    "ci_scripts/markdown.py",
    "ci_scripts/outcome.py",
    "ci_scripts/package/sums.py",
    "ci_scripts/prepare/hosts.py",
    "ci_scripts/prepare/material.py",
    "ci_scripts/prepare/secrets.py",
    *(f"ci_scripts/production/rules/{rule}.py" for rule in RULES),
    "ci_scripts/reachability.py",
    "ci_scripts/setup_outcome.py",
    "ci_scripts/runner/result.py",
)
DOES_IO = {
    "ansible_runner",
    "docker",
    "fcntl",
    "http",
    "io",
    "os",
    "pathlib",
    "requests",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "urllib",
    "urllib3",
}


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imported(path: Path) -> set[str]:
    """Return the first name of everything that a file imports, late imports included.

    ``urllib.parse`` has its whole name: it takes text apart, and reaches nothing.
    """
    names = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            whole = node.module == "urllib.parse"
            names.add(node.module if whole else node.module.split(".")[0])
    return names


def code_lines(path: Path) -> int:
    """Count a file's lines without docstrings, a module's documentation, comments and blanks."""
    lines = path.read_text(encoding="utf-8").splitlines()
    prose: set[int] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Expr, ast.Assign)) and isinstance(node.value, ast.Constant):
            if isinstance(node.value.value, str) and node.end_lineno != node.lineno:
                prose |= set(range(node.lineno, (node.end_lineno or node.lineno) + 1))
            elif isinstance(node, ast.Expr):
                prose.add(node.lineno)
    return sum(
        1
        for number, line in enumerate(lines, start=1)
        if number not in prose and line.strip() and not line.lstrip().startswith("#")
    )


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
    """Yield every public function, method and class with its dotted name."""

    def inside(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.FunctionDef | ast.ClassDef]]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, (ast.FunctionDef, ast.ClassDef)) or child.name[0] == "_":
                continue
            yield f"{prefix}{child.name}", child
            if isinstance(child, ast.ClassDef):
                yield from inside(child, f"{prefix}{child.name}.")

    yield from inside(tree(path), "")


@pytest.mark.parametrize("path", [*HELPERS, *MODULES, *PLUGINS], ids=named)
def test_what_runs_on_servers_knows_nothing_of_the_controller(path: Path) -> None:
    assert not imported(path) & {"ci_scripts", "ansible_runner", "typer", "rich", "psutil"}


@pytest.mark.parametrize("path", CONTROLLER, ids=named)
def test_only_the_runner_opens_the_door_to_ansible(path: Path) -> None:
    if path.parent.name != "runner":
        assert not imported(path) & {"ansible_runner", "ansible", "psutil"}


@pytest.mark.parametrize("path", PURE)
def test_pure_files_touch_nothing(path: str) -> None:
    assert not imported(ROOT / path) & DOES_IO


@pytest.mark.parametrize("path", MODULES, ids=named)
def test_a_module_is_short_and_its_main_shorter(path: Path) -> None:
    assert code_lines(path) <= 250
    main = next(node for name, node in functions(path) if name == "main")
    assert (main.end_lineno or 0) - main.lineno < 40


@pytest.mark.parametrize("path", [*HELPERS, *CONTROLLER, *PLUGINS], ids=named)
def test_a_file_holds_200_lines_of_code_at_most(path: Path) -> None:
    assert code_lines(path) <= 200


@pytest.mark.parametrize(
    ("path", "most"),
    [*((path, 60) for path in PLAYBOOKS), *((path, 80) for path in TASKS)],
    ids=lambda value: named(value) if isinstance(value, Path) else str(value),
)
def test_playbooks_and_task_files_are_short(path: Path, most: int) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= most


@pytest.mark.parametrize("path", [*HELPERS, *CONTROLLER, *MODULES, *PLUGINS], ids=named)
def test_everything_public_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(tree(path))
    silent = [name for name, node in functions(path) if not ast.get_docstring(node)]
    assert silent == []


@pytest.mark.parametrize("path", [*HELPERS, *CONTROLLER, *MODULES, *PLUGINS], ids=named)
def test_annotations_are_never_evaluated(path: Path) -> None:
    if code_lines(path) > 0:
        assert "from __future__ import annotations" in path.read_text(encoding="utf-8")


def test_the_readme_s_table_of_exit_codes_is_the_command_s() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\|\s*`?(\d)`?\s*\|\s*(.+?)\s*\|", readme, re.MULTILINE)
    assert dict(rows) == {str(int(code)): code.meaning for code in Exit}
