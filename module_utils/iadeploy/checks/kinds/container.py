"""Kind ``container``: its state, its own health check, restarts, memory."""

from __future__ import annotations

from typing import Any

from ..spec import Check
from ..verdict import Attempt, Verdict
from .engine import EngineError, connected

# No further look can find these running again by themselves.
_ENDED = ("exited", "dead", "removing")
# A shell's way to say SIGKILL. Not every kernel tells the engine that it was for memory.
_KILLED = 137
_MORE_MEMORY = "give it more memory, or find the leak"


def probe(check: Check, attempt: Attempt) -> Verdict:
    """Ask the engine for the container."""
    name = check.target["container"]
    try:
        with connected(name, "container", attempt) as client:
            return judge(name, client.inspect_container(name), check.expect)
    except EngineError as error:
        return error.verdict


def judge(name: str, told: dict[str, Any], expect: dict[str, Any]) -> Verdict:
    """Compare what the engine tells with what is expected. Pure."""
    state = told["State"]
    status, wanted = state["Status"], expect["state"] or "running"
    log = f"read: docker logs --tail 50 {name}"
    memory = bool(state.get("OOMKilled")) and not expect["out_of_memory"]
    if status != wanted:
        ended = status in _ENDED
        if ended and memory:
            cause = f"container {name} was killed for memory"
            return Verdict(False, status, cause, _MORE_MEMORY, final=True)
        if ended and state.get("ExitCode") == _KILLED:
            log = f"killed by hand, or for memory: see 'journalctl -k'; then {log}"
        code = f" with code {state.get('ExitCode')}" if status == "exited" else ""
        cause = f"container {name} is {status}{code} instead of {wanted}"
        return Verdict(False, status, cause, log, final=ended and wanted == "running")
    if memory:
        cause = f"a process in container {name} was killed for memory"
        return Verdict(False, status, cause, _MORE_MEMORY)
    restarts = told.get("RestartCount", 0)
    most = expect["max_restarts"]
    if most is not None and restarts > most:
        cause = f"container {name} restarted {restarts} times, allowed are {most}"
        return Verdict(False, status, cause, log)
    return _judge_health(name, status, (state.get("Health") or {}).get("Status"), expect["health"])


def _judge_health(name: str, status: str, health: str | None, wanted: str | None) -> Verdict:
    if wanted == "any" or health == "healthy":
        return Verdict(True, f"{status}, {health}" if health else status)
    if health in (None, "none"):
        if wanted is None:
            return Verdict(True, status)
        cause = f"the image of container {name} has no health check"
        return Verdict(False, status, cause, "give it a HEALTHCHECK", final=True)
    hint = f"read: docker inspect --format '{{{{json .State.Health}}}}' {name}"
    return Verdict(False, f"{status}, {health}", f"container {name} calls itself {health}", hint)
