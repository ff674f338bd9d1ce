"""What the servers' answers mean for the lease of the whole fleet. Pure."""

from __future__ import annotations

from typing import Any

# Exit codes of iactl, documented in its --help.
DONE, REFUSED, LOCKED = 0, 3, 6

Facts = dict[str, Any]
# How a server calls a run that can change nothing any more, anywhere.
_OVER = ("barred", "ended")


def release_lease(verdict: Facts, run: str, dead: list[str]) -> Facts:
    """Add to a plan's verdict what is known of the lease, and to a later one whether it is over.

    The server that grants sees its own lease only. Where another run lives on another server, as
    one does that was started for a part of the fleet, the plan is refused here.

    Args:
        verdict: the judge's.
        run: the id of the run that asks.
        dead: runs that are known to have been killed.

    Returns:
        The verdict with ``lease``: ``run``, whether it is ``held`` by that run, the ``fence`` that
        no server has seen yet, and ``expired``, the run that may be taken over from, or nothing.
        Its ``exit_code`` is 6 where a run lives that this one would stop half-way; ``refusal``
        says so to the server that granted, which does not know it.
    """
    answers = verdict["hosts"]
    if verdict["phase"] != "plan":
        ended = any(answer.get("lease_ended") for answer in answers.values())
        known = verdict.get("lease") or {}
        return {**verdict, "lease": {**known, "held": False}} if ended else verdict
    granted = max((answer.get("granted") or 0 for answer in answers.values()), default=0)
    seen = {host: known for host, answer in answers.items() if (known := _seen(answer))}
    others = [one for one in seen.values() if one["run"] != run]
    lease = {
        "run": run,
        "held": granted > 0,
        # A server that joined the fleet may know higher numbers than the one that grants them.
        "fence": max([granted, *(one["fence"] + 1 for one in others)]),
        "expired": _expired(verdict, others, dead),
        "taken_from": ((verdict.get("lease") or {}).get("expired") or "") if granted else "",
    }
    over = {run, *dead, *(one[how] for one in seen.values() for how in _OVER)}
    living = {host: one for host, one in seen.items() if one["alive"] and one["run"] not in over}
    refused = _refused(verdict, living) if granted else {}
    return {**verdict, **refused, "lease": lease}


def _refused(verdict: Facts, living: dict[str, Facts]) -> Facts:
    """Return what changes in a good plan when other runs are at work; nothing without them."""
    if not verdict["ok"] or not living:
        return {}
    said = {host: _sentence(lease) for host, lease in living.items()}
    message = " ".join(f"{host}: {text}" for host, text in said.items())
    answers = {
        host: {**verdict["hosts"][host], "ok": False, "cause": "locked", "msg": text}
        for host, text in said.items()
    }
    return {
        "ok": False,
        "failed": list(said),
        "hosts": {**verdict["hosts"], **answers},
        "exit_code": LOCKED,
        "message": message,
        "refusal": message,
    }


def _sentence(lease: Facts) -> str:
    """Say who is at work; a server that is asked for its own lease says it by the same words."""
    url = f", see {lease['url']}" if lease["url"] else ""
    return (
        f"it is locked by {_who(lease)} since {lease['since']}{url}; last sign of life"
        f" {lease['silent']:.0f} s ago. Wait until that run has ended; when it died, its lock runs"
        f" out {lease['seconds']:.0f} s after its last sign of life."
    )


def _seen(answer: Facts) -> Facts | None:
    """Return the lease that a server knows, also when it is why it refused."""
    known = answer.get("lease") or (answer.get("evidence") or {}).get("lease")
    return known if isinstance(known, dict) else None


def _expired(verdict: Facts, others: list[Facts], dead: list[str]) -> str:
    """Return the run that stands in the way and is dead, or that no server has heard of for its
    whole time."""
    blocking = {
        one["run"] for answer in verdict["hosts"].values() if (one := _blocking(answer)) is not None
    }
    if verdict["exit_code"] != LOCKED or len(blocking) != 1:
        return ""
    run = str(blocking.pop())
    alive = any(one["run"] == run and one["alive"] for one in others)
    return run if run in dead or not alive else ""


def _blocking(answer: Facts) -> Facts | None:
    return _seen(answer) if answer.get("cause") == "locked" else None


def release_lock_verdict(hosts: list[str], hostvars: Any, force: bool) -> Facts:
    """Judge whether the lock may be taken away.

    Args:
        hosts: every host of the play, also those that were lost.
        hostvars: their variables; each host that answered has ``release_lock``.
        force: also from a run that lives.

    Returns:
        ``run``, the one to bar, or nothing; ``lease``, ``exit_code``, ``message``, ``next_step``.
    """
    answers = {host: dict(hostvars[host].get("release_lock") or {}) for host in hosts}
    silent = sorted(host for host, one in answers.items() if "lease" not in one)
    leases = [one["lease"] for one in answers.values() if one.get("lease")]
    held = [one for one in leases if one["held"]]
    lease = max(held, key=lambda one: (one["alive"], one["fence"]), default=None)
    verdict = {"run": "", "lease": lease, "exit_code": DONE, "next_step": ""}
    if silent and not force:
        verdict["exit_code"] = REFUSED
        verdict["message"] = f"Who holds the lock is not known on {', '.join(silent)}."
        verdict["next_step"] = "Bring that server back, or use --force for the others."
    elif lease is None:
        verdict["message"] = "Nothing is locked."
    elif lease["alive"] and not force:
        verdict["exit_code"] = LOCKED
        verdict["message"] = (
            f"{_who(lease)} has held the lock since {lease['since']} and was heard of"
            f" {lease['silent']:.0f} s ago{_where(lease)}."
        )
        verdict["next_step"] = "Wait, or stop that run first; --force takes its lock all the same."
    else:
        verdict["run"] = lease["run"]
        verdict["message"] = (
            f"Unlocked: run {lease['run']} of {_who(lease)}, last heard of"
            f" {lease['silent']:.0f} s ago, can change nothing any more."
        )
        verdict["next_step"] = "Run 'iactl status', then deploy again; it repairs what was begun."
    return verdict


def _who(lease: Facts) -> str:
    return str(lease["owner"] or "a run without a name")


def _where(lease: Facts) -> str:
    return f" ({lease['url']})" if lease["url"] else ""


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {"release_lease": release_lease, "release_lock_verdict": release_lock_verdict}
