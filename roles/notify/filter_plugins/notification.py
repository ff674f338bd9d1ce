"""What there is to tell of a release: facts from the judge's verdicts. Pure.

A verdict's own message is not passed on: it may end with a line of the container's log.
"""

from __future__ import annotations

import re
from typing import Any

Facts = dict[str, Any]
# Exit codes of iactl, documented in its --help.
_DONE, _NEEDS_HUMAN = 0, 5
_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def release_began(verdict: Facts, action: str, image: str, app: str) -> Facts:
    """Return the facts of a release whose plan has succeeded.

    Args:
        verdict: the plan's.
        action: ``deploy`` or ``rollback``.
        image: reference of the image that was asked for.
        app: the application's name.
    """
    version = _planned(verdict, image) if action == "deploy" else _version(verdict, "target")
    count = len(verdict["hosts"])
    begun = "The rollback" if action == "rollback" else "The deploy"
    return {
        "app": app,
        "version": version,
        "previous_version": _version(verdict, "serving"),
        "message": f"{begun} to {count} {_servers(count)} has begun.",
    }


def release_ended(verdict: Facts, action: str, environment: str, begun: Facts) -> Facts:
    """Return the event and the facts of a release that is over.

    Args:
        verdict: the last one.
        action: ``deploy`` or ``rollback``.
        environment: the environment's name.
        begun: what :func:`release_began` said; empty when the plan failed.
    """
    code = int(verdict["exit_code"])
    served = _version(verdict, "release")
    facts = {**begun, "version": served or begun.get("version", "")}
    facts |= {"hosts_total": len(verdict["hosts"]), "hosts_ok": _good(verdict)}
    facts |= {"ledger_head": _ledger_head(verdict)}
    if verdict.get("failed_requests") is not None:
        facts["failed_requests"] = verdict["failed_requests"]
    if code == _DONE:
        event = "succeeded" if action == "deploy" else "rolled_back"
        back = f"To go back: iactl rollback {environment}"
        return {
            **facts,
            "event": event,
            "health": verdict.get("health", ""),
            "message": _live(verdict, environment, facts["version"]),
            "next_step": back if action == "deploy" and begun.get("previous_version") else "",
        }
    event = "needs_human" if code == _NEEDS_HUMAN else "failed"
    return {**facts, "event": event, **_lost(verdict, code, environment, begun)}


def ci_facts(environment: dict[str, str], facts: Facts, repository_url: str, prefix: str) -> Facts:
    """Return what the CI's environment adds: commit, run, and a link that compares versions.

    Args:
        environment: GitHub's variables, those that are set.
        facts: what is known of the release.
        repository_url: the repository's page; empty takes the one of the CI run.
        prefix: what stands before a version in the name of its tag.
    """
    server, repository = environment.get("GITHUB_SERVER_URL"), environment.get("GITHUB_REPOSITORY")
    there = f"{server}/{repository}" if server and repository else ""
    run, page = environment.get("GITHUB_RUN_ID"), (repository_url or there).rstrip("/")
    old, new = str(facts.get("previous_version", "")), str(facts.get("version", ""))
    comparable = page and old != new and _REFERENCE.fullmatch(old) and _REFERENCE.fullmatch(new)
    return {
        "commit": environment.get("GITHUB_SHA", ""),
        "run_url": f"{there}/actions/runs/{run}" if there and run else "",
        "compare_url": f"{page}/compare/{prefix}{old}...{prefix}{new}" if comparable else "",
    }


def _planned(verdict: Facts, image: str) -> str:
    """Name the release as well as a plan knows it: its tag, else its digest's head."""
    tag = image.partition("@")[0].rpartition("/")[2].rpartition(":")[2]
    named = ":" in image.partition("@")[0].rpartition("/")[2]
    return tag if named else str(verdict.get("digest") or "")[7:19]


def _version(verdict: Facts, which: str) -> str:
    found = {
        str(answer[which].get("version", ""))
        for answer in verdict["hosts"].values()
        if isinstance(answer.get(which), dict)
    }
    return " or ".join(sorted(filter(None, found)))


def _ledger_head(verdict: Facts) -> str:
    """Return the head of the first server's ledger; each server has its own."""
    heads = (
        str(verdict["hosts"][host].get("ledger_head") or "") for host in sorted(verdict["hosts"])
    )
    return next(filter(None, heads), "")


def _good(verdict: Facts) -> int:
    """Count the servers where it went well; going back is no success of the release."""
    return len(verdict["hosts"]) - len(verdict["failed"]) if verdict["phase"] != "abort" else 0


def _live(verdict: Facts, environment: str, version: str) -> str:
    count = len(verdict["hosts"])
    said = f"{environment} now serves {version or 'it'} on {count} {_servers(count)}."
    if verdict["failed"]:
        said += f" Cleaning up failed on {', '.join(verdict['failed'])}."
    return said


def _lost(verdict: Facts, code: int, environment: str, begun: Facts) -> Facts:
    failed, phase = verdict["failed"], verdict["phase"]
    before = begun.get("previous_version", "")
    if phase == "verify":
        # What the checks saw may quote what servers said, so only the places are told.
        return {
            "message": f"{environment} now serves {begun.get('version', 'it')}, but checks fail"
            f" ({', '.join(verdict['unhealthy'])}).",
            "next_step": f"Run 'iactl verify {environment}'.",
        }
    if verdict["fenced"]:
        return {
            "message": "The run has lost its lock to another one, which now decides what"
            f" {environment} serves.",
            "next_step": f"Run 'iactl status {environment}'.",
        }
    if code == _NEEDS_HUMAN:
        return {
            "message": f"{phase} failed on {', '.join(failed)}, and not every server is where it"
            " should be.",
            "next_step": f"Run 'iactl status {environment}'.",
        }
    if phase == "abort":
        kept = f"every server serves {before} as before" if before else "nothing runs, as before"
        said = f"It did not get through; {kept}."
    else:
        said = f"Refused before anything was touched: {phase} failed on {', '.join(failed)}."
    causes = {str(answer.get("cause") or "") for answer in verdict["hosts"].values()}
    health = "the candidate was not healthy" if "unhealthy" in causes else ""
    return {"message": said, "health": health, "next_step": "Read the run's report."}


def _servers(count: int) -> str:
    return "server" if count == 1 else "servers"


class FilterModule:
    """Makes the filters known to Ansible."""

    def filters(self) -> dict[str, Any]:
        """Return the filters by name."""
        return {
            "release_began": release_began,
            "release_ended": release_ended,
            "ci_facts": ci_facts,
        }
