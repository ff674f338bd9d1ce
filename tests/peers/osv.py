"""An OSV service: ``POST /v1/query`` about one version of one package."""

from __future__ import annotations

import json
import re
from typing import Any

from .http import HttpServer, Reply, Request

# What the gates ask about besides: a release that every service of this kind knows to be bad.
CONTROL = ("pycrypto", "2.6.1")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_ECOSYSTEMS = frozenset(("PyPI", "npm", "Go", "crates.io", "Maven", "RubyGems"))


class Osv(HttpServer):
    """Knows the advisories that it was told of, and the one for the control.

    Attributes:
        asked: name and version of every package that was asked about, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[str, str]] = []
        self._known: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.tell(*CONTROL, "PYSEC-2017-94", aliases=["CVE-2013-7459"])

    @property
    def url(self) -> str:
        """Where queries go."""
        return f"{self.address}/v1/query"

    def tell(self, name: str, version: str, advisory: str, **more: Any) -> None:
        """Know an advisory for a version; ``more`` are further fields of the OSV schema."""
        events = [{"introduced": "0"}, *({"fixed": one} for one in more.pop("fixed", []))]
        entry = {
            "schema_version": "1.7.3",
            "id": advisory,
            "modified": "2026-10-01T00:00:00Z",
            "published": "2026-09-01T00:00:00Z",
            "summary": f"{name} does what it should not",
            "affected": [
                {
                    "package": {"name": name, "ecosystem": "PyPI", "purl": f"pkg:pypi/{name}"},
                    "ranges": [{"type": "ECOSYSTEM", "events": events}],
                    "versions": [version],
                }
            ],
            **more,
        }
        self._known.setdefault((name, version), []).append(entry)

    def forget(self) -> None:
        """Know nothing any more, and answer as politely as before."""
        self._known.clear()

    def answer(self, request: Request) -> Reply:
        """Answer as OSV does: an empty object where nothing is known."""
        if request.path != "/v1/query":
            return _said(404, {"code": 5, "message": "Not Found"})
        if request.method != "POST":
            return _said(501, {"code": 12, "message": "Method Not Allowed"})
        query = _query(request.body)
        if query is None:
            return _said(400, {"code": 3, "message": "Invalid query."})
        self.asked.append(query)
        found = self._known.get(query, [])
        return _said(200, {"vulns": found} if found else {})


def _query(body: bytes) -> tuple[str, str] | None:
    """Return the package of a query, or None for one that OSV refuses."""
    try:
        query = json.loads(body)
        package, version = query["package"], query["version"]
        known = package["ecosystem"] in _ECOSYSTEMS and set(query) <= {"package", "version"}
        name = str(package["name"])
    except (ValueError, KeyError, TypeError):
        return None
    return (name, str(version)) if known and version and _NAME.fullmatch(name) else None


def _said(status: int, document: dict[str, Any]) -> Reply:
    return Reply(status, json.dumps(document).encode(), {"Content-Type": "application/json"})
