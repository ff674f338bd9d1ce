"""The three versions that the demo deploys; the third one is broken."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.fleet import Fleet, build_application
from tests.fleet.images import remove_named

REPOSITORY = "innerarchitect"
VERSIONS = ("1.0.0", "2.0.0", "3.0.0")
BROKEN = "3.0.0"
# On this machine's engine; the rig's name is behind it, since each checkout has images of its own.
_FOLDER = "iadeploy-demo"
APPLICATION = Path(__file__).resolve().parents[1] / "innerarchitect"

# The kind of mistake that passes every test on a laptop, where the variable is set.
_MISTAKE = """
import os

EXPORT_BUCKET = os.environ["JOURNAL_EXPORT_BUCKET"]
"""


def build_and_push(fleet: Fleet, progress: Callable[[str], None]) -> None:
    """Build the versions and push them to the rig's registry."""
    for version in VERSIONS:
        local = f"{_FOLDER}/{fleet.name}:{version}"
        progress(f"building {REPOSITORY} {version}")
        _build(version, local)
        digest = fleet.registry.push(local, REPOSITORY, version)
        progress(f"pushed {REPOSITORY}:{version} ({digest[:19]}…)")


def remove(rig: str, progress: Callable[[str], None]) -> None:
    """Remove what ``build_and_push`` left on this machine's engine for a rig."""
    remove_named(f"{_FOLDER}/{rig}:", progress)


def _build(version: str, local: str) -> None:
    if version != BROKEN:
        build_application(APPLICATION, local, {"APP_VERSION": version})
        return
    with tempfile.TemporaryDirectory(prefix="iadeploy-demo-") as folder:
        context = Path(folder) / "application"
        shutil.copytree(APPLICATION, context, ignore=shutil.ignore_patterns("__pycache__"))
        with (context / "src" / "innerarchitect" / "wsgi.py").open("a", encoding="utf-8") as file:
            file.write(_MISTAKE)
        build_application(context, local, {"APP_VERSION": version})
