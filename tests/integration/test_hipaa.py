"""The security tests of this very project, and of the reference application's real image."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ci_scripts.exits import Exit
from tests.fleet import build_application, engine

ROOT = Path(__file__).resolve().parents[2]
IMAGE, SPOILT = "iadeploy-test/hipaa:clean", "iadeploy-test/hipaa:spoilt"
# What a careless build does: root again, a key that a later step only hides, a password for all.
DOCKERFILE = """\
ARG BASE_IMAGE
FROM ${BASE_IMAGE}
USER root
ENV DB_PASSWORD=hunter2-hunter2
COPY id_ed25519 /root/.ssh/id_ed25519
RUN rm /root/.ssh/id_ed25519 && cp /bin/true /usr/bin/gcc && chmod 4755 /usr/bin/gcc
"""


def checked(output: Path, *arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the command; return its exit code and the results by their ids."""
    command = [str(Path(sys.executable).with_name("iactl")), "hipaa", "--output", str(output)]
    done = subprocess.run([*command, *arguments], cwd=ROOT, capture_output=True, check=False)
    told = json.loads((output / "hipaa-results.json").read_text())
    return done.returncode, {one["id"]: one for one in told["checks"]}


def test_this_project_has_no_finding_where_nothing_is_left_to_build(tmp_path: Path) -> None:
    _, results = checked(tmp_path, "--source")
    for check in ("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8"):
        assert results[check]["findings"] == [], results[check]
    for check in ("S2", "S3", "S5", "S6", "S7", "S8"):
        assert results[check]["result"] == "pass", results[check]
    assert "tree: files:" in results["S1"]["reason"]


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The reference application's image."""
    build_application(ROOT / "examples" / "innerarchitect", IMAGE, {})
    yield IMAGE
    engine.client().images.remove(IMAGE, force=True)


@pytest.mark.rig
def test_the_reference_application_s_image_is_clean(image: str, tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    with archive.open("wb") as file:
        for chunk in engine.client().images.get(image).save():
            file.write(chunk)
    code, results = checked(tmp_path, "--image", str(archive))
    assert code == Exit.DONE
    for check in ("I1", "I2"):
        assert (results[check]["result"], results[check]["findings"]) == ("pass", [])


@pytest.mark.rig
def test_a_spoilt_image_fails_by_what_is_wrong_with_it(image: str, tmp_path: Path) -> None:
    (tmp_path / "id_ed25519").write_text("no real key")
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    build_application(tmp_path, SPOILT, {"BASE_IMAGE": image})
    try:
        code, results = checked(tmp_path, "--image", SPOILT)
    finally:
        engine.client().images.remove(SPOILT, force=True)
    assert code == Exit.GATE_FAILED
    said = [f"{one['place']}: {one['text']}" for one in results["I1"]["findings"]]
    assert said == [
        "USER: the image runs as root",
        "/usr/bin/gcc: is setuid or setgid",
        "/usr/bin/gcc: is a compiler",
    ]
    texts = [f"{one['place']}: {one['text']}" for one in results["I2"]["findings"]]
    assert "ENV: DB_PASSWORD holds a secret" in texts
    assert any(one.startswith("/root/.ssh/id_ed25519: a file for secrets") for one in texts)
    assert "hunter2" not in json.dumps(results)
