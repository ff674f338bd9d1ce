"""What the engine or a registry said, as a sentence with a next step. Pure."""

from __future__ import annotations

import re

from .errors import DeployError

_MAX_SAID = 300
_REGISTRY = "Check that the registry runs and that this server can reach it"
# Patterns of Docker 20.10's and the distribution registry's own words, in lower case; the first
# that is found counts. A server's own "denied" and "not found" must not be taken for a registry's.
_STEPS = (
    (r"exec format error", "Build the image for this server's architecture"),
    (
        r"executable file not found|permission denied: unknown",
        "Check app_command and the image's own command",
    ),
    (
        r"network \S+ not found",
        "Run 'iactl bootstrap' for this environment; it makes the networks of this server",
    ),
    (
        r"mount source path|source path does not exist",
        "Check the paths of app_volumes on this server",
    ),
    (
        r"toomanyrequests",
        "The registry limits requests; wait, or log in with an account that may pull more",
    ),
    (
        r"unauthorized|authentication required|no basic auth|(^|: )denied\b|access denied",
        "Check app_registry_username and app_registry_password for this environment",
    ),
    (
        r"manifest unknown|manifest for \S+ not found|name unknown|no such image"
        r"|resolve reference .*not found",
        "Check the image's name and tag, and that the build has pushed it",
    ),
    (
        r"no space left|disk quota",
        "Free disk space on this server, for instance with 'docker image prune -a'",
    ),
    (r"x509|certificate", "Check host_registry_certificates, then run 'iactl bootstrap'"),
    (
        r"\b(get|head|post) \"?https?://|\b(dial|read) tcp\b|net/http|no such host|i/o timeout"
        r"|unexpected http status|^context deadline exceeded",
        _REGISTRY,
    ),
)


def refusal(doing: str, said: str, cause: str = "refused") -> DeployError:
    """Return the error for what the engine said when it refused.

    Args:
        doing: what it was asked to do, as in "cannot …".
        said: its words.
    """
    text = " ".join(said.split())[:_MAX_SAID]
    low = text.lower()
    step = next(
        (step for pattern, step in _STEPS if re.search(pattern, low)),
        "Look at the engine's log on this server",
    )
    return DeployError(f"cannot {doing}: {text}", step, cause=cause)


def silence(doing: str, how: str, *, registry: bool = False) -> DeployError:
    """Return the error for an engine that does not answer.

    Args:
        doing: what it was asked to do, as in "cannot …".
        how: in which way.
        registry: it had to ask a registry for it.
    """
    who, step = "the Docker Engine", "Check 'service docker status' on this server"
    if registry:
        who, step = f"the registry behind {who}", f"{_REGISTRY}; {step[0].lower()}{step[1:]}"
    return DeployError(f"cannot {doing}: {who} {how}", step, cause="refused")
