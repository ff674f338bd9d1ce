"""The proxy's configuration on a server, rendered by the role's own templates."""

from __future__ import annotations

from dataclasses import dataclass

from ...runner.values import Server
from ..haproxy import Section, parse
from .context import Source

_LISTS = ("domains.map", "edges.lst")
_FOLDER = "/etc/haproxy"


@dataclass(frozen=True)
class ProxyConfig:
    """What HAProxy reads on one server.

    Attributes:
        text: the shared configuration, then the application's.
        files: path on the server to what is looked up in it.
    """

    text: str
    files: dict[str, str]

    def sections(self) -> list[Section]:
        """Return the configuration taken apart.

        Raises:
            ValueError: it cannot be.
        """
        return parse(self.text)


def proxy_config(source: Source, server: Server) -> ProxyConfig:
    """Return the proxy configuration of a server of the application, or of an edge.

    Raises:
        InventoryError: a template cannot be rendered with the inventory's values.
    """
    role = source.role("proxy")
    values = server.role(role)
    own = "edge.cfg" if values.value("__proxy_is_edge") else "app.cfg"
    parts = {
        name: values.render(role / "templates" / f"{name}.j2")
        for name in ("haproxy.cfg", own, *_LISTS)
    }
    return ProxyConfig(
        f"{parts['haproxy.cfg']}\n{parts[own]}",
        {f"{_FOLDER}/{name}": parts[name] for name in _LISTS},
    )
