"""The one exception that modules turn into a sentence for the operator."""

from __future__ import annotations

from typing import Any


class DeployError(Exception):
    """A failure that is explained in one sentence: what, where, and what to do.

    Args:
        what: what went wrong and where, as a sentence without a full stop.
        next_step: what the operator should do, as a sentence without a full stop.
        cause: a stable word that the controller maps to an exit code
            (``input``, ``refused``, ``unhealthy``, ``unavailable``, ``failed``).
        evidence: data that belongs in the report (health attempts, log lines).
    """

    def __init__(
        self,
        what: str,
        next_step: str = "",
        *,
        cause: str = "failed",
        evidence: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(what)
        self.what = what
        self.next_step = next_step
        self.cause = cause
        self.evidence = evidence or {}

    def __str__(self) -> str:
        return f"{self.what}. {self.next_step}." if self.next_step else f"{self.what}."
