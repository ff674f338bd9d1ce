"""A package is read with care: whoever can change it could otherwise write anywhere."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from ci_scripts.package.archive import PackageError, differences, write_package
from ci_scripts.package.sums import Difference, compare, read_sums, write_sums

FILES = {"a": b"one", "folder/b": b"two"}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "package.tar.gz"
    write_package(path, "top", FILES, 1_700_000_000)
    return path


def test_what_was_written_is_read_without_a_difference(package: Path) -> None:
    assert differences(package) == Difference((), (), ())


def test_the_bytes_depend_on_the_content_alone(package: Path, tmp_path: Path) -> None:
    other = tmp_path / "another-name.tar.gz"
    write_package(other, "top", dict(reversed(FILES.items())), 1_700_000_000)
    assert other.read_bytes() == package.read_bytes()


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ({"a": "1", "b": "2"}, Difference((), (), ())),
        ({"a": "9", "b": "2"}, Difference(("a",), (), ())),
        ({"b": "2"}, Difference((), ("a",), ())),
        ({"a": "1", "b": "2", "c": "3"}, Difference((), (), ("c",))),
        ({"A": "1", "b": "9"}, Difference(("b",), ("a",), ("A",))),
        ({}, Difference((), ("a", "b"), ())),
    ],
)
def test_each_file_that_differs_is_named(there: dict[str, str], expected: Difference) -> None:
    assert compare({"a": "1", "b": "2"}, there) == expected


@pytest.mark.parametrize(
    "text",
    [
        "nothing\n",
        f"{'a' * 64} one space\n",
        f"{'a' * 63}  short\n",
        f"{'a' * 64}  twice\n{'b' * 64}  twice\n",
        f"{'a' * 64}  back\\slash\n",
    ],
)
def test_what_is_no_list_of_checksums_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no checksum"):
        read_sums(text)


def test_checksums_come_back_as_they_were_written() -> None:
    sums = {"b": "1" * 64, "a folder/a": "2" * 64}
    assert read_sums(write_sums(sums)) == sums


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname = kind, target
    return made


@pytest.mark.parametrize(
    "evil",
    [
        member("/etc/cron.d/evil"),
        member("top/../../evil"),
        member("evil"),
        member("top/link", tarfile.SYMTYPE, "/etc/passwd"),
        member("top/link", tarfile.LNKTYPE, "/etc/passwd"),
        member("top/device", tarfile.CHRTYPE),
        member("top/a\x1b[31m", tarfile.FIFOTYPE),
    ],
    ids=lambda one: ascii(one.name) + one.type.decode(),
)
def test_what_would_land_outside_is_refused(tmp_path: Path, evil: tarfile.TarInfo) -> None:
    path = tmp_path / "evil.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        archive.addfile(evil, io.BytesIO())
    with pytest.raises(PackageError, match="no plain file below one folder"):
        differences(path)


@pytest.mark.parametrize("content", [b"", b"nothing", b"\x1f\x8b\x08\x00broken"])
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "package.tar.gz"
    path.write_bytes(content)
    with pytest.raises(PackageError, match="cannot be read as a package"):
        differences(path)


def test_a_cut_off_archive_is_refused(package: Path) -> None:
    package.write_bytes(package.read_bytes()[:-40])
    with pytest.raises(PackageError):
        differences(package)


def test_without_checksums_it_is_no_package(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("one")
    with pytest.raises(PackageError, match="holds no SHA256SUMS"):
        differences(tmp_path)


def test_a_link_in_an_unpacked_package_is_refused(package: Path, tmp_path: Path) -> None:
    with tarfile.open(package) as archive:
        archive.extractall(tmp_path)
    (tmp_path / "top" / "a").unlink()
    (tmp_path / "top" / "a").symlink_to("/etc/passwd")
    with pytest.raises(PackageError, match="is a link"):
        differences(tmp_path / "top")
