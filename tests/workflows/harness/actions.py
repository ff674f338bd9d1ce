"""What the actions of others do, one function each; an unknown action or input is refused.

An action's commit is checked by the rule of the pins; here its name decides.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..events import Event
from .errors import HarnessError
from .world import World, git


@dataclass
class Desk:
    """What an action can see and change of the job that runs it.

    Attributes:
        temporary: the runner's own folder, beside the workspace.
        after: what is to be done when the job ends.
    """

    world: World
    event: Event
    run: int
    workspace: Path
    temporary: Path
    rights: Mapping[str, str]
    paths: list[str]
    env: dict[str, str]
    after: list[Callable[[], None]] = field(default_factory=list)

    def inside(self, path: str) -> Path:
        """A path in the workspace; HarnessError for one outside."""
        found = (self.workspace / (path or ".")).resolve()
        if not found.is_relative_to(self.workspace.resolve()):
            raise HarnessError(f"{path} is outside of the workspace")
        return found

    def beside(self, path: str) -> Path:
        """A path in the workspace or in the runner's own folder; HarnessError for another one."""
        found = self.workspace / (path or ".")
        return found if found.is_relative_to(self.temporary) else self.inside(path)


Inputs = Mapping[str, Any]


def use(action: str, inputs: Inputs, desk: Desk) -> dict[str, str]:
    """Do what an action does and return its outputs; raises HarnessError."""
    if action not in _KNOWN:
        raise HarnessError(f"the harness does not know the action {action}")
    known, act = _KNOWN[action]
    unknown = set(inputs) - set(known)
    if unknown:
        raise HarnessError(f"the harness does not know {', '.join(sorted(unknown))} of {action}")
    return act({name: inputs.get(name, "") for name in known}, desk) or {}


def _checkout(inputs: Inputs, desk: Desk) -> None:
    if desk.rights.get("contents") not in ("read", "write"):
        raise HarnessError("the job may not read the repository")
    target = desk.inside(inputs["path"])
    if target.exists() and any(target.iterdir()):
        raise HarnessError("the checkout would write over other files")
    target.mkdir(parents=True, exist_ok=True)
    shallow = [] if str(inputs["fetch-depth"]) == "0" else ["--depth", "1"]
    wanted = inputs["ref"] or desk.event.sha
    git(target, "init", "--quiet", "--initial-branch", "main")
    git(target, "remote", "add", "origin", f"file://{desk.world.repository}")
    git(target, "fetch", "--quiet", *shallow, "origin", str(wanted))
    git(target, "checkout", "--quiet", "--detach", "FETCH_HEAD")


def _setup_python(inputs: Inputs, desk: Desk) -> None:
    version = str(inputs["python-version"])
    if version not in desk.world.pythons:
        raise HarnessError(f"this machine has no Python {version}")
    desk.paths.insert(0, str(desk.world.pythons[version]))


def _upload(inputs: Inputs, desk: Desk) -> None:
    desk.world.artifacts.upload(desk.run, inputs["name"], desk.workspace, inputs["path"])


def _download(inputs: Inputs, desk: Desk) -> None:
    run, target = desk.run, desk.inside(inputs["path"])
    if inputs["run-id"] not in ("", str(desk.run)):
        if not inputs["github-token"] or desk.rights.get("actions") != "read":
            raise HarnessError("the job may not read another run's artifacts")
        if not str(inputs["run-id"]).isdigit():
            raise HarnessError(f"{inputs['run-id']!r} is no run")
        run = int(inputs["run-id"])
    if inputs["pattern"]:
        desk.world.artifacts.download_all(run, inputs["pattern"], target)
    else:
        desk.world.artifacts.download(run, inputs["name"], target)


def _cache(inputs: Inputs, desk: Desk) -> dict[str, str]:
    key, folder = str(inputs["key"]), desk.beside(inputs["path"])
    kept = desk.world.caches.get(key)
    if kept is not None:
        shutil.copytree(kept, folder, dirs_exist_ok=True)

    def save() -> None:
        if key not in desk.world.caches and folder.is_dir():
            target = desk.world.folder / "caches" / str(len(desk.world.caches))
            desk.world.caches[key] = shutil.copytree(folder, target)

    desk.after.append(save)
    return {"cache-hit": "true" if kept is not None else "false"}


def _trivy(inputs: Inputs, desk: Desk) -> None:
    if shutil.which("trivy", path=":".join(map(str, desk.world.tools))) is None:
        raise HarnessError("this machine has no trivy")


def _codecov(inputs: Inputs, desk: Desk) -> None:
    if not desk.inside(inputs["files"]).is_file():
        raise HarnessError(f"there is no {inputs['files']}")
    if inputs["use_oidc"] is True and desk.rights.get("id-token") != "write":
        raise HarnessError("the job has no identity to show to Codecov")
    if "codecov" in desk.world.outages:
        raise HarnessError("Codecov does not answer")


def _nothing(inputs: Inputs, desk: Desk) -> None:
    """The machine has it already."""


Action = Callable[[Inputs, Desk], dict[str, str] | None]
_KNOWN: dict[str, tuple[tuple[str, ...], Action]] = {
    "actions/cache": (("path", "key"), _cache),
    "actions/checkout": (("path", "ref", "fetch-depth", "persist-credentials"), _checkout),
    "actions/download-artifact": (
        ("name", "path", "pattern", "run-id", "github-token"),
        _download,
    ),
    "actions/setup-python": (("python-version",), _setup_python),
    "actions/upload-artifact": (("name", "path", "if-no-files-found", "retention-days"), _upload),
    "aquasecurity/setup-trivy": (("version",), _trivy),
    "codecov/codecov-action": (
        ("files", "disable_search", "fail_ci_if_error", "use_oidc"),
        _codecov,
    ),
    "docker/setup-buildx-action": ((), _nothing),
}
