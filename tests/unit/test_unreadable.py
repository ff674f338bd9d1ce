"""Which file of an environment Ansible could not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from ci_scripts.runner.unreadable import unreadable_files


def write(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"---\n{}\napp_name: shop\n", 3),
        (b"app_name: shop\n\tapp_port: 1\n", 2),
        (b"all: {hosts: [}\n", 1),
        (b"a: 'open\n", 2),
    ],
)
def test_broken_yaml_is_named_with_its_line(tmp_path: Path, content: bytes, line: int) -> None:
    (said,) = unreadable_files(write(tmp_path, "group_vars/all/app.yml", content))
    assert said.startswith(f"group_vars/all/app.yml, line {line}: ")
    assert "\n" not in said


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"a: \x07\n"], ids=["bytes", "control"])
def test_what_is_no_text_is_named(tmp_path: Path, content: bytes) -> None:
    (said,) = unreadable_files(write(tmp_path, "hosts.yml", content))
    assert said.startswith("hosts.yml")


def test_what_is_no_file_is_not_named(tmp_path: Path) -> None:
    (tmp_path / "hosts.yml").symlink_to("hosts.yml")
    assert unreadable_files(tmp_path) == []  # a loop is no file
    assert unreadable_files(tmp_path / "nothing") == []


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"a: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\n",
        b"$ANSIBLE_VAULT;1.1;AES256\n31\n",
    ],
    ids=["empty", "one encrypted value", "encrypted"],
)
def test_what_ansible_can_read_is_not_named(tmp_path: Path, content: bytes) -> None:
    folder = write(tmp_path, "group_vars/all/vault.yml", content)
    assert unreadable_files(write(folder, "notes.txt", b"a: [\n")) == []
