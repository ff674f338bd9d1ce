"""Names of files that are not UTF-8, where text has to be. Pure.

A file's name is bytes. Python keeps those that are not UTF-8 as half characters, which open the
file and which no report can be written with.
"""

from __future__ import annotations


def raw(name: str) -> bytes:
    """Return the bytes of a file's name, and something that stays equal of any other text."""
    try:
        return name.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character that no name gave, such as one in a tool's JSON
        return name.encode("utf-8", "surrogatepass")


def shown(text: str) -> str:
    """Return text as it can be written, and repeated in a settings file: ``caf\\xe9.py``."""
    return raw(text).decode("utf-8", "backslashreplace")
