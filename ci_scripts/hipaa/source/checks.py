"""Which function carries out which check of a source."""

from __future__ import annotations

from collections.abc import Callable

from ..verdict import Verdict
from . import (
    s01_credentials,
    s02_secret_variables,
    s03_transport,
    s04_connections,
    s05_containers,
    s06_sessions,
    s07_verification,
    s08_logs,
    s09_audit,
    s10_recovery,
    s11_vulnerabilities,
)
from .context import Source

CHECKS: dict[str, Callable[[Source], Verdict]] = {
    "S1": s01_credentials.check,
    "S2": s02_secret_variables.check,
    "S3": s03_transport.check,
    "S4": s04_connections.check,
    "S5": s05_containers.check,
    "S6": s06_sessions.check,
    "S7": s07_verification.check,
    "S8": s08_logs.check,
    "S9": s09_audit.check,
    "S10": s10_recovery.check,
    "S11": s11_vulnerabilities.check,
}
