"""Which function carries out which check of an image."""

from __future__ import annotations

from collections.abc import Callable

from ..verdict import Verdict
from . import i1_rights, i2_secrets, i3_vulnerabilities, i4_identity
from .context import Scene

CHECKS: dict[str, Callable[[Scene], Verdict]] = {
    "I1": i1_rights.check,
    "I2": i2_secrets.check,
    "I3": i3_vulnerabilities.check,
    "I4": i4_identity.check,
}
