"""The proxy's configuration on a server, rendered by the role's own templates."""

from __future__ import annotations

from dataclasses import dataclass

from ...runner.values import Server
from ..haproxy import Section, parse
from .context import Source


@dataclass(frozen=True)
class ProxyConfig:
    """What HAProxy reads on one server.

    Attributes:
        text: the shared configuration, then the application's.
        domains: the map of domains.
    """

    text: str
    domains: str

    def sections(self) -> list[Section]:
        """Return the configuration taken apart.

        Raises:
            ValueError: it cannot be.
        """
        return parse(self.text)


def proxy_config(source: Source, server: Server) -> ProxyConfig:
    """Return a server's proxy configuration.

    Raises:
        InventoryError: a template cannot be rendered with the inventory's values.
    """
    role = source.role("proxy")
    values = server.role(role)
    parts = {
        name: values.render(role / "templates" / f"{name}.j2")
        for name in ("haproxy.cfg", "app.cfg", "domains.map")
    }
    return ProxyConfig(f"{parts['haproxy.cfg']}\n{parts['app.cfg']}", parts["domains.map"])
