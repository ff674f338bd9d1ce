"""Artifacts and command files: as strict as GitHub's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness.artifacts import Artifacts
from .harness.command_files import pairs
from .harness.errors import HarnessError


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with some results."""
    folder = tmp_path / "work"
    for name in (
        "evidence/a.json",
        "evidence/deep/b.json",
        "evidence/image.tar",
        "evidence/.hidden",
    ):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return folder


@pytest.fixture
def artifacts(tmp_path: Path) -> Artifacts:
    """A store."""
    return Artifacts(tmp_path / "artifacts")


@pytest.mark.parametrize(
    ("patterns", "files"),
    [
        ("evidence/", {"a.json", "deep/b.json", "image.tar"}),
        ("evidence/\n!evidence/image.tar", {"a.json", "deep/b.json"}),
        ("evidence/a.json\nevidence/image.tar", {"a.json", "image.tar"}),
        ("evidence/a.json", {"a.json"}),
        ("evidence/*.json", {"a.json"}),
        ("evidence/deep/\nevidence/a.json", {"a.json", "deep/b.json"}),
    ],
)
def test_the_folder_that_all_have_in_common_is_left_out(
    patterns: str, files: set[str], artifacts: Artifacts, workspace: Path
) -> None:
    artifacts.upload(1, "it", workspace, patterns)
    assert artifacts.files(1, "it") == files


@pytest.mark.parametrize(
    ("name", "patterns", "said"),
    [
        ("it", "evidence/none.json", "no file"),
        ("it", "evidence/\n!evidence/", "no file"),
        ("a/b", "evidence/", "cannot be called"),
        ("", "evidence/", "cannot be called"),
        ("it", "../outside", "outside"),
    ],
)
def test_a_bad_upload_is_refused(
    name: str, patterns: str, said: str, artifacts: Artifacts, workspace: Path
) -> None:
    with pytest.raises(HarnessError, match=said):
        artifacts.upload(1, name, workspace, patterns)


def test_a_name_is_used_once_a_run(artifacts: Artifacts, workspace: Path) -> None:
    artifacts.upload(1, "it", workspace, "evidence/")
    artifacts.upload(2, "it", workspace, "evidence/")
    assert artifacts.newest("it") == [2, 1]
    with pytest.raises(HarnessError, match="already"):
        artifacts.upload(2, "it", workspace, "evidence/")


def test_a_missing_artifact_is_an_error(artifacts: Artifacts, workspace: Path) -> None:
    artifacts.upload(1, "it", workspace, "evidence/")
    with pytest.raises(HarnessError, match="run 2 has no artifact it; it has nothing"):
        artifacts.download(2, "it", workspace / "in")


def test_one_that_has_expired_is_still_listed_and_cannot_be_had(
    artifacts: Artifacts, workspace: Path
) -> None:
    for run in (1, 2):
        artifacts.upload(run, "it", workspace, "evidence/")
    artifacts.expire(2, "it")
    listed = [(one["workflow_run"], one["expired"]) for one in artifacts.listed()]
    assert listed == [({"id": 2}, True), ({"id": 1}, False)]
    assert artifacts.listed()[0]["created_at"] > artifacts.listed()[1]["created_at"]
    with pytest.raises(HarnessError, match="has expired"):
        artifacts.download(2, "it", workspace / "in")


def test_many_come_into_folders_of_their_names(artifacts: Artifacts, workspace: Path) -> None:
    for name in ("scan", "scan-main", "lint", "package"):
        artifacts.upload(1, name, workspace, "evidence/a.json")
    artifacts.download_all(1, "{scan,lint}*", workspace / "in")
    found = sorted(str(path.relative_to(workspace / "in")) for path in workspace.glob("in/*/*"))
    assert found == ["lint/a.json", "scan-main/a.json", "scan/a.json"]


def test_outputs_are_read_as_github_reads_them() -> None:
    text = "a=1\nb=x=y\n\nc<<END\nl1\nl=2\nEND\nd=<<\n"
    assert pairs(text) == {"a": "1", "b": "x=y", "c": "l1\nl=2", "d": "<<"}
    with pytest.raises(HarnessError, match="neither"):
        pairs("nonsense\n")
