"""What a release has to go through after its plan, and after its last phase. Pure."""

from __future__ import annotations

from typing import Any

# What may follow each other without a word in between.
_IN_ONE_CALL = (("prepare", "switch"), ("switch", "commit"))


def release_steps(verdict: dict[str, Any], action: str, wanted: dict[str, bool]) -> list[str]:
    """Return the steps in order: phases, and files of tasks that hold several.

    Args:
        verdict: what the plan came to, with ``warm`` and ``handover``.
        action: ``deploy`` or ``rollback``.
        wanted: which of the steps ``began`` (somebody is told), ``migrate``, ``gradually``,
            ``bake`` and ``verify`` the settings ask for.

    A rollback is for an emergency: what is kept is not watched again, and goes to everybody at
    once. It brings no schema back.
    """
    deploys = action == "deploy"
    return _needed(
        {
            "began": wanted["began"],
            "migrate": deploys and wanted["migrate"],
            "prepare": not verdict["warm"],
            "gradually": deploys and wanted["gradually"],
            "switch": True,
            "handover": verdict["handover"] != "none",
            "bake": deploys and wanted["bake"],
            "commit": True,
            "verify": wanted["verify"],
        }
    )


def release_calls(steps: list[str], servers: int) -> list[list[str]]:
    """Return the steps in order, those together that one call of the module carries out.

    What lies between two phases is the judgement over the fleet. One server needs none, and each
    call less is a third of a second. A migration keeps them apart: from the switch on there may be
    no way back, so a cancelled run has to know whether it was reached.
    """
    if servers > 1 or "migrate" in steps:
        return [[step] for step in steps]
    calls: list[list[str]] = []
    for step in steps:
        if calls and (calls[-1][-1], step) in _IN_ONE_CALL:
            calls[-1].append(step)
        else:
            calls.append([step])
    return calls


def release_endings(verdict: dict[str, Any], told: bool, held: bool) -> list[str]:
    """Return the files of tasks that end a release, in order; none where all is done.

    A plan has touched nothing, and from a commit on nobody goes back.

    Args:
        verdict: what the last phase came to, with its ``phase``, ``ok`` and ``same``.
        told: whether somebody is to be told.
        held: whether the lease is still this run's.
    """
    failed = not verdict["ok"]
    return _needed(
        {
            "bring_back": failed and verdict["phase"] not in ("plan", "commit", "verify"),
            "tell": told and (failed or not verdict["same"]),
            "give_back": held,
            "fail": failed,
        }
    )


def _needed(steps: dict[str, bool]) -> list[str]:
    return [step for step, needed in steps.items() if needed]


class FilterModule:
    """Ansible's entry point."""

    def filters(self) -> dict[str, Any]:
        """Return the filters of this file by name."""
        return {
            "release_steps": release_steps,
            "release_calls": release_calls,
            "release_endings": release_endings,
        }
