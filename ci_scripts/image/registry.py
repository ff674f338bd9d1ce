"""Asking a registry what it really has, and naming it anew there, apart from any engine.

Source: OCI distribution specification 1.1; the token exchange is Docker's, which GHCR speaks too.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
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


class _Refused(Exception):
    """The registry does not do it; the text says why."""


@dataclass(frozen=True)
class Manifest:
    """What a registry has under a tag.

    Attributes:
        raw: its bytes; what is called the image's digest is their SHA-256.
        kind: its media type.
        image_id: digest of the image's configuration.
    """

    raw: bytes
    kind: str
    image_id: str

    @property
    def digest(self) -> str:
        """SHA-256 over the manifest, computed here."""
        return f"sha256:{hashlib.sha256(self.raw).hexdigest()}"


class Registry:
    """One repository of a registry.

    Args:
        repository: registry and path.
        credentials: the log-in, or None.
    """

    def __init__(self, repository: str, credentials: Credentials | None) -> None:
        registry = parse_reference(repository).registry
        path = repository.removeprefix(f"{registry}/") if registry else repository
        self._repository = repository
        self._url = f"https://{registry or _DOCKER_HUB}/v2/{path}/manifests"
        self._login = (credentials.username, credentials.password) if credentials else None

    def find(self, tag: str) -> Manifest | None:
        """Return what the registry has under a tag, or None where there is no such tag.

        Raises:
            CommandError: it does not answer, refuses, or has no single image there.
        """
        with self._explained(f"What the registry has as {self._repository}:{tag} cannot be read"):
            answer = self._ask("GET", tag, headers={"Accept": ", ".join(_TYPES)})
            if answer.status_code == requests.codes.not_found:
                return None
            return _manifest(answer)

    def put(self, tag: str, manifest: Manifest) -> None:
        """Give an image that the registry has a further tag; its digest stays.

        Raises:
            CommandError: it does not answer, or refuses.
        """
        with self._explained(f"The registry did not take the tag {self._repository}:{tag}"):
            headers = {"Content-Type": manifest.kind}
            answer = self._ask("PUT", tag, headers=headers, data=manifest.raw)
            if not answer.ok:
                raise _Refused(f"it answered {answer.status_code}")

    def _ask(
        self, method: str, tag: str, headers: dict[str, str], data: bytes | None = None
    ) -> requests.Response:
        url = f"{self._url}/{tag}"
        with requests.Session() as session:
            ask = {"data": data, "auth": _no_login, "timeout": _SECONDS}
            answer = session.request(method, url, headers=headers, **ask)  # type: ignore[arg-type]
            if answer.status_code != requests.codes.unauthorized:
                return answer
            challenge = answer.headers.get("WWW-Authenticate", "")
            headers = {**headers, "Authorization": self._authorization(session, challenge)}
            return session.request(method, url, headers=headers, **ask)  # type: ignore[arg-type]

    def _authorization(self, session: requests.Session, challenge: str) -> str:
        scheme, _, rest = challenge.partition(" ")
        if scheme.lower() == "basic" and self._login:
            asked = requests.Request("GET", "https://none.invalid", auth=self._login).prepare()
            return str(asked.headers["Authorization"])
        if scheme.lower() != "bearer":
            raise _Refused("it asks for a log-in, and none was given")
        wanted = dict(_PARAMETER.findall(rest))
        realm = wanted.pop("realm", "")
        if not realm.startswith("https://"):
            raise _Refused("it sends the log-in to an address without TLS")
        login = self._login or _no_login
        answer = session.get(realm, params=wanted, auth=login, timeout=_SECONDS)
        if not answer.ok:
            raise _Refused(f"its log-in answered {answer.status_code}")
        document = answer.json()
        return f"Bearer {document.get('token') or document['access_token']}"

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except _Refused as error:
            why = str(error)
        except requests.RequestException as error:
            why = f"it does not answer ({type(error).__name__})"
        except (ValueError, KeyError, TypeError) as error:
            why = f"its answer cannot be understood ({type(error).__name__})"
        else:
            return
        raise CommandError(
            Exit.GATE_FAILED,
            f"{what}: {why}.",
            "Check the repository's name, the user's rights there, and the password.",
        )


def _manifest(answer: requests.Response) -> Manifest:
    if not answer.ok:
        raise _Refused(f"it answered {answer.status_code}")
    if len(answer.content) > _MOST_BYTES:
        raise _Refused("its manifest is too large")
    document: dict[str, Any] = json.loads(answer.content)
    kind = answer.headers.get("Content-Type", "").partition(";")[0]
    if kind not in _TYPES or "config" not in document:
        raise _Refused("it is an index of several images")
    return Manifest(answer.content, kind, str(document["config"]["digest"]))


def _no_login(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep a .netrc of this machine from choosing another log-in."""
    return request
