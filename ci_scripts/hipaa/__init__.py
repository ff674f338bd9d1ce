"""Security tests for a risk analysis under HIPAA: of the source, of an image."""

from __future__ import annotations

NOTE = "technical evidence for a risk analysis; not a legal determination"
