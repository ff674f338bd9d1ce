"""Where the modules' code is found, and the peers that tests talk to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import ansible.module_utils
import pytest
from hypothesis import HealthCheck, settings

from tests.unit.docker_peer import DockerPeer
from tests.unit.haproxy_peer import HaproxyPeer, RealHaproxy, RecordedHaproxy
from tests.unit.http_peer import HttpPeer

ROOT = Path(__file__).resolve().parents[2]
# What ansible-playbook does for the modules, done once for the tests.
ansible.module_utils.__path__.append(str(ROOT / "module_utils"))
PLUGINS = [*(ROOT / "roles").glob("*/filter_plugins"), *(ROOT / "roles").glob("*/lookup_plugins")]
sys.path += [str(ROOT / "library"), *map(str, PLUGINS)]

settings.register_profile(
    "unit",
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("unit")


@pytest.fixture(scope="session")
def real_haproxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HaproxyPeer | str]:
    """A HAProxy of this machine, or the reason why there is none."""
    if not RealHaproxy.installed():
        yield "haproxy is not installed on this machine"
        return
    with RealHaproxy(tmp_path_factory.mktemp("haproxy")) as peer:
        yield peer


@pytest.fixture
def recorded_haproxy(tmp_path: Path) -> Iterator[RecordedHaproxy]:
    """A peer that answers as HAProxy 2.6 was recorded to."""
    with RecordedHaproxy(tmp_path / "admin.sock") as peer:
        yield peer


@pytest.fixture(params=["recorded", "real"])
def haproxy(request: pytest.FixtureRequest) -> HaproxyPeer:
    """Both peers, one after the other: what holds for one must hold for the other."""
    peer = request.getfixturevalue(f"{request.param}_haproxy")
    if isinstance(peer, str):
        pytest.skip(peer)
    assert isinstance(peer, HaproxyPeer)
    for slot in ("blue", "green"):
        peer.put(slot, "ready")
    return peer


@pytest.fixture
def http_peer() -> Iterator[HttpPeer]:
    """An application on loopback that answers byte by byte as a test says."""
    with HttpPeer() as peer:
        yield peer


@pytest.fixture
def second_http_peer() -> Iterator[HttpPeer]:
    """Another one, which the code under test must not talk to."""
    with HttpPeer() as peer:
        yield peer


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[DockerPeer]:
    """A Docker Engine with nothing on it, for the rig's code, and a home for rigs."""
    from tests.fleet import engine, home  # late: only few tests need the client

    with DockerPeer() as peer:
        monkeypatch.setenv("DOCKER_HOST", peer.url)
        monkeypatch.setenv(home.VARIABLE, str(tmp_path / "home"))
        engine.client.cache_clear()
        yield peer
        engine.client.cache_clear()


@pytest.fixture
def no_ansible(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make starting Ansible an internal error (exit 1): exit 2 then proves a refusal before it."""
    monkeypatch.setitem(sys.modules, "ansible_runner.interface", None)
