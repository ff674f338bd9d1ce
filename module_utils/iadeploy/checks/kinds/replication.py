"""How far PostgreSQL's replication is behind, asked on a primary or on a replica."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..verdict import Verdict

Row = Callable[[str], tuple[Any, ...]]

_ROLE = "SELECT pg_is_in_recovery()"
# A replica that has replayed all it received is not late, if somebody still sends: one that was
# cut off has replayed all of it too. Without a sender (or with an archive as its source) the age
# of the last transaction is all that is known.
_REPLICA = """
SELECT count(*) > 0, coalesce(pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn(), false),
  extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp())
FROM pg_stat_wal_receiver
"""
# replay_lag alone stands still while a replica says nothing; the age of its last word does not.
# Who only copies (pg_basebackup, pg_receivewal) replays nothing and is no replica. Without the
# right to see it all, a row has nothing but its process.
_PRIMARY = """
SELECT count(*), count(state), count(replay_lsn), max(
  CASE WHEN replay_lsn IS NULL THEN NULL
       WHEN replay_lsn >= pg_current_wal_lsn() THEN 0
       ELSE extract(epoch FROM greatest(replay_lag, clock_timestamp() - reply_time)) END)
FROM pg_stat_replication
"""


@dataclass(frozen=True)
class Lag:
    """How far it is behind.

    Attributes:
        seconds: None when that is not known.
        cause: why it is not known, or what more there is to say.
        hint: what to look at.
    """

    seconds: float | None
    cause: str = ""
    hint: str = "is the replica overloaded, or the network slow?"


def ask(row: Row) -> Lag:
    """Return how far the server asked, or its slowest replica, is behind.

    Args:
        row: asks a statement and returns the answer's row.
    """
    if row(_ROLE)[0]:
        return replica(*row(_REPLICA))
    return primary(*row(_PRIMARY))


def replica(receives: bool, replayed_all: bool, age: float | None) -> Lag:
    """Return a replica's own lag. Pure.

    Args:
        receives: whether it is connected to its primary.
        replayed_all: whether it has replayed all that it received.
        age: seconds since the last transaction that it replayed, or None without one.
    """
    if receives and replayed_all:
        return Lag(0.0)
    lost = "" if receives else "it receives nothing from its primary"
    hint = "does the primary run, and does its pg_hba.conf allow replication?"
    if age is None:
        return Lag(None, lost or "it has replayed no transaction yet", hint)
    return Lag(max(0.0, float(age)), lost, hint) if lost else Lag(max(0.0, float(age)))


def primary(connected: int, seen: int, replicas: int, seconds: float | None) -> Lag:
    """Return the lag of a primary's slowest replica. Pure.

    Args:
        connected: who takes the primary's log, copies included.
        seen: of how many of those the user may see the state.
        replicas: how many of those replay it.
        seconds: lag of the slowest one.
    """
    if connected and not seen:
        hint = "GRANT pg_monitor to the user of this check"
        return Lag(None, "its user may not see how far the replicas are", hint)
    if not replicas:
        return Lag(None, "no replica is connected", "look at the replica's log")
    return Lag(max(0.0, float(seconds or 0)))


def judge(lag: Lag, most: float) -> Verdict:
    """Compare a lag with the seconds allowed. Pure."""
    if lag.seconds is None:
        return Verdict(False, "lag unknown", f"replication: {lag.cause}", lag.hint)
    status = f"{lag.seconds:.1f} s behind"
    if lag.seconds <= most:
        return Verdict(True, status)
    more = f"; {lag.cause}" if lag.cause else ""
    cause = f"replication is {status}, allowed are {most:g} s{more}"
    return Verdict(False, status, cause, lag.hint)
