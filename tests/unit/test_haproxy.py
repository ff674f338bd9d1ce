"""HAProxy's runtime socket, against recorded answers and against the real one."""

from __future__ import annotations

import fcntl
import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.haproxy import Proxy, parse_server_states

from tests.fleet.waiting import wait_until
from tests.unit.builders import failure_of
from tests.unit.haproxy_peer import BACKEND, CHECKED, HaproxyPeer, RealHaproxy, RecordedHaproxy

OLD_AND_NEW = [("blue", "green"), ("green", "blue")]


def proxy_at(peer: HaproxyPeer, folder: Path, timeout: float = 5.0) -> Proxy:
    return Proxy(BACKEND, str(peer.socket_path), str(folder / "servers.state"), timeout)


@pytest.fixture
def proxy(haproxy: HaproxyPeer, tmp_path: Path) -> Proxy:
    return proxy_at(haproxy, tmp_path)


@pytest.mark.parametrize("blue", ["ready", "drain", "maint"])
@pytest.mark.parametrize("green", ["ready", "drain", "maint"])
def test_states_are_read_as_haproxy_has_them(
    haproxy: HaproxyPeer, proxy: Proxy, blue: str, green: str
) -> None:
    haproxy.put("blue", blue)
    haproxy.put("green", green)
    assert proxy.states() == {"blue": blue, "green": green} == haproxy.states()


@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW)
@pytest.mark.parametrize("beside", ["drain", "maint"])
def test_serve_sends_requests_to_one_slot_and_puts_the_other_aside(
    haproxy: HaproxyPeer, proxy: Proxy, old: str, new: str, beside: str
) -> None:
    haproxy.put(new, "maint")
    proxy.serve(new, beside=beside)
    assert haproxy.states() == {new: "ready", old: beside}


@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW)
def test_a_share_is_told_by_weights_and_ends_with_all_of_it(
    haproxy: HaproxyPeer, proxy: Proxy, old: str, new: str
) -> None:
    haproxy.put(new, "maint")
    for percent in (5, 25):
        proxy.share(new, percent)
        assert haproxy.states() == {new: "ready", old: "ready"}
        assert haproxy.weights() == {new: percent, old: 100 - percent}
    proxy.serve(new)
    assert haproxy.states() == {new: "ready", old: "drain"}
    assert haproxy.weights() == {new: 1, old: 1}


