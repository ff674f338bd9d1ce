"""Tables in Markdown that hold foreign text. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from iadeploy.masking import printable


def row(cells: Iterable[str]) -> str:
    """Return one row of a table; the cells are Markdown already, see ``cell``."""
    return f"| {' | '.join(cells)} |"


def cell(text: str) -> str:
    """Return foreign text so that it stays in its cell and makes no markup."""
    plain = " ".join(printable(text).split())
    for sign, shown in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("[", "\\["), ("`", "\\`")):
        plain = plain.replace(sign, shown)
    return plain
