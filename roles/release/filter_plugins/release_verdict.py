"""The one judge of a phase: it sees every host's result, lost hosts included. Pure.

Ansible itself goes on after an unreachable host even under ``any_errors_fatal``
(ansible/ansible#73795), and a ``rescue`` turns a failed fleet into exit code 0. So a phase's
results are data, and what follows is decided here, once for the whole fleet.
"""

from __future__ import annotations

from typing import Any

Answer = dict[str, Any]
# Exit codes of iactl, documented in its --help.
DONE, BAD_INPUT, REFUSED, FAILED, NEEDS_HUMAN, LOCKED, NO_TARGET = 0, 2, 3, 4, 5, 6, 8

_BY_CAUSE = {"input": BAD_INPUT, "unavailable": NO_TARGET, "locked": LOCKED, "refused": REFUSED}
# Phases after which users may have reached the candidate.
_MOVED = ("switch", "handover", "bake")
_BEFORE_SWITCH = ("fetch", "migrate", "prepare")
# What a verdict takes over from the one before it.
_CARRIED = (
    "digest",
    "target",
    "same",
    "warm",
    "lease",
    "migration",
    "handover",
    "failed_requests",
)
# How processes change hands, in rising order of what has to be awaited.
_MODES = ("none", "host", "fleet")
# Log lines in a message. The very last one need not be the cause: the engine copies a container's
# two streams side by side, so what it said at once on both comes in either order.
_QUOTED = 3
_NO_TRACEBACK = "(traceback unavailable)"  # what Ansible tells where it has none
_STAYED = (
    "It stays, because its migration was destructive and the release before would not run on"
    " this schema."
)
# What a verdict keeps of a host's answer.
_KEPT = """
    ok msg cause evidence changed slot health timings traffic remark remarks repaired schema
    migration backup output serving points_at interrupted diff flipped pruned drained release
    target same warm digest handover quiet granted ledger_head lease lease_ended live
""".split()


