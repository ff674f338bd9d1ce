"""S3: the rendered proxy configuration encrypts, redirects, and sends what it should."""

from __future__ import annotations

import subprocess  # nosec B404 - for its exceptions

from ...runner.values import Server
from ..haproxy_inside import plain_hops, unprotected_hops
from ..haproxy_syntax import complaint, missing_tool
from ..haproxy_tls import faults
from ..verdict import Finding, Status, Verdict, judged
from .context import Source
from .proxy_config import ProxyConfig, proxy_config


def check(source: Source) -> Verdict:
    """Render each server's configuration, take it apart, and have HAProxy check it."""

    def look(place: str, server: Server) -> Verdict:
        config = proxy_config(source, server)
        try:
            sections = config.sections()
        except ValueError as error:
            fault = (Finding(f"{error}", place),)
            return Verdict(Status.FAIL, "Unreadable.", fault, rest=Status.ERROR)
        entrances = [one for one in sections if one.kind in ("frontend", "listen")]
        wrong = [*faults(sections), *unprotected_hops(sections)]
        found = [Finding(text, place, 0, text) for text in wrong]
        said, *notes = _haproxy_s_own(config)
        notes += [f"{place}: {note}" for note in plain_hops(sections)]
        if said:
            found.append(Finding(f"haproxy -c: {said}", place))
        return judged(found, len(entrances), "entrances of the proxy", *notes)

    return source.each_proxy(look)


def _haproxy_s_own(config: ProxyConfig) -> tuple[str, ...]:
    """Return HAProxy's complaint, then notes."""
    lacking = missing_tool()
    if lacking:
        return "", f"{lacking} is not installed here, so 'haproxy -c' did not run."
    try:
        return (complaint(config.text, config.files),)
    except (OSError, subprocess.SubprocessError) as error:
        return "", f"'haproxy -c' did not run: {error}."
