"""Only a branch's head is deployed; what cannot be told is refused like what is old."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from ci_scripts import cli
from ci_scripts.exits import Exit
from ci_scripts.heads import Question
from ci_scripts.image.records import Pushed
from ci_scripts.production.collect import collect
from tests.unit.http_peer import HttpPeer, reply

from . import evidence

TOKEN = "sentinel-token-77aa"


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with two commits, and its origin, which GitHub stands for in a job."""
    for name in list(os.environ):
        if name.startswith(("GITHUB_", "GH_")):
            monkeypatch.delenv(name)
    folder, origin = tmp_path / "checkout", tmp_path / "owner" / "shop"
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    for message in ("one", "two"):
        git(folder, "commit", "-q", "--allow-empty", "-m", message)
    subprocess.run(["git", "clone", "-q", "--bare", str(folder), str(origin)], check=True)
    git(folder, "remote", "add", "origin", str(origin))
    monkeypatch.chdir(folder)
    return folder


def fresh(commit: str, branch: str = "main") -> Result:
    return CliRunner().invoke(cli.app, ["ci", "fresh", "--branch", branch, "--commit", commit])


def test_the_head_may_go(checkout: Path) -> None:
    assert fresh(git(checkout, "rev-parse", "HEAD")).exit_code == Exit.DONE


def test_a_job_without_a_checkout_asks_the_repository_itself(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert fresh(head).exit_code == Exit.REFUSED
    monkeypatch.setenv("GITHUB_SERVER_URL", f"file://{tmp_path}")
    monkeypatch.setenv("GITHUB_REPOSITORY", "owner/shop")
    assert fresh(head).exit_code == Exit.DONE


def test_an_older_commit_is_refused_and_the_head_named(checkout: Path) -> None:
    result = fresh(git(checkout, "rev-parse", "HEAD~1"))
    assert result.exit_code == Exit.REFUSED
    assert git(checkout, "rev-parse", "HEAD") in result.stderr.replace("\n", "")
    assert "iactl rollback" in result.stderr


def test_a_commit_that_somebody_pushed_meanwhile_makes_this_one_old(
    checkout: Path, tmp_path: Path
) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    subprocess.run(
        ["git", "clone", "-q", str(tmp_path / "owner/shop"), str(tmp_path / "other")], check=True
    )
    git(tmp_path / "other", "commit", "-q", "--allow-empty", "-m", "three")
    git(tmp_path / "other", "push", "-q", "origin", "HEAD:main")
    assert fresh(head).exit_code == Exit.REFUSED


@pytest.mark.parametrize("broken", ["no branch", "no origin"])
def test_what_cannot_be_told_is_refused(checkout: Path, broken: str) -> None:
    head = git(checkout, "rev-parse", "HEAD")
    if broken == "no origin":
        git(checkout, "remote", "set-url", "origin", "/nowhere")
    result = fresh(head, "release" if broken == "no branch" else "main")
    assert (result.exit_code, "cannot be told" in result.stderr) == (Exit.REFUSED, True)


@pytest.mark.parametrize(
    ("commit", "branch"),
    [
        ("HEAD", "main"),
        ("c" * 39, "main"),
        ("c" * 40, "--upload-pack=id"),
        ("c" * 40, "a..b"),
        ("c" * 40, "a b"),
        ("c" * 40, ""),
    ],
)
def test_what_is_no_commit_or_branch_is_bad_input(commit: str, branch: str) -> None:
    arguments = ["ci", "fresh", f"--branch={branch}", f"--commit={commit}"]
    assert CliRunner().invoke(cli.app, arguments).exit_code == Exit.BAD_INPUT


def test_the_log_in_goes_to_its_repository_by_tls_alone() -> None:
    safe = Question("main", "https://github.example/owner/shop", Path(), TOKEN)
    assert safe.environment["GIT_CONFIG_KEY_0"].startswith("http.https://github.example/owner/shop")
    for remote in ("http://github.example/owner/shop", "origin"):
        assert set(Question("main", remote, Path(), TOKEN).environment) == {"GIT_TERMINAL_PROMPT"}


def record() -> Pushed:
    values = {name: value for name, value in evidence.release().items() if name != "schema"}
    return Pushed(**{**values, "tags": ("main",)})


def reviews(*states: str) -> bytes:
    """What GitHub answers when it is asked who approved a run."""
    return json.dumps(
        [
            {
                "state": state.partition(" ")[0],
                "user": {"login": f"user-{number}"},
                "environments": [{"name": state.partition(" ")[2]}],
            }
            for number, state in enumerate(states)
        ]
    ).encode()


@pytest.mark.parametrize(
    ("states", "approver"),
    [
        (("approved production",), "user-0"),
        (("rejected production", "approved staging", "approved production"), "user-2"),
        (("approved staging",), ""),
        (("rejected production",), ""),
        ((), ""),
    ],
)
def test_who_approved_is_asked_of_github(
    tmp_path: Path, http_peer: HttpPeer, states: tuple[str, ...], approver: str
) -> None:
    http_peer.answer(reply(200, reviews(*states), "Content-Type: application/json"))
    job = {
        "GITHUB_API_URL": f"http://127.0.0.1:{http_peer.port}",
        "GITHUB_REPOSITORY": "owner/shop",
        "GITHUB_RUN_ID": "7",
        "GH_TOKEN": TOKEN,
    }
    remarks = collect(tmp_path, record(), "main", "", job)
    assert http_peer.requests[0].startswith(b"GET /repos/owner/shop/actions/runs/7/approvals ")
    path = tmp_path / "approval.json"
    known = json.loads(path.read_text())["approver"] if path.exists() else ""
    assert (known, TOKEN in " ".join(remarks)) == (approver, False)


@pytest.mark.parametrize(
    "answer", [reply(500), reply(403), reply(200, b"no json"), reply(200, b"{}")]
)
def test_an_answer_that_is_none_approves_nothing(
    tmp_path: Path, http_peer: HttpPeer, answer: object
) -> None:
    http_peer.answer(answer)  # type: ignore[arg-type]
    names = ("GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GH_TOKEN")
    job = {**dict.fromkeys(names, "7"), "GITHUB_API_URL": f"http://127.0.0.1:{http_peer.port}"}
    collect(tmp_path, record(), "main", "", job)
    assert not (tmp_path / "approval.json").exists()


def test_the_head_is_written_down_with_its_time(checkout: Path, tmp_path: Path) -> None:
    assert collect(tmp_path, record(), "main", "ada", {}) == []
    head = json.loads((tmp_path / "head.json").read_text())
    assert (head["branch"], head["head"]) == ("main", git(checkout, "rev-parse", "HEAD"))
    approval = json.loads((tmp_path / "approval.json").read_text())
    assert (approval["approver"], approval["digest"]) == ("ada", evidence.DIGEST)
