"""The scanners' gates against real scanners on seeded code; nothing leaves this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from ci_scripts.exits import Exit
from ci_scripts.gates.scan import SCAN
from tests.integration.gate_trees import CLEAN, UNPARSABLE, Tree, told, words
from tests.peers import Osv, SafetyPlatform
from tests.peers.osv import CONTROL
from tests.peers.safety_platform import write_database

ROOT = Path(__file__).resolve().parents[2]
SHELL = "import subprocess\nimport sys\n\nsubprocess.call(sys.argv[1], shell=True)"
LOCK = """\
flask==3.1.0 \\
    --hash=sha256:00
    # via shop
jinja2==2.4.1 ; sys_platform == 'win32'
"""
# Where nobody listens: whatever is not on loopback is refused at once.
NOWHERE = "http://127.0.0.1:9"
WHO = 'reason = "looked at"\nowner = "maintainers"'


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Send everything that is not for loopback to where nobody listens."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, NOWHERE)
        monkeypatch.setenv(name.lower(), NOWHERE)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "127.0.0.1")
    for name in ("SAFETY_API_KEY", "SAFETY_DB_DIR", "GITHUB_STEP_SUMMARY", "GITHUB_OUTPUT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def osv() -> Iterator[Osv]:
    """A service that pip-audit asks."""
    with Osv() as peer:
        yield peer


@pytest.fixture
def safety(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[SafetyPlatform]:
    """safety, its service, and a database that knows nothing but the control."""
    program = ROOT / ".venv-safety" / "bin" / "safety"
    if not program.is_file():
        pytest.skip("safety is not there: make .venv-safety/.ready")
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    write_database(tmp_path / "database", {CONTROL[0]: f"=={CONTROL[1]}"}, time.time())
    monkeypatch.setenv("SAFETY_DB_DIR", str(tmp_path / "database"))
    with SafetyPlatform() as peer:
        for name, value in peer.environ.items():
            monkeypatch.setenv(name, value)
        yield peer


@pytest.fixture
def tree(tmp_path: Path, osv: Osv) -> Tree:
    """A clean project with a lock of two packages."""
    made = Tree(tmp_path / "shop", tmp_path / "results")
    made.write("src/shop.py", CLEAN).write("requirements.lock", LOCK)
    return made.write("pyproject.toml", f'[tool.iactl.scan]\nosv_url = "{osv.url}"\n')


def test_a_clean_tree_passes_every_gate(tree: Tree, osv: Osv, safety: SafetyPlatform) -> None:
    verdicts = tree.look(SCAN)
    assert words(verdicts) == {"bandit": "pass", "safety": "pass", "pip-audit": "pass"}
    assert [one.scanned for one in verdicts.values()] == [1, 2, 2]
    assert tree.report.exit is Exit.DONE
    # A package for another platform is asked about as well, and the control stays out of sight.
    assert set(osv.asked) == {("flask", "3.1.0"), ("jinja2", "2.4.1"), CONTROL}
    assert CONTROL[0] not in (tree.output / "pip-audit-results.json").read_text()
    assert safety.requests


def test_vulnerabilities_fail_every_gate_and_can_be_accepted_until_a_day(
    tree: Tree, osv: Osv, safety: SafetyPlatform
) -> None:
    # A comment silences nothing: it has neither an owner nor an end.
    tree.write("src/run.py", f"{SHELL}  # nosec\n")
    osv.tell("jinja2", "2.4.1", "PYSEC-2014-8", aliases=["CVE-2014-1402"], fixed=["2.7.2"])
    write_database(
        Path(os.environ["SAFETY_DB_DIR"]),
        {CONTROL[0]: f"=={CONTROL[1]}", "flask": "==3.1.0"},
        time.time(),
    )
    verdicts = tree.look(SCAN)
    assert words(verdicts) == {"bandit": "fail", "safety": "fail", "pip-audit": "fail"}
    assert tree.report.exit is Exit.GATE_FAILED
    assert told(verdicts["bandit"])[0].startswith("src/run.py:4: B602: ")
    assert told(verdicts["pip-audit"]) == [
        "jinja2 (requirements.lock:4): PYSEC-2014-8: jinja2==2.4.1, fixed in 2.7.2."
        " jinja2 does what it should not"
    ]
    assert told(verdicts["safety"])[0].startswith("flask (requirements.lock:1): ")

    later, gone = (date.today() + timedelta(days=days) for days in (30, -1))
    safety_id = verdicts["safety"].findings[0].id
    entries = {
        "bandit": f'id = "B602"\nwhere = "src/run.py"\nexpires = {later}',
        "safety": f'id = "{safety_id}"\nwhere = "flask"\nexpires = {later}',
        "pip-audit": f'id = "CVE-2014-1402"\nexpires = {later}',
    }

    def allow(**changed: str) -> None:
        rows = {**entries, **{name.replace("_", "-"): row for name, row in changed.items()}}
        text = "".join(f'[[allow]]\ngate = "{g}"\n{row}\n{WHO}\n\n' for g, row in rows.items())
        tree.write("gates-allow.toml", text)

    allow()
    verdicts = tree.look(SCAN)
    assert words(verdicts) == {"bandit": "pass", "safety": "pass", "pip-audit": "pass"}
    assert verdicts["pip-audit"].accepted[0].owner == "maintainers"

    allow(bandit=entries["bandit"].replace(str(later), str(gone)))
    verdicts = tree.look(SCAN, "bandit")
    assert words(verdicts) == {"bandit": "fail"}
    assert [one.id for one in verdicts["bandit"].findings] == ["B602", "expired"]


def test_a_folder_or_a_lock_that_is_not_there_is_an_error(tree: Tree) -> None:
    tree.write("pyproject.toml", '[tool.iactl.scan]\nsource = ["lib"]\nlocks = ["lib.lock"]\n')
    verdicts = tree.look(SCAN)
    assert words(verdicts) == {"bandit": "error", "safety": "error", "pip-audit": "error"}
    assert "lib does not exist" in verdicts["bandit"].reason
    assert "lib.lock does not exist" in verdicts["pip-audit"].reason


def test_what_cannot_be_parsed_is_an_error(tree: Tree) -> None:
    tree.write("src/broken.py", UNPARSABLE)
    tree.write("requirements.lock", "flask==3.1.0\njinja2>=2\n")
    verdicts = tree.look(SCAN)
    assert words(verdicts) == {"bandit": "error", "safety": "error", "pip-audit": "error"}
    assert "src/broken.py" in verdicts["bandit"].reason
    assert "requirements.lock, line 2" in verdicts["pip-audit"].reason


@pytest.mark.parametrize("text", ["", "# nothing here\n", "--index-url https://example.com\n"])
def test_an_empty_requirements_file_is_an_error(tree: Tree, text: str) -> None:
    tree.write("requirements.lock", text)
    verdicts = tree.look(SCAN, "safety,pip-audit")
    assert words(verdicts) == {"safety": "error", "pip-audit": "error"}


def test_without_a_lock_the_gate_has_not_run_and_blocks(tree: Tree) -> None:
    (tree.root / "requirements.lock").unlink()
    verdicts = tree.look(SCAN)
    assert words(verdicts) == {"bandit": "pass", "safety": "not_run", "pip-audit": "not_run"}
    assert tree.report.exit is Exit.GATE_FAILED


def test_without_a_key_safety_does_not_run_and_does_not_have_to(tree: Tree) -> None:
    verdicts = tree.look(SCAN)
    assert words(verdicts)["safety"] == "not_run"
    assert "pip-audit carries the gate" in verdicts["safety"].reason
    assert tree.report.exit is Exit.DONE
    assert "safety did not run and did not have to" in tree.report.message


@pytest.mark.parametrize("service", [NOWHERE, ""], ids=["osv", "pypi"])
def test_a_service_that_cannot_be_reached_is_an_error(tree: Tree, service: str) -> None:
    tree.look(SCAN, "pip-audit")
    tree.write("pyproject.toml", f'[tool.iactl.scan]\nosv_url = "{service}"\n')
    verdicts = tree.look(SCAN, "pip-audit")
    assert words(verdicts) == {"pip-audit": "error"}
    # The results of the run before are gone: nobody can judge this one by them.
    assert not (tree.output / "pip-audit-results.json").exists()


def test_safety_s_service_that_cannot_be_reached_leaves_the_gate_to_pip_audit(
    tree: Tree, safety: SafetyPlatform, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in safety.environ:
        monkeypatch.setenv(name, NOWHERE)
    verdicts = tree.look(SCAN, "safety")
    assert words(verdicts) == {"safety": "not_run"}
    assert "service does not answer" in verdicts["safety"].reason


def test_a_service_that_knows_nothing_is_an_error(
    tree: Tree, osv: Osv, safety: SafetyPlatform
) -> None:
    osv.forget()
    write_database(Path(os.environ["SAFETY_DB_DIR"]), {"django": "<1"}, time.time())
    verdicts = tree.look(SCAN, "safety,pip-audit")
    assert words(verdicts) == {"safety": "error", "pip-audit": "error"}
    for one in verdicts.values():
        assert "does not know pycrypto==2.6.1" in one.reason


def test_an_advisory_that_pip_audit_does_not_understand_is_an_error(tree: Tree, osv: Osv) -> None:
    osv.tell("flask", "3.1.0", "PYSEC-2026-1", schema_version="2.0.0")
    verdicts = tree.look(SCAN, "pip-audit")
    assert words(verdicts) == {"pip-audit": "error"}
    assert "left something out" in verdicts["pip-audit"].reason


def test_one_package_in_two_versions_is_asked_about_twice(tree: Tree, osv: Osv) -> None:
    tree.write("requirements-dev.lock", "flask==2.0\n")
    osv.tell("flask", "2.0", "PYSEC-2023-62")
    verdicts = tree.look(SCAN, "pip-audit")
    assert [one.path for one in verdicts["pip-audit"].findings] == ["requirements-dev.lock"]
    assert verdicts["pip-audit"].scanned == 3


def test_a_package_of_the_project_does_not_run_in_a_tool_s_place(tree: Tree) -> None:
    tree.write("bandit.py", "raise SystemExit('not the tool')\n").write("src/run.py", f"{SHELL}\n")
    assert words(tree.look(SCAN, "bandit")) == {"bandit": "fail"}


def test_the_command_works_from_another_folder_and_leaves_its_files(
    tree: Tree, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    output, summary = tmp_path / "a" / "b", tmp_path / "summary.md"
    command = [str(Path(sys.executable).with_name("iactl")), "scan", "--json"]
    done = subprocess.run(
        [*command, "--project", "../shop", "--output", str(output)],
        cwd=elsewhere,
        env={**os.environ, "GITHUB_STEP_SUMMARY": str(summary)},
        capture_output=True,
        check=False,
    )
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["outcome"]) == (0, "done")
    assert sorted(path.name for path in output.iterdir()) == [
        "bandit-results.json",
        "gate-verdicts.json",
        "gates.sarif",
        "pip-audit-results.json",
    ]
    kept = json.loads((output / "gate-verdicts.json").read_text())
    assert {one["gate"] for one in kept["verdicts"]} == {"bandit", "safety", "pip-audit"}
    assert "| pip-audit | pass | 2 |" in summary.read_text()
