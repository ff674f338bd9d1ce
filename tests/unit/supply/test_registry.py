"""What a registry has is asked of itself, with a log-in that goes nowhere else."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from ci_scripts.exits import CommandError, Exit
from ci_scripts.image.engine import Credentials
from ci_scripts.image.push import agreed
from ci_scripts.image.registry import Manifest, Registry
from tests.unit.tls_peer import make_certificate

from .registry_peer import MANIFEST, PASSWORD, USER, RegistryPeer, manifest

IMAGE_ID, OTHER = f"sha256:{'1' * 64}", f"sha256:{'2' * 64}"
LOGIN = Credentials(USER, PASSWORD)


@pytest.fixture(params=["bearer", "basic"])
def peer(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[RegistryPeer]:
    """A registry of each kind, whose certificate is trusted."""
    certificate = make_certificate(tmp_path, 30)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login wrong password wrong\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    with RegistryPeer(certificate, request.param) as running:
        running.manifests["main"] = (MANIFEST, manifest(IMAGE_ID))
        yield running


def test_an_image_is_known_by_its_digest_and_its_id(peer: RegistryPeer) -> None:
    found = Registry(f"{peer.host}/shop", LOGIN).find("main")
    assert found is not None
    digest = hashlib.sha256(manifest(IMAGE_ID)).hexdigest()
    assert (found.digest, found.image_id) == (f"sha256:{digest}", IMAGE_ID)
    assert peer.scopes == (["repository:shop:pull,push"] if peer.scheme == "bearer" else [])


def test_a_tag_that_is_not_there_is_none(peer: RegistryPeer) -> None:
    assert Registry(f"{peer.host}/shop", LOGIN).find("absent") is None


def test_a_further_tag_gets_the_same_bytes(peer: RegistryPeer) -> None:
    registry = Registry(f"{peer.host}/shop", LOGIN)
    found = registry.find("main")
    assert found is not None
    registry.put("sha-1", found)
    assert peer.manifests["sha-1"] == peer.manifests["main"]


@pytest.mark.parametrize("login", [None, Credentials(USER, "wrong-7e1f")])
def test_a_log_in_that_is_refused_is_told_without_it(
    peer: RegistryPeer, login: Credentials | None
) -> None:
    with pytest.raises(CommandError) as caught:
        Registry(f"{peer.host}/shop", login).find("main")
    assert caught.value.code is Exit.GATE_FAILED
    assert "wrong-7e1f" not in caught.value.what + caught.value.next_step + repr(login)


def test_a_log_in_is_not_sent_to_an_address_without_tls(peer: RegistryPeer) -> None:
    peer.scheme = "plain"
    with pytest.raises(CommandError, match="without TLS"):
        Registry(f"{peer.host}/shop", LOGIN).find("main")


def test_a_certificate_that_nobody_trusts_is_refused(
    peer: RegistryPeer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_certificate(tmp_path, 30, "other.example")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(other))
    with pytest.raises(CommandError, match="SSLError"):
        Registry(f"{peer.host}/shop", LOGIN).find("main")


@pytest.mark.parametrize(
    ("kind", "raw", "said"),
    [
        ("application/vnd.oci.image.index.v1+json", b'{"manifests": []}', "index of several"),
        (MANIFEST, b"no json", "cannot be understood"),
        (MANIFEST, b"{}", "index of several"),
        (MANIFEST, json.dumps({"config": {}}).encode(), "cannot be understood"),
    ],
)
def test_what_is_no_single_image_is_refused(
    peer: RegistryPeer, kind: str, raw: bytes, said: str
) -> None:
    peer.manifests["main"] = (kind, raw)
    with pytest.raises(CommandError, match=said):
        Registry(f"{peer.host}/shop", LOGIN).find("main")


def test_a_registry_that_is_not_there_is_named() -> None:
    with pytest.raises(CommandError, match=r"127.0.0.1:9/shop:main.*does not answer"):
        Registry("127.0.0.1:9/shop", LOGIN).find("main")


def test_the_tags_must_have_the_image_that_was_scanned() -> None:
    one, same = (Manifest(manifest(IMAGE_ID), MANIFEST, IMAGE_ID) for _ in range(2))
    assert agreed({"a": one, "b": same}, IMAGE_ID) == one.digest
    with pytest.raises(CommandError, match="was pushed"):
        agreed({"a": one, "b": Manifest(manifest(OTHER), MANIFEST, OTHER)}, IMAGE_ID)
    with pytest.raises(CommandError, match="different digests"):
        agreed({"a": one, "b": Manifest(manifest(IMAGE_ID) + b" ", MANIFEST, IMAGE_ID)}, IMAGE_ID)
