"""One image from a commit to a registry: built once, scanned, pushed as it was scanned."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from tests.fleet import Fleet, engine, images
from tests.peers import vulnerabilities
from tests.peers.vulnerabilities import Known

from . import supply
from .supply import Said

pytestmark = pytest.mark.rig
TINY = Path(__file__).resolve().parents[1] / "apps" / "tiny"
FIXABLE = Known("CVE-2099-0001", "zlib", "CRITICAL", "1:9.9.9-1")
UNFIXABLE = Known("CVE-2099-0002", "zlib", "HIGH")
HARMLESS = Known("CVE-2099-0003", "zlib", "LOW")
ALLOWED = """\
[[allow]]
gate = "trivy"
id = "{id}"
reason = "no caller reaches it"
owner = "maintainers"
expires = {expires}
"""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """A registry alone."""
    with Fleet.up(servers=0, database=False) as rig:
        yield rig


@dataclass
class Line:
    """The pipeline's line for one application: its checkout, its artifacts, Trivy's data."""

    project: Path
    output: Path
    cache: Path

    def build(self, *arguments: str) -> Said:
        """Build the image."""
        base = f"BASE_IMAGE={images.python()}"
        return self._run("build", "--build-arg", base, *arguments)

    def scan(self, *known: Known, age: timedelta = timedelta(hours=1), **variables: str) -> Said:
        """Scan it with data that knows these vulnerabilities."""
        vulnerabilities.write(self.cache, *known, age=age)
        return self._run("scan", **{**self._offline(), **variables})

    def push(self, fleet: Fleet, name: str, *tags: str, **variables: str) -> Said:
        """Push it."""
        repository = f"127.0.0.1:{fleet.registry.local_port}/{name}"
        words = [word for tag in tags for word in ("--tag", tag)]
        trusted = str(fleet.registry.ca_certificate)
        login = {
            "REQUESTS_CA_BUNDLE": trusted,
            "REGISTRY_USERNAME": fleet.registry.username,
            "REGISTRY_PASSWORD": fleet.registry.password,
            **variables,
        }
        return self._run("push", "--to", repository, *words, **login)

    def verdict(self) -> str:
        """What the gate came to."""
        document = json.loads((self.output / "gate-verdicts.json").read_text())
        return str(document["verdicts"][0]["verdict"])

    def _offline(self) -> dict[str, str]:
        return {
            "TRIVY_CACHE_DIR": str(self.cache),
            "TRIVY_SKIP_DB_UPDATE": "true",
            "TRIVY_OFFLINE_SCAN": "true",
        }

    def _run(self, command: str, *arguments: str, **variables: str) -> Said:
        where = ["--output", str(self.output)]
        return supply.iactl(self.project, "image", command, *where, *arguments, variables=variables)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Line:
    """An image that was built once for all tests."""
    folder = tmp_path_factory.mktemp("line")
    line = Line(supply.checkout(folder / "app", TINY), folder / "artifacts", folder / "trivy")
    said = line.build()
    assert said.code == 0, said.text + said.progress
    return line


@pytest.fixture
def line(built: Line) -> Iterator[Line]:
    """The built image, without a scan and without an allow-list."""
    for name in ("gate-verdicts.json", "trivy-results.json", "release.json"):
        (built.output / name).unlink(missing_ok=True)
    yield built
    (built.project / "gates-allow.toml").unlink(missing_ok=True)


def test_the_image_says_which_commit_it_is(line: Line) -> None:
    commit = supply.git(line.project, "rev-parse", "HEAD")
    record = json.loads((line.output / "image.json").read_text())
    assert (record["commit"], record["branch"]) == (commit, "development")
    assert record["version"] == f"1.4.0+{commit[:12]}"
    assert record["labels"]["org.opencontainers.image.revision"] == commit
    assert record["labels"]["org.opencontainers.image.version"] == record["version"]
    with tarfile.open(line.output / "image.tar") as archive:
        manifest = json.load(archive.extractfile("manifest.json") or pytest.fail("no manifest"))
    assert len(manifest) == 1
    names = [one.id for one in engine.client().images.list(all=True)]
    assert record["image_id"] not in names, "the build left its image in the engine"


def test_what_was_scanned_is_what_the_registry_has(
    line: Line, fleet: Fleet, tmp_path: Path
) -> None:
    assert line.scan(HARMLESS).code == 0
    output = tmp_path / "output"
    said = line.push(fleet, "tiny", "development", "sha-1", GITHUB_OUTPUT=str(output))
    assert said.code == 0, said.text
    record = json.loads((line.output / "release.json").read_text())
    scanned = json.loads((line.output / "trivy-results.json").read_text())["Metadata"]["ImageID"]
    repository, digest = record["image"].split("@")
    login = {"username": fleet.registry.username, "password": fleet.registry.password}
    pulled = engine.client().images.pull(repository, tag=digest, auth_config=login)
    try:
        assert pulled.id == scanned == record["image_id"]
        assert record["tags"] == ["development", "sha-1"]
        assert f"digest={digest}\nimage={record['image']}\n" == output.read_text()
    finally:
        engine.client().images.remove(record["image"])
    assert fleet.registry.password not in (line.output / "release.json").read_text() + said.text


def test_an_image_that_is_there_keeps_its_digest_under_a_new_tag(line: Line, fleet: Fleet) -> None:
    assert line.scan().code == 0
    assert line.push(fleet, "promoted", "sha-1").code == 0
    before = json.loads((line.output / "release.json").read_text())
    said = line.push(fleet, "promoted", "main", "sha-1", DOCKER_HOST="unix:///nowhere.sock")
    assert said.code == 0, said.text
    after = json.loads((line.output / "release.json").read_text())
    assert (after["digest"], after["tags"]) == (before["digest"], ["main", "sha-1"])


def test_another_image_than_the_scanned_one_is_not_pushed(line: Line, fleet: Fleet) -> None:
    assert line.scan().code == 0
    before = (line.output / "image.tar").read_bytes()
    kept = (line.output / "image.json").read_bytes()
    try:
        assert line.build("--build-arg", "MODE=slow").code == 0
        said = line.push(fleet, "other", "latest")
    finally:
        (line.output / "image.tar").write_bytes(before)
        (line.output / "image.json").write_bytes(kept)
    assert said.code == 9
    assert "trivy-results.json is of sha256:" in said.text
    assert not (line.output / "release.json").exists()


def test_an_image_that_nobody_scanned_is_not_pushed(line: Line, fleet: Fleet) -> None:
    said = line.push(fleet, "unscanned", "latest")
    assert said.code == 9
    assert "trivy-results.json is missing" in said.text
    assert "the gate trivy is missing" in said.text


def test_an_image_that_did_not_pass_is_not_pushed(line: Line, fleet: Fleet) -> None:
    assert line.scan(FIXABLE).code == 9
    said = line.push(fleet, "vulnerable", "latest")
    assert (said.code, "the gate trivy came to fail" in said.text) == (9, True)


@pytest.mark.parametrize("password", ["wrong-password-7d1e", ""])
def test_a_refused_log_in_is_told_without_the_password(
    line: Line, fleet: Fleet, password: str
) -> None:
    assert line.scan().code == 0
    said = line.push(fleet, "tiny", "latest", REGISTRY_PASSWORD=password)
    assert said.code == (9 if password else 2)
    assert "password" in said.text
    assert not password or password not in said.text + said.progress
    assert not (line.output / "release.json").exists()


@pytest.mark.parametrize(
    ("known", "allowed", "verdict"),
    [
        ((), "", "pass"),
        ((HARMLESS,), "", "pass"),
        ((FIXABLE,), "", "fail"),
        ((UNFIXABLE,), "", "fail"),
        ((UNFIXABLE,), UNFIXABLE.id, "pass"),
        ((FIXABLE,), FIXABLE.id, "fail"),
        ((FIXABLE, UNFIXABLE), UNFIXABLE.id, "fail"),
    ],
)
def test_the_gate_judges_what_the_scanner_found(
    line: Line, known: tuple[Known, ...], allowed: str, verdict: str
) -> None:
    if allowed:
        text = ALLOWED.format(id=allowed, expires=supply.in_days(30))
        (line.project / "gates-allow.toml").write_text(text)
    said = line.scan(*known)
    assert (line.verdict(), said.code) == (verdict, 0 if verdict == "pass" else 9), said.text
    bill = json.loads((line.output / "sbom.cdx.json").read_text())
    assert bill["bomFormat"] == "CycloneDX" and len(bill["components"]) > 50


def test_an_expired_entry_of_the_allow_list_fails(line: Line) -> None:
    text = ALLOWED.format(id=UNFIXABLE.id, expires=supply.in_days(-1))
    (line.project / "gates-allow.toml").write_text(text)
    said = line.scan(UNFIXABLE)
    assert (said.code, line.verdict()) == (9, "fail")
    assert "expired" in said.text


def test_old_data_is_no_pass(line: Line) -> None:
    said = line.scan(age=timedelta(hours=49))
    assert (said.code, line.verdict()) == (9, "error")
    assert "older than 48 hours" in said.text


def test_a_scanner_without_data_is_an_error(line: Line, tmp_path: Path) -> None:
    said = line.scan(TRIVY_CACHE_DIR=str(tmp_path))
    assert (said.code, line.verdict()) == (9, "error")
    assert not (line.output / "trivy-results.json").exists()


def test_nothing_beside_the_scanner_changes_what_it_finds(line: Line) -> None:
    quiet = {"trivy.yaml": "severity: [LOW]\n", ".trivyignore": f"{FIXABLE.id}\n"}
    for name, text in quiet.items():
        (line.project / name).write_text(text)
    try:
        said = line.scan(FIXABLE, TRIVY_SEVERITY="LOW", TRIVY_IGNORE_UNFIXED="true")
    finally:
        for name in quiet:
            (line.project / name).unlink()
    assert (said.code, line.verdict()) == (9, "fail"), said.text
