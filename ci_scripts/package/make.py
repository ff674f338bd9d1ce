"""``iactl package``: build what the project offers, and put the deployment package together."""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from .. import __version__, github
from ..checkout import Checkout, find_checkout, with_commit
from ..exits import CommandError, Exit, bad_input
from ..git import GitError
from ..hashes import sha256_of
from ..image.records import RELEASE, Pushed, read_pushed
from ..markdown import cell
from ..report import Report
from . import wheels
from .archive import PackageError, differences, write_package

_INVENTORIES = Path("inventories")  # in the package, wherever the checkout has them
_SCHEMA = 1


@dataclass(frozen=True)
class Request:
    """What was asked for.

    Attributes:
        project: the checkout's folder, or None for the current one.
        output: folder for ``dist/`` and the package; ``release.json`` is looked for there.
        inventories: the checkout's folder of environments, relative to that.
        isolated: whether the project's build backend is installed afresh.
    """

    project: Path | None
    output: Path
    inventories: str = "inventories"
    isolated: bool = True


def make(request: Request) -> Report:
    """Build the project's distributions and the deployment package.

    Raises:
        CommandError: the checkout is not as it must be, or something cannot be built or written.
    """
    started = time.monotonic()
    checkout = find_checkout(request.project)
    commit = checkout.commit
    epoch = int(checkout.committed_at.timestamp())
    environ = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
    dist = request.output / "dist"
    version = _build_project(checkout, dist, environ, isolated=request.isolated)
    release = _release(request.output, commit)
    name, wheel = wheels.toolkit_wheel(environ)
    content = wheels.content_of(wheel)
    files = {
        **content,
        **_inventories(checkout.root / request.inventories),
        f"toolkit/{name}": wheel,
        "toolkit/requirements.lock": content["requirements.lock"],
        "README.md": Path(__file__).with_name("README.md").read_bytes(),
        **({RELEASE: (request.output / RELEASE).read_bytes()} if release else {}),
    }
    del files["requirements.lock"]
    version = with_commit(version, commit)
    files["package.json"] = _about(version, commit, checkout.branch())
    top = f"iadeploy-package-{version}"
    path = request.output / f"{top}.tar.gz"
    write_package(path, top, files, epoch)
    return _told(path, release, len(files), time.monotonic() - started)


def verify(path: Path) -> Report:
    """Tell whether a package, or the folder it was unpacked into, is as it was packed.

    Raises:
        CommandError: it is no package, or not there.
    """
    if not path.exists():
        raise bad_input("--verify", str(path), "the path of a package, or of its unpacked folder")
    try:
        lines = differences(path).lines
    except PackageError as error:
        raise CommandError(
            Exit.GATE_FAILED, f"{error}.", "Get the package again from the run that made it."
        ) from error
    report = Report("package", "", message=f"{path.name} is as it was packed.")
    if lines:
        report.exit = Exit.GATE_FAILED
        report.message = f"{path.name} is not as it was packed."
        report.details = lines
        report.next_step = "Get the package again from the run that made it."
    return report


def _build_project(
    checkout: Checkout, dist: Path, environ: dict[str, str], *, isolated: bool
) -> str:
    """Build what the project offers; return its version, ``0`` where it says none."""
    about = checkout.project()
    if "build-system" not in about:
        return str((about.get("project") or {}).get("version") or "0")
    before = set(dist.glob("*.whl"))
    for old in before:
        old.unlink()
    wheels.build(checkout.root, dist, environ, isolated=isolated, only_wheel=False)
    return next(dist.glob("*.whl")).name.split("-")[1]


def _release(output: Path, commit: str) -> Pushed | None:
    if not (output / RELEASE).is_file():
        return None
    release = read_pushed(output / RELEASE)
    if release.commit != commit:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{output / RELEASE} is of commit {release.commit}, and the checkout is at {commit}.",
            "Check that commit out, or push its own image first.",
        )
    return release


def _inventories(folder: Path) -> dict[str, bytes]:
    """Return the inventories that the commit has; what lies beside them untracked stays out."""
    try:
        names = Checkout(folder).tracked(".") if folder.is_dir() else []
    except GitError as error:
        raise bad_input("--inventories", str(folder), "a folder of a checkout") from error
    if not names:
        raise CommandError(
            Exit.BAD_INPUT,
            f"{folder} holds nothing in git: its package could be deployed nowhere.",
            "Write the inventories first; docs/your-own-servers.md shows how.",
        )
    linked = [name for name in names if (folder / name).is_symlink()]
    if linked:
        raise CommandError(
            Exit.BAD_INPUT, f"{folder / linked[0]} is a link.", "Put the file itself in its place."
        )
    return {str(_INVENTORIES / name): (folder / name).read_bytes() for name in names}


def _about(version: str, commit: str, branch: str) -> bytes:
    about = {
        "schema": _SCHEMA,
        "version": version,
        "commit": commit,
        "branch": branch,
        "toolkit": __version__,
    }
    return (json.dumps(about, indent=2) + "\n").encode()


def _told(path: Path, release: Pushed | None, count: int, seconds: float) -> Report:
    digest = sha256_of(path)
    report = Report("package", "", seconds=seconds)
    report.message = f"{path} holds {count} files; its SHA-256 is {digest}."
    report.next_step = f"Check it where it arrives: iactl package --verify {path.name}"
    if release is None:
        report.details.append(f"Without {RELEASE}: it says of no image that it belongs to it.")
    report.data = {"package": str(path), "sha256": digest, "files": count}
    github.add_summary(f"### Package\n\n{cell(path.name)}, SHA-256 {digest}\n\n")
    github.set_output("package", path.name)
    github.set_output("package_sha256", digest)
    return report
