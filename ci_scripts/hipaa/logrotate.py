"""How long logrotate keeps a log. Pure.

Source of the grammar: logrotate(8), version 3.21.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_BLOCK = re.compile(r"(?P<paths>[^{}]+)\{(?P<rules>[^{}]*)\}")
_AUDIT = re.compile(r"audit|iadeploy|ledger", re.IGNORECASE)
_PERIOD = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}


def deleted_early(text: str, days: int) -> Iterator[tuple[str, int]]:
    """Yield each audit log that is deleted before ``days`` days, with the days it is kept."""
    for block in _BLOCK.finditer(text):
        paths = " ".join(
            line for line in block["paths"].splitlines() if not line.strip().startswith("#")
        ).split()
        rules = dict(
            (line.split() + [""])[:2] for line in block["rules"].splitlines() if line.strip()
        )
        kept = _days_kept(rules)
        for path in paths:
            if _AUDIT.search(path) and kept < days:
                yield path, int(kept)


def _days_kept(rules: dict[str, str]) -> float:
    period = next((length for name, length in _PERIOD.items() if name in rules), 7.0)
    count = int(rules["rotate"]) if rules.get("rotate", "").isdigit() else 0
    kept = count * period
    if rules.get("maxage", "").isdigit():
        kept = min(kept, int(rules["maxage"]))
    return kept
