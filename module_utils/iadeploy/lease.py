"""The lease: which run may change an application, told by a number that only rises.

::

    <root>/<app>/lease.json   the run that this server obeys

The first server of a play grants the lease, because only one place can decide between two runs that
ask at once. Every server refuses a change by a run whose number is lower than one it has seen, so
a run that slept through the end of its lease can do no harm when it wakes: the fencing tokens of
M. Kleppmann, "How to do distributed locking" (2016).

While a run works on a server it renews the lease there. One that no server has seen renewed for
its whole time may be taken over, once every server has barred the run that held it.
"""

from __future__ import annotations

import fcntl
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from .clock import age, now
from .errors import DeployError
from .files import explained, make_folder, write_atomically
from .tether import is_heard

RENEWALS = 4  # in the time that a lease lasts


@dataclass(frozen=True)
class Claim:
    """What a run says of itself with each change that it asks for.

    Attributes:
        run: its id; empty when the module is used without a lease.
        fence: the number that its lease was granted under.
        owner: who started it.
        url: where it can be watched; may be empty.
        seconds: how long it may be silent before another run may take over.
    """

    run: str = ""
    fence: int = 0
    owner: str = ""
    url: str = ""
    seconds: float = 120.0


@dataclass(frozen=True)
class Lease(Claim):
    """What a server knows of the last run that it obeyed.

    Attributes:
        since: when that run came here first.
        seen: its last sign of life here.
        held: false once it has let go.
        barred: the last run that may not change anything any more; empty for none.
        ended: the last run that gave back what this server granted it. It is over on every other
            server too, also on one that it lost.
    """

    since: str = ""
    seen: str = ""
    held: bool = True
    barred: str = ""
    ended: str = ""

    @property
    def alive(self) -> bool:
        """Whether its run must be expected to go on."""
        return self.held and age(self.seen) <= self.seconds

    def to_json(self) -> dict[str, Any]:
        """Return what reports show; ``silent`` are the seconds since the last sign of life."""
        return {**asdict(self), "alive": self.alive, "silent": round(age(self.seen), 1)}


class LeaseFile:
    """One application's lease on this server.

    Args:
        folder: the application's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / "lease.json"

    def read(self) -> Lease | None:
        """Return what is known, or None before the first run.

        Raises:
            DeployError: the file cannot be read.
        """
        try:
            return Lease(**json.loads(self._path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, TypeError) as error:
            raise DeployError(
                f"{self._path} cannot be read ({error})",
                "Remove it when no deploy is running",
                cause="refused",
            ) from error

    def grant(self, claim: Claim, expired: str = "", *, force: bool = False) -> int:
        """Give the lease to a run and return its number.

        Args:
            claim: who asks; its number does not count yet.
            expired: a run that no server has heard of for its whole time, to be taken over from.
            force: take over from it also when it has just been heard of.

        Raises:
            DeployError: another run holds it; its lease is in the evidence.
        """
        with self._alone() as current:
            if current is not None and current.held and current.run != claim.run:
                if current.run != expired or (current.alive and not force):
                    raise _held(current)
            fence = (current.fence if current else 0) + 1
            lease = _obeyed(replace(claim, fence=fence), current)
            self._write(replace(lease, barred=expired or lease.barred))
        return fence

    def admit(self, claim: Claim) -> None:
        """Let a run change this server, and remember it.

        Raises:
            DeployError: the run has no lease any more, or uses none while another run has one.
        """
        with self._alone() as current:
            if not claim.run:
                if current is not None and current.alive:
                    raise _held(current)
                return
            if current is not None and _is_fenced(claim, current):
                raise _lost(current)
            self._write(_obeyed(claim, current))

    @contextmanager
    def renewed(self, claim: Claim) -> Iterator[None]:
        """Renew the lease for as long as the block lasts and the controller listens."""
        if not claim.run:
            yield
            return
        ended = threading.Event()

        def renew() -> None:
            while not ended.wait(claim.seconds / RENEWALS) and is_heard():
                with suppress(DeployError):  # the next turn may find room on the disk again
                    self.renew(claim)

        worker = threading.Thread(target=renew, name="lease", daemon=True)
        worker.start()
        try:
            yield
        finally:
            ended.set()
            worker.join()

    def renew(self, claim: Claim) -> None:
        """Write down a sign of life, when the last one is old enough to be worth it."""
        with self._alone() as current:
            due = current is not None and age(current.seen) >= claim.seconds / RENEWALS / 2
            if current is not None and current.run == claim.run and current.held and due:
                self._write(replace(current, seen=now("milliseconds")))

    def release(self, run: str, *, over: bool) -> None:
        """Let go, when this run still holds the lease.

        Args:
            run: its id.
            over: whether it changes no other server any more either.
        """
        with self._alone() as current:
            if current is not None and current.run == run and current.held:
                self._write(replace(current, held=False, ended=run if over else current.ended))

    def bar(self, run: str, *, force: bool = False) -> None:
        """Refuse every further change by a run whose lease is over.

        Args:
            run: its id.
            force: also when it has just been heard of.

        Raises:
            DeployError: it lives.
        """
        with self._alone() as current:
            lease = current or Lease(run=run, since=now(), seen=now("milliseconds"))
            ours = lease.run == run
            if current is not None and ours and current.alive and not force:
                raise _held(current)
            if current is not None and current.barred == run and not (ours and current.held):
                return  # it is, already
            # One name is remembered. Who slept longer than the run that is barred now has to be
            # refused by its number.
            over = current is not None and (ours or not current.alive)
            fence = lease.fence + 1 if over else lease.fence
            self._write(replace(lease, fence=fence, barred=run, held=lease.held and not ours))

    @contextmanager
    def _alone(self) -> Iterator[Lease | None]:
        """Give what is known, with no other process between reading and writing."""
        make_folder(self._folder)
        with (
            explained(self._path),
            open(self._folder / ".lease.lock", "w", encoding="utf-8") as lock,
        ):
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield self.read()

    def _write(self, lease: Lease) -> None:
        write_atomically(self._path, json.dumps(asdict(lease), sort_keys=True) + "\n")


def _obeyed(claim: Claim, current: Lease | None) -> Lease:
    """Return the lease of a run that is obeyed from now on, or still."""
    known = current if current is not None and current.run == claim.run else None
    return Lease(
        **asdict(claim),
        since=known.since if known else now(),
        seen=now("milliseconds"),
        barred=current.barred if current else "",
        ended=current.ended if current else "",
    )


def _is_fenced(claim: Claim, current: Lease) -> bool:
    older = claim.fence < current.fence
    rival = claim.fence == current.fence and claim.run != current.run
    return older or rival or claim.run == current.barred


def _held(lease: Lease) -> DeployError:
    who = f"{lease.owner or 'a run without a name'} since {lease.since}"
    return DeployError(
        f"it is locked by {who}{f', see {lease.url}' if lease.url else ''};"
        f" last sign of life {age(lease.seen):.0f} s ago",
        "Wait until that run has ended; when it died, its lock runs out"
        f" {lease.seconds:.0f} s after its last sign of life",
        cause="locked",
        evidence={"lease": lease.to_json()},
    )


def _lost(lease: Lease) -> DeployError:
    return DeployError(
        "this run has lost its lock and may change nothing any more;"
        f" it is {lease.owner or 'another run'}'s since {lease.since}",
        "Run 'iactl status', then deploy again",
        cause="fenced",
        evidence={"lease": lease.to_json()},
    )
