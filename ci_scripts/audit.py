"""The servers' ledgers: whether they are as they were written, copies of them, going on."""

from __future__ import annotations

import json
import os
from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from . import __version__
from .exits import CommandError, Exit
from .operations import Request
from .report import Report, count_servers
from .runner.result import Result
from .runner.run import run_playbook
from .setup_outcome import judge_setup

HEADS = "ledgers.json"


def verify(request: Request) -> Report:
    """Check every server's ledger."""
    report, result = _look(request, {})
    return judge_ledgers(report, result)


def acknowledge(request: Request, reason: str) -> Report:
    """Let deploys go on although a ledger is broken; the reason stands in it from then on."""
    wanted = {"release_ledger_state": "acknowledged", "release_ledger_reason": reason}
    report, result = _look(request, {**wanted, "release_actor": request.actor})
    said = {
        host: answer["acknowledged"]
        for host, answer in sorted(result.answers.items())
        if answer["acknowledged"]
    }
    report.details += [f"{host}: acknowledged: {problem}" for host, problem in said.items()]
    if report.exit is Exit.DONE:
        report.message = f"Acknowledged on {count_servers(len(said))}; deploys go on."
        if not said:
            report.message = "No ledger is broken; nothing was written."
    return report


def export(request: Request, folder: Path) -> Report:
    """Copy every server's ledger into a new folder, byte by byte, with what is known of them."""
    _claim(folder)
    report, result = _look(request, {})
    if not result.answers:
        return report
    report = judge_ledgers(report, result)
    for host, answer in sorted(result.answers.items()):
        (folder / f"{host}.jsonl").write_bytes(b64decode(answer["content"]))
    heads = {
        "schema": 1,
        "environment": request.environment.name,
        "exported_at": f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
        "iactl": __version__,
        "ledgers": {host: answer["ledger"] for host, answer in sorted(result.answers.items())},
    }
    text = json.dumps(heads, indent=2, sort_keys=True)
    (folder / HEADS).write_text(f"{text}\n", encoding="utf-8")
    report.details.append(f"Copied to {folder}.")
    return report


def _claim(folder: Path) -> None:
    """Have an empty folder that only its owner enters: a copy is never written over another."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.listdir(folder):
            raise CommandError(
                Exit.BAD_INPUT,
                f"--output: {folder} is not empty.",
                "Name a new folder: a copy is never written over another one.",
            )
    except OSError as error:
        raise CommandError(
            Exit.BAD_INPUT,
            f"--output: {folder} cannot be used ({error.strerror}).",
            "Name a folder that can be made and written to.",
        ) from error


def _look(request: Request, variables: Mapping[str, Any]) -> tuple[Report, Result]:
    report = Report("audit", request.environment.name)
    folder = request.environment.folder
    result = run_playbook("ledger", folder, dict(variables), request.listener)
    if result.cancelled:
        report.exit, report.message = Exit.CANCELLED, "Cancelled."
    else:
        judge_setup(report, result)
    return report, result


def judge_ledgers(report: Report, result: Result) -> Report:
    """Fill in each server's ledger: how many records, the hash of the last, the first bad one.

    Pure.
    """
    ledgers = {host: dict(answer["ledger"]) for host, answer in sorted(result.answers.items())}
    report.hosts = {**report.hosts, **ledgers}
    broken = {host: one["problem"] for host, one in ledgers.items() if one["problem"]}
    if broken:
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"The ledger is broken on {count_servers(len(broken))}."
        report.details += [f"{host}: {problem}" for host, problem in broken.items()]
        report.next_step = (
            "Find out who could write there, and keep a copy:"
            f" iactl audit export {report.environment} --output FOLDER"
        )
    elif report.exit is Exit.DONE:
        count = sum(one["length"] for one in ledgers.values())
        servers = count_servers(len(ledgers))
        report.message = (
            f"All {count} records in the ledgers of {servers} are as they were written."
        )
        report.details = [
            f"{host}: {one['length']} records, head {one['head'][:16]}"
            for host, one in ledgers.items()
        ]
    report.details += [
        f"{host}: acknowledged before: {problem}"
        for host, one in ledgers.items()
        for problem in one["acknowledged"]
    ]
    return report
