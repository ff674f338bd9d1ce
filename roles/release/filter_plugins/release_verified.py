"""The last phase: what an application's checks say of a release that is live. Pure."""

from __future__ import annotations

from typing import Any

NEEDS_HUMAN = 5  # exit code of iactl, documented in its --help

Facts = dict[str, Any]


def release_verified(verdict: Facts, checks: Facts) -> Facts:
    """Return the verdict of the phase ``verify``. It undoes nothing: the release is live.

    Args:
        verdict: of the commit.
        checks: the verdict of the role verify over all servers and the public view.

    Returns:
        The verdict with ``health`` (one sentence over all checks), ``unhealthy`` (the places where
        a critical check failed, ``public`` among them), ``details`` and ``warnings``.
    """
    failed = {place for place in checks["places"] if _of(place, checks["failed"])}
    hosts = {
        host: {**answer, "ok": host not in failed, "msg": " ".join(_of(host, checks["failed"]))}
        for host, answer in verdict["hosts"].items()
    }
    return {
        **verdict,
        "phase": "verify",
        "ok": checks["ok"],
        "failed": [host for host in hosts if host in failed],
        "lost": [host for host in hosts if checks["places"].get(host, {}).get("lost")],
        "hosts": hosts,
        "exit_code": verdict["exit_code"] if checks["ok"] else NEEDS_HUMAN,
        "message": "" if checks["ok"] else checks["message"],
        "health": checks["message"],
        "unhealthy": sorted(failed),
        "details": checks["failed"],
        "warnings": checks["warnings"],
    }


def _of(place: str, sentences: list[str]) -> list[str]:
    """Return a place's own sentences, without its name in front."""
    head = f"{place}: "
    return [f"{one.removeprefix(head)}." for one in sentences if one.startswith(head)]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {"release_verified": release_verified}
