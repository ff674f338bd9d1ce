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
from ci_scripts.hipaa.settings import read_settings
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


# What this checkout alone does not decide: what a change added, addresses in a vault, the gates'
# results elsewhere.
OPEN = {"S1": "no commits were named", "S4": "vault", "S11": "gate-verdicts.json"}


def test_this_project_and_its_own_inventories_deserve_a_pass(tmp_path: Path) -> None:
    code, results = checked(tmp_path, "--source")
    source = {check: told for check, told in results.items() if check.startswith("S")}
    assert [told for told in source.values() if told["findings"]] == []
    assert code == Exit.DONE
    for check, told in source.items():
        wanted = "not_tested" if check in OPEN else "pass"
        assert (told["result"], OPEN.get(check, "") in told["reason"]) == (wanted, True), told


def test_what_is_accepted_of_it_is_no_more_than_logs_that_stay_on_the_server() -> None:
    settings = read_settings(ROOT)
    taken = {key for one in settings.accepted if one.check != "S1" for key in one.keys}
    assert {key.partition(":")[0] for key in taken} <= {"container logs stay on the server"}


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
