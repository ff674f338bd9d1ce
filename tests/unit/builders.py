"""Makers of the objects that many tests need, with sound values for all that a test leaves out."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.module_utils.testing import patch_module_args
from iadeploy.container import Container
from iadeploy.errors import DeployError
from iadeploy.host import View
from iadeploy.slots import SLOTS, layout
from iadeploy.spec import Release, Runtime

ROOT = Path(__file__).resolve().parents[2]
RELEASE_ID = "20260301-101500-ab12cd"
OLDER_ID = "20260228-090000-ff00aa"
DIGEST = "sha256:" + "a1" * 32
OTHER_DIGEST = "sha256:" + "b2" * 32
ADDRESSES = {"blue": "127.0.0.2", "green": "127.0.0.3"}
SECRET = "s3cret-Value-of-the-database"


def release(**changes: Any) -> Release:
    """Return a release."""
    one = Release(
        id=RELEASE_ID,
        app="shop",
        repository="registry.example.com:5000/shop",
        digest=DIGEST,
        tag="1.4.0",
        runtime=Runtime(env={"MODE": "live"}, secret_names=("DATABASE_URL",)),
    )
    return replace(one, **changes)


def container(slot: str = "blue", state: str = "running", **changes: Any) -> Container:
    """Return a container of the application as the engine reports it."""
    one = Container(f"shop-{RELEASE_ID}", state, RELEASE_ID, slot, DIGEST, "c0ffee", "1.4.0")
    return replace(one, **changes)


def view(states: tuple[str, str], *containers: Container) -> View:
    """Return what was seen on a host: the proxy's states of blue and green, the containers."""
    there = {one.slot: one for one in containers}
    by_slot = dict(zip(SLOTS, states, strict=True))
    running = {slot: one.running for slot, one in there.items()}
    return View(by_slot, there, layout(by_slot, running))


def failure_of(call: Callable[[], object]) -> DeployError:
    """Return the failure that a call explains."""
    with pytest.raises(DeployError) as caught:
        call()
    return caught.value


def module(name: str) -> ModuleType:
    """Return an Ansible module or filter plugin as a Python module."""
    return importlib.import_module(name)


def run_module(
    name: str, arguments: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """Run an Ansible module's main() with arguments and return the answer it prints."""
    with pytest.MonkeyPatch.context() as patch:
        # A module runs on a server; other tests load Ansible's controller into this process.
        patch.setattr("ansible.module_utils._internal.is_controller", False)
        with patch_module_args(arguments), pytest.raises(SystemExit):
            module(name).main()
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    answer: dict[str, Any] = json.loads(said.out)
    return answer


def answered(phase: str, **facts: Any) -> dict[str, Any]:
    """Return what ``register`` holds after app_release succeeded."""
    return {"phase": phase, "ok": True, "changed": True, "failed": False, **facts}


def planned(version: str = "1.3.0", **facts: Any) -> dict[str, Any]:
    """Return what ``register`` holds after a plan succeeded, ``version`` serving before."""
    serving = {"slot": "blue", "version": version, "release": OLDER_ID} if version else None
    return answered("plan", serving=serving, **{"digest": DIGEST, "same": False, **facts})


def refused(phase: str, cause: str, msg: str = "it did not work. Do that.", **facts: Any) -> Any:
    """Return what ``register`` holds after app_release called fail_json."""
    said = {"ok": False, "changed": False, "failed": True, "cause": cause, "msg": msg}
    return {"phase": phase, "evidence": {}, **said, **facts}


def lost(reason: str = "ssh: connect to host 10.0.0.9 port 22: Connection refused") -> Any:
    """Return what ``register`` holds for an unreachable server under ignore_unreachable."""
    msg = f"Task failed: Data could not be sent to remote host. {reason}"
    return {"unreachable": True, "changed": False, "msg": msg}


def verdict(
    phase: str, results: dict[str, Any], before: dict[str, Any] | None = None, *then: str
) -> dict[str, Any]:
    """Return the product's own verdict over the servers' registered results.

    Args:
        then: phases that were to follow in the same call.
    """
    hostvars = {
        host: {} if result is None else {"release_result": result}
        for host, result in results.items()
    }
    judge = module("release_verdict").release_verdict
    judged: dict[str, Any] = judge(list(results), hostvars, [phase, *then], before)
    return judged
