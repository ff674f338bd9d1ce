"""Whether the servers' ledgers are as they were written. Pure."""

from __future__ import annotations

from .exits import Exit
from .report import Report, count_servers
from .runner.result import Result


def judge_ledgers(report: Report, result: Result) -> Report:
    """Fill in each server's ledger: how many records, the hash of the last, the first bad one."""
    ledgers = {host: dict(answer["ledger"]) for host, answer in sorted(result.answers.items())}
    report.hosts = {**report.hosts, **ledgers}
    broken = {host: one["problem"] for host, one in ledgers.items() if one["problem"]}
    if broken:
        report.exit = Exit.NEEDS_HUMAN
        report.message = f"The ledger is broken on {count_servers(len(broken))}."
        report.details += [f"{host}: {problem}" for host, problem in broken.items()]
        report.next_step = "Find out who could write there, and keep a copy of the file."
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
    return report