def release_verdict(
    hosts: list[str], hostvars: Any, phases: list[str], before: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Judge what one call did over the fleet.

    Args:
        hosts: every host of the play, also those that were lost.
        hostvars: their variables; each host that answered has ``release_result``.
        phases: the phase that just ran; with one host also those that were to follow it.
        before: the verdict before this one.

    Returns:
        The verdict on the phase that was reached, and ``earlier``, those on what the same call had
        passed: ``phase``, ``ok``, ``failed`` and ``lost`` hosts, ``fenced`` (another run has taken
        over), ``exit_code``, ``message``, for an abort ``because``, what the plan decided
        (``digest``, ``target``, ``same``, ``warm``, ``lease``, ``handover``), what the
        ``migration`` came to and whether going back is ``one_way`` off, how many
        ``failed_requests`` of users the bake saw, whether the hosts are ``quiet`` (each has ended
        the processes that must not run), whether an abort came too late as the release was
        ``live``, and each host's result.
    """
    said = {host: dict(hostvars[host].get("release_result") or {}) for host in hosts}
    verdicts: list[dict[str, Any]] = []
    last = before or {}
    for phase, answers in _by_phase(said, phases):
        last = _judged(phase, answers, last)
        verdicts.append(last)
    return {**last, "earlier": verdicts[:-1]}


def _by_phase(said: dict[str, Answer], phases: list[str]) -> list[tuple[str, dict[str, Answer]]]:
    """Return what the hosts said of each phase that their call came to.

    A call through several phases that was cut off may have brought users to the release.
    """
    if len(phases) == 1:
        return [(phases[0], said)]
    ((host, answer),) = said.items()
    if answer.get("unreachable") or answer.get("phase") not in phases:
        return [("switch", said)]
    passed = [(one["phase"], {host: one}) for one in answer["passed"]]
    return [*passed, (answer["phase"], said)]


def _judged(phase: str, said: dict[str, Answer], before: dict[str, Any]) -> dict[str, Any]:
    """Judge one phase by what the hosts said of it."""
    results = {host: _result(answer, phase) for host, answer in said.items()}
    failed = [host for host, result in results.items() if not result["ok"]]
    verdict: dict[str, Any] = {
        **{key: before.get(key) for key in _CARRIED},
        # Never None: Ansible takes nothing but a boolean for a condition.
        "one_way": bool(before.get("one_way")),
        "phase": phase,
        "ok": not failed and bool(results),
        "failed": failed,
        "lost": [host for host in failed if results[host]["cause"] == "lost"],
        "quiet": not failed and all(result.get("quiet") for result in results.values()),
        "fenced": any(result["cause"] == "fenced" for result in results.values()),
        "live": bool(results) and all(result.get("live") for result in results.values()),
        "hosts": results,
        "exit_code": DONE,
        "message": "",
        "because": "",
    }
    if phase == "migrate":
        verdict.update(_migrated(results))
    if phase == "bake":
        verdict["failed_requests"] = _failed_requests(results)
    if phase == "abort":
        # Being back does not make it a success: the run ends with what made it go back.
        # It takes two calls where a fleet's one process goes back, and users had been moved.
        again = before.get("phase") == "abort"
        verdict["because"] = before.get("because") or before.get("message", "")
        verdict["exit_code"] = FAILED if again else before.get("exit_code", DONE)
    if phase == "commit" and not before.get("ok", True):
        verdict["because"] = before["message"]
        verdict["exit_code"] = NEEDS_HUMAN
        verdict["message"] = _STAYED if verdict["ok"] else _message(phase, results, failed)
    if phase == "commit" and before.get("live"):
        verdict["because"] = before["because"]
    if phase == "plan" and verdict["ok"]:
        verdict.update(_planned(results))
    if not verdict["ok"] and not verdict["message"]:
        verdict["exit_code"] = _exit_code(phase, before, results, failed)
        verdict["message"] = _message(phase, results, failed)
    return verdict


def _failed_requests(results: dict[str, dict[str, Any]]) -> int | None:
    """Count what the proxies counted since the switch; None where none of them has counted."""
    told = [
        result.get("traffic") or (result.get("evidence") or {}).get("traffic")
        for result in results.values()
    ]
    counted = [int(traffic["errors"]) for traffic in told if traffic]
    return sum(counted) if counted else None


def _migrated(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Tell what the later phases have to know of the migration."""
    for result in results.values():
        told = result.get("migration") or (result.get("evidence") or {}).get("migration")
        if told:
            one_way = bool(told["ran"] and told["destructive"])
            return {"migration": told, "one_way": one_way}
    return {}


def _result(result: Answer, phase: str) -> Answer:
    """Return a host's result for this phase, or one that says it was lost."""
    if result.get("unreachable"):
        return {"ok": False, "cause": "lost", "msg": _one_line(result.get("msg", ""))}
    if result.get("phase") != phase:
        exception = str(result.get("exception") or "").replace(_NO_TRACEBACK, "")
        said = result.get("module_stderr") or exception or result.get("msg", "")
        text = _last_line(said) if result.get("failed") else "no result came back"
        return {"ok": False, "cause": "failed", "msg": text}
    return {"ok": False, "cause": "", **{key: result[key] for key in _KEPT if key in result}}


def _planned(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Decide for the whole fleet what the hosts planned each for itself."""
    first = next(iter(results.values()))
    targets = {(result.get("target") or {}).get("id", "") for result in results.values()}
    if len(targets) > 1:
        told = ", ".join(
            f"{host}: {(result.get('target') or {}).get('id') or 'none'}"
            for host, result in results.items()
        )
        return {
            "ok": False,
            "failed": list(results),
            "exit_code": NO_TARGET,
            "message": f"The servers do not agree on the release to go back to ({told})."
            " Name one with --to.",
        }
    target = targets.pop()
    return {
        # A tag that moves while the hosts look it up changes nothing: one answer counts.
        "digest": first["digest"],
        "target": target,
        "same": all(result["same"] for result in results.values()),
        "handover": max(
            (one.get("handover", "none") for one in results.values()), key=_MODES.index
        ),
        "warm": bool(target) and all(result.get("warm") for result in results.values()),
    }


def _exit_code(
    phase: str, before: dict[str, Any], results: dict[str, dict[str, Any]], failed: list[str]
) -> int:
    causes = {results[host]["cause"] for host in failed}
    if phase == "plan":
        return next((code for cause, code in _BY_CAUSE.items() if cause in causes), REFUSED)
    if "fenced" in causes:
        # Another run has taken over and decides from here on; ours has nothing to bring back.
        return LOCKED
    if phase == "abort":
        # Before the switch no request can have reached the candidate, whatever a host says now.
        moved = before.get("phase") in (*_MOVED, "abort")
        return NEEDS_HUMAN if moved else before.get("exit_code") or FAILED
    if phase == "commit":
        # A release that does not serve where it should is a mixed fleet; the rest is tidying up.
        return NEEDS_HUMAN if "mixed" in causes else DONE
    if (before.get("migration") or {}).get("ran"):
        return FAILED  # the schema was touched, whatever this phase met
    if phase in _BEFORE_SWITCH and "locked" in causes:
        return LOCKED
    if phase == "prepare" and before.get("target") and "unhealthy" in causes:
        return NEEDS_HUMAN  # going back was the way out; what it was to leave goes on serving
    # A server that was lost while it migrated may have changed the schema.
    if phase in _BEFORE_SWITCH and causes <= {"refused", *(["lost"] * (phase != "migrate"))}:
        return REFUSED
    return FAILED


def _message(phase: str, results: dict[str, dict[str, Any]], failed: list[str]) -> str:
    if not failed:
        return f"No server took part in the phase {phase}."
    told = [f"{host}: {results[host].get('msg') or 'failed'}" for host in failed]
    log = next((lines for host in failed if (lines := _log(results[host]))), [])
    if log:
        told.append(f"The container's last log lines: {' | '.join(log[-_QUOTED:])}")
    return f"{phase} failed on {len(failed)} of {len(results)} servers. " + " ".join(told)


def _log(result: dict[str, Any]) -> list[str]:
    return (result.get("evidence") or {}).get("log") or []


def _one_line(text: str) -> str:
    """Keep all words: of a changed host key, SSH names the danger on its third line."""
    return " ".join(text.replace("@", " ").split())[:1000] or "unreachable"


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "the module failed without a word"


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {"release_verdict": release_verdict}
