"""What the fleet's servers say of themselves, put side by side. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from .edge_status import edge_problems, edge_rows, unwell
from .exits import Exit
from .report import Report, count_servers
from .runner.result import Result
from .setup_outcome import judge_setup


def judge_status(report: Report, result: Result, dead: Collection[str] = ()) -> Report:
    """Fill in what runs on every server, and whether they agree.

    Args:
        report: is filled in.
        result: the servers' answers.
        dead: runs known to have been killed; what they hold says nothing of a change going on.
    """
    if result.cancelled or (report.exit is not Exit.DONE and not result.answers):
        return report
    if report.exit is not Exit.DONE:
        report.details.clear()
        judge_setup(report, result)
    report.hosts = {
        host: _host(result.answers.get(host), _silence(result, host))
        for host in sorted({*result.hosts, *result.answers, *result.unreachable})
        if host not in result.edges
    }
    problems = [
        f"{host}: {problem}" for host, row in report.hosts.items() for problem in row["problems"]
    ]
    serving = {row["release"] for row in report.hosts.values()}
    edges = report.data["edges"] = edge_rows(result, report.hosts)
    report.exit = Exit.DONE
    if {*result.unreachable, *result.failures} - set(result.edges):
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"What {report.environment} serves is not known on every server."
    elif locked := _locked(result, dead):
        report.message = f"{report.environment} is being changed by {locked}."
        problems = []
    elif len(serving) > 1:
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"{report.environment} is mixed: its servers serve different releases."
        report.next_step = "Deploy the release that you want; it repairs the others."
    elif problems:
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"{report.environment} needs attention."
        report.next_step = "Deploy the release that you want; it repairs this."
    else:
        report.exit = Exit.NEEDS_HUMAN if unwell(edges) else Exit.DONE
        first = next(iter(report.hosts.values()))
        what = f"serves {first['version']} ({first['release']})" if first["release"] else "is empty"
        how = f", but {', '.join(unwell(edges))} needs attention" if unwell(edges) else ""
        report.message = f"{report.environment} {what} on {count_servers(len(report.hosts))}{how}."
    problems += edge_problems(edges) + _let_in(report)
    report.details += [problem for problem in problems if problem not in report.details]
    return report


def _let_in(report: Report) -> list[str]:
    """Tell every emergency access, also one of which only remains are there."""
    found = {host: row["access"] for host, row in report.hosts.items() if row["access"]}
    ends = f"iactl emergency-access {report.environment} --end"
    return [
        (
            f"{host}: what is left of an emergency access that was over at {one['until']}: {ends}"
            if one["over"]
            else f"{host}: emergency access as {one['user']} until {one['until']}, asked for by"
            f" {one['actor'] or 'nobody named'}: {one['reason']}"
        )
        for host, one in found.items()
    ]


def _locked(result: Result, dead: Collection[str]) -> str:
    """Name the run that is changing the environment right now, or nothing."""
    leases = [answer["lease"] for answer in result.answers.values() if answer.get("lease")]
    alive = next((one for one in leases if one["alive"] and one["run"] not in dead), None)
    if alive is None:
        return ""
    where = f" ({alive['url']})" if alive["url"] else ""
    return f"{alive['owner'] or 'a run without a name'} since {alive['since']}{where}"


def _silence(result: Result, host: str) -> str:
    """Return why a server did not answer; the lost ones are explained already."""
    if host in result.unreachable:
        return ""
    return result.failures.get(host) or "it gave no answer"


def _host(answer: dict[str, Any] | None, failure: str) -> dict[str, Any]:
    if answer is None:
        return {
            "release": "",
            "version": "",
            "slot": "",
            "state": "unknown",
            "digest": "",
            "image": "",
            "schema": "",
            "processes": [],
            "kept": [],
            "access": {},
            "problems": [failure] if failure else [],
        }
    serving = answer.get("serving") or {}
    release = answer.get("release") or {}
    return {
        "release": serving.get("release", ""),
        "version": release.get("version", ""),
        "slot": serving.get("slot", ""),
        "state": serving.get("state", "nothing runs"),
        "digest": serving.get("digest", ""),
        "image": release.get("image", ""),
        "schema": (release.get("migration") or {}).get("after", ""),
        "processes": list(answer.get("processes", [])),
        "kept": [one["id"] for one in answer.get("releases", [])],
        "access": answer.get("emergency_access") or {},
        "problems": list(answer.get("problems", [])),
    }
