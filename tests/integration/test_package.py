"""The deployment package: complete, checked, the same for the same commit, enough by itself."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.installation import install

from . import supply

ROOT = Path(__file__).resolve().parents[2]
TINY = ROOT / "tests" / "apps" / "tiny"
DIGEST = f"sha256:{'a' * 64}"


@dataclass
class Made:
    """A package and what it was made of."""

    project: Path
    output: Path
    file: Path

    def members(self) -> dict[str, bytes]:
        """What is in it, by path below its one folder."""
        found = {}
        with tarfile.open(self.file) as archive:
            for member in archive:
                content = archive.extractfile(member)
                assert content is not None
                found[member.name.partition("/")[2]] = content.read()
        return found


def package(project: Path, output: Path, iactl: Path = supply.IACTL) -> Made:
    """Make the package of a checkout, with the record of an image."""
    output.mkdir()
    commit = supply.git(project, "rev-parse", "HEAD")
    record = {
        "schema": 1,
        "image": f"registry.example.com/tiny@{DIGEST}",
        "repository": "registry.example.com/tiny",
        "digest": DIGEST,
        "tags": ["development"],
        "image_id": f"sha256:{'b' * 64}",
        "commit": commit,
        "branch": "development",
        "version": "1.4.0",
        "run_url": "",
        "pushed_at": "2026-03-01T12:00:00Z",
    }
    (output / "release.json").write_text(json.dumps(record))
    said = supply.iactl(
        project, "package", "--no-isolation", "--output", str(output), program=iactl
    )
    assert said.code == 0, said.text + said.progress
    return Made(project, output, Path(said.report["data"]["package"]))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The package of a small application."""
    folder = tmp_path_factory.mktemp("package")
    project = supply.checkout(folder / "app", TINY)
    shutil.copytree(ROOT / "inventories" / "local", project / "inventories" / "local")
    supply.commit(project, "Where it runs")
    (project / "inventories" / "vault.key").write_text("not in git, not in the package")
    return package(project, folder / "artifacts")


@pytest.fixture(scope="module")
def unpacked(made: Made, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package's folder on another machine, so to say, with the toolkit installed from it."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run(["tar", "xzf", str(made.file), "-C", str(folder)], check=True)
    top = next(folder.iterdir())
    install(next((top / "toolkit").glob("*.whl")), top / ".venv")
    return top


def test_the_package_holds_what_a_deploy_needs_and_nothing_untracked(made: Made) -> None:
    commit = supply.git(made.project, "rev-parse", "HEAD")
    assert made.file.name == f"iadeploy-package-1.4.0+{commit[:12]}.tar.gz"
    assert sorted(one.name for one in (made.output / "dist").iterdir()) == [
        "tiny-1.4.0-py2.py3-none-any.whl",
        "tiny-1.4.0.tar.gz",
    ]
    members = made.members()
    for name in ("ansible.cfg", "playbooks/rollback.yml", "library/app_release.py"):
        assert members[name] == (ROOT / name).read_bytes()
    assert members["toolkit/requirements.lock"] == (ROOT / "requirements.lock").read_bytes()
    assert members["release.json"] == (made.output / "release.json").read_bytes()
    assert {name.split("/")[1] for name in members if name.startswith("inventories/")} == {"local"}


def test_the_same_commit_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "-q", str(made.project), str(clone)], check=True)
    again = package(clone, tmp_path / "artifacts")
    assert again.file.read_bytes() == made.file.read_bytes()


def test_the_package_is_enough_without_a_checkout(unpacked: Path) -> None:
    program = unpacked / ".venv" / "bin" / "iactl"
    where = subprocess.run(
        [str(program.with_name("python")), "-c", "import ci_scripts; print(ci_scripts.__file__)"],
        cwd=unpacked,
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(unpacked) in where.stdout
    image = f"registry.example.com/tiny@{DIGEST}"
    refused = supply.iactl(unpacked, "deploy", "elsewhere", "--image", image, program=program)
    assert (refused.code, "Choose one of: local" in refused.text) == (2, True)
    help_text = subprocess.run([str(program), "deploy", "--help"], check=True, capture_output=True)
    assert b"--image" in help_text.stdout
    # It runs Ansible with the playbooks of the package and reads what this machine answers.
    said = supply.iactl(unpacked, "status", "local", program=program)
    assert set(said.report["hosts"]) == {"localhost"}, said.text
    plain = subprocess.run(
        [str(program.with_name("ansible-playbook")), "-i", "inventories/local"]
        + ["--syntax-check", "playbooks/rollback.yml"],
        cwd=unpacked,
        check=False,
        capture_output=True,
    )
    assert plain.returncode == 0, plain.stderr


def test_an_unpacked_package_is_checked_like_a_packed_one(made: Made, unpacked: Path) -> None:
    for path in (made.file, unpacked):
        said = supply.iactl(made.output, "package", "--verify", str(path))
        assert (said.code, "is as it was packed" in said.text) == (0, True)
    by_hand = subprocess.run(["sha256sum", "--check", "--quiet", "SHA256SUMS"], cwd=unpacked)
    assert by_hand.returncode == 0


def test_an_installed_toolkit_packs_itself_again(
    made: Made, unpacked: Path, tmp_path: Path
) -> None:
    again = package(made.project, tmp_path / "artifacts", unpacked / ".venv" / "bin" / "iactl")
    first, second = made.members(), again.members()
    wheel = next(name for name in first if name.endswith(".whl"))
    assert wheels_content(first.pop(wheel)) == wheels_content(second.pop(wheel))
    del first["SHA256SUMS"], second["SHA256SUMS"]
    assert first == second


def wheels_content(wheel: bytes) -> dict[str, bytes]:
    """Return a wheel's files but for its list of them."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/RECORD")]
        return {name: archive.read(name) for name in names}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("echo >> playbooks/deploy.yml", "playbooks/deploy.yml: edited"),
        ("rm playbooks/deploy.yml", "playbooks/deploy.yml: missing"),
        ("touch playbooks/evil.yml", "playbooks/evil.yml: not packed"),
        ("sed -i /deploy.yml/d SHA256SUMS", "playbooks/deploy.yml: not packed"),
    ],
)
def test_a_changed_file_is_named(made: Made, tmp_path: Path, change: str, line: str) -> None:
    subprocess.run(["tar", "xzf", str(made.file), "-C", str(tmp_path)], check=True)
    top = next(tmp_path.iterdir())
    subprocess.run(["sh", "-c", change], cwd=top, check=True)
    said = supply.iactl(tmp_path, "package", "--verify", str(top))
    assert (said.code, said.report["details"]) == (9, [line])


def test_an_image_of_another_commit_is_not_packed(made: Made, tmp_path: Path) -> None:
    record = json.loads((made.output / "release.json").read_text())
    record["commit"] = "0" * 40
    (tmp_path / "release.json").write_text(json.dumps(record))
    said = supply.iactl(made.project, "package", "--no-isolation", "--output", str(tmp_path))
    assert (said.code, "is of commit 0000" in said.text) == (2, True)
