"""One row of the fault suite: traffic and watchers, a fault, and the oracle."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from tests.e2e.operator import Said
from tests.e2e.site import SECRET, Site, Traffic, settings_file
from tests.fleet.report import Report
from tests.fleet.server import Server
from tests.peers.slack import TOKEN

from . import oracle
from .process_list import ProcessListWatch
from .results import Result
from .truth import Truth, look

OLD, NEW = "1.0.0", "2.0.0"
_RATE = float(os.environ.get("FAULTS_RATE", "60"))  # requests per second over all servers
# Seconds until an answer that does not come has failed. A machine that is busy with other things
# makes users wait, which is told as the longest gap.
_PATIENCE = 15.0
_JOB_TOKEN = "sentinel-token-5f1c"


@dataclass
class Row:
    """A fault's test. What it does inside the block is judged at the block's end.

    Attributes:
        site: the application and its servers.
        number: the fault's number in the catalogue.
        name: what of it is tried.
        report: takes what came out.
        users: the servers that users reach; by default all.
        limit: seconds after which users go home.
        harmed: users may meet failures before the next deploy; what they met stands in the table.
        reload: idle connections may be closed, because the proxy is started again.
        status: the exit code of ``iactl status`` when the fault is over; None for any.
        allowed: the versions that users may see; the old one and the next deploy's are.
        secrets: sentinels of this row besides those that every row has.
        note: what was measured, for the table.
    """

    site: Site
    number: int
    name: str
    report: Callable[[Result], None]
    users: Sequence[Server] | None = None
    limit: float = 1800.0
    harmed: bool = False
    reload: bool = False
    status: int | None = 0
    allowed: set[str] = field(default_factory=set)
    secrets: Sequence[str] = ()
    note: str = ""
    _texts: list[str] = field(default_factory=list)
    _stack: ExitStack = field(default_factory=ExitStack)
    _wrong: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        self._started = time.monotonic()
        self.old = self._at_rest()
        self.new = NEW if self.old == OLD else OLD
        self.allowed |= {self.old, self.new}
        self._hosts = (self.site.folder / "hosts.yml").read_text(encoding="utf-8")
        self._watch = self._stack.enter_context(ProcessListWatch(self._secrets()))
        self.traffic: Traffic = self._stack.enter_context(
            self.site.traffic(_RATE, self.users, limit=self.limit, timeout=_PATIENCE)
        )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.restore()
        outcome = "not told"
        try:
            if error is None:
                outcome = self._judge()
        finally:
            self._stack.close()
            seen = self.traffic.seen or self.traffic.prober.report()
            self._judge_users(seen)
            passed = error is None and not self._wrong and outcome != "not told"
            spent = time.monotonic() - self._started
            gap = max(seen.gaps.values())
            self.report(
                Result(self.number, self.name, outcome, passed, seen.sent, seen.failed, gap, spent)
            )
        if error is None:
            assert not self._wrong, "\n".join(self._wrong)

    def run(self, command: str, *arguments: str) -> Said:
        """Run a command to its end, and keep what it said for the oracle."""
        return self.finish(self.start(command, *arguments))

    def start(self, command: str, *arguments: str) -> subprocess.Popen[str]:
        """Start a command without waiting for it."""
        return self.site.operator.start(command, *arguments)

    def finish(self, process: subprocess.Popen[str]) -> Said:
        """Wait for a started command."""
        said = self.site.operator.finish(process)
        self._texts += [f"{said.report}", said.progress]
        return said

    def deploy(self, version: str, mode: str = "ok", *arguments: str) -> Said:
        """Deploy a version to its end, whatever that is."""
        return self.run("deploy", "--image", self.site.images(version, mode), *arguments)

    def start_deploy(self, version: str, mode: str = "ok") -> subprocess.Popen[str]:
        """Start to deploy a version."""
        return self.start("deploy", "--image", self.site.images(version, mode))

    def look(self, servers: Sequence[Server] | None = None) -> dict[str, Truth]:
        """Return what really runs, by server."""
        return look(self.site, servers)

    def hear(self, *texts: str) -> None:
        """Have the oracle look for secrets in what somebody else was told."""
        self._texts += texts

    def configure(self, **settings: Any) -> None:
        """Change settings for this row."""
        self.site.configure(**settings)

    def leave_only(self, *names: str) -> None:
        """Have no other servers than these in the inventory for this row."""
        self.site.leave_only(*names)

    def restore(self) -> None:
        """Have the plain settings and hosts again."""
        settings_file(self.site.folder).write_text(self.site.plain_settings, encoding="utf-8")
        (self.site.folder / "hosts.yml").write_text(self._hosts, encoding="utf-8")

    def _at_rest(self) -> str:
        """Return the version that all servers serve, one of the two plain ones."""
        served = {one.served for one in look(self.site).values()}
        if served not in ({OLD}, {NEW}):  # the row before was broken off
            self.site.deploy(OLD)
            return OLD
        return served.pop()

    def _secrets(self) -> list[str]:
        return [SECRET, self.site.fleet.registry.password, TOKEN, _JOB_TOKEN, *self.secrets]

    def _judge(self) -> str:
        """Ask the oracle, deploy once more, and ask again; return what the fault came to."""
        asked = self.start("status")
        truths = self.look()
        status = self.finish(asked)
        if self.status is not None and status.code != self.status:
            self._wrong.append(f"status ended with {status.code}: {status.text}")
        self._wrong += oracle.judge_hosts(truths, status.report["hosts"])
        self._wrong += oracle.judge_ledgers(truths)
        served = {one.served for one in truths.values()}
        self._deploy_once_more(self.old if served == {self.new} else self.new)
        return self._outcome(served)

    def _deploy_once_more(self, version: str) -> None:
        self.traffic.prober.mark("next deploy")
        said = self.deploy(version)
        if said.code != 0:
            self._wrong.append(f"the next deploy ended with {said.code}: {said.text}")
        truths = self.look()
        self._wrong += oracle.judge_rest(truths, version)
        texts = [*self._texts, *self._watch.hits, *self._files()]
        self._wrong += oracle.judge_secrets(self._secrets(), texts, truths)
        self._wrong += sorted(self._watch.hits)

    def _files(self) -> list[str]:
        """Return what the commands have left in files."""
        there = [path for path in self.site.operator.scratch.rglob("*") if path.is_file()]
        return [path.read_text(encoding="utf-8", errors="replace") for path in there]

    def _judge_users(self, seen: Report) -> None:
        if not self.harmed:
            self._wrong += oracle.judge_users(seen, self.allowed, reload=self.reload)
            return
        phases: Mapping[str, Any] = {one.label: one for one in seen.phases}
        after = phases.get("next deploy")
        if after is not None:
            self._wrong += oracle.judge_users(after, self.allowed, reload=self.reload)

    def _outcome(self, served: set[str]) -> str:
        if served == {self.old}:
            outcome = "kept the old release"
        elif len(served) == 1 and "" not in served:
            outcome = "the new release"
        else:
            outcome = "told, and repaired by the next deploy"
        return f"{outcome}, {self.note}" if self.note else outcome
