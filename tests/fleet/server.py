"""A server: a container with sshd, its own Docker Engine and a proxy, as on a rented machine."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from . import container, engine
from .container import BOOT_DEADLINE, File, Member, Plan
from .keys import KeyPair
from .waiting import wait_until

# As much of a real machine as a nested Docker Engine needs. Not --privileged: where the machine's
# own set lacks a capability, that would be refused.
_CAPABILITIES = [
    "AUDIT_WRITE",
    "DAC_READ_SEARCH",
    "IPC_LOCK",
    "LINUX_IMMUTABLE",
    "MKNOD",
    "NET_ADMIN",
    "NET_RAW",
    "SETFCAP",
    "SYSLOG",
    "SYS_ADMIN",
    "SYS_CHROOT",
    "SYS_NICE",
    "SYS_PTRACE",
]


@dataclass
class Server(Member):
    """One server; `http_port` is its port 80 on this machine's 127.0.0.1."""

    http_port: int
    host_key: str
    key_path: Path
    known_hosts_path: Path

    @property
    def name(self) -> str:
        """Its host name, and its name in inventories: web1, web2 and so on."""
        return self.role

    @property
    def url(self) -> str:
        """Where its proxy answers on the rig's network."""
        return f"http://{self.address}"

    @property
    def public_url(self) -> str:
        """Where a browser on this machine finds its proxy."""
        return f"http://127.0.0.1:{self.http_port}"

    @property
    def known_hosts_line(self) -> str:
        """What makes SSH accept this server and no other under its address."""
        return f"{self.address} {self.host_key}"

    @property
    def ssh_options(self) -> list[str]:
        """Options that pin the host key and offer nothing but the rig's own client key."""
        return [
            "-o",
            f'UserKnownHostsFile="{self.known_hosts_path}"',
            "-o",
            "GlobalKnownHostsFile=/dev/null",
            "-o",
            "StrictHostKeyChecking=yes",
            "-o",
            "IdentitiesOnly=yes",
        ]

    @property
    def ssh_base_argv(self) -> list[str]:
        """The start of an ssh command line to this server; append the remote command."""
        options = [*self.ssh_options, "-o", "BatchMode=yes", "-F", "/dev/null"]
        return ["ssh", "-i", str(self.key_path), *options, f"root@{self.address}"]

    def ssh(self, command: str, *, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a shell command over SSH; `timeout` is seconds (subprocess.TimeoutExpired)."""
        return subprocess.run(
            [*self.ssh_base_argv, command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout,
            check=False,
        )

    def put(self, files: Sequence[File]) -> None:
        """Write files into the running server."""
        found = engine.client().containers.get(self.container_name)
        found.put_archive("/", container.archive(files))

    def wait_ready(self) -> None:
        """Wait until it has booted, sshd greets and, where there is one, Docker answers."""
        probe = (
            "test -e /run/rig-booted || exit 1; "
            "! command -v dockerd > /dev/null || docker version > /dev/null 2>&1"
        )

        def booted() -> bool:
            return self._greets() and self.run(["sh", "-c", probe]).returncode == 0

        wait_until(booted, f"the boot of {self.container_name}", deadline=BOOT_DEADLINE, every=0.2)

    def _greets(self) -> bool:
        try:
            with socket.create_connection((self.address, 22), timeout=2) as connection:
                connection.settimeout(2)
                return connection.recv(4) == b"SSH-"
        except OSError:
            return False


def create(
    server: Server, image: str, *, host_key: KeyPair, authorized: str, names: Mapping[str, str]
) -> None:
    """Make the server's container; `names` maps host names to addresses for its hosts file."""
    labels = server.identity.labels
    volume = f"{server.container_name}-docker"
    engine.client().volumes.create(volume, labels=labels)
    plan = Plan(
        image=image,
        files=[
            File("/etc/ssh/ssh_host_ed25519_key", host_key.private),
            File("/etc/ssh/ssh_host_ed25519_key.pub", f"{host_key.public}\n".encode(), 0o644),
            File("/root/.ssh/authorized_keys", f"{authorized}\n".encode()),
        ],
        ports={80: server.http_port},
        host={
            "cap_add": _CAPABILITIES,
            "security_opt": ["seccomp=unconfined", "apparmor=unconfined"],
            "device_cgroup_rules": ["a *:* rwm"],
            "tmpfs": {"/run": "exec,mode=755", "/tmp": "exec,mode=1777"},
            "binds": {volume: {"bind": "/var/lib/docker", "mode": "rw"}},
            # In the hosts file as well as in Docker's DNS: that one hangs on firewall rules
            # which a fault test may replace.
            "extra_hosts": dict(names),
        },
        extra={"MaskedPaths": [], "ReadonlyPaths": []},
    )
    container.create(server, plan)
