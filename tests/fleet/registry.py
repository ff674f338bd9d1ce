"""A real registry with TLS and a password."""

from __future__ import annotations

import http.client
import secrets
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker.errors

from . import container, engine
from .certificates import Authority
from .container import BOOT_DEADLINE, File, Member, Plan
from .errors import RigError
from .home import write_private
from .waiting import wait_until

HOST = "registry.rig.internal"
PORT = 5000
USERNAME = "deploy"
ROLE = "registry"

_PASSWORDS = "/etc/rig/htpasswd"
_CONFIGURATION = f"""\
version: 0.1
log: {{level: info, accesslog: {{disabled: false}}}}
storage:
  filesystem: {{rootdirectory: /var/lib/docker-registry}}
  delete: {{enabled: true}}
http:
  addr: 0.0.0.0:{PORT}
  tls: {{certificate: /etc/rig/registry.crt, key: /etc/rig/registry.key}}
auth:
  htpasswd: {{realm: rig, path: {_PASSWORDS}}}
"""
# A password file has to be there before the registry listens, or it invents a user.
_COMMAND = (
    f"while [ ! -s {_PASSWORDS} ]; do sleep 0.1; done; "
    "exec docker-registry serve /etc/rig/registry.yml"
)


@dataclass
class Registry(Member):
    """The rig's registry; `local_port` is its port on this machine's 127.0.0.1."""

    local_port: int
    folder: Path
    username: str = USERNAME

    @property
    def host(self) -> str:
        """Its name and port as the servers see it."""
        return f"{HOST}:{PORT}"

    @property
    def ca_certificate(self) -> Path:
        """The authority that servers must trust for it."""
        return Authority(self.folder).certificate_path

    @property
    def password_file(self) -> Path:
        """The file (0600) with the password, without a line end."""
        return self.folder / "registry.password"

    @property
    def password(self) -> str:
        """The current password."""
        return self.password_file.read_text(encoding="ascii")

    def set_password(self, password: str | None = None) -> str:
        """Change the password, to a random one by default, and return it."""
        new = password or secrets.token_urlsafe(18)
        argv = ["htpasswd", "-i", "-B", "-n", self.username]
        line = self.run(argv, stdin=new, check=True).stdout.strip()
        script = f"umask 077; cat > {_PASSWORDS}.new && mv {_PASSWORDS}.new {_PASSWORDS}"
        self.run(["sh", "-c", script], stdin=f"{line}\n", check=True)
        write_private(self.password_file, new)
        return new

    def reference(self, repository: str, tag: str) -> str:
        """An image as the servers name it; `tag` may be a digest (`sha256:…`)."""
        separator = "@" if tag.startswith("sha256:") else ":"
        return f"{self.host}/{repository}{separator}{tag}"

    def push(self, local_tag: str, repository: str, tag: str) -> str:
        """Push an image of this machine's engine and return its digest (`sha256:…`).

        Raises RigError when the image is not there or the registry refuses.
        """
        images = engine.client().images
        # Docker takes the certificate of a registry on 127.0.0.0/8 unverified: no root needed.
        remote = f"127.0.0.1:{self.local_port}/{repository}"
        what = f"{local_tag} to {self.reference(repository, tag)}"
        try:
            images.get(local_tag).tag(remote, tag)
            try:
                lines = images.push(
                    remote,
                    tag,
                    auth_config={"username": self.username, "password": self.password},
                    stream=True,
                    decode=True,
                )
                return _digest(lines, what)
            finally:
                images.remove(f"{remote}:{tag}")
        except docker.errors.APIError as error:
            raise RigError(f"cannot push {what}: {error.explanation}") from error

    def wait_ready(self) -> None:
        """Wait until it answers over TLS."""
        wait_until(self._answers, f"an answer of {self.container_name}", deadline=BOOT_DEADLINE)

    def _answers(self) -> bool:
        trust = ssl.create_default_context(cafile=str(self.ca_certificate))
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self.local_port, timeout=5, context=trust
        )
        try:
            connection.request("GET", "/v2/")
            return connection.getresponse().status == http.HTTPStatus.UNAUTHORIZED
        except OSError:
            return False
        finally:
            connection.close()


def create(registry: Registry, image: str) -> None:
    """Make and start the registry with a certificate of the rig's authority and a password."""
    authority = Authority(registry.folder)
    issued = authority.issue(HOST, addresses=[registry.address, "127.0.0.1"])
    plan = Plan(
        image=image,
        command=["sh", "-c", _COMMAND],
        files=[
            File("/etc/rig/registry.yml", _CONFIGURATION.encode()),
            File("/etc/rig/registry.crt", issued.certificate),
            File("/etc/rig/registry.key", issued.key),
        ],
        ports={PORT: registry.local_port},
        aliases=[HOST],
    )
    container.create(registry, plan)
    engine.client().containers.get(registry.container_name).start()
    registry.set_password()
    registry.wait_ready()


def _digest(lines: Any, what: str) -> str:
    digest = ""
    for line in lines:
        if "error" in line:
            raise RigError(f"cannot push {what}: {line['error']}")
        digest = line.get("aux", {}).get("Digest", digest)
    if not digest:
        raise RigError(f"the registry named no digest for {what}")
    return digest
