"""Lock files: every package, in every version, or a sentence about why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_scripts.gates.locks import LockError, Pin, lock_files, parse_pins, read_pins, rounds
from ci_scripts.gates.project import MissingPath, find_project
from tests.unit.builders import ROOT

UV = """\
version = 1

[[package]]
name = "shop"
version = "1.0"
source = { editable = "." }

[[package]]
name = "Flask"
version = "3.1.0"
source = { registry = "https://pypi.org/simple" }
"""
POETRY = '[[package]]\nname = "flask"\nversion = "3.1.0"\n'
PYLOCK = 'lock-version = "1.0"\n[[packages]]\nname = "flask"\nversion = "3.1.0"\n'
REQUIREMENTS = """\
--index-url https://example.com/simple
# a comment
Flask_Login[extra] == 0.6 ; python_version < "3.12" \\
    --hash=sha256:00 \\
    --hash=sha256:11
    # via shop
jinja2==2.4.1#egg
-c constraints.txt
"""


@pytest.mark.parametrize(
    ("name", "text", "pins"),
    [
        ("requirements.lock", REQUIREMENTS, ["flask-login==0.6 3", "jinja2==2.4.1 7"]),
        ("requirements.txt", "a==1.0\nb==2.0.post1\n", ["a==1.0 1", "b==2.0.post1 2"]),
        ("requirements.txt", "", []),
        ("uv.lock", UV, ["flask==3.1.0 9"]),
        ("poetry.lock", POETRY, ["flask==3.1.0 2"]),
        ("pylock.toml", PYLOCK, ["flask==3.1.0 3"]),
        ("pylock.ci.toml", "", []),
    ],
)
def test_what_is_pinned(name: str, text: str, pins: list[str]) -> None:
    found = [f"{pin} {pin.line}" for pin in parse_pins(text.replace("#egg", ""), name)]
    assert found == pins


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("requirements.txt", "a==1\nflask\n", "line 2: 'flask'"),
        ("requirements.txt", "flask>=2\n", "pins no version"),
        ("requirements.txt", "flask==2.*\n", "valid version"),
        ("requirements.txt", "flask===2\n", "pins no version"),
        ("requirements.txt", "-r more.txt\n", "'-r more.txt'"),
        ("requirements.txt", "-e .\n", "'-e .'"),
        ("requirements.txt", "shop @ https://example.com/shop.whl\n", "pins no version"),
        ("requirements.txt", "git+https://example.com/shop\n", "pins no version"),
        ("requirements.txt", "flask==latest\n", "valid version"),
        ("uv.lock", "[[package]]\nname = 'a'\n", "cannot be understood"),
        ("uv.lock", "package = 3\n", "cannot be understood"),
        ("poetry.lock", "[[package]\n", "cannot be understood"),
    ],
)
def test_what_leaves_a_version_open_is_told(name: str, text: str, said: str) -> None:
    with pytest.raises(LockError, match=said):
        list(parse_pins(text, name))


def test_a_package_in_several_locks_is_asked_about_once_per_version(tmp_path: Path) -> None:
    (tmp_path / "a.lock").write_text("flask==1\njinja2==2\n")
    (tmp_path / "b.lock").write_text("Flask==1\njinja2==3\n")
    pins = read_pins(tmp_path, ["a.lock", "b.lock"])
    assert [str(pin) for pin in pins] == ["flask==1", "jinja2==2", "jinja2==3"]
    assert [[str(pin) for pin in one] for one in rounds(pins)] == [
        ["flask==1", "jinja2==2"],
        ["jinja2==3"],
    ]


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["requirements.txt", "requirements.lock"], ["requirements.lock"]),
        (
            ["requirements.txt", "requirements-dev.txt"],
            ["requirements-dev.txt", "requirements.txt"],
        ),
        (["uv.lock", "sub/requirements.lock"], ["uv.lock"]),
        (["flake.lock", "README.md"], []),
    ],
)
def test_which_files_are_locks(tmp_path: Path, names: list[str], found: list[str]) -> None:
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("")
    assert list(lock_files(find_project(tmp_path))) == found


def test_a_lock_that_is_named_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text('[tool.iactl.scan]\nlocks = ["gone.lock"]\n')
    with pytest.raises(MissingPath, match=r"gone\.lock"):
        lock_files(find_project(tmp_path))


def test_every_line_of_this_project_s_own_locks_is_understood() -> None:
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert len(list(parse_pins(text, name))) == sum(
            "==" in line for line in text.splitlines() if line[:1].isalnum()
        )


def test_pins_are_equal_wherever_they_stand() -> None:
    assert Pin("a", "1", "x", 1) == Pin("a", "1", "y", 2)
