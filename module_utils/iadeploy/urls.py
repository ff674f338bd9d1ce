"""URLs: what is allowed in them, and what of them may be shown. Pure."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

_PLAIN = re.compile(r"[!-~]+")
# What libpq takes in a URL and in the environment of its programs: PG and the name there.
_LIBPQ = """
    channel_binding gssdelegation gssencmode gsslib hostaddr krbsrvname load_balance_hosts options
    passfile require_auth requirepeer ssl_max_protocol_version ssl_min_protocol_version sslcert
    sslcertmode sslcompression sslcrl sslcrldir sslkey sslmode sslnegotiation sslrootcert sslsni
    target_session_attrs
""".split()
_VARIABLES = {
    **{name: f"PG{name.replace('_', '').upper()}" for name in _LIBPQ},
    "application_name": "PGAPPNAME",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}
# What changes nothing in what is asked, or only a driver has a use for.
_NEEDLESS = """
    async_fallback client_encoding command_timeout fallback_application_name keepalives
    keepalives_count keepalives_idle keepalives_interval plugin prepare_threshold
    prepared_statement_cache_size prepared_statement_name_func statement_cache_size
    tcp_user_timeout timeout
""".split()
_SSL = {"true": "require", "false": "disable"}


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


def libpq(dsn: str) -> tuple[dict[str, str], list[str]]:
    """Return the variables of libpq's programs for what stands behind a PostgreSQL URL's ``?``.

    Returns:
        The variables, and the names of parameters that these programs would not heed.

    Raises:
        ValueError: it is no such URL.
    """
    postgres(dsn)
    parts = urlsplit(dsn)
    query = dict(parse_qsl(parts.query))
    if "ssl" in query:  # asyncpg's word, and libpq's for "true"
        query.setdefault("sslmode", _SSL.get(query["ssl"], query["ssl"]))
        del query["ssl"]
    known = {_VARIABLES[name]: value for name, value in query.items() if name in _VARIABLES}
    unknown = [name for name in query if name not in {*_VARIABLES, *_NEEDLESS}]
    if unknown and "@" in parts.query:
        raise ValueError("not a URL")  # it is a password with an unquoted "?", and not to be told
    return known, unknown


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
