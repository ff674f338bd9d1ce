"""What safety talks to before it looks at anything, even with a database of one's own.

It lets itself be sent elsewhere by the environment, one variable per service.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .http import HttpServer, Reply, Request

_SERVICES = (
    "SAFETY_AUTH_SERVER_URL",
    "SAFETY_DATA_API_BASE_URL",
    "SAFETY_FIREWALL_API_BASE_URL",
    "SAFETY_PLATFORM_API_BASE_URL",
    "SAFETY_PLATFORM_URL",
    "SAFETY_PLATFORM_V2_URL",
)


class SafetyPlatform(HttpServer):
    """Its log-in service: tells where the keys are, and has none."""

    @property
    def environ(self) -> dict[str, str]:
        """The variables that send safety here."""
        return dict.fromkeys(_SERVICES, self.address)

    def answer(self, request: Request) -> Reply:
        """Answer what is asked without a log-in; refuse the rest."""
        if request.path == "/.well-known/openid-configuration":
            names = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint")
            document: dict[str, Any] = {name: f"{self.address}/{name}" for name in names}
            document |= {"issuer": self.address, "jwks_uri": f"{self.address}/jwks"}
            return _said(200, document)
        if request.path == "/jwks":
            return _said(200, {"keys": []})
        return _said(401, {"detail": "Not authenticated"})


def write_database(folder: Path, bad: dict[str, str], at: float) -> None:
    """Write a database of safety's schema 2.0.0.

    Args:
        bad: package to the versions that are bad, such as ``<2.10``.
        at: its time, in seconds since 1970.
    """
    folder.mkdir(parents=True, exist_ok=True)
    meta = {"schema_version": "2.0.0", "timestamp": at, "base_domain": "https://safety.invalid"}
    brief = {name: [versions] for name, versions in bad.items()}
    full = {name: [_entry(name, versions)] for name, versions in bad.items()}
    for file, packages in (("insecure.json", brief), ("insecure_full.json", full)):
        document = {"meta": meta, "vulnerable_packages": packages, "packages": {}}
        (folder / file).write_text(json.dumps(document), encoding="utf-8")


def _entry(name: str, versions: str) -> dict[str, Any]:
    return {
        "ids": [{"type": "pyup", "id": f"7{len(name):04d}"}, {"type": "cve", "id": "CVE-2026-7"}],
        "specs": [versions],
        "analyzed_versions": [],
        "affected_versions": [],
        "fixed_in": [],
        "secure_versions": [],
        "latest_version": "9",
        "latest_version_without_known_vulnerabilities": "9",
        "package_name": name,
        "advisory": f"{name} does what it should not",
        "more_info_path": "/v/7",
        "cve": {"name": "CVE-2026-7", "cvssv2": None, "cvssv3": None},
    }


def _said(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
