"""A small database of vulnerabilities that the real Trivy takes for its own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from . import bolt

_SYSTEM = "debian 12"
_NUMBERS = {"LOW": 1, "MEDIUM": 2, "HIGH": 3, "CRITICAL": 4}


@dataclass(frozen=True)
class Known:
    """One vulnerability of a Debian source package.

    Attributes:
        fixed: the version that mends it, or an empty string while there is none.
    """

    id: str
    package: str
    severity: str
    fixed: str = ""


def write(cache: Path, *known: Known, age: timedelta = timedelta(hours=1)) -> Path:
    """Write the database into Trivy's cache folder and return the folder."""
    packages: dict[str, dict[str, bytes]] = {}
    for one in known:
        advisory: dict[str, object] = {"FixedVersion": one.fixed} if one.fixed else {"Status": 2}
        packages.setdefault(one.package, {})[one.id] = _json(advisory)
    source = {"ID": "debian", "Name": "Debian Security Tracker", "URL": "https://debian.example"}
    bolt.write(
        cache / "db" / "trivy.db",
        {
            "data-source": {_SYSTEM: _json(source)},
            _SYSTEM: packages,
            "vulnerability": {one.id: _json(_told(one)) for one in known},
        },
    )
    made = datetime.now(timezone.utc) - age
    times = {"NextUpdate": made + timedelta(days=1), "UpdatedAt": made, "DownloadedAt": made}
    metadata = {"Version": 2, **{name: f"{at:%Y-%m-%dT%H:%M:%SZ}" for name, at in times.items()}}
    (cache / "db" / "metadata.json").write_bytes(_json(metadata))
    return cache


def _told(one: Known) -> dict[str, object]:
    number = _NUMBERS[one.severity]
    return {"Title": one.id, "Severity": one.severity, "VendorSeverity": {"nvd": number}}


def _json(document: object) -> bytes:
    return json.dumps(document).encode()
