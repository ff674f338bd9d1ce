"""Which SQL statements the release that serves would not survive, or that lose data. Pure.

PostgreSQL's words (postgresql.org/docs/current/sql-commands.html). A statement that nobody can
judge by reading it counts as destructive: a false alarm costs a flag, a miss costs data.
"""

from __future__ import annotations

import re

_SHOWN = 160  # characters of a statement in a message
# Comments, then string literals, quoted names and dollar-quoted bodies, in that order. A tag is a
# name as PostgreSQL takes it, without a dollar; one inside of a name begins no body.
_TOKEN = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*.*?\*/)
    |(?P<text>(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<body>(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$.*?\$(?P=tag)\$)
    """,
    re.DOTALL | re.VERBOSE,
)
_NAME = r"(?:\S+)"
# The first rule that a statement matches gives the reason.
_RULES: tuple[tuple[str, str], ...] = (
    (
        r"DROP (TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE|SCHEMA|DATABASE|SEQUENCE|TYPE|DOMAIN"
        r"|FUNCTION|PROCEDURE|AGGREGATE|ROUTINE|EXTENSION|OWNED)\b",
        "drops what the old release may use",
    ),
    (r"TRUNCATE\b", "deletes all rows"),
    (r"(WITH .*)?DELETE FROM\b", "deletes rows"),
    (r"(WITH .*)?MERGE INTO\b.* THEN DELETE\b", "deletes rows"),
    (r"(DO|CALL|EXECUTE)\b", "runs code that cannot be judged"),
    (r"REVOKE\b", "takes a permission away"),
    # Objects of every kind: one that a list forgets would be a miss.
    (r"ALTER .* SET SCHEMA\b", "moves"),
    (r"ALTER (?!INDEX\b).* RENAME (?!CONSTRAINT\b)", "renames what the old release uses"),
)
# What has actions: a domain is one column's worth of them, a composite type has attributes.
_ALTERED = re.compile(
    rf"ALTER (TABLE|FOREIGN TABLE|VIEW|TYPE|DOMAIN) (IF EXISTS )?(ONLY )?{_NAME} (\* )?"
    r"(?P<actions>.*)",
    re.IGNORECASE,
)
# What one of them does; "COLUMN" is optional in most.
_ACTIONS: tuple[tuple[str, str], ...] = (
    (r"DROP (?!CONSTRAINT\b|NOT NULL\b|DEFAULT\b)", "drops what the old release may use"),
    (r"DETACH PARTITION\b", "takes rows away"),
    (rf"(ALTER (COLUMN )?{_NAME} )?SET NOT NULL\b", "the old release may leave it empty"),
    (rf"ADD (CONSTRAINT {_NAME} )?NOT NULL\b", "the old release may leave it empty"),
    (rf"(ALTER (COLUMN )?{_NAME} )?DROP DEFAULT\b", "the old release may rely on it"),
    (
        rf"ALTER (COLUMN |ATTRIBUTE )?{_NAME} (SET DATA )?TYPE"
        r" (?!(TEXT|BIGINT|VARCHAR|CHARACTER VARYING)( USING .*)?$)",
        "may narrow or change values",
    ),
    (
        r"ADD (?!CONSTRAINT\b|CHECK\b|UNIQUE\b|PRIMARY\b|FOREIGN\b|EXCLUDE\b)"
        # Behind the name, which may be one of the words; ON DELETE SET DEFAULT gives none.
        rf"(COLUMN )?(IF NOT EXISTS )?{_NAME} (?=.*(?<!IS )\bNOT NULL\b)"
        r"(?!.*((?<!SET )\bDEFAULT|\bGENERATED|\b(BIG|SMALL)?SERIAL)\b)",
        "the old release leaves it empty",
    ),
)


def destructive(sql: str) -> list[str]:
    """Return the statements that lose data or break the release that serves, with the reason.

    Args:
        sql: statements as PostgreSQL takes them, separated by semicolons.
    """
    found = []
    for statement in _statements(sql):
        reason = _reason(statement)
        if reason:
            found.append(f"{_short(statement)} ({reason})")
    return found


def _statements(sql: str) -> list[str]:
    """Return the statements in one line each, without comments and the content of literals."""
    bare = _TOKEN.sub(_placeholder, sql)
    return [text for part in bare.split(";") if (text := " ".join(part.split()))]


def _placeholder(match: re.Match[str]) -> str:
    if match["comment"] is not None:
        return " "
    if match["name"] is not None:
        # A quoted name may hold a space or a semicolon, and be a word of SQL: none ends in "_".
        return re.sub(r"[^A-Za-z0-9_]", "_", match["name"][1:-1]) + "_"
    return "''" if match["text"] is not None else "$$"


def _reason(statement: str) -> str:
    for pattern, reason in _RULES:
        if re.match(pattern, statement, re.IGNORECASE):
            return reason
    altered = _ALTERED.match(statement)
    for action in _actions(altered["actions"]) if altered else []:
        for pattern, reason in _ACTIONS:
            if re.match(pattern, action, re.IGNORECASE):
                return reason
    return ""


def _actions(text: str) -> list[str]:
    """Return the actions of an ALTER: what commas outside of brackets separate."""
    parts, depth = [""], 0
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += character
    return [part.strip() for part in parts]


def _short(statement: str) -> str:
    return statement if len(statement) <= _SHOWN else statement[:_SHOWN] + "…"
