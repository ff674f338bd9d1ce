"""All measurements on one number of servers: contenders take turns, so that drift cancels out."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.fleet import Fleet

from .commands import run_together
from .contenders import Contender, Floor, Ours, Typical
from .home import fresh_home
from .images import COLD_BYTES, WARM_BYTES, Image, Images
from .measure import Action, Sample, check_served, measure
from .observe import Observation, observe

Say = Callable[[str], None]


@dataclass(frozen=True)
class Rounds:
    """How many rounds.

    Attributes:
        warm: of all contenders with small releases.
        alone: of what only ours can do: rollbacks, and a deploy of what runs.
        cold: of all contenders with large releases.
    """

    warm: int
    alone: int
    cold: int

    @classmethod
    def of(cls, count: int) -> Rounds:
        """The usual mixture."""
        return cls(count, (count + 1) // 2, (count + 2) // 3)


@dataclass
class Session:
    """A rig with all contenders' applications on it.

    Attributes:
        deadline: time.monotonic() after which no further round begins.
        samples: what was measured so far.
        observations: what was watched.
    """

    fleet: Fleet
    images: Images
    ours: Ours
    contenders: list[Contender]
    deadline: float
    say: Say
    samples: list[Sample] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    _deployed: list[Image] = field(default_factory=list)  # by us, in this order

    @property
    def servers(self) -> int:
        """How many servers it has."""
        return len(self.fleet.servers)

    def warm_up(self) -> None:
        """Bring every application up, then watch one deploy of each."""
        for contender in self.contenders:
            self._bring_up(contender)
        for contender in self.contenders:
            action = self._deploy(contender, "warm", WARM_BYTES)
            self.observations.append(observe(action, self.fleet))

    def rounds(self, plan: Rounds) -> None:
        """Measure until the plan is done or the time is up; the first round always is."""
        longest = 0.0
        for number in range(1, plan.warm + 1):
            begin = time.monotonic()
            if number > 1 and begin + longest > self.deadline:
                self.say(f"{self.servers} servers: out of time after {number - 1} rounds")
                return
            self._turns("warm", WARM_BYTES, number)
            longest = max(longest, time.monotonic() - begin)
            if number <= plan.alone:
                self._ours_alone(number)
            if number <= plan.cold:
                self._turns("cold", COLD_BYTES, number)

    def _turns(self, scenario: str, payload_bytes: int, number: int) -> None:
        actions = [self._deploy(one, scenario, payload_bytes) for one in self.contenders]
        for action in actions:
            self._measure(action, number)

    def _ours_alone(self, number: int) -> None:
        """Deploy what runs already; roll back to a stopped container; forward to a running one."""
        before, latest = self._deployed[-2:]
        release = self.ours.serving()
        self._measure(
            Action(self.ours, "same again", self.ours.deploy(latest), latest.version), number
        )
        self.ours.keep_warm(True)
        back = self.ours.rollback("previous")
        self._measure(Action(self.ours, "rollback", back, before.version), number)
        forward = self.ours.rollback(release)
        self._measure(Action(self.ours, "rollback, warm", forward, latest.version), number)
        self.ours.keep_warm(False)
        self.ours.stop_all_but(release)

    def _measure(self, action: Action, number: int) -> None:
        sample = measure(action, number)
        self.samples.append(sample)
        self.say(
            f"{self.servers} servers, round {number}: {sample.contender}, {sample.scenario}: "
            f"{sample.seconds:.2f} s, {sample.lost} lost"
        )

    def _deploy(self, contender: Contender, scenario: str, payload_bytes: int) -> Action:
        image = self.images.make(contender.name, payload_bytes)
        if contender is self.ours:
            self._deployed.append(image)
        return Action(contender, scenario, contender.deploy(image), image.version)

    def _bring_up(self, contender: Contender) -> None:
        action = self._deploy(contender, "first", WARM_BYTES)
        with fresh_home() as home:
            run_together(home.send(action.commands)).check(f"{contender.name} (first)")
        check_served(contender.urls(), action.version)
        self.say(f"{self.servers} servers: {contender.name} is up")


@contextmanager
def session(servers: int, deadline: float, say: Say) -> Iterator[Session]:
    """Start a rig, prepare it for all contenders, and remove everything afterwards."""
    name = f"bench-{secrets.token_hex(3)}"
    with (
        Fleet.up(name, servers=servers, database=False, progress=say) as fleet,
        tempfile.TemporaryDirectory(prefix="bench-") as folder,
    ):
        images = Images(fleet)
        ours = Ours(fleet, Path(folder))
        floor, typical = Floor(fleet, ours), Typical(fleet, Path(folder))
        try:
            for one in (ours, floor, typical):
                one.prepare()
                say(f"{servers} servers: prepared for {one.name}")
            yield Session(fleet, images, ours, [ours, floor, typical], deadline, say)
        finally:
            images.remove()
