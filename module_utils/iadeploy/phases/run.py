"""Running one phase from the parameters of the module ``app_release``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..arguments import build_bake, build_host, build_release
from ..errors import DeployError
from ..files import explained
from ..host import Asked, Host
from ..migrate_arguments import build_migrate
from ..migrations import meaning_of_going_back
from .abort import abort
from .bake import bake
from .commit import commit
from .fetch import fetch
from .plan import plan_deploy, plan_rollback
from .prepare import prepare
from .switch import switch


def answer(params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Run the phase and return what the module answers, also when it failed."""
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
    if params["phase"] == "plan":
        return {"changed": False, **_plan(host, params)}
    return _mutate(host, params, check_mode)


def _plan(host: Host, params: dict[str, Any]) -> dict[str, Any]:
    wanted = build_migrate(params["migrate"])
    if params["action"] == "rollback":
        planned = plan_rollback(host, params["release"])
        target, entries = host.known(planned["target"]["id"]), host.store.ledger().entries
        return {**planned, **meaning_of_going_back(entries, target, wanted.allow_destructive)}
    if wanted.command:
        from .migrate import preflight  # pylint: disable=import-outside-toplevel  # as below

        preflight(wanted)
    return plan_deploy(host, *build_release(params))


def _mutate(host: Host, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Run a phase that may change the host, alone on this host."""
    phase, release_id = params["phase"], params["release"]
    if phase == "bake":
        watch = build_bake(params["bake"])
        return {"changed": False} if check_mode else bake(host, host.known(release_id), watch)
    if check_mode and phase == "migrate":
        from .migrate import preview  # pylint: disable=import-outside-toplevel

        with host.store.exclusive():
            return preview(host, *build_release(params), build_migrate(params["migrate"]))
    if check_mode:
        serving = host.observe().serving
        return {"changed": serving is None or serving.release != release_id}
    asked = Asked(params["action"], params["actor"])
    with host.store.exclusive():
        if phase == "fetch":
            return fetch(host, *build_release(params), asked)
        if phase == "migrate":
            # Late: what it needs costs every other phase's start.
            from .migrate import migrate  # pylint: disable=import-outside-toplevel

            wanted = build_migrate(params["migrate"])
            return migrate(host, host.known(release_id), wanted, asked)
        if phase == "prepare":
            if params["action"] == "rollback":
                return prepare(host, host.known(release_id), None, asked)
            return prepare(host, *build_release(params), asked)
        if phase == "switch":
            return switch(host, host.known(release_id), asked)
        if phase == "commit":
            return commit(host, host.known(release_id), params["action"], params["actor"])
        return abort(host, release_id, params["action"], params["actor"], params["reason"])
