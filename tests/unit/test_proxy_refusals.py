"""Servers that do not fit together: what the role proxy says of them before it touches any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader

from ci_scripts.runner.values import RoleValues, servers

ROLE = Path(__file__).resolve().parents[2] / "roles" / "proxy"
WEB = {"web1": {"ansible_host": "10.0.0.11"}, "web2": {"ansible_host": "10.0.0.12"}}
EDGE = {"edge1": {"ansible_host": "10.0.0.5"}}
NAMED = {"web1": {"ansible_host": "web1.example", "proxy_address": "10.0.0.11"}}
BOTH: dict[str, Any] = {name: {} for name in WEB}


def refusals(folder: Path, app: Any, proxy: Any, settings: dict[str, Any]) -> set[str]:
    """Return the sentences of the role's assertions that do not hold, over all servers."""
    groups = {"app": {"hosts": app}, "proxy": {"hosts": proxy}}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"all": {"children": groups}}))
    variables = folder / "group_vars" / "all"
    variables.mkdir(parents=True)
    (variables / "app.yml").write_text(yaml.safe_dump({"app_name": "shop", **settings}))
    path = str(ROLE / "tasks" / "topology.yml")
    tasks = DataLoader().load_from_file(path, trusted_as_template=True)
    found = set()
    for server in servers(folder, "app:proxy"):
        known = server.role(ROLE).variables
        for task in tasks:
            values = RoleValues({**known, **task.get("vars", {})})
            claim = task["ansible.builtin.assert"]
            if values.value(task.get("when", "true")) and not values.value(claim["that"]):
                sentence = folder / "sentence.j2"
                sentence.write_text(claim["fail_msg"], encoding="utf-8")
                found.add(values.render(sentence))
    return found


@pytest.mark.parametrize(
    ("app", "proxy", "settings"),
    [
        (WEB, BOTH, {}),
        (WEB, {}, {}),
        (WEB, EDGE, {"proxy_scope": "fleet"}),
        (WEB, {**EDGE, "web1": {}}, {"proxy_scope": "fleet"}),
        (NAMED, EDGE, {"proxy_scope": "fleet"}),
        (WEB, BOTH, {"proxy_edges": ["192.0.2.7", "10.0.0.0/24", "2001:db8::/32", "::1"]}),
        ({"web1": {"ansible_host": "web1.example"}}, {"web1": {}}, {}),
    ],
    ids=["host", "no group proxy", "fleet", "both groups", "an address", "edges", "a name, host"],
)
def test_servers_that_fit_together_are_not_refused(
    tmp_path: Path, app: Any, proxy: Any, settings: dict[str, Any]
) -> None:
    assert refusals(tmp_path, app, proxy, settings) == set()


@pytest.mark.parametrize(
    ("app", "proxy", "settings", "told"),
    [
        (WEB, EDGE, {}, "proxy_scope is host, but edge1 is in group proxy and not in group app."),
        (WEB, BOTH, {"proxy_scope": "fleet"}, "but the inventory has no edge."),
        (WEB, {}, {"proxy_scope": "fleet"}, "but the inventory has no edge."),
        (
            {**WEB, "web3": {}},
            {"edge1": {"ansible_host": "edge.example"}},
            {"proxy_scope": "fleet"},
            "web3, edge1 is reached by name.",
        ),
        (
            WEB,
            EDGE,
            {"proxy_scope": "fleet", "proxy_inside_ca": "/ca.pem"},
            "needs both proxy_inside_certificate and proxy_inside_ca.",
        ),
        (WEB, BOTH, {"proxy_edges": ["10.0.0.300"]}, "proxy_edges has 10.0.0.300."),
        (WEB, BOTH, {"proxy_edges": ["::1", "lb.example"]}, "proxy_edges has lb.example."),
        (WEB, BOTH, {"app_domains": "shop.example"}, "Make it a list: ['shop.example']."),
    ],
    ids=[
        "host with an edge",
        "fleet without",
        "fleet without proxies",
        "names",
        "half of TLS",
        "no such address",
        "a name for an address",
        "a text for a list",
    ],
)
def test_servers_that_do_not_fit_are_refused_in_one_sentence_everywhere(
    tmp_path: Path, app: Any, proxy: Any, settings: dict[str, Any], told: str
) -> None:
    said = refusals(tmp_path, app, proxy, settings)
    assert len(said) == 1
    assert told in said.pop()
