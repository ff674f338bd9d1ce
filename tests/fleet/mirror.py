"""The Debian mirror that this machine's apt already uses."""

from __future__ import annotations

import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass

from .errors import RigError

SUITE = "bookworm"
VARIABLE = "IADEPLOY_RIG_MIRROR"
_TIMEOUT = 10  # seconds
_ORIGIN = b"Origin: Debian\n"


@dataclass(frozen=True)
class Mirror:
    """An archive of Debian, and the security archive that goes with it, if apt knows one."""

    archive: str
    security: str | None = None

    @property
    def sources(self) -> str:
        """The sources.list of a system made from this mirror."""
        lines = [f"deb {self.archive} {SUITE} main", f"deb {self.archive} {SUITE}-updates main"]
        if self.security:
            lines.append(f"deb {self.security} {SUITE}-security main")
        return "\n".join(lines) + "\n"


def find() -> Mirror:
    """Ask apt, or $IADEPLOY_RIG_MIRROR, for a mirror that has the suite; RigError if none has."""
    override = os.environ.get(VARIABLE)
    if override:
        return Mirror(override.rstrip("/"))
    targets = list(_apt_targets())
    for site in dict.fromkeys(site for site, _, component in targets if component == "main"):
        if _carries(site, SUITE):
            security = [site for site, release, _ in targets if release.endswith("-security")]
            return Mirror(
                site, next((s for s in security if _carries(s, f"{SUITE}-security")), None)
            )
    raise RigError(
        f"no mirror that apt is configured with answers with Debian {SUITE}: "
        f"name one in ${VARIABLE}"
    )


def _apt_targets() -> Iterable[tuple[str, str, str]]:
    """Site, release and component of every package index in apt's configuration."""
    form = "$(CREATED_BY) $(SITE) $(RELEASE) $(COMPONENT)"
    try:
        answer = subprocess.run(
            ["apt-get", "indextargets", "--format", form],
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError) as error:
        raise RigError(f"apt does not tell its mirrors: {error}") from error
    for line in answer.stdout.splitlines():
        match line.split():
            case ["Packages", site, release, component]:
                yield site.rstrip("/"), release, component


def _carries(site: str, suite: str) -> bool:
    try:
        with urllib.request.urlopen(f"{site}/dists/{suite}/InRelease", timeout=_TIMEOUT) as answer:
            return _ORIGIN in answer.read(4096)
    except (OSError, ValueError, urllib.error.URLError):
        return False
