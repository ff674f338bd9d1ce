"""The toolkit as an installed package, and the application alone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.fleet import build_application, engine
from tests.fleet.waiting import wait_until
from tests.installation import install

from .operator import Operator
from .site import Site

pytestmark = pytest.mark.rig
ROOT = Path(__file__).resolve().parents[2]
FETCH = """
import urllib.request
print(urllib.request.urlopen("http://127.0.0.1:8000/api/health").read().decode())
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The console script of a wheel that was built and installed, with no checkout in sight."""
    folder = tmp_path_factory.mktemp("installed")
    build = ["-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder / "dist")]
    subprocess.run([sys.executable, *build, str(ROOT)], check=True, capture_output=True)
    wheel = next((folder / "dist").glob("*.whl"))
    return install(wheel, folder / "venv")


def test_installed_package_deploys_from_any_directory(
    site: Site, installed: Path, tmp_path: Path
) -> None:
    where = subprocess.run(
        [str(installed.with_name("python")), "-c", "import ci_scripts; print(ci_scripts.__file__)"],
        cwd="/",
        check=True,
        capture_output=True,
        text=True,
    )
    assert str(installed.parents[1]) in where.stdout
    operator = Operator(site.operator.inventories, "shop", tmp_path, installed)
    said = operator.run("deploy", "--image", site.images("2.0.0"))
    assert said.code == 0, said.text
    assert set(site.served().values()) == {"2.0.0"}
    assert operator.run("rollback").code == 0


@pytest.mark.parametrize(
    "options",
    [{}, {"read_only": True, "tmpfs": {"/tmp": ""}}],
    ids=["plain docker run", "read-only"],
)
def test_reference_application_runs_alone_without_any_setting(options: dict[str, Any]) -> None:
    build_application(ROOT / "examples" / "innerarchitect", "iadeploy-test/alone:1", {})
    container = engine.client().containers.run("iadeploy-test/alone:1", detach=True, **options)
    try:

        def healthy() -> bool:
            asked = container.exec_run(["python", "-c", FETCH])
            assert isinstance(asked.output, bytes)
            return asked.exit_code == 0 and json.loads(asked.output)["status"] == "ok"

        wait_until(healthy, "the application's health", deadline=30)
    finally:
        container.remove(force=True)
