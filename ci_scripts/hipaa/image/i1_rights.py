"""I1: the image runs without root, and holds nothing that gives rights back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..verdict import Finding, Verdict, judged
from .context import Scene
from .layers import Entry, read

# Debian's own; they gain nothing under no-new-privileges, which S5 asks for.
EXPECTED = frozenset(
    f"usr/{name}"
    for name in (
        *("bin/chage", "bin/chfn", "bin/chsh", "bin/expiry", "bin/gpasswd", "bin/mount"),
        *("bin/newgrp", "bin/passwd", "bin/su", "bin/umount", "bin/wall", "sbin/unix_chkpwd"),
    )
)
_PROGRAM = re.compile(r"(?:^|/)s?bin/(?P<name>[^/]+)$")
_SERVER = re.compile(r"sshd|dropbear")
_COMPILER = re.compile(
    r"(?:[a-z0-9_]+-linux-(?:gnu|musl)[a-z]*-)?(?:gcc|g\+\+|cc|c\+\+|clang(?:\+\+)?|tcc|rustc|go)"
    r"(?:-[0-9.]+)?"
)


def check(scene: Scene) -> Verdict:
    """Look at the image's user and at every file that a container sees."""
    user = str(scene.image.settings.get("User") or "")
    passwd = read(scene.image.layers, "etc/passwd") or b""
    found = [*user_faults(user, passwd.decode(errors="replace")), *file_faults(scene.files)]
    return judged(found, len(scene.files), "files of the image")


def user_faults(user: str, passwd: str) -> Iterator[Finding]:
    """Yield what is wrong with the user that the image runs as. Pure."""
    name = user.partition(":")[0]
    if name.isdigit():
        number: str | None = name
    else:
        fields = [line.split(":") for line in passwd.splitlines()]
        number = next((row[2] for row in fields if len(row) > 2 and row[0] == name), None)
    if name in ("", "root") or (number is not None and number.strip("0") == ""):
        yield Finding("the image runs as root", "USER", 0, "root")
    elif number is None:
        yield Finding(f"the image runs as {name}, which it does not know", "USER", 0, "unknown")


def file_faults(files: Mapping[str, Entry]) -> Iterator[Finding]:
    """Yield the files that give rights, or that a server needs no more. Pure."""
    for path, entry in sorted(files.items()):
        place = f"/{path}"
        if entry.runs_as_its_owner and _merged(path) not in EXPECTED:
            yield Finding("is setuid or setgid", place, 0, "setuid")
        if entry.anybody_may_write:
            yield Finding("may be written by everybody", place, 0, "writable")
        program = _PROGRAM.search(path)
        if program and entry.kind in ("file", "link"):
            if _SERVER.fullmatch(program["name"]):
                yield Finding("is an SSH server", place, 0, "sshd")
            elif _COMPILER.fullmatch(program["name"]):
                yield Finding("is a compiler", place, 0, "compiler")


def _merged(path: str) -> str:
    """Return a path as it is where /bin and /sbin are links into /usr."""
    return path if path.startswith("usr/") else f"usr/{path}"
