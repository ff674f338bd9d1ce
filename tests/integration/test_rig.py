"""The server rig itself: what the other tests take for granted."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet import Fleet, Prober, RigError, clean, engine, images
from tests.fleet.labels import random_name
from tests.fleet.server import Server
from tests.fleet.traffic import TOO_LATE, Settings, Traffic
from tests.fleet.waiting import wait_until

pytestmark = pytest.mark.rig

ROOT = Path(__file__).resolve().parents[2]
UP = """
import sys
from tests.fleet import Fleet
with Fleet.up(sys.argv[1], servers=1, registry=False, database=False) as fleet:
    print("up", flush=True)
    sys.stdin.read()
"""
PROXY = """\
defaults
    mode http
    timeout connect 1s
    timeout client 5s
    timeout server 5s
frontend web
    bind :80
    http-request return status 200 content-type application/json string '{"version":"1.0"}'
"""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with Fleet.up(servers=2) as rig:
        yield rig


@pytest.fixture(scope="module")
def pushed(fleet: Fleet) -> str:
    """An image in the registry, by digest, as the servers name it."""
    digest = fleet.registry.push(images.debian(), "rig/debian", "1")
    return fleet.registry.reference("rig/debian", digest)


def fleet_command(*arguments: str, home: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **({"IADEPLOY_RIG_HOME": str(home)} if home else {})}
    argv = [sys.executable, "-m", "tests.fleet", *arguments]
    return subprocess.run(argv, cwd=ROOT, env=environment, capture_output=True, text=True)


def start_up(name: str, home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", UP, name],
        cwd=ROOT,
        env={**os.environ, "IADEPLOY_RIG_HOME": str(home)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def trust_registry(server: Server, fleet: Fleet) -> None:
    folder = f"/etc/docker/certs.d/{fleet.registry.host}"
    certificate = fleet.registry.ca_certificate.read_text()
    server.run(["mkdir", "-p", folder], check=True)
    server.run(["sh", "-c", f"cat > {folder}/ca.crt"], stdin=certificate, check=True)


def log_in(server: Server, fleet: Fleet, password: str) -> subprocess.CompletedProcess[str]:
    registry = fleet.registry
    argv = ["docker", "login", "--username", registry.username, "--password-stdin", registry.host]
    return server.run(argv, stdin=password)


def test_two_rigs_coexist(fleet: Fleet) -> None:
    with Fleet.up(servers=1, registry=False, database=False) as other:
        assert other.state.subnet != fleet.state.subnet
        assert other.servers[0].ssh("hostname").stdout == "web1\n"
        assert fleet.servers[0].ssh("hostname").stdout == "web1\n"
        assert other.server("web1").http_port != fleet.server("web1").http_port
        with pytest.raises(RigError, match="is there already"):
            Fleet.up(other.name)
    assert clean.find(other.name) == []
    assert fleet.servers[0].status() == "running"


def test_server_refuses_the_key_of_another_rig(fleet: Fleet) -> None:
    with Fleet.up(servers=1, registry=False, database=False) as other:
        argv = fleet.servers[0].ssh_base_argv
        foreign = [str(other.key_path) if part == str(fleet.key_path) else part for part in argv]
        answer = subprocess.run([*foreign, "true"], capture_output=True, text=True)
    assert answer.returncode == 255
    assert "Permission denied" in answer.stderr


@pytest.mark.parametrize("moment", ["network", "container", "complete"])
def test_clean_after_kill_removes_that_rig_only(fleet: Fleet, tmp_path: Path, moment: str) -> None:
    name = random_name()
    process = start_up(name, tmp_path / "home")

    def reached() -> bool:
        if moment == "complete":
            assert process.stdout is not None
            return process.stdout.readline() == "up\n"
        return any(getattr(found, f"{moment}s") for found in clean.find(name))

    wait_until(reached, f"the rig's {moment}", every=0.01)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()

    def cleaned() -> bool:
        # From another checkout; again until a request that the engine was busy with is seen.
        answer = fleet_command("clean", home=tmp_path / "elsewhere")
        assert answer.returncode == 0, answer.stderr
        return not clean.find(name)

    wait_until(cleaned, "the removal")
    assert not (tmp_path / "home" / name).exists()
    assert all(server.status() == "running" for server in fleet.servers)
    assert fleet.folder.exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_program_removes_its_rig(tmp_path: Path, number: signal.Signals) -> None:
    name = random_name()
    process = start_up(name, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    process.send_signal(number)
    assert process.wait(30) != 0
    assert clean.find(name) == []
    assert not (tmp_path / name).exists()


def test_clean_leaves_kept_rigs_and_unlabelled_containers(tmp_path: Path) -> None:
    stranger = engine.client().containers.create(images.debian(), "true", name=random_name())
    rig = Fleet.up(servers=0, registry=False, keep=True)
    try:
        rig.database.pause()
        assert f"left {rig.name}: kept" in fleet_command("clean", home=tmp_path).stderr
        assert Fleet.load(rig.name).database.status() == "paused"
        assert f"removed {rig.name}" in fleet_command("clean", rig.name, home=tmp_path).stderr
        assert fleet_command("clean", rig.name, home=tmp_path).returncode == 0
        assert clean.find(rig.name) == []
        stranger.reload()
    finally:
        stranger.remove()
        rig.down()


def test_reboot_brings_back_address_services_and_containers(fleet: Fleet, pushed: str) -> None:
    server = fleet.server("web1")
    trust_registry(server, fleet)
    assert log_in(server, fleet, fleet.registry.password).returncode == 0
    run = ["docker", "run", "--detach", "--init", "--restart", "unless-stopped", "--name", "app"]
    server.run([*run, pushed, "sleep", "infinity"], check=True)
    address = server.address
    booted = server.run(["cat", "/proc/1/stat"], check=True).stdout.split()[21]

    server.restart()

    assert server.run(["cat", "/proc/1/stat"], check=True).stdout.split()[21] != booted
    assert address in server.ssh("hostname -I").stdout.split()

    def back() -> bool:
        argv = ["docker", "inspect", "--format", "{{.State.Running}}", "app"]
        return server.run(argv).stdout == "true\n"

    wait_until(back, "the application's return")
    assert server.run(["service", "haproxy", "status"]).returncode == 0
    server.run(["docker", "rm", "--force", "app"], check=True)


def test_services_restart_and_reload_as_on_a_real_server(fleet: Fleet) -> None:
    server = fleet.server("web2")
    pid = server.run(["cat", "/run/docker.pid"], check=True).stdout
    server.run(["service", "docker", "restart"], check=True)
    wait_until(
        lambda: server.run(["docker", "version"]).returncode == 0, "an answer of the new dockerd"
    )
    assert server.run(["cat", "/run/docker.pid"], check=True).stdout != pid
    server.run(["service", "haproxy", "reload"], check=True)


def test_ssh_refuses_a_server_whose_host_key_changed(fleet: Fleet) -> None:
    server = fleet.server("web2")
    key = "/etc/ssh/ssh_host_ed25519_key"
    server.run(["cp", "-p", key, "/root/kept"], check=True)
    try:
        server.run(["rm", key], check=True)
        server.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        server.run(["service", "ssh", "restart"], check=True)
        server.wait_ready()
        answer = server.ssh("true")
        assert answer.returncode == 255
        assert "HOST IDENTIFICATION HAS CHANGED" in answer.stderr
    finally:
        server.run(["mv", "/root/kept", key], check=True)
        server.run(["service", "ssh", "restart"], check=True)
        server.wait_ready()
    assert server.ssh("true").returncode == 0


def test_registry_serves_by_digest_to_those_who_trust_and_log_in(fleet: Fleet, pushed: str) -> None:
    server = fleet.server("web2")
    without_trust = log_in(server, fleet, fleet.registry.password)
    assert without_trust.returncode != 0
    assert "certificate signed by unknown authority" in without_trust.stderr

    trust_registry(server, fleet)
    anonymous = server.run(["docker", "pull", pushed])
    assert "no basic auth credentials" in anonymous.stderr
    assert "401" in log_in(server, fleet, "wrong").stderr

    old = fleet.registry.password
    assert log_in(server, fleet, fleet.registry.set_password()).returncode == 0
    assert log_in(server, fleet, old).returncode != 0
    assert log_in(server, fleet, fleet.registry.password).returncode == 0
    server.run(["docker", "pull", pushed], check=True)
    shown = server.run(["docker", "image", "inspect", pushed], check=True).stdout
    assert json.loads(shown)[0]["RepoDigests"] == [pushed]


def test_registry_comes_back_with_its_images_and_password(fleet: Fleet, pushed: str) -> None:
    fleet.registry.stop()
    with pytest.raises(RigError, match="cannot push"):
        fleet.registry.push(images.debian(), "rig/debian", "2")
    fleet.registry.start()
    digest = fleet.registry.push(images.debian(), "rig/debian", "2")
    assert pushed.endswith(digest)


def test_database_and_cache_take_their_passwords_only(fleet: Fleet) -> None:
    url = fleet.database.create_database("clinic")
    # From another member, so that the password is asked for as it is from a server.
    query = ["--tuples-only", "--no-align", "--command", "select current_user"]
    assert fleet.cache.run(["psql", url, *query]).stdout == "clinic\n"
    password = url.split(":")[2].split("@")[0]
    assert fleet.cache.run(["psql", url.replace(password, "wrong"), *query]).returncode != 0

    ping = ["redis-cli", "-u", fleet.cache.url, "PING"]
    assert fleet.database.run(ping).stdout == "PONG\n"
    wrong = ["redis-cli", "-h", fleet.cache.address, "PING"]
    assert "NOAUTH" in fleet.database.run(wrong).stdout

    fleet.database.restart()
    assert fleet.cache.run(["psql", url, *query]).stdout == "clinic\n"


def test_inventory_is_read_by_ansible_and_reaches_the_servers(fleet: Fleet, tmp_path: Path) -> None:
    folder = fleet.write_inventory(tmp_path / "env", {"app_port": 8000}, hosts=["web2"])
    shown = subprocess.run(
        [Path(sys.executable).with_name("ansible-inventory"), "--inventory", str(folder), "--list"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert shown.returncode == 0, shown.stderr
    content = json.loads(shown.stdout)
    assert content["app"]["hosts"] == content["proxy"]["hosts"] == ["web2"]
    variables = content["_meta"]["hostvars"]["web2"]
    assert variables["app_port"] == 8000
    assert Path(variables["host_registry_certificates"][fleet.registry.host]).is_file()
    ping = subprocess.run(
        [
            Path(sys.executable).with_name("ansible"),
            "--inventory",
            str(folder),
            "app",
            "--module-name",
            "ansible.builtin.ping",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert ping.returncode == 0, ping.stdout + ping.stderr


def test_prober_sees_an_outage_and_nothing_but_the_outage(fleet: Fleet) -> None:
    server = fleet.server("web1")
    server.run(["sh", "-c", "cat > /etc/haproxy/haproxy.cfg"], stdin=PROXY, check=True)
    server.run(["service", "haproxy", "restart"], check=True)
    urls = [f"{server.url}/api/health", f"{server.public_url}/"]
    with Prober(urls, rate=100) as prober:
        prober.wait_sent(100)
        assert prober.report().failed == 0
        prober.mark("outage")
        server.run(["service", "haproxy", "stop"], check=True)
        wait_until(lambda: prober.report().failed >= 50, "50 failures")
        server.run(["service", "haproxy", "start"], check=True)
        prober.wait_successes(prober.report().succeeded + 20)
        prober.mark("after")
        prober.wait_sent(prober.report().sent + 100)
    seen = prober.report()
    assert seen.phase("start").failed == seen.phase("after").failed == 0
    assert seen.phase("outage").failed == seen.failed >= 50
    assert seen.longest_gap >= seen.phase("outage").longest_gap >= 0.4
    assert all(failure.reason for failure in seen.failures)
    assert seen.versions["1.0"].count >= 100
    assert seen.achieved_rate == pytest.approx(100, rel=0.2)


def test_prober_tells_what_it_could_not_send() -> None:
    written: list[str] = []
    traffic = Traffic(Settings(["http://127.0.0.1/"], rate=100), written.append)
    assert asyncio.run(traffic._pause_until(time.monotonic())) == 0
    due = time.monotonic() - TOO_LATE
    skipped = asyncio.run(traffic._pause_until(due))
    assert TOO_LATE * 100 <= skipped <= (time.monotonic() - due) * 100
    assert json.loads(written[0])["unsent"] == skipped


def test_stopped_rig_starts_again_at_the_same_addresses() -> None:
    with Fleet.up(servers=1, database=False) as rig:
        rig.servers[0].kill()
        rig.registry.stop()
        again = Fleet.load(rig.name)
        again.start()
        assert again.servers[0].ssh("hostname").stdout == "web1\n"
        assert again.registry.status() == "running"


def test_bare_server_becomes_ready_with_apt() -> None:
    with Fleet.up(servers=1, flavour="bare", registry=False, database=False) as bare:
        server = bare.servers[0]
        assert server.ssh("command -v docker haproxy").returncode != 0
        install = (
            "apt-get update && DEBIAN_FRONTEND=noninteractive "
            "apt-get install -y --no-install-recommends docker.io haproxy"
        )
        done = server.ssh(install, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        server.wait_ready()
        server.restart()
        assert server.ssh("docker version && service haproxy status").returncode == 0
