"""What a check asks: what the module's options fill in, and what cannot be. Pure."""

from __future__ import annotations

import re
from typing import Any

from .. import urls
from .fields import DEFAULT_PORTS
from .reading import Problems

_HEADER = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}")
_HOST = re.compile(r"[A-Za-z0-9._:-]{1,253}")
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9:_.@\\-]{0,254}")
_TRUSTING = ("require", "verify-ca", "verify-full")
_SECRET_HEADERS = ("authorization", "cookie", "proxy-authorization", "x-api-key", "x-auth-token")


def settle_target(
    kind: str, target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    """Fill in what the module's options give, name what is wrong, and return the place shown."""
    return _SETTLERS[kind](target, module, path, problems)


def _settle_http(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    if target["url"] and target["path"]:
        problems.add(f"{path}.path", "and url exclude each other")
    elif target["path"]:
        if not target["path"].startswith("/"):
            problems.add(f"{path}.path", "must begin with /")
        elif not module["base_url"]:
            problems.add(f"{path}.path", "needs the option base_url; or give a url")
        else:
            target["url"] = module["base_url"].rstrip("/") + target["path"]
            target["address"] = target["address"] or module["address"]
    elif not target["url"]:
        problems.add(f"{path}.url", "is missing (or give a path)")
    sound = bool(target["url"]) and check_url(target["url"], f"{path}.url", problems)
    if target["token"] and target["username"]:
        problems.add(f"{path}.token", "and username exclude each other")
    if target["password"] and not target["username"]:
        problems.add(f"{path}.password", "needs a username")
    _judge_headers(target, path, problems)
    for name in ("address", "host_header"):
        check_host(target, name, path, problems)
    if target["url"] and target["url"].startswith("http:") and target["ca_file"]:
        problems.add(f"{path}.ca_file", "needs an https url")
    if not target["tls_verify"] and target["ca_file"]:
        problems.add(f"{path}.ca_file", "is useless when tls_verify is false")
    return urls.shown(target["url"]) if sound else ""


def _judge_headers(target: dict[str, Any], path: str, problems: Problems) -> None:
    for option in ("headers", "secret_headers"):
        headers = target[option] or {}
        target[option] = {name: str(value) for name, value in headers.items()}
        for name, value in target[option].items():
            where = f"{path}.{option}.{name[:40] if name.isprintable() else '?'}"
            if _HEADER.fullmatch(name) is None:
                problems.add(where, "is no name of a header")
            elif option == "headers" and name.lower() in _SECRET_HEADERS:
                problems.add(where, "holds a secret: use token, username or secret_headers")
            elif not value.isascii() or not value.isprintable():
                problems.add(where, "must be printable ASCII on one line")


def _settle_address(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    del module
    if not target["host"]:
        problems.add(f"{path}.host", "is missing")
        return ""
    kind = "tls" if "server_name" in target else "tcp"
    port = target["port"] = target["port"] or DEFAULT_PORTS.get(kind)
    if port is None:
        problems.add(f"{path}.port", "is missing")
        return ""
    for name in ("host", "address", "server_name"):
        check_host(target, name, path, problems)
    return urls.place(target["host"], port)


def _settle_container(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    target["container"] = target["container"] or module["container"]
    if not target["container"]:
        problems.add(f"{path}.container", "is missing; it may also be an option of the module")
    check_host(target, "container", path, problems)
    return target["container"] or ""


def _settle_command(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    place = _settle_container(target, module, path, problems)
    if not target["command"]:
        problems.add(f"{path}.command", "is missing: a list, such as [python, -m, app.selftest]")
        return ""
    return f"{target['command'][0]} in {place}"


def _settle_service(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    del module
    if not target["unit"] and not target["process"]:
        problems.add(f"{path}.unit", "is missing (or give a process)")
    for name in ("unit", "process"):
        if target[name] and _UNIT.fullmatch(target[name]) is None:
            problems.add(f"{path}.{name}", f"is no name of a {name}")
    return target["unit"] or target["process"] or ""


def _settle_login(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    del module
    kind = "redis" if "db" in target else "postgres"
    dsn = target.pop("dsn")
    if dsn:
        both = [name for name in ("host", "username", "password") if target[name]]
        if both:
            problems.add(f"{path}.dsn", f"and {', '.join(both)} exclude each other")
        try:
            told = urls.redis(dsn) if kind == "redis" else urls.postgres(dsn)
        except ValueError:
            example = (
                "redis://:PASSWORD@HOST:6379/0"
                if kind == "redis"
                else ("postgresql://USER:PASSWORD@HOST:5432/NAME")
            )
            problems.add(f"{path}.dsn", f"must be a URL such as {example}")
            return ""
        target.update({name: value for name, value in told.items() if value is not None})
    if not target["host"]:
        problems.add(f"{path}.host", "is missing (or give a dsn)")
        return ""
    if target["password"] and kind == "postgres" and not target["username"]:
        problems.add(f"{path}.password", "needs a username")
    _judge_trust(kind, target, path, problems)
    check_host(target, "host", path, problems)
    target["port"] = target["port"] or DEFAULT_PORTS[kind]
    place = urls.place(target["host"], target["port"])
    return f"{place}/{target['database']}" if target.get("database") else place


def _judge_trust(kind: str, target: dict[str, Any], path: str, problems: Problems) -> None:
    """Refuse certificates to trust where none would be looked at."""
    if not target["ca_file"]:
        return
    if kind == "redis" and not (target["tls"] and target["tls_verify"]):
        problems.add(f"{path}.ca_file", "needs tls and tls_verify to be true, or a rediss:// dsn")
    if kind == "postgres" and target["sslmode"] not in _TRUSTING:
        problems.add(f"{path}.ca_file", f"needs an sslmode of {', '.join(_TRUSTING)}")


def _settle_disk(
    target: dict[str, Any], module: dict[str, Any], path: str, problems: Problems
) -> str:
    del module
    if not target["folder"].startswith("/"):
        problems.add(f"{path}.folder", "must be an absolute path")
    return str(target["folder"])


_SETTLERS = {
    "http": _settle_http,
    "tcp": _settle_address,
    "tls": _settle_address,
    "container": _settle_container,
    "service": _settle_service,
    "postgres": _settle_login,
    "redis": _settle_login,
    "disk": _settle_disk,
    "command": _settle_command,
}


def check_url(url: str, path: str, problems: Problems) -> bool:
    """Tell whether a text is a URL to ask, and name what is wrong with it."""
    try:
        parts = urls.split(url, ("http", "https"))
    except ValueError:
        problems.add(path, "must be a URL such as https://shop.example.com/login")
        return False
    if "@" in parts.netloc:
        problems.add(path, "holds credentials: use username and password, or token")
    return True


def check_host(target: dict[str, Any], name: str, path: str, problems: Problems) -> None:
    """Name what is wrong with a host's or container's name."""
    value = target.get(name)
    if value and _HOST.fullmatch(value) is None:
        where = f"{path}.{name}" if path else name
        problems.add(where, "must be letters, digits, dots, colons and hyphens")
