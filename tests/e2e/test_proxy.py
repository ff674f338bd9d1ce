"""HAProxy as the role sets it up."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

import pytest

from tests.fleet import Fleet

from .site import Images, Site, make_site

pytestmark = pytest.mark.rig
CERTIFICATE = "/etc/haproxy/certs/shop.pem"
MAKE = f"""
mkdir -p /etc/haproxy/certs && cd /etc/haproxy/certs &&
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=shop.example \
    -keyout key.pem -out cert.pem 2>/dev/null &&
cat cert.pem key.pem > {CERTIFICATE} && chmod 600 {CERTIFICATE} key.pem
"""


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")  # asked for on purpose, to see it refused
def test_certificate_brings_tls_redirect_and_hsts(
    site: Site, fleet: Fleet, images: Images, tmp_path: Path
) -> None:
    for server in site.servers:
        server.run(["sh", "-c", MAKE])
    site.configure(proxy_tls_certificate=CERTIFICATE)
    try:
        assert site.operator.run("bootstrap").code == 0
        address = site.servers[0].address
        plain = http.client.HTTPConnection(address, 80, timeout=5)
        plain.request("GET", "/login?next=1")
        redirect = plain.getresponse()
        assert redirect.status == 308
        assert redirect.headers["Location"] == f"https://{address}/login?next=1"
        secure = http.client.HTTPSConnection(address, 443, timeout=5, context=trusting())
        secure.request("GET", "/api/health")
        answer = secure.getresponse()
        assert answer.status == 200
        assert "max-age=31536000" in answer.headers["Strict-Transport-Security"]
        assert old_tls_is_refused(address)
        other = make_site(fleet, images, tmp_path, "notes", "notes.example", 2)
        refused = other.operator.run("bootstrap")
        assert refused.code == 4
        assert "shop on this server has a proxy_tls_certificate" in refused.text
        assert old_tls_is_refused(address)
    finally:
        site.configure(proxy_tls_certificate="")
        assert site.operator.run("bootstrap").code == 0
    assert set(site.served().values()) == {"1.0.0"}


def trusting() -> ssl.SSLContext:
    """A context for the throwaway certificate."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def old_tls_is_refused(address: str) -> bool:
    """Tell whether a client that speaks at most TLS 1.1 is turned away."""
    context = trusting()
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    connection = http.client.HTTPSConnection(address, 443, timeout=5, context=context)
    try:
        connection.request("GET", "/")
    except ssl.SSLError:
        return True
    return False


def test_unknown_host_name_gets_404_once_names_are_given(site: Site) -> None:
    site.configure(app_domains=["shop.example"])
    try:
        assert site.operator.run("bootstrap").code == 0
        for name, status in (
            ("shop.example", 200),
            ("SHOP.example:80", 200),
            ("other.example", 404),
        ):
            connection = http.client.HTTPConnection(site.servers[0].address, 80, timeout=5)
            connection.request("GET", "/api/health", headers={"Host": name})
            assert connection.getresponse().status == status, name
    finally:
        site.configure(app_domains=[])
        assert site.operator.run("bootstrap").code == 0


def test_proxy_restart_and_reload_keep_what_serves(site: Site) -> None:
    site.deploy("2.0.0")
    before = site.snapshot()
    for server in site.servers:
        server.run(["service", "haproxy", "reload"])
        server.run(["service", "haproxy", "restart"])
    assert set(site.served().values()) == {"2.0.0"}
    assert site.snapshot() == before
