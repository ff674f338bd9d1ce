"""URLs: what is allowed in them, and what of them may be shown. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PLAIN = re.compile(r"[!-~]+")


def split(text: str, schemes: tuple[str, ...]) -> SplitResult:
    """Take a URL apart.

    Raises:
        ValueError: it is none, or of another scheme; the exception never holds the text.
    """
    if _PLAIN.fullmatch(text) is None:
        raise ValueError("not a URL")
    try:
        parts = urlsplit(text)
        valid = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError("not a URL") from error
    if not valid:
        raise ValueError("not a URL")
    return parts


def shown(url: str) -> str:
    """Return a URL without its query, which may hold what nobody else should read."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def place(host: str, port: int) -> str:
    """Return ``host:port``, an IPv6 address in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def postgres(dsn: str) -> dict[str, Any]:
    """Return the parts of a PostgreSQL URL, SQLAlchemy's form (``postgresql+driver``) included.

    Raises:
        ValueError: it is none.
    """
    scheme = dsn.partition(":")[0]
    allowed = scheme if scheme.split("+")[0] in ("postgres", "postgresql") else "postgresql"
    parts = split(dsn, (allowed,))
    query = dict(parse_qsl(parts.query))
    return {
        **_login(parts),
        "port": parts.port or 5432,
        "database": unquote(parts.path[1:]) or None,
        "sslmode": query.get("sslmode"),
        "ca_file": query.get("sslrootcert"),
    }


def redis(dsn: str) -> dict[str, Any]:
    """Return the parts of a Redis URL.

    Raises:
        ValueError: it is none.
    """
    parts = split(dsn, ("redis", "rediss"))
    number = parts.path.strip("/") or "0"
    if not re.fullmatch(r"[0-9]{1,6}", number):
        raise ValueError("not a URL")
    return {
        **_login(parts),
        "port": parts.port or 6379,
        "db": int(number),
        "tls": parts.scheme == "rediss",
    }


def _login(parts: SplitResult) -> dict[str, Any]:
    return {
        "host": unquote(parts.hostname or ""),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
    }
