"""A repository, earlier runs, and a toolkit whose `iactl` only notes what it is asked.

The workflows' own lines around it are the real ones, so what they fetch, in which order they act
and what they leave behind is tried in a second, without servers.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

from tests.fleet import packages

from . import machine
from .events import Event
from .harness import Outcome, Run, World
from .harness.world import git
from .model import ROOT, read

WORKFLOWS = read()
_IACTL = Path(__file__).parent / "harness" / "iactl"
_GH = Path(__file__).parent / "harness" / "gh"
_INSTALLS = ("python -m venv", "pip install")  # the stand-in needs none of it
_TOOLS = """\
name: iactl
description: The stand-in, on the PATH
runs:
  using: composite
  steps:
    - run: echo "$GITHUB_ACTION_PATH" >> "$GITHUB_PATH"
      shell: bash
"""
_IDENTITY = ("-c", "user.name=Alice", "-c", "user.email=alice@example.com")


@dataclass
class Stage:
    """What one test plays with.

    Attributes:
        commits: `first` is on both branches, `newer` on development alone, `unseen` on none.
    """

    world: World
    commits: dict[str, str]

    @classmethod
    def build(cls, folder: Path) -> Stage:
        """Make everything in an empty folder."""
        packages.ensure("jq", "jq", print)
        commits = _repository(folder / "you" / "shop")
        _toolkit(folder / "toolkit")
        tools = folder / "tools"
        tools.mkdir()
        (tools / "gh").symlink_to(_GH)
        # The one on this machine's PATH may be a script that looks for another one first.
        (tools / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
        (tools / "trivy").symlink_to(shutil.which("true") or "/bin/true")
        world = World(
            folder / "github",
            folder / "you" / "shop",
            folder / "toolkit",
            tools=[tools],
            pythons=machine.pythons(folder / "pythons"),
            address=f"file://{folder}",
        )
        return cls(world, commits)

    def leave(self, event: Event, artifacts: dict[str, dict[str, bytes]]) -> int:
        """Have an earlier run leave artifacts, each with its files; return the run's number."""
        number = self.world.next_run(event)
        for name, files in artifacts.items():
            folder = self.world.folder / "left" / f"{number}-{name}"
            for path, content in files.items():
                target = folder / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            self.world.artifacts.upload(number, name, folder, "\n".join(files))
        return number

    def run(self, name: str, event: Event, *taken: str) -> Outcome:
        """Run one of the workflows; jobs that are taken pass without being executed."""
        return Run(self.world, event, taken).execute(WORKFLOWS[name])

    def fails(self, command: str, code: int) -> None:
        """From now on the commands that begin with a word end with an exit code."""
        (self.world.folder / "home" / f"exit-{command}").write_text(str(code), encoding="ascii")

    @property
    def said(self) -> list[str]:
        """What `iactl` was asked, each with whose package it came from."""
        path = self.world.folder / "home" / "said"
        return path.read_text(encoding="utf-8").splitlines() if path.exists() else []

    @property
    def owners(self) -> set[str]:
        """Whose packages were unpacked."""
        return {line.partition(":")[0] for line in self.said}

    def log(self, outcome: Outcome, job: str) -> str:
        """What a job printed."""
        return outcome.jobs[job].log.read_text(encoding="utf-8")


def package(owner: str, commit: str, *, run: int = 0, branch: str = "") -> dict[str, bytes]:
    """The files that a deploy starts from, as a run of ci packs them.

    Args:
        owner: a word by which the test knows it again.
        run: the run that pushed the image; it was built on development.
        branch: where it was packed.
    """
    release = {
        "image": "registry.example/you/shop@sha256:" + "5e" * 32,
        "commit": commit,
        "branch": "development",
        "run_url": f"https://github.com/you/shop/actions/runs/{run}",
    }
    about = {"commit": commit, "branch": branch}
    record = json.dumps(release).encode()
    files = {"release.json": record, "package.json": json.dumps(about).encode()}
    files |= {"owner": owner.encode()}
    sums = [f"{hashlib.sha256(content).hexdigest()}  {name}\n" for name, content in files.items()]
    files["SHA256SUMS"] = "".join(sums).encode()
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(f"iadeploy-package-1/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return {"iadeploy-package-1.tar.gz": stream.getvalue(), "release.json": record}


def _repository(folder: Path) -> dict[str, str]:
    folder.mkdir(parents=True)
    (folder / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    (folder / "requirements.lock").touch()
    commits = {name: _committed(folder, name) for name in ("first", "newer", "unseen")}
    git(folder, "checkout", "-q", "--detach")
    git(folder, "branch", "-q", "-f", "main", commits["first"])
    git(folder, "branch", "-q", "development", commits["newer"])
    # GitHub hands out any commit by its id.
    git(folder, "config", "uploadpack.allowAnySHA1InWant", "true")
    return commits


def _toolkit(folder: Path) -> None:
    """The workflows and actions, with the stand-in where they would install the commands."""
    shutil.copytree(ROOT / ".github", folder / ".github")
    actions = folder / ".github" / "actions"
    (actions / "iactl" / "action.yml").write_text(_TOOLS, encoding="utf-8")
    shutil.copy(_IACTL, actions / "iactl" / "iactl")
    real = (actions / "package" / "action.yml").read_text(encoding="utf-8")
    steps = real.split("    - ")
    kept = [one for one in steps if not any(what in one for what in _INSTALLS)]
    brought = 'run: install -D "$GITHUB_ACTION_PATH/../iactl/iactl" release/.venv/bin/iactl\n'
    text = "    - ".join([*kept, f"{brought}      shell: bash\n"])
    (actions / "package" / "action.yml").write_text(text, encoding="utf-8")
    _committed(folder, "The toolkit")


def _committed(folder: Path, message: str) -> str:
    """Commit a folder as it is, and return the commit."""
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, *_IDENTITY, "commit", "-q", "--allow-empty", "-m", message)
    return git(folder, "rev-parse", "HEAD")
