"""Running one phase from the parameters of the module ``app_release``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from ..arguments import build_bake, build_claim, build_host
from ..errors import DeployError
from ..files import explained
from ..host import Asked, Host
from ..lease import Claim
from ..migrate_arguments import build_migrate
from ..migrations import meaning_of_going_back
from ..process_arguments import build_handover
from ..release_arguments import build_release
from ..tether import is_heard
from .abort import abort
from .bake import bake
from .commit import commit
from .fetch import fetch
from .handover import handover
from .plan import plan_deploy, plan_rollback
from .prepare import prepare
from .switch import check_share, switch


def answer(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Run the phase and those that follow; return what the module answers, also when one failed.

    Nothing follows a phase that failed, nor one whose controller has gone meanwhile.
    """
    passed: list[dict[str, Any]] = []
    told = _answer(params, check_mode)
    for phase in params["then"]:
        if not (told["ok"] and is_heard()):
            break
        passed.append(told)
        told = _answer({**params, "phase": phase}, check_mode)
    changed = any(one.get("changed") for one in (*passed, told))
    return {**told, "changed": changed, "passed": passed}


def _answer(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    phase = params["phase"]
    try:
        with explained(Path(params["state_dir"])):
            return {"phase": phase, "ok": True, **_run(params, check_mode)}
    except DeployError as error:
        return {
            "failed": True,
            "msg": str(error),
            "phase": phase,
            "cause": error.cause,
            "evidence": error.evidence,
            "ok": False,
        }


def _run(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    host = build_host(params)
    claim = build_claim(params["lease"])
    if params["phase"] == "plan":
        try:
            granted = 0 if check_mode else _lock(host, params["lease"], claim)
            return {"changed": False, "granted": granted, **_plan(host, params)}
        except DeployError as error:
            if not check_mode:
                host.store.lease.release(claim.run, over=params["lease"]["grant"])
                if _is_final(error, params["lease"]["dead_runs"]):
                    _note_refusal(host, params, error.what)
            raise
    if params["phase"] == "unlock":
        if not check_mode:
            host.store.lease.release(claim.run, over=params["lease"]["grant"])
            if params["reason"]:
                _note_refusal(host, params, params["reason"])
        return {"changed": False}
    if check_mode:
        return _preview(host, params)
    if params["phase"] == "bake":
        return _bake(host, params, claim)
    return _mutate(host, params, claim)


def _is_final(error: DeployError, dead_runs: list[str]) -> bool:
    """Tell whether the plan ends the release; it is made again where a run has died.

    Args:
        dead_runs: runs that the asker knows to have been killed.
    """
    lease = error.evidence.get("lease", {})
    return error.cause != "locked" or (
        lease.get("alive", True) and lease.get("run") not in dead_runs
    )


def _note_refusal(host: Host, params: dict[str, Any], reason: str) -> None:
    """Write down that a release was refused."""
    facts = {"actor": params["actor"], "image": params["image"], "reason": reason}
    # What made it refuse is what the operator has to hear.
    with suppress(DeployError):
        host.store.tell(params["action"], "refused", run=params["lease"]["run"], **facts)


def _lock(host: Host, options: dict[str, Any], claim: Claim) -> int:
    """Return the number of the lease that this server grants; 0 where another one grants it."""
    known_dead = options["expired"] in options["dead_runs"]
    if options["grant"]:
        return host.store.lease.grant(claim, options["expired"], force=known_dead)
    if options["expired"]:
        host.store.lease.bar(options["expired"], force=known_dead)
    return 0


def _plan(host: Host, params: dict[str, Any]) -> dict[str, Any]:
    lease = host.store.lease.read()
    known = {"lease": lease.to_json() if lease else None}
    first = params["handover"]["first"]
    if params["action"] == "rollback":
        planned = plan_rollback(host, params["release"], first=first)
        target, entries = host.known(planned["target"]["id"]), host.store.ledger().entries
        allowed = params["migrate"]["allow_destructive"]
        return {**known, **planned, **meaning_of_going_back(entries, target, allowed)}
    # Refuses here what would else end the release after it had begun.
    build_bake(params["bake"])
    wanted = build_migrate(params["migrate"])
    if wanted.command:
        from .migrate import preflight  # pylint: disable=import-outside-toplevel  # as below

        preflight(wanted)
    return {**known, **plan_deploy(host, *build_release(params), first=first)}


def _preview(host: Host, params: dict[str, Any]) -> dict[str, Any]:
    """Tell what a phase would change."""
    if params["phase"] == "bake":
        build_bake(params["bake"])
        return {"changed": False}
    if params["phase"] == "migrate":
        from .migrate import preview  # pylint: disable=import-outside-toplevel  # as in _migrate

        with host.store.exclusive():
            return preview(host, *build_release(params), build_migrate(params["migrate"]))
    serving = host.observe().serving
    return {"changed": serving is None or serving.release != params["release"]}


def _bake(host: Host, params: dict[str, Any], claim: Claim) -> dict[str, Any]:
    watch = build_bake(params["bake"])
    first = params["handover"]["first"]
    host.store.lease.renew(claim)
    with host.store.lease.renewed(claim):
        return bake(host, host.known(params["release"]), watch, claim, first=first)


def _mutate(host: Host, params: dict[str, Any], claim: Claim) -> dict[str, Any]:
    """Run a phase that changes the host, alone on this host."""
    phase = _PHASES[params["phase"]]
    with host.store.exclusive(claim):
        done = phase(host, params, Asked(params["action"], params["actor"]))
        if phase not in _LAST:
            return done
        done["ledger_head"] = host.store.ledger().head
    if build_handover(params["handover"]).only_stop or done.get("live"):
        return done  # another call ends what this one has not
    last = params["lease"]["last"]
    if last or not params["lease"]["grant"]:
        # Where others go on, the one that granted the lease gets it back when all have ended.
        host.store.lease.release(claim.run, over=last)
    return {**done, "lease_ended": last}


def _fetch(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return fetch(host, *build_release(params), asked)


def _migrate(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    # Late: what it needs costs every other phase's start.
    from .migrate import migrate  # pylint: disable=import-outside-toplevel

    return migrate(host, host.known(params["release"]), build_migrate(params["migrate"]), asked)


def _prepare(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    if params["action"] == "rollback":
        return prepare(host, host.known(params["release"]), None, asked)
    return prepare(host, *build_release(params), asked)


def _switch(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return switch(host, host.known(params["release"]), asked, check_share(params["share"]))


def _handover(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    wanted = build_handover(params["handover"])
    return handover(host, host.known(params["release"]), wanted, asked)


def _commit(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    return commit(host, host.known(params["release"]), asked)


def _abort(host: Host, params: dict[str, Any], asked: Asked) -> dict[str, Any]:
    wanted = build_handover(params["handover"])
    return abort(host, params["release"], asked, params["reason"], wanted)


# What changes a server, in the order of a release.
_PHASES = {
    "fetch": _fetch,
    "migrate": _migrate,
    "prepare": _prepare,
    "switch": _switch,
    "handover": _handover,
    "commit": _commit,
    "abort": _abort,
}
_LAST = (_commit, _abort)
