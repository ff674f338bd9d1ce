"""The lease: one run changes an application, and one that lost it changes nothing any more."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from iadeploy.errors import DeployError
from iadeploy.lease import Claim, Lease, LeaseFile
from iadeploy.store import Store

from tests.unit.builders import answered, failure_of, module, planned, refused, run_module, verdict

ONE = Claim("20260301-101500-aaaa", 0, "ops", "https://ci.example/1", 60.0)
TWO = Claim("20260301-101501-bbbb", 0, "dev", "", 60.0)
ASK = """
import sys
from pathlib import Path
from iadeploy.errors import DeployError
from iadeploy.lease import Claim, LeaseFile
print("ready", flush=True)
sys.stdin.readline()
try:
    print(LeaseFile(Path(sys.argv[1])).grant(Claim(sys.argv[2])))
except DeployError as error:
    print(error.cause)
"""


@pytest.fixture
def file(tmp_path: Path) -> LeaseFile:
    return LeaseFile(tmp_path / "shop")


def granted(file: LeaseFile, claim: Claim, expired: str = "") -> Claim:
    """Return a claim with the number that it was granted."""
    return replace(claim, fence=file.grant(claim, expired))


def silenced(file: LeaseFile, tmp_path: Path) -> None:
    """Make the last sign of life an old one."""
    path = tmp_path / "shop" / "lease.json"
    content = json.loads(path.read_text(encoding="utf-8"))
    content["seen"] = "2026-03-01T10:15:00.000Z"
    path.write_text(json.dumps(content), encoding="utf-8")
    lease = file.read()
    assert lease is not None and not lease.alive


def test_one_of_many_that_ask_at_once_gets_it(tmp_path: Path) -> None:
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASK, str(tmp_path / "shop"), f"20260301-101500-a{number:03}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(6)
    ]
    for one in asking:
        assert one.stdout is not None and one.stdout.readline() == "ready\n"
    said = []
    for one in asking:
        assert one.stdin is not None
        one.stdin.write("\n")
        one.stdin.flush()
    for one in asking:
        said.append(one.communicate(timeout=30)[0].strip())
    assert sorted(said) == ["1", *["locked"] * 5]


def test_who_waits_is_told_who_holds_it(file: LeaseFile) -> None:
    file.grant(ONE)
    told = failure_of(lambda: file.grant(TWO))
    assert told.cause == "locked"
    assert "ops since 20" in told.what and "https://ci.example/1" in told.what
    assert told.evidence["lease"]["run"] == ONE.run


def test_numbers_rise_and_an_older_one_is_refused(file: LeaseFile) -> None:
    one = granted(file, ONE)
    file.admit(one)
    file.release(one.run, over=True)
    two = granted(file, TWO)
    assert two.fence == one.fence + 1
    told = failure_of(lambda: file.admit(one))
    assert (told.cause, told.evidence["lease"]["run"]) == ("fenced", TWO.run)
    file.admit(two)


def test_a_server_that_granted_nothing_obeys_the_highest_number(file: LeaseFile) -> None:
    file.admit(replace(ONE, fence=5))
    assert failure_of(lambda: file.admit(replace(TWO, fence=4))).cause == "fenced"
    assert failure_of(lambda: file.admit(replace(TWO, fence=5))).cause == "fenced"
    file.admit(replace(TWO, fence=6))


def test_a_silent_run_is_taken_over_from_and_a_living_one_is_not(
    file: LeaseFile, tmp_path: Path
) -> None:
    one = granted(file, ONE)
    assert failure_of(lambda: file.grant(TWO, ONE.run)).cause == "locked"
    silenced(file, tmp_path)
    assert failure_of(lambda: file.grant(TWO)).cause == "locked"
    assert failure_of(lambda: file.grant(TWO, "20260101-000000-cccc")).cause == "locked"
    two = granted(file, TWO, ONE.run)
    assert failure_of(lambda: file.admit(one)).cause == "fenced"
    file.admit(two)


def test_a_run_that_is_known_to_be_dead_is_not_waited_for(file: LeaseFile) -> None:
    one = granted(file, ONE)
    assert file.grant(TWO, ONE.run, force=True) == 2
    assert failure_of(lambda: file.admit(one)).cause == "fenced"


def test_a_barred_run_is_refused_whatever_its_number(file: LeaseFile, tmp_path: Path) -> None:
    file.bar(ONE.run)  # where it never was
    assert failure_of(lambda: file.admit(replace(ONE, fence=99))).cause == "fenced"
    file.admit(replace(TWO, fence=1))
    assert failure_of(lambda: file.bar(TWO.run)).cause == "locked"
    silenced(file, tmp_path)
    file.bar(TWO.run)
    lease = file.read()
    assert lease is not None and not lease.held
    assert failure_of(lambda: file.admit(replace(TWO, fence=1))).cause == "fenced"


def test_barring_a_later_run_keeps_out_who_slept_longer(file: LeaseFile, tmp_path: Path) -> None:
    sleeper = replace(ONE, fence=5)
    file.admit(sleeper)
    file.bar(TWO.run)  # while it is heard of, the number is its own
    file.admit(sleeper)
    silenced(file, tmp_path)
    file.bar(ONE.run)
    file.bar(TWO.run)  # took over from it elsewhere, and died before it came here
    assert failure_of(lambda: file.admit(sleeper)).cause == "fenced"
    lease = file.read()
    assert lease is not None
    file.admit(Claim("20260301-101502-cccc", lease.fence + 1))


def test_only_its_holder_gives_it_back(file: LeaseFile) -> None:
    file.grant(ONE)
    file.release(TWO.run, over=True)
    assert failure_of(lambda: file.grant(TWO)).cause == "locked"
    file.release(ONE.run, over=True)
    assert file.grant(TWO) == 2


def test_a_change_without_a_lease_waits_for_one_that_lives(file: LeaseFile) -> None:
    file.admit(Claim())
    assert file.read() is None
    file.grant(ONE)
    assert failure_of(lambda: file.admit(Claim())).cause == "locked"


def test_work_renews_it_and_ends_renewing(tmp_path: Path) -> None:
    store = Store(str(tmp_path), "shop")
    claim = granted(store.lease, replace(ONE, seconds=0.4))
    with store.exclusive(claim):
        first = _seen(store)
        deadline = time.monotonic() + 10
        while _seen(store) == first:
            assert time.monotonic() < deadline, "never renewed"
        assert _is_renewing()
    assert not _is_renewing()


def _is_renewing() -> bool:
    return any(thread.name == "lease" for thread in threading.enumerate())


def _seen(store: Store) -> str:
    lease = store.lease.read()
    assert isinstance(lease, Lease)
    return lease.seen


def test_a_lease_that_cannot_be_read_is_a_sentence(file: LeaseFile, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "lease.json").write_text("{", encoding="utf-8")
    for call in (file.read, lambda: file.grant(ONE)):
        told = failure_of(call)
        assert told.cause == "refused" and "lease.json" in told.what


def test_the_module_reads_and_bars(
    file: LeaseFile, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"app": "shop", "state_dir": str(tmp_path)}
    assert run_module("deploy_lock", given, capsys)["lease"] is None
    one = granted(file, ONE)
    assert run_module("deploy_lock", given, capsys)["lease"]["alive"]
    bar = {**given, "state": "barred", "run": ONE.run, "actor": "dana"}
    assert run_module("deploy_lock", bar, capsys)["cause"] == "locked"
    checked = run_module("deploy_lock", {**bar, "force": True, "_ansible_check_mode": True}, capsys)
    assert checked["changed"] and checked["lease"]["held"]
    for changed in (True, False):
        told = run_module("deploy_lock", {**bar, "force": True}, capsys)
        assert (told["changed"], told["lease"]["barred"]) == (changed, ONE.run)
    (record,) = Store(str(tmp_path), "shop").ledger().entries
    assert (record["action"], record["outcome"], record["run"]) == ("unlock", "barred", ONE.run)
    assert record["actor"] == "dana"
    with pytest.raises(DeployError):
        file.admit(one)
    assert "run" in run_module("deploy_lock", {**given, "state": "barred"}, capsys)["msg"]
    assert run_module("deploy_lock", {**given, "app": "../x"}, capsys)["cause"] == "input"


def known(claim: Claim, *, alive: bool = True, held: bool = True) -> dict[str, Any]:
    """Return a lease as a server tells it."""
    told = {"since": "2026-03-01T10:15:00Z", "silent": 3.0, "barred": "", "ended": ""}
    mine = {"run": claim.run, "fence": claim.fence, "owner": claim.owner, "url": claim.url}
    return {**told, **mine, "seconds": 60.0, "alive": alive and held, "held": held}


def leased(results: dict[str, Any], dead: tuple[str, ...] = ()) -> dict[str, Any]:
    judged = module("release_lease").release_lease(verdict("plan", results), TWO.run, list(dead))
    lease: dict[str, Any] = judged["lease"]
    return lease


def locked(claim: Claim, *, alive: bool) -> Any:
    lease = known(claim, alive=alive)
    return refused("plan", "locked", evidence={"lease": lease})


def test_the_fleet_s_number_is_above_all_that_any_server_has_seen() -> None:
    first = planned(granted=3, lease=known(replace(TWO, fence=3)))
    lease = leased({"web1": first, "web2": planned(lease=known(replace(ONE, fence=2)))})
    assert (lease["held"], lease["fence"], lease["expired"]) == (True, 3, "")
    lease = leased({"web1": first, "web2": planned(lease=known(replace(ONE, fence=9)))})
    assert lease["fence"] == 10


@pytest.mark.parametrize(
    ("at_first", "elsewhere", "dead", "expired"),
    [
        (True, None, (), ""),
        (False, None, (), ONE.run),
        (False, known(ONE, alive=True), (), ""),
        (False, known(ONE, alive=False), (), ONE.run),
        (False, known(replace(ONE, run="20260101-000000-cccc")), (), ONE.run),
        (True, known(ONE), (ONE.run,), ONE.run),
    ],
)
def test_a_run_is_taken_over_from_when_no_server_has_heard_of_it(
    at_first: bool, elsewhere: Any, dead: tuple[str, ...], expired: str
) -> None:
    results = {"web1": locked(ONE, alive=at_first), "web2": planned(lease=elsewhere)}
    lease = leased(results, dead)
    assert (lease["held"], lease["expired"]) == (False, expired)


def asked(elsewhere: Any, dead: tuple[str, ...] = (), ended: str = "") -> dict[str, Any]:
    """Return the verdict where the first server grants and the second knows another lease."""
    mine = {**known(replace(TWO, fence=7)), "ended": ended}
    results = {"web1": planned(granted=7, lease=mine), "web2": planned(lease=elsewhere)}
    judged: dict[str, Any] = module("release_lease").release_lease(
        verdict("plan", results), TWO.run, list(dead)
    )
    return judged


def test_a_run_that_lives_on_another_server_is_not_stopped_half_way() -> None:
    judged = asked(known(replace(ONE, fence=2)))
    assert (judged["ok"], judged["exit_code"], judged["failed"]) == (False, 6, ["web2"])
    assert judged["lease"]["held"], "what the first server granted has to be given back"
    assert judged["lease"]["expired"] == "", "a living run is not taken over from"
    said = judged["hosts"]["web2"]["msg"]
    for told in ("ops since 2026-03-01", "https://ci.example/1", "3 s ago", "runs out 60 s"):
        assert told in said
    assert said in judged["message"] and judged["refusal"] == judged["message"]


@pytest.mark.parametrize(
    ("elsewhere", "dead", "ended"),
    [
        (None, (), ""),
        (known(replace(TWO, fence=7)), (), ""),
        (known(ONE, alive=False), (), ""),
        (known(ONE, held=False), (), ""),
        (known(ONE), (ONE.run,), ""),
        (known(ONE), (), ONE.run),
        ({**known(ONE), "barred": ONE.run}, (), ""),
    ],
)
def test_a_run_that_is_over_stops_nobody(elsewhere: Any, dead: tuple[str, ...], ended: str) -> None:
    judged = asked(elsewhere, dead, ended)
    assert (judged["ok"], judged["exit_code"]) == (True, 0)


def test_a_plan_that_fails_is_told_for_what_it_is() -> None:
    mine = known(replace(TWO, fence=7))
    results = {"web1": planned(granted=7, lease=mine), "web2": refused("plan", "input")}
    results["web3"] = planned(lease=known(ONE))
    judged = module("release_lease").release_lease(verdict("plan", results), TWO.run, [])
    assert (judged["exit_code"], judged["failed"]) == (2, ["web2"])
    assert "refusal" not in judged, "the server that refused has written it down"


def test_who_granted_remembers_who_has_ended(file: LeaseFile) -> None:
    file.admit(granted(file, ONE))
    file.release(ONE.run, over=True)
    two = granted(file, TWO)
    file.admit(two)
    file.release(two.run, over=False)  # here; it goes on elsewhere
    lease = file.read()
    assert lease is not None and (lease.run, lease.ended) == (TWO.run, ONE.run)


def test_what_gave_the_lease_back_is_not_asked_for_it_again() -> None:
    lease = {"run": TWO.run, "held": True}
    for ended in (True, False):
        before = verdict(
            "commit", {"web1": answered("commit", lease_ended=ended)}, {"lease": lease}
        )
        judged = module("release_lease").release_lease(before, TWO.run, [])
        assert judged["lease"]["held"] is not ended


def test_a_plan_that_fails_otherwise_takes_nothing_over() -> None:
    results = {"web1": locked(ONE, alive=False), "web2": refused("plan", "input")}
    assert leased(results)["expired"] == ""


@pytest.mark.parametrize(
    ("answers", "force", "code", "run"),
    [
        ([{"lease": None}, {"lease": None}], False, 0, ""),
        ([{"lease": known(ONE, held=False)}], False, 0, ""),
        ([{"lease": known(ONE)}], False, 6, ""),
        ([{"lease": known(ONE, alive=False)}, {"lease": known(ONE)}], False, 6, ""),
        ([{"lease": known(ONE, alive=False)}], False, 0, ONE.run),
        ([{"lease": known(ONE)}], True, 0, ONE.run),
        ([{"lease": known(ONE, alive=False)}, {"unreachable": True}], False, 3, ""),
        ([{"lease": known(ONE, alive=False)}, {"unreachable": True}], True, 0, ONE.run),
    ],
)
def test_a_lock_is_taken_away_only_from_a_dead_run_or_by_force(
    answers: list[Any], force: bool, code: int, run: str
) -> None:
    hostvars = {f"web{at}": {"release_lock": one} for at, one in enumerate(answers, start=1)}
    told = module("release_lease").release_lock_verdict(list(hostvars), hostvars, force)
    assert (told["exit_code"], told["run"]) == (code, run)
    assert told["message"].endswith(".")
