"""The rig's decisions and sentences, with an engine that starts nothing."""

from __future__ import annotations

import os
import re
import socket
import sys
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from ci_scripts.runner import handover
from tests.fleet import __main__ as command_line
from tests.fleet import base, builder, clean, daemon, engine, images
from tests.fleet.errors import COMMAND, RigError
from tests.fleet.home import VARIABLE, home
from tests.fleet.labels import checkout_name
from tests.fleet.owner import Owner
from tests.fleet.shell import quiet
from tests.fleet.state import State
from tests.unit.builders import ROOT
from tests.unit.docker_peer import DockerPeer, Refusal

DEAD = "1:1:another-boot:1"
DEBIAN = "GET /distribution/debian:bookworm-slim/json"
PULLED: dict[str, object] = {"Descriptor": {}, "Platforms": []}
UNKNOWN = "dial tcp: lookup registry.example: no such host"
BUILTIN = 'case "$*" in version*) echo 20.10.24;; *) exit 1;; esac'
WITHOUT = 'case "$*" in version*) echo 28.2.2;; *) exit 1;; esac'


def as_nobody(call: Callable[[], object]) -> str:
    """Return what a call answers, or raises, as a user without privileges.

    In a process of its own: all threads of one have the same user.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.seteuid(65534)
            said = str(call())
        except BaseException as error:  # pylint: disable=broad-exception-caught
            said = f"{type(error).__name__}: {error}"
        sys.stderr.flush()
        os.write(writing, said.encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        told = answer.read().decode()
    os.waitpid(child, 0)
    return told


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A PATH of its own, with an ssh on it."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program(folder / "ssh", "exit 0")
    monkeypatch.setenv("PATH", str(folder))
    builder.builder.cache_clear()
    yield folder
    builder.builder.cache_clear()


def program(file: Path, script: str) -> None:
    """Write a shell script that can be run."""
    file.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    file.chmod(0o755)


def rig(name: str, owner: str = DEAD, *, kept: bool = False) -> Path:
    """Write the state of a rig into its home, complete only where it is kept."""
    folder = home() / name
    folder.mkdir()
    State(name, owner, "ready", "10.211.1.0/24", complete=kept, kept=kept).save(folder)
    return folder


def test_checkout_s_name_is_the_one_that_molecule_takes() -> None:
    from ansible.parsing.dataloader import DataLoader
    from ansible.template import Templar, trust_as_template

    shared = yaml.safe_load((ROOT / ".config" / "molecule" / "config.yml").read_text("utf-8"))
    named = shared["provisioner"]["inventory"]["group_vars"]["all"]["rig_name"]
    known = {"checkout": str(ROOT), "rig_role": "proxy"}
    molecule = Templar(loader=DataLoader(), variables=known).template(trust_as_template(named))
    assert molecule == checkout_name("molecule-proxy")


def test_hints_are_typed_as_they_stand() -> None:
    literal = re.compile(r"(?<!bin/)python3? -m tests\.fleet")
    files = (ROOT / "tests" / "fleet").glob("*.py")
    assert [one.name for one in files if literal.search(one.read_text("utf-8"))] == []
    assert COMMAND.startswith(".venv/bin/python ")


def test_rig_of_another_user_is_told_and_left(docker: DockerPeer) -> None:
    folder = rig("theirs")
    folder.chmod(0)
    found = clean.Found("theirs", folders={folder}, owners={DEAD})
    told = as_nobody(lambda: State.load(folder))
    assert told.startswith("ForeignError: ") and "another user's: ask them" in told
    assert as_nobody(lambda: found.condition) == "foreign"

    def removed() -> str:
        said: list[str] = []
        clean._remove_folder(folder, "theirs", said.append)
        return "; ".join(said)

    assert as_nobody(removed) == f"left the folder {folder}: it is another user's"
    folder.chmod(0o700)
    assert found.condition == "abandoned"


def test_home_of_another_user_is_told(
    docker: DockerPeer, capfd: pytest.CaptureFixture[str]
) -> None:
    assert command_line.main(["list"]) == 0  # what it imports late may be root's, too
    home().chmod(0)
    code = as_nobody(lambda: command_line.main(["list"]))
    said = capfd.readouterr().err
    assert code == "1", said
    # Something else in this process may have written there as well.
    [told] = [line for line in said.splitlines() if line.startswith("error: ")]
    assert told.startswith("error: the rigs' folder ") and told.endswith(f"in ${VARIABLE}"), said


def test_socket_without_permission_is_not_an_engine_that_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    where = tmp_path / "docker.sock"
    monkeypatch.setenv("DOCKER_HOST", f"unix://{where}")
    assert engine.connect() is None
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(where))
        where.chmod(0)
        told = as_nobody(engine.connect)
    assert re.search("RigError: .*permission denied.*group docker", told), told


def test_client_without_buildx_is_told_before_anything_is_built(
    docker: DockerPeer, path: Path
) -> None:
    with pytest.raises(RigError, match="no docker command on the PATH: install docker-ce-cli"):
        daemon.ensure()
    program(path / "docker", WITHOUT)
    with pytest.raises(RigError, match="install docker-buildx-plugin .* docker-buildx$"):
        daemon.ensure()
    program(path / "docker", BUILTIN)
    daemon.ensure()
    assert not [asked for asked in docker.asked if not asked.startswith("GET")]


def make_base() -> None:
    base.make("iadeploy-rig/base:1", print)


def test_base_image_that_cannot_be_pulled_is_one_sentence(docker: DockerPeer) -> None:
    docker.answers[DEBIAN] = Refusal(UNKNOWN)
    told = as_nobody(make_base)
    assert re.search(rf"RigError: .*{UNKNOWN}\).*takes root.*images' as root once", told), told
    docker.answers |= {DEBIAN: PULLED, "POST /images/create": Refusal("toomanyrequests: later")}
    told = as_nobody(make_base)
    assert re.search(r"RigError: .*could not pull .* \(toomanyrequests: later\)", told), told


def test_slow_registry_is_waited_for_where_nothing_else_is_possible(
    docker: DockerPeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    docker.answers[DEBIAN] = PULLED
    docker.silent = DEBIAN
    monkeypatch.setattr(base, "_PATIENCE", 0.1)
    monkeypatch.setattr(engine, "API_TIMEOUT", 1.5)
    told = as_nobody(make_base)
    assert re.search(r"RigError: .*Read timed out. \(read timeout=1.5\)\), and", told), told


def test_only_images_of_ours_are_removed(docker: DockerPeer) -> None:
    tags = ["debian:bookworm-slim", "iadeploy-rig/base:1", "iadeploy-test/tiny:1.0.0-ok"]
    docker.answers["GET /images/json"] = [{"RepoTags": tags}, {"RepoTags": None}]
    docker.answers["GET /images/json dangling"] = [{"Id": "sha256:0ld"}]
    docker.answers["DELETE /images/sha256:0ld"] = []
    docker.answers["DELETE /images/iadeploy-rig/base:1"] = []
    docker.answers["DELETE /images/iadeploy-test/tiny:1.0.0-ok"] = Refusal("in use")
    said: list[str] = []
    images.remove_all(said.append)
    assert said == [
        "kept image iadeploy-test/tiny:1.0.0-ok: in use",
        "removed image iadeploy-rig/base:1",
        "removed image sha256:0ld",
    ]
    assert "DELETE /images/debian:bookworm-slim" not in docker.asked
    with pytest.raises(RigError, match="not the rig's to remove"):
        images.remove_named("debian:")


def test_clean_keeps_the_images_while_a_rig_is_there(
    docker: DockerPeer, capfd: pytest.CaptureFixture[str]
) -> None:
    tag = "iadeploy-test/tiny:1.0.0-ok"
    docker.answers["GET /images/json"] = [{"RepoTags": [tag]}]
    docker.answers[f"DELETE /images/{tag}"] = []
    rig("dead")
    folder = rig("here", kept=True)
    assert command_line.main(["clean", "--images"]) == 0
    said = capfd.readouterr().err
    assert "removed dead" in said
    assert "left the images: here may need them" in said
    (folder / "rig.json").unlink()
    assert command_line.main(["clean", "--images"]) == 0
    assert f"removed image {tag}" in capfd.readouterr().err


def test_engine_s_refusal_is_a_sentence(
    docker: DockerPeer, capfd: pytest.CaptureFixture[str]
) -> None:
    docker.answers["GET /networks"] = Refusal("disk is full")
    assert command_line.main(["list"]) == 1
    assert capfd.readouterr().err == "error: the Docker Engine: disk is full\n"


def test_nothing_that_iactl_reads_comes_from_whoever_runs_the_tests() -> None:
    role = yaml.safe_load((ROOT / "roles" / "notify" / "vars" / "main.yml").read_text("utf-8"))
    needs = tomllib.loads((ROOT / "ci_scripts" / "doctor" / "needs.toml").read_text("utf-8"))
    names = {*role["__notify_names"], *handover._NAMES, *(one["name"] for one in needs["need"])}
    assert {"SLACK_WEBHOOK_URL", "SSH_PRIVATE_KEY"} <= names
    brought = {**dict.fromkeys(names, "theirs"), "PATH": "/bin", "LANG": "C.UTF-8"}
    assert quiet(brought, brought) == {"PATH": "/bin", "LANG": "C.UTF-8"}
    set_since = {**brought, "SLACK_BOT_TOKEN": "the test's"}
    assert quiet(set_since, brought)["SLACK_BOT_TOKEN"] == "the test's"


def test_owner_of_a_rig_that_comes_up_is_alive(docker: DockerPeer) -> None:
    rig("coming", str(Owner.current()))
    [found] = clean.find("coming")
    assert (found.condition, found.alive) == ("used", True)
