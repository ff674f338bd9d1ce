"""The wheels: the project's own, and this toolkit's, for whoever deploys from the package."""

from __future__ import annotations

import base64
import hashlib
import io
import subprocess  # nosec B404 - Python itself, without a shell
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path, PurePosixPath

from ..content import content_root
from ..exits import CommandError, Exit

_NAME = "innerarchitect-deploy"
_LEFT_OUT = frozenset(("INSTALLER", "REQUESTED", "RECORD", "direct_url.json"))
_FIRST_DAY = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip file can tell


def build(
    project: Path, folder: Path, environ: Mapping[str, str], *, isolated: bool, only_wheel: bool
) -> None:
    """Build a project's distributions into a folder.

    Args:
        environ: the environment, with SOURCE_DATE_EPOCH.
        isolated: whether the build backend is installed afresh for it.

    Raises:
        CommandError: it cannot be built.
    """
    command = [sys.executable, "-m", "build", "--outdir", str(folder)]
    command += [] if isolated else ["--no-isolation"]
    command += ["--wheel"] if only_wheel else []
    done = subprocess.run(  # nosec B603 - a list, no shell
        [*command, str(project)], stdout=sys.stderr, env=dict(environ), check=False
    )
    if done.returncode != 0:
        raise CommandError(
            Exit.GATE_FAILED,
            f"{project} cannot be built as a Python package.",
            "The last lines above say why; the same by hand: python -m build",
        )


def toolkit_wheel(environ: Mapping[str, str]) -> tuple[str, bytes]:
    """Return the name and the bytes of this toolkit's wheel, as it runs now.

    Raises:
        CommandError: it cannot be built.
    """
    root = content_root()
    if (root / "pyproject.toml").is_file():
        with tempfile.TemporaryDirectory() as folder:
            build(root, Path(folder), environ, isolated=False, only_wheel=True)
            wheel = next(Path(folder).glob("*.whl"))
            return wheel.name, wheel.read_bytes()
    return _packed_again(metadata.distribution(_NAME))


def content_of(wheel: bytes) -> dict[str, bytes]:
    """Return the playbooks, roles and modules in the toolkit's wheel, by path."""
    prefix, found = "ci_scripts/content/", {}
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        for name in archive.namelist():
            path = PurePosixPath(name.removeprefix(prefix))
            if name.startswith(prefix) and not {"molecule", "__pycache__"} & set(path.parts):
                found[str(path)] = archive.read(name)
    return found


def _packed_again(installed: metadata.Distribution) -> tuple[str, bytes]:
    """Make the wheel again that an installation came from.

    Source: the binary distribution format of the Python packaging user guide.
    """
    rows, packed = [], io.BytesIO()
    info = ""
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for one in sorted(installed.files or [], key=str):
            if one.parts[0] == ".." or one.name in _LEFT_OUT or "__pycache__" in one.parts:
                continue
            info = one.parts[0] if one.parts[0].endswith(".dist-info") else info
            content = Path(str(one.locate())).read_bytes()
            archive.writestr(zipfile.ZipInfo(str(one), _FIRST_DAY), content)
            digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=")
            rows.append(f"{one},sha256={digest.decode()},{len(content)}\n")
        rows.append(f"{info}/RECORD,,\n")
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD", _FIRST_DAY), "".join(rows))
    return f"{info.removesuffix('.dist-info')}-py3-none-any.whl", packed.getvalue()
