"""One judgement over the checks of every server and of the outside view. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

OUTSIDE = "public"


def verify_verdict(
    hosts: list[str], hostvars: Mapping[str, Mapping[str, Any]], views: list[str]
) -> dict[str, Any]:
    """Judge what the module health_check found.

    Args:
        hosts: every server of the play, lost ones included.
        hostvars: every server's variables, ``verify_inside`` and ``verify_outside`` among them.
        views: which views were asked for.

    Returns:
        ``ok``, ``message``, ``config`` (mistakes in the settings), ``failed`` and ``warnings`` (one
        sentence each), and ``places``: server, or ``public``, to its answer.
    """
    places: dict[str, dict[str, Any]] = {}
    if "inside" in views:
        for host in hosts:
            places[host] = _answer(hostvars[host].get("verify_inside"))
    outside = next(
        (one for host in hosts if (one := _asked(hostvars[host].get("verify_outside")))), None
    )
    if outside is not None:
        places[OUTSIDE] = _answer(outside)
    failed = _sentences(places, "critical")
    failed += [f"{place}: {told['problem']}" for place, told in places.items() if told["problem"]]
    return {
        "ok": not failed,
        "message": _message(places, failed),
        "config": sorted({one for told in places.values() for one in told["config"]}),
        "failed": failed,
        "warnings": _sentences(places, "warning"),
        "places": places,
    }


def _asked(answer: Any) -> Any:
    """Return an answer, or None for a task that was skipped."""
    return answer if isinstance(answer, Mapping) and not answer.get("skipped") else None


def _answer(answer: Any) -> dict[str, Any]:
    """Return what one place found: its results, or why there are none."""
    told: dict[str, Any] = {"results": [], "problem": "", "config": [], "lost": False}
    if not isinstance(answer, Mapping):
        return {**told, "problem": "it gave no answer"}
    if answer.get("unreachable"):
        reason = str(answer.get("msg", "it cannot be reached"))
        return {**told, "problem": reason, "lost": True}
    if answer.get("cause") == "input":
        return {**told, "problem": str(answer["msg"]), "config": list(answer.get("problems", []))}
    if answer.get("failed") and not answer.get("results"):
        return {**told, "problem": str(answer.get("msg", "the checks could not run"))}
    return {**told, "results": [dict(one) for one in answer.get("results", [])]}


def _sentences(places: Mapping[str, dict[str, Any]], severity: str) -> list[str]:
    return [
        f"{place}: {one['name']}: {one['cause']}" + (f" ({one['hint']})" if one["hint"] else "")
        for place, told in places.items()
        for one in told["results"]
        if not one["healthy"] and one["severity"] == severity
    ]


def _message(places: Mapping[str, dict[str, Any]], failed: list[str]) -> str:
    if not places:
        return "Nothing was checked: no view has anything to ask."
    count = sum(len(told["results"]) for told in places.values())
    if not failed:
        return f"{count} checks, no critical one failed."
    return f"{len(failed)} critical failures. {'; '.join(failed)}."


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        return {"verify_verdict": verify_verdict}
