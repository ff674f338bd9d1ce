"""Transport where edges stand between users and the application's servers."""

from __future__ import annotations

import pytest

from ci_scripts.hipaa.verdict import Status
from tests.unit.hipaa.tree import APP, HOSTS, PROXY, Defect, Tree

EDGE = "roles/proxy/templates/edge.cfg.j2"
SERVERS = """\
all:
  vars: {ansible_user: deploy, ansible_become: true}
  children:
    app:
      hosts:
        web1: {ansible_host: 10.0.0.11}
        web2: {ansible_host: web2.example.com, proxy_address: 10.0.0.12}
    proxy:
      hosts:
        edge1: {ansible_host: 10.0.0.5}
"""
TLS = """\
proxy_inside_certificate: /etc/haproxy/certs/inside.pem
proxy_inside_ca: /etc/haproxy/certs/inside-ca.pem
"""


@pytest.fixture
def edges(tree: Tree) -> Tree:
    """The clean project, with two servers behind an edge."""
    tree.write(HOSTS, SERVERS)
    tree.write(APP, (tree.root / APP).read_text(encoding="utf-8") + "proxy_scope: fleet\n")
    return tree


def with_tls(tree: Tree) -> None:
    tree.write(APP, (tree.root / APP).read_text(encoding="utf-8") + TLS)


def change(path: str, old: str, new: str) -> Defect:
    return lambda tree: tree.change(path, old, new)


def product(path: str, old: str, new: str) -> Defect:
    return lambda tree: tree.change_product(path, old, new)


def unverified(tree: Tree) -> None:
    with_tls(tree)
    tree.change_product(EDGE, "verify required", "verify none")


def test_every_proxy_is_looked_at_and_plain_http_inside_is_the_risk_analysis_s(edges: Tree) -> None:
    verdict = edges.look("S3")
    assert (verdict.status, verdict.findings) == (Status.PASS, ())
    for name in ("web1", "web2", "edge1"):
        assert f"production ({name})" in verdict.reason
    said = [note for note in verdict.notes if "haproxy" not in note]
    assert len(said) == 1
    assert "edge1" in said[0] and "risk analysis" in said[0]


def test_tls_to_the_inside_leaves_nothing_to_say(edges: Tree) -> None:
    with_tls(edges)
    verdict = edges.look("S3")
    assert (verdict.status, verdict.findings) == (Status.PASS, ())
    assert not any("risk analysis" in note for note in verdict.notes)


@pytest.mark.parametrize(
    ("defect", "place", "told"),
    [
        (change(HOSTS, "10.0.0.12", "8.8.4.4"), "edge1", "web2 at 8.8.4.4, which is no private"),
        (change(HOSTS, "10.0.0.11", "web1.local"), "edge1", "web1 at web1.local, which is no"),
        (unverified, "edge1", "does not verify the certificate of web1"),
        (product(PROXY, "reject unless edge or", "reject if !edge"), "web1", "plain HTTP at :80"),
        (product(PROXY, "unless edge or", "unless TRUE or"), "web2", "plain HTTP at :80"),
        (
            change(APP, "proxy_tls_certificate:", "app_command: #"),
            "edge1",
            "no address serves HTTPS",
        ),
    ],
    ids=["public", "a name", "unverified", "no edges' rule", "open", "no certificate"],
)
def test_a_hop_that_others_can_read_is_found_where_it_is(
    edges: Tree, defect: Defect, place: str, told: str
) -> None:
    defect(edges)
    verdict = edges.look("S3")
    assert verdict.status is Status.FAIL
    found = [f"{one.place}: {one.text}" for one in verdict.findings]
    assert any(place in text and told in text for text in found), found


def test_the_edge_s_log_is_looked_at_too(edges: Tree) -> None:
    edges.change_product(EDGE, "    balance roundrobin", "    capture request header Cookie len 9")
    verdict = edges.look("S8")
    assert any("edge1" in one.place for one in verdict.findings), verdict.findings