def test_a_proxy_that_takes_no_share_is_an_error(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    recorded_haproxy.deaf = True
    error = failure_of(lambda: proxy_at(recorded_haproxy, tmp_path).share("green", 5))
    assert "with weights {'blue': 1, 'green': 1}" in error.what


def test_serving_again_changes_nothing(haproxy: HaproxyPeer, proxy: Proxy) -> None:
    proxy.serve("green")
    proxy.serve("green")
    assert haproxy.states() == {"blue": "drain", "green": "ready"}


@pytest.mark.parametrize("slot", ["blue", "green"])
def test_a_slot_leads_where_its_release_listens_also_after_a_restart(
    haproxy: HaproxyPeer, proxy: Proxy, slot: str
) -> None:
    proxy.route(slot, "127.0.0.9", 5000)
    proxy.route(slot, "127.0.0.9", 5000)
    saved = [line.split() for line in proxy.state_file.read_text().splitlines()[2:]]
    [row] = [row for row in saved if row[1] == BACKEND and row[3] == slot]
    assert (row[4], row[18]) == ("127.0.0.9", "5000")
    assert proxy.addresses()[slot] == "127.0.0.9"
    del haproxy


def test_a_slot_that_leads_nowhere_else_is_an_error(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    recorded_haproxy.deaf = True
    error = failure_of(lambda: proxy_at(recorded_haproxy, tmp_path).route("green", "::1", 5000))
    assert "slot green, to ::1:5000" in error.what


def test_why_checks_do_not_reach_a_slot_is_told(
    real_haproxy: HaproxyPeer | str, tmp_path: Path
) -> None:
    if not isinstance(real_haproxy, RealHaproxy):
        pytest.skip(str(real_haproxy))
    proxy = Proxy(CHECKED, str(real_haproxy.socket_path), str(tmp_path / "servers.state"))
    proxy.serve("blue", beside="maint")
    wait_until(lambda: bool(proxy.unreached("blue")), "three failed checks", every=0.05)
    assert "refused" in proxy.unreached("blue")
    assert proxy.unreached("green") == ""


def test_park_takes_both_slots_out(haproxy: HaproxyPeer, proxy: Proxy) -> None:
    proxy.park()
    assert haproxy.states() == {"blue": "maint", "green": "maint"}


@pytest.mark.parametrize("free_is", ["ready", "drain", "maint"])
def test_isolate_keeps_the_serving_slot_and_closes_the_free_one(
    haproxy: HaproxyPeer, proxy: Proxy, free_is: str
) -> None:
    haproxy.put("green", free_is)
    proxy.isolate("green", "blue")
    assert haproxy.states() == {"blue": "ready", "green": "maint"}


def test_isolate_closes_everything_where_nothing_serves(haproxy: HaproxyPeer, proxy: Proxy) -> None:
    proxy.isolate("blue", None)
    assert haproxy.states() == {"blue": "maint", "green": "maint"}


def test_every_change_is_saved_with_all_backends(haproxy: HaproxyPeer, proxy: Proxy) -> None:
    proxy.serve("green", beside="maint")
    saved = proxy.state_file.read_text()
    assert saved.startswith("1\n# be_id be_name ")
    assert [line.split()[1] for line in saved.splitlines()[2:]] == [BACKEND] * 2 + ["app_other"] * 2
    assert saved.endswith("\n") and not saved.endswith("\n\n")
    assert proxy.state_file.stat().st_mode & 0o777 == 0o644
    del haproxy


def test_an_unknown_backend_is_a_refusal_that_names_bootstrap(
    haproxy: HaproxyPeer, tmp_path: Path
) -> None:
    stranger = Proxy("app_unknown", str(haproxy.socket_path), str(tmp_path / "s"))
    error = failure_of(stranger.states)
    assert error.cause == "refused"
    assert "app_unknown" in error.what and "iactl bootstrap" in error.next_step


def test_nothing_is_in_flight_on_an_idle_proxy(haproxy: HaproxyPeer, proxy: Proxy) -> None:
    assert (proxy.sessions("blue"), proxy.sessions("green")) == (0, 0)
    del haproxy


def test_only_requests_in_flight_to_that_slot_of_that_application_count(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    recorded_haproxy.in_flight = {"blue": 2, "green": 1}
    proxy = proxy_at(recorded_haproxy, tmp_path)
    assert (proxy.sessions("blue"), proxy.sessions("green"), proxy.sessions("red")) == (2, 1, 0)


def test_a_request_in_flight_is_seen_until_it_ends(
    real_haproxy: HaproxyPeer | str, tmp_path: Path
) -> None:
    if not isinstance(real_haproxy, RealHaproxy):
        pytest.skip(str(real_haproxy))
    real_haproxy.put("blue", "ready")
    real_haproxy.put("green", "maint")
    proxy = proxy_at(real_haproxy, tmp_path)
    with socket.create_connection(("127.0.0.1", real_haproxy.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        upstream, _ = real_haproxy.upstream.accept()
        with upstream:
            assert proxy.sessions("blue") == 1
            proxy.serve("green")
            assert proxy.sessions("blue") == 1
            upstream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            answer = b""
            while not answer.endswith(b"ok"):
                answer += client.recv(4096)
    wait_until(lambda: proxy.sessions("blue") == 0, "the request's end", deadline=5, every=0.01)


def test_a_restarted_haproxy_comes_back_with_the_saved_states(
    real_haproxy: HaproxyPeer | str, tmp_path: Path
) -> None:
    if isinstance(real_haproxy, str):
        pytest.skip(real_haproxy)
    for slot in ("blue", "green"):
        real_haproxy.put(slot, "ready")
    proxy_at(real_haproxy, tmp_path).serve("green", beside="maint")
    with RealHaproxy(tmp_path, keep_state=True) as restarted:
        assert restarted.states() == {"blue": "maint", "green": "ready"}


def test_one_failed_check_does_not_take_a_slot_away_that_has_just_got_traffic(
    real_haproxy: HaproxyPeer | str, tmp_path: Path
) -> None:
    if not isinstance(real_haproxy, RealHaproxy):
        pytest.skip(str(real_haproxy))
    peer = real_haproxy
    proxy = Proxy(CHECKED, str(peer.socket_path), str(peer.state_file))
    proxy.park()
    before = peer.checked()["chkfail"]
    proxy.serve("blue", beside="maint")
    wait_until(lambda: peer.checked()["chkfail"] != before, "a failed check", every=0.02)
    assert peer.checked()["status"].startswith("UP")


@pytest.mark.parametrize(("old", "new"), OLD_AND_NEW)
def test_at_no_instant_of_a_switch_is_the_backend_empty_or_served_by_both(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path, old: str, new: str
) -> None:
    recorded_haproxy.put(old, "ready")
    recorded_haproxy.put(new, "maint")
    proxy_at(recorded_haproxy, tmp_path).serve(new)
    assert [states for states in recorded_haproxy.seen if "ready" not in states.values()] == []
    assert recorded_haproxy.between == [{new: "ready", old: "drain"}]


def test_a_change_that_haproxy_does_not_take_is_a_failure_and_is_not_saved(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    recorded_haproxy.deaf = True
    proxy = proxy_at(recorded_haproxy, tmp_path)
    error = failure_of(lambda: proxy.serve("green"))
    assert error.cause == "failed"
    assert BACKEND in error.what
    assert not proxy.state_file.exists()


def test_a_silent_haproxy_is_given_up_after_the_timeout(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    recorded_haproxy.mute = True
    started = time.monotonic()
    error = failure_of(proxy_at(recorded_haproxy, tmp_path, timeout=0.1).states)
    assert time.monotonic() - started < 8
    assert (error.cause, "timed out" in error.what) == ("refused", True)


@pytest.mark.parametrize("kept", [0, 1, 40, 300, 480])
def test_an_answer_that_breaks_off_is_never_taken_for_a_state(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path, kept: int
) -> None:
    recorded_haproxy.cut = kept
    assert failure_of(proxy_at(recorded_haproxy, tmp_path).states).cause == "refused"


def test_an_absent_socket_is_a_refusal_that_says_where(tmp_path: Path) -> None:
    error = failure_of(Proxy(BACKEND, str(tmp_path / "no.sock"), str(tmp_path / "s")).states)
    assert error.cause == "refused"
    assert str(tmp_path / "no.sock") in error.what and "No such file" in error.what


def test_a_dead_haproxy_s_leftover_socket_is_a_refusal(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "left.sock"))
    error = failure_of(Proxy(BACKEND, str(tmp_path / "left.sock"), str(tmp_path / "s")).states)
    assert (error.cause, "refused" in error.what.lower()) == ("refused", True)


def test_a_state_file_that_cannot_be_written_is_told_in_a_sentence(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    proxy = proxy_at(recorded_haproxy, tmp_path / "absent")
    error = failure_of(lambda: proxy.serve("green"))
    assert str(proxy.state_file) in error.what and "No such file" in error.what
    assert recorded_haproxy.states()["green"] == "ready"


def test_what_is_kept_is_the_newest_picture_of_all_applications(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    proxy = proxy_at(recorded_haproxy, tmp_path)
    lock = proxy.state_file.with_name(f".{proxy.state_file.name}.lock")
    serving = threading.Thread(target=proxy.serve, args=("green",), daemon=True)
    with lock.open("w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as another application's run does while it saves
        serving.start()
        serving.join(0.5)
        assert serving.is_alive() and not proxy.state_file.exists()
        recorded_haproxy.answer("set server app_other/blue state drain")
    serving.join(10)
    rows = [line.split() for line in proxy.state_file.read_text(encoding="utf-8").splitlines()]
    flags = {(row[1], row[3]): row[6] for row in rows if len(row) > 6 and row[0].isdigit()}
    assert (flags[BACKEND, "green"], flags["app_other", "blue"]) == ("0", "8")


@pytest.mark.parametrize(
    ("flag", "state"),
    [
        (0x00, "ready"),
        (0x01, "maint"),  # forced
        (0x02, "maint"),  # inherited
        (0x04, "maint"),  # by configuration
        (0x08, "drain"),  # forced
        (0x10, "drain"),  # inherited
        (0x20, "maint"),  # no address
        (0x09, "maint"),
        (0x40, "ready"),
    ],
)
def test_every_admin_flag_of_the_management_guide_is_understood(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path, flag: int, state: str
) -> None:
    recorded_haproxy.put_flag("green", flag)
    assert proxy_at(recorded_haproxy, tmp_path).states()["green"] == state


def test_a_third_server_in_the_backend_is_not_ours_to_switch(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    recorded_haproxy.put_flag("red", 0)
    assert failure_of(proxy_at(recorded_haproxy, tmp_path).states).cause == "refused"


def test_a_backend_that_vanishes_stops_a_switch(
    recorded_haproxy: RecordedHaproxy, tmp_path: Path
) -> None:
    proxy = proxy_at(recorded_haproxy, tmp_path)
    recorded_haproxy.forget_backend()
    assert failure_of(lambda: proxy.serve("green")).cause == "refused"


def test_two_callers_at_once_both_get_whole_answers(haproxy: HaproxyPeer, proxy: Proxy) -> None:
    answers: list[dict[str, str]] = []
    callers = [threading.Thread(target=lambda: answers.append(proxy.states())) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join(5)
    assert answers == [{"blue": "ready", "green": "ready"}] * 8
    del haproxy


@given(st.text(max_size=300))
def test_foreign_text_is_no_state(text: str) -> None:
    assert set(parse_server_states(text).values()) <= {"ready", "drain", "maint"}


@pytest.mark.parametrize(
    "answer",
    [
        "1\n# be_id be_name srv_id srv_name srv_admin_state\n3 app_shop 1 blue x\n",
        "1\n# be_id be_name srv_id srv_name\n3 app_shop 1 blue\n",
        "1\n# be_id\n3\n",
    ],
)
def test_an_answer_in_another_form_holds_no_states(answer: str) -> None:
    assert parse_server_states(answer) == {}
