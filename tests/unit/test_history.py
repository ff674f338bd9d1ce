"""The servers' histories as one, and what of it is wanted."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ci_scripts.history import Wanted, merge_history
from tests.unit.builders import OLDER_ID, RELEASE_ID


def event(at: str, action: str = "deploy", release: str = RELEASE_ID) -> dict[str, Any]:
    return {"at": at, "action": action, "outcome": "live", "release": release}


def merged(**histories: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return merge_history({host: {"history": entries} for host, entries in histories.items()})


def test_one_event_on_two_servers_is_one_row() -> None:
    rows = merged(web1=[event("2026-03-01T10:00:00Z")], web2=[event("2026-03-01T10:00:02Z")])
    assert [row["hosts"] for row in rows] == [["web1", "web2"]]
    assert "key" not in rows[0]


def test_the_newest_row_comes_first() -> None:
    rows = merged(web1=[event("2026-01"), event("2026-02", "rollback", OLDER_ID)])
    assert [row["at"] for row in rows] == ["2026-02", "2026-01"]


def test_the_same_release_deployed_twice_is_two_rows() -> None:
    twice = [event("2026-01"), event("2026-02", "rollback", OLDER_ID), event("2026-03")]
    rows = merged(web1=twice, web2=twice)
    assert [(row["at"], row["hosts"]) for row in rows] == [
        ("2026-03", ["web1", "web2"]),
        ("2026-02", ["web1", "web2"]),
        ("2026-01", ["web1", "web2"]),
    ]


def test_a_refusal_on_one_server_is_not_an_older_one_on_another() -> None:
    older, newer = ({**event(at, release=""), "run": run} for at, run in (("1", "a"), ("2", "b")))
    rows = merged(web1=[older], web2=[newer])
    assert [(row["at"], row["hosts"]) for row in rows] == [("2", ["web2"]), ("1", ["web1"])]


KEYS = {
    "fingerprint": ("SHA256:one", "SHA256:two"),
    "reason": ("the bastion is down", "the disk is full"),
    "actor": ("ops", "dev"),
    "backup": ("20260301-101500", "20260302-101500"),
}


@pytest.mark.parametrize("name", KEYS)
def test_what_differs_in_what_it_was_about_is_no_one_event(name: str) -> None:
    first, second = (
        {**event(at, "emergency-access", ""), name: value}
        for at, value in zip(
            ("2026-03-01T10:00:00Z", "2026-03-01T10:05:00Z"), KEYS[name], strict=True
        )
    )
    rows = merged(web1=[first, second], web2=[second])
    assert [(row[name], row["hosts"]) for row in rows] == [
        (KEYS[name][1], ["web1", "web2"]),
        (KEYS[name][0], ["web1"]),
    ]


@pytest.mark.parametrize("subject", ["", RELEASE_ID])
@pytest.mark.parametrize("host", ["web1", "web2"])
def test_what_a_server_took_no_part_in_is_not_told_of_it(subject: str, host: str) -> None:
    # The same key, actor and reason again; or a release that was rolled back to twice.
    first, second, later = (
        event(f"2026-03-01T{at}Z", "rollback", subject)
        for at in ("10:00:00", "12:00:00", "12:00:40")
    )
    other = {"web1": "web2", "web2": "web1"}[host]
    rows = merged(**{host: [first, second], other: [later]})
    assert [(row["at"][11:13], row["hosts"]) for row in rows] == [
        ("12", ["web1", "web2"]),
        ("10", [host]),
    ]
    rows = merged(**{host: [first], other: [later]})
    assert [row["hosts"] for row in rows] == [[other], [host]]


def test_the_nearest_of_several_is_the_same_event() -> None:
    one, two = (
        [event(f"2026-03-01T10:{at}Z") for at in times]
        for times in (("00:00", "05:00", "09:00"), ("04:50", "09:10"))
    )
    rows = merged(web1=one, web2=two)
    assert [len(row["hosts"]) for row in rows] == [2, 2, 1]


def test_a_refused_run_is_one_event_whatever_each_server_says_of_it() -> None:
    said = [
        {**event("2026-03-01T10:00:00Z", release=""), "run": "a", "reason": reason}
        for reason in ("the disk is full", "another server refused")
    ]
    assert len(merged(web1=said[:1], web2=said[1:])) == 1


_EVENTS = st.builds(
    event,
    st.datetimes().map(lambda at: at.isoformat()),
    st.sampled_from(["deploy", "rollback"]),
    st.sampled_from([RELEASE_ID, OLDER_ID]),
)
_HISTORIES = st.dictionaries(
    st.sampled_from(["web1", "web2", "web3"]), st.lists(_EVENTS, max_size=6), max_size=3
)


@given(_HISTORIES)
def test_no_event_of_any_server_is_lost_or_counted_twice(
    histories: dict[str, list[dict[str, Any]]],
) -> None:
    rows = merged(**histories)
    for host, entries in histories.items():
        kept = Counter((row["action"], row["release"]) for row in rows if host in row["hosts"])
        assert kept == Counter((one["action"], one["release"]) for one in entries)
    assert all(row["hosts"] for row in rows)
    assert [row["at"] for row in rows] == sorted((row["at"] for row in rows), reverse=True)


def test_servers_without_a_history_have_none() -> None:
    assert merge_history({"web1": {}, "web2": {"history": []}}) == []


ROW = {
    "action": "deploy",
    "outcome": "live",
    "actor": "ops",
    "at": "2026-03-01T10:15:00Z",
}


@pytest.mark.parametrize(
    ("wanted", "taken"),
    [
        (Wanted(), True),
        (Wanted(action="deploy", outcome="live", actor="ops", since="2026-03-01"), True),
        (Wanted(action="rollback"), False),
        (Wanted(outcome="failed"), False),
        (Wanted(actor="dev"), False),
        (Wanted(since="2026-03-02"), False),
    ],
)
def test_an_entry_is_wanted_when_all_of_it_fits(wanted: Wanted, taken: bool) -> None:
    assert wanted.takes(ROW) is taken
    assert wanted.narrows is (wanted != Wanted())
