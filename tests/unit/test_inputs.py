"""What people and CI type: accepted strictly, refused in a sentence."""

from __future__ import annotations

import getpass
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.rules import check_release_id

from ci_scripts import inputs
from ci_scripts.exits import CommandError, Exit, bad_input
from tests.unit.builders import RELEASE_ID


def refusal(check: object, text: str) -> CommandError:
    assert callable(check)
    with pytest.raises(CommandError) as caught:
        check(text)
    assert caught.value.code is Exit.BAD_INPUT
    return caught.value


@pytest.mark.parametrize("name", ["local", "staging", "prod-eu-1", "a" * 40])
def test_a_folder_s_name_is_an_environment(name: str) -> None:
    assert inputs.environment_name(name) == name


@pytest.mark.parametrize(
    "name", ["", "Staging", "../etc", "a/b", "-a", "1a", "a_b", "a.b", "a" * 41, "staging\n", "é"]
)
def test_any_other_name_is_refused(name: str) -> None:
    assert refusal(inputs.environment_name, name).what.startswith("ENV: ")


def test_an_image_comes_back_taken_apart() -> None:
    assert inputs.image("r.io:5000/shop:1.4.0").text == "r.io:5000/shop:1.4.0"


def test_a_bad_image_is_refused_by_the_option_s_name() -> None:
    error = refusal(inputs.image, "Shop:1")
    assert error.what == "--image: 'Shop:1' is not an image reference."
    assert error.next_step.startswith("Give it as ")


def test_a_release_id_as_history_prints_it_is_accepted() -> None:
    assert inputs.release_id(RELEASE_ID) == RELEASE_ID


@given(st.text(max_size=30) | st.from_regex(r"[0-9]{8}-[0-9]{6}-[a-z0-9]{3,13}\n?", fullmatch=True))
def test_the_command_line_and_the_modules_agree_on_release_ids(text: str) -> None:
    def accepts(check: object) -> bool:
        assert callable(check)
        try:
            check(text)
        except Exception:  # pylint: disable=broad-exception-caught
            return False
        return True

    assert accepts(inputs.release_id) == accepts(check_release_id)


@pytest.mark.parametrize(
    "name",
    [
        "ops",
        "first.last@example.com",
        "dependabot[bot]",
        "github-actions[bot]",
        "uid-1000",
        "a" * 80,
    ],
)
def test_a_log_in_name_or_an_address_is_an_actor(name: str) -> None:
    assert inputs.actor(name, {}) == name


@pytest.mark.parametrize(
    "name",
    ["-ops", "two words", "a" * 81, "ops\n", "<!channel>", "{{ x }}", "$(id)", "ops;id", "é"],
)
def test_what_is_no_log_in_name_is_refused(name: str) -> None:
    assert refusal(inputs.actor, name).what.startswith("--actor: ")


def test_the_option_wins_over_github_s_actor_and_that_over_the_log_in_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "login")
    github = {"GITHUB_ACTOR": "octo-bot"}
    assert inputs.actor("ops", github) == "ops"
    assert inputs.actor(None, github) == "octo-bot"
    assert inputs.actor(None, {}) == "login"


def test_a_user_without_a_name_is_named_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown() -> str:
        raise KeyError("uid not found")

    monkeypatch.setattr(getpass, "getuser", unknown)
    assert inputs.actor(None, {}).startswith("uid-")


@pytest.mark.parametrize(
    ("login", "name"),
    [("CORP\\alice", "CORP-alice"), ("jörg", "j-rg"), ("-x", "x"), ("é" * 99, "")],
)
def test_a_log_in_name_stops_nobody(login: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: login)
    assert inputs.actor(None, {}) == (name or f"uid-{os.getuid()}")


def test_github_s_actor_is_checked_like_the_option() -> None:
    with pytest.raises(CommandError):
        inputs.actor(None, {"GITHUB_ACTOR": "evil\nname"})


@given(st.text() | st.integers(78, 82).map("x".__mul__))
def test_a_refused_value_is_shown_escaped_and_cut(text: str) -> None:
    error = bad_input("--x", text, "something else")
    assert error.what.isascii() or "…" in error.what
    assert error.what.replace("…", "").isprintable()
    assert len(error.what) < 900
    assert ("…" in error.what) is (len(text) > 80)


def test_the_run_s_address_is_given_or_github_s() -> None:
    github = {
        "GITHUB_SERVER_URL": "https://github.com",
        "GITHUB_REPOSITORY": "o/r",
        "GITHUB_RUN_ID": "7",
    }
    assert inputs.run_url({}) == ""
    assert inputs.run_url(github) == "https://github.com/o/r/actions/runs/7"
    assert inputs.run_url({**github, "IADEPLOY_RUN_URL": "https://ci/1"}) == "https://ci/1"
    for bad in ("javascript:x", "https://x/{{ y }}", "https://x y"):
        with pytest.raises(CommandError):
            inputs.run_url({"IADEPLOY_RUN_URL": bad})
