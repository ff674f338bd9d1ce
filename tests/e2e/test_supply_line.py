"""From a commit to a server by the pipeline's commands alone, the last ones from the package."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from tests.fleet import images
from tests.fleet.server import Server
from tests.installation import install
from tests.integration import supply
from tests.integration.supply import Said
from tests.peers import vulnerabilities

from .site import TINY, Site

pytestmark = pytest.mark.rig
SENTINELS = ("sentinel-anthropic-1b6a", "sentinel-tiny-90c2")


@dataclass
class Line:
    """A job's folder: its commands, its secrets, all that it printed.

    Attributes:
        iactl: the console script; that of the package once it is unpacked.
        spoken: everything that any command printed.
    """

    folder: Path
    secrets: dict[str, str]
    iactl: Path = supply.IACTL
    where: Path = Path()
    spoken: list[str] = field(default_factory=list)

    def __call__(self, *arguments: str) -> Said:
        """Run a command that must succeed."""
        said = supply.iactl(
            self.where, *arguments, variables={**self.secrets, **self._job()}, program=self.iactl
        )
        self.spoken += [json.dumps(said.report), said.progress]
        assert said.code == 0, said.text + said.progress
        return said

    def _job(self) -> dict[str, str]:
        """Return the files of GitHub's runner, and what earlier steps set there."""
        written = self.folder / "github-env"
        lines = written.read_text().splitlines() if written.exists() else []
        return {
            "RUNNER_TEMP": str(self.folder / "runner"),
            "GITHUB_ENV": str(written),
            "GITHUB_OUTPUT": str(self.folder / "github-output"),
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            **dict(line.split("=", 1) for line in lines),
        }


@pytest.fixture
def line(site: Site, tmp_path: Path) -> Line:
    """A checkout with the environment of the running application, but for what is secret in it."""
    project = supply.checkout(tmp_path / "app", TINY)
    staging = project / "inventories" / "staging"
    shutil.copytree(site.folder, staging)
    application = staging / "group_vars" / "all" / "app.yml"
    known = yaml.safe_load(application.read_text())
    hidden = ("app_secrets", "app_registry_username", "app_registry_password")
    plain = {name: value for name, value in known.items() if name not in hidden}
    application.write_text(yaml.safe_dump({**plain, "app_secrets": {"PLAIN": "no secret at all"}}))
    document = yaml.safe_load((staging / "hosts.yml").read_text())
    names = {server.name: None for server in site.servers}
    groups = {name: {"hosts": names} for name in ("app", "proxy")}
    python = document["all"]["vars"]["ansible_python_interpreter"]
    hosts = {"all": {"vars": {"ansible_python_interpreter": python}, "children": groups}}
    (staging / "hosts.yml").write_text(yaml.safe_dump(hosts))
    supply.commit(project, "Where it runs")
    (tmp_path / "runner").mkdir()
    fleet = site.fleet
    secrets = {
        "SSH_PRIVATE_KEY": fleet.key_path.read_text(),
        "SSH_KNOWN_HOSTS": fleet.known_hosts_path.read_text(),
        "SERVER_USER": "root",
        "STAGING_SERVER_IP": "\n".join(server.address for server in site.servers),
        "ANTHROPIC_API_KEY": SENTINELS[0],
        "APP_SECRET_TINY_SECRET": SENTINELS[1],
        "REGISTRY_USERNAME": fleet.registry.username,
        "REGISTRY_PASSWORD": fleet.registry.password,
        "REQUESTS_CA_BUNDLE": str(fleet.registry.ca_certificate),
        "TRIVY_CACHE_DIR": str(vulnerabilities.write(tmp_path / "trivy")),
        "TRIVY_SKIP_DB_UPDATE": "true",
        "TRIVY_OFFLINE_SCAN": "true",
    }
    return Line(tmp_path, secrets, where=project)


def test_a_commit_reaches_the_servers_from_its_package_alone(line: Line, site: Site) -> None:
    artifacts, registry = line.folder / "artifacts", site.fleet.registry
    output = ("--output", str(artifacts))
    line("image", "build", *output, "--build-arg", f"BASE_IMAGE={images.python()}")
    line("image", "scan", *output)
    near = f"127.0.0.1:{registry.local_port}/line"
    line("image", "push", *output, "--to", near, "--tag", "development")
    line("package", "--no-isolation", *output)

    unpack(line, artifacts)
    release = json.loads((line.where / "release.json").read_text())
    line("ci", "prepare", "staging")
    # The rig's servers know the registry by another name than this machine does.
    line("deploy", "staging", "--image", registry.reference("line", release["digest"]))
    for command in ("history", "status"):
        said = line(command, "staging")
        (artifacts / f"staging-{command}.json").write_text(json.dumps(said.report))

    assert set(site.served().values()) == {release["version"]}
    for server in site.servers:
        assert served_secrets(server, site.app) == {
            "ANTHROPIC_API_KEY": SENTINELS[0],
            "PLAIN": "no secret at all",
            "TINY_SECRET": SENTINELS[1],
        }
    passed = ("staging", "scan", "approval")
    without_document = ("weekly", "head", "backup", "hipaa")
    assert judged(line, artifacts) == {
        **dict.fromkeys(passed, "pass"),
        **dict.fromkeys(without_document, "not_run"),
    }
    line("rollback", "staging")
    assert set(site.served().values()) == {"1.0.0"}
    line("ci", "clean")
    assert not list((line.folder / "runner").iterdir())
    assert_nothing_leaked(line, site, artifacts)


def unpack(line: Line, artifacts: Path) -> None:
    """Go on from the package, with the checkout gone."""
    package = next(artifacts.glob("iadeploy-package-*.tar.gz"))
    subprocess.run(["tar", "xzf", str(package), "-C", str(line.folder)], check=True)
    shutil.rmtree(line.folder / "app")
    line.where = next(line.folder.glob("iadeploy-package-*"))
    line.iactl = install(next((line.where / "toolkit").glob("*.whl")), line.where / ".venv")


def served_secrets(server: Server, app: str) -> dict[str, str]:
    """Return the secrets that the serving container reads, by name."""
    labels = [f"label=iadeploy.app={app}", "status=running"]
    filters = [word for label in labels for word in ("--filter", label)]
    # Newest first: the one before it is still running while it drains.
    container = server.run(["docker", "ps", "-q", *filters]).stdout.split()[0]
    names = server.run(["docker", "exec", container, "ls", "/run/secrets"]).stdout.split()
    read = ["docker", "exec", container, "cat"]
    return {name: server.run([*read, f"/run/secrets/{name}"]).stdout for name in names}


def judged(line: Line, artifacts: Path) -> dict[str, str]:
    """Return what each rule of production says to the real documents that there are."""
    arguments = ["--evidence", str(artifacts), "--set", "staging_minutes=0", "--approver", "ada"]
    said = supply.iactl(line.where, "ci", "verify-production", *arguments, program=line.iactl)
    assert said.code == 9, said.text
    verdicts: dict[str, str] = said.report["data"]["verdicts"]
    return verdicts


def assert_nothing_leaked(line: Line, site: Site, artifacts: Path) -> None:
    """Assert that no secret is in an output, an artifact or the job's files."""
    key = site.fleet.key_path.read_text().splitlines()[1]
    hidden = (*SENTINELS, site.fleet.registry.password, key)
    job = [path for path in line.folder.glob("*") if path.is_file()]
    files = [*job, *(path for path in artifacts.rglob("*.json"))]
    told = line.spoken + [path.read_text(errors="replace") for path in files]
    assert not [word for word in hidden if any(word in text for text in told)]
