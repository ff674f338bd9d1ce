"""Image references: ``[registry/]repository[:tag][@digest]``. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .errors import DeployError

# The grammar of github.com/distribution/reference, without its upper bound of 255 characters
# on the repository, which is checked apart.
_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::[0-9]{1,5})?"
_REFERENCE = re.compile(
    rf"(?:(?P<registry>{_DOMAIN})/)?"
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}))?"
)
_PATH = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_MAX_TEXT, _MAX_REPOSITORY = 512, 255


@dataclass(frozen=True)
class Reference:
    """An image reference taken apart.

    Attributes:
        repository: registry (where one is named) and path, without tag and digest.
        registry: host and port, or an empty string for the engine's default registry.
        tag: the tag, or an empty string.
        digest: ``sha256:…``, or an empty string.
    """

    repository: str
    registry: str
    tag: str
    digest: str

    @property
    def text(self) -> str:
        """The reference as one would type it."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.repository}{tag}{digest}"


def parse_reference(text: str) -> Reference:
    """Take an image reference apart.

    A reference without tag and digest means the tag ``latest``, as everywhere in the field.

    Raises:
        DeployError: the text is no image reference.
    """
    match = _REFERENCE.fullmatch(text) if len(text) <= _MAX_TEXT else None
    if match is None:
        raise _refused(text)
    registry, path = match["registry"] or "", match["path"]
    if registry and not _is_registry(registry):
        registry, path = "", f"{registry}/{path}"
    if _PATH.fullmatch(path) is None:
        raise _refused(text)
    tag = match["tag"] or ("" if match["digest"] else "latest")
    repository = f"{registry}/{path}" if registry else path
    if len(repository) > _MAX_REPOSITORY:
        raise _refused(text)
    return Reference(repository, registry, tag, match["digest"] or "")


def _refused(text: str) -> DeployError:
    return DeployError(
        f"{text[:120]!a} is not an image reference",
        "Give it as registry/name:tag or registry/name@sha256:<64 hex digits>, in lower case",
        cause="input",
    )


def is_digest(text: str) -> bool:
    """Tell whether ``text`` is a SHA-256 image digest."""
    return _DIGEST.fullmatch(text) is not None


def _is_registry(first: str) -> bool:
    """Docker's rule: the first part is a registry when it holds a dot or a colon, or is
    ``localhost``; otherwise it is a folder of the default registry."""
    return "." in first or ":" in first or first == "localhost"
