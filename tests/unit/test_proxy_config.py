"""The proxy's configuration as the role's templates render it, on either side of an edge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from ci_scripts.hipaa.haproxy import Section, parse
from ci_scripts.hipaa.haproxy_syntax import complaint, missing_tool
from ci_scripts.runner.values import RoleValues, servers

ROLE = Path(__file__).resolve().parents[2] / "roles" / "proxy"
TLS: dict[str, Any] = {
    "proxy_inside_certificate": "/etc/haproxy/inside.pem",
    "proxy_inside_ca": "/etc/haproxy/ca.pem",
}
PUBLIC: dict[str, Any] = {"proxy_tls_certificate": "/etc/haproxy/shop.pem"}
LISTS = ("domains.map", "edges.lst")


class Rendered:
    """One server's configuration."""

    def __init__(self, values: RoleValues) -> None:
        def template(name: str) -> str:
            return values.render(ROLE / "templates" / f"{name}.j2")

        own = "edge.cfg" if values.value("__proxy_is_edge") else "app.cfg"
        self.text = f"{template('haproxy.cfg')}\n{template(own)}"
        self.files = {f"/etc/haproxy/{name}": template(name) for name in LISTS}

    def section(self, kind: str) -> Section:
        """Return its frontend, or the application's backend."""
        name = {"frontend": "web", "backend": "app_shop"}[kind]
        (found,) = (one for one in parse(self.text) if (one.kind, one.name) == (kind, name))
        return found

    def lines(self, kind: str, *words: str) -> list[str]:
        """Return the rest of the lines that start with these words."""
        return [" ".join(rest) for rest in self.section(kind).starting(*words)]

    @property
    def trusted(self) -> list[str]:
        """Whose forwarded headers it believes."""
        lines = self.files["/etc/haproxy/edges.lst"].splitlines()
        return [line for line in lines if line and not line.startswith("#")]


