"""Asking a registry what it really has, apart from the engine that pushed it.

Source: OCI distribution specification 1.1; the token exchange is Docker's, which GHCR speaks too.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from typing import Any

import requests
from iadeploy.reference import parse_reference

from ..exits import CommandError, Exit
from .engine import Credentials

_TYPES = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
_SECONDS = 30
_MOST_BYTES = 4 << 20
_PARAMETER = re.compile(r'(\w+)="([^"]*)"')
_DOCKER_HUB = "registry-1.docker.io"


@dataclass(frozen=True)
class Manifest:
    """What a registry has under a tag.

    Attributes:
        digest: SHA-256 over the manifest, computed here.
        image_id: digest of the image's configuration.
    """

    digest: str
    image_id: str


def read_manifest(repository: str, tag: str, credentials: Credentials | None) -> Manifest:
    """Return what the registry has under a tag.

    Raises:
        CommandError: it does not answer, refuses, or has no single image there.
    """
    name = f"{repository}:{tag}"
    try:
        raw = _fetch(repository, tag, credentials)
        document: dict[str, Any] = json.loads(raw)
        image_id = str(document["config"]["digest"])
    except (requests.RequestException, ValueError, KeyError, TypeError) as error:
        raise CommandError(
            Exit.GATE_FAILED,
            f"What the registry has as {name} cannot be read back: {_told(error)}.",
            "The image may have been pushed; nothing was recorded, so push it again.",
        ) from error
    return Manifest(f"sha256:{hashlib.sha256(raw).hexdigest()}", image_id)


def _fetch(repository: str, tag: str, credentials: Credentials | None) -> bytes:
    registry = parse_reference(repository).registry
    path = repository.removeprefix(f"{registry}/") if registry else repository
    url = f"https://{registry or _DOCKER_HUB}/v2/{path}/manifests/{tag}"
    headers = {"Accept": ", ".join(_TYPES)}
    with requests.Session() as session:
        answer = session.get(url, headers=headers, auth=_no_login, timeout=_SECONDS)
        if answer.status_code == requests.codes.unauthorized:
            challenge = answer.headers.get("WWW-Authenticate", "")
            headers |= {"Authorization": _authorization(session, challenge, credentials)}
            answer = session.get(url, headers=headers, auth=_no_login, timeout=_SECONDS)
        answer.raise_for_status()
        if len(answer.content) > _MOST_BYTES:
            raise ValueError("its manifest is too large")
        return answer.content


def _authorization(
    session: requests.Session, challenge: str, credentials: Credentials | None
) -> str:
    scheme, _, rest = challenge.partition(" ")
    login = (credentials.username, credentials.password) if credentials else None
    if scheme.lower() == "basic" and login:
        header = requests.Request("GET", "https://none.invalid", auth=login).prepare().headers
        return str(header["Authorization"])
    if scheme.lower() != "bearer":
        raise ValueError("it asks for a log-in, and none was given")
    asked = dict(_PARAMETER.findall(rest))
    realm = asked.pop("realm")
    if not realm.startswith("https://"):
        raise ValueError("it sends the log-in to an address without TLS")
    answer = session.get(realm, params=asked, auth=login or _no_login, timeout=_SECONDS)
    answer.raise_for_status()
    document = answer.json()
    return f"Bearer {document.get('token') or document['access_token']}"


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a .netrc of this machine from choosing another log-in."""
    return request


def _told(error: Exception) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"it answered {error.response.status_code}"
    if isinstance(error, requests.RequestException):
        return f"it does not answer ({type(error).__name__})"
    return str(error) if isinstance(error, ValueError) else "it is no single image"
