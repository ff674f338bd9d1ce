"""Running one phase from the parameters of the module ``app_release``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..arguments import build_bake, build_host, build_release
from ..errors import DeployError
from ..files import explained
from ..host import Asked, Host
from .abort import abort
from .bake import bake
from .commit import commit
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
    if params["action"] == "rollback":
        return plan_rollback(host, params["release"])
    return plan_deploy(host, *build_release(params))


def _mutate(host: Host, params: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Run a phase that may change the host, alone on this host."""
    phase, release_id = params["phase"], params["release"]
    if phase == "bake":
        wanted = build_bake(params["bake"])
        return {"changed": False} if check_mode else bake(host, host.known(release_id), wanted)
    if check_mode:
        serving = host.observe().serving
        return {"changed": serving is None or serving.release != release_id}
    asked = Asked(params["action"], params["actor"])
    with host.store.exclusive():
        if phase == "prepare":
            if params["action"] == "rollback":
                return prepare(host, host.known(release_id), None, asked)
            return prepare(host, *build_release(params), asked)
        if phase == "switch":
            return switch(host, host.known(release_id), asked)
        if phase == "commit":
            return commit(host, host.known(release_id), params["action"], params["actor"])
        return abort(host, release_id, params["action"], params["actor"], params["reason"])