def rendered(folder: Path, hosts: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    """Return every server's configuration: two of the application and an edge, in scope fleet."""
    plain = {"web1": {"ansible_host": "10.0.0.11"}, "web2": {"ansible_host": "10.0.0.12"}}
    groups = {
        "app": {"hosts": hosts or plain},
        "proxy": {"hosts": {"edge1": {"ansible_host": "10.0.0.5"}}},
    }
    if settings.get("proxy_scope") == "host":
        groups["proxy"] = {"hosts": {name: {} for name in hosts or plain}}
    (folder / "hosts.yml").write_text(
        yaml.safe_dump({"all": {"children": groups}}, sort_keys=False)
    )
    variables = folder / "group_vars" / "all"
    variables.mkdir(parents=True)
    wanted = {"app_name": "shop", "app_domains": ["shop.example"], "proxy_scope": "fleet"}
    (variables / "app.yml").write_text(yaml.safe_dump({**wanted, **settings}))
    return {one.name: Rendered(one.role(ROLE)) for one in servers(folder, "app:proxy")}


def test_an_edge_knows_servers_and_a_server_knows_slots(tmp_path: Path) -> None:
    found = rendered(tmp_path)
    assert found["edge1"].lines("backend", "server") == [
        "web1 10.0.0.11:80 check",
        "web2 10.0.0.12:80 check",
        "web1-unchecked 10.0.0.11:80 backup",
        "web2-unchecked 10.0.0.12:80 backup",
    ]
    slots = [line.split()[0] for line in found["web1"].lines("backend", "server")]
    assert slots == ["blue", "green"]
    assert not found["edge1"].section("backend").has("load-server-state-from-file")


def test_an_edge_asks_for_health_as_a_user_would(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"app_health_path": "/up", "app_health_statuses": [200, 204]}
    edge = rendered(tmp_path, app_health_timeout=1.5, **settings)["edge1"]
    (sent,) = edge.lines("backend", "http-check", "send")
    assert sent.startswith("meth GET uri /up ver HTTP/1.1 hdr Host shop.example ")
    assert edge.lines("backend", "http-check", "expect") == ["status 200,204"]
    assert edge.lines("backend", "timeout", "check") == ["1500ms"]


def test_only_a_connection_that_could_not_be_made_is_tried_elsewhere(tmp_path: Path) -> None:
    backend = rendered(tmp_path)["edge1"].section("backend")
    assert list(backend.starting("retry-on")) == [["conn-failure"]]
    assert backend.has("option", "http-server-close")
    assert not backend.has("http-reuse")


def test_servers_behind_edges_take_plain_http_from_the_edges_alone(tmp_path: Path) -> None:
    found = rendered(tmp_path, **PUBLIC)
    for name in ("web1", "web2"):
        assert found[name].lines("frontend", "bind") == [":80"]
        assert found[name].lines("frontend", "tcp-request", "connection", "reject") == [
            "unless edge or { src 127.0.0.0/8 }"
        ]
        assert found[name].trusted == ["10.0.0.5"]
    assert not found["web1"].section("frontend").has("http-request", "redirect")
    edge = found["edge1"]
    assert edge.trusted == []
    assert [line.split()[:2] for line in edge.lines("frontend", "bind")] == [
        [":80"],
        [":443", "ssl"],
    ]
    assert edge.section("frontend").has("http-request", "redirect", "scheme", "https")
    assert edge.section("frontend").has("http-response", "set-header", "Strict-Transport-Security")


def test_tls_to_the_inside_is_verified_by_the_server_s_name(tmp_path: Path) -> None:
    found = rendered(tmp_path, **TLS)
    assert found["web1"].lines("frontend", "bind") == [
        "127.0.0.1:80",
        ":443 ssl crt /etc/haproxy/inside.pem",
    ]
    edge = found["edge1"]
    (shared,) = edge.lines("backend", "default-server")
    assert shared.endswith("ssl verify required ca-file /etc/haproxy/ca.pem")
    first, *_, last = edge.lines("backend", "server")
    assert first == "web1 10.0.0.11:443 check verifyhost web1"
    assert last == "web2-unchecked 10.0.0.12:443 backup verifyhost web2"


def test_a_server_s_own_address_and_port_are_taken(tmp_path: Path) -> None:
    hosts = {
        "web1": {"ansible_host": "bastion.example", "proxy_address": "10.0.0.21"},
        "10.0.0.22": {"proxy_http_port": 8080},
    }
    edge = rendered(tmp_path, hosts)["edge1"]
    assert edge.lines("backend", "server")[:2] == [
        "web1 10.0.0.21:80 check",
        "10.0.0.22 10.0.0.22:8080 check",
    ]


@pytest.mark.parametrize(("scope", "besides"), [("host", []), ("fleet", ["10.0.0.5"])])
def test_named_addresses_are_believed_besides_the_edges(
    tmp_path: Path, scope: str, besides: list[str]
) -> None:
    balancer = ["192.0.2.7", "10.9.0.0/16"]
    found = rendered(tmp_path, proxy_edges=balancer, proxy_scope=scope)
    assert found["web1"].trusted == [*balancer, *besides]
    assert found["web1"].section("frontend").has("tcp-request") == (scope == "fleet")


def test_an_edge_s_checks_count_as_nobody_s_requests(tmp_path: Path) -> None:
    found = rendered(tmp_path)
    (sent,) = found["edge1"].lines("backend", "http-check", "send")
    assert sent.endswith("hdr X-Edge-Check 1")
    assert found["edge1"].section("frontend").has("http-request", "del-header", "X-Edge-Check")
    checks = [one for one in parse(found["web1"].text) if one.name == "check_app_shop"]
    tracked = [" ".join(rest[-2:]) for one in checks for rest in one.starting("server")]
    assert tracked == ["track app_shop/blue", "track app_shop/green"]


@pytest.mark.skipif(bool(missing_tool()), reason=f"{missing_tool()} is not installed")
@pytest.mark.parametrize(
    "settings",
    [{}, PUBLIC, {**PUBLIC, **TLS}, {"app_domains": []}, {"proxy_scope": "host", **PUBLIC}],
    ids=["plain", "public TLS", "TLS inside too", "every name", "no edge"],
)
def test_haproxy_takes_it(tmp_path: Path, settings: dict[str, Any]) -> None:
    for name, config in rendered(tmp_path, **settings).items():
        assert complaint(config.text, config.files) == "", name
