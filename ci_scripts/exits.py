"""Exit codes, and the one exception that ends a command with one of them."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """What a command's exit code means; the same table stands in ``--help`` and the README."""

    DONE = 0
    INTERNAL = 1
    BAD_INPUT = 2
    REFUSED = 3
    FAILED = 4
    NEEDS_HUMAN = 5
    LOCKED = 6
    CANCELLED = 7
    NO_TARGET = 8
    GATE_FAILED = 9

    @property
    def meaning(self) -> str:
        """The code's meaning in one line."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.DONE: "done (also: already at this release)",
    Exit.INTERNAL: "internal error",
    Exit.BAD_INPUT: "bad input",
    Exit.REFUSED: "refused before anything was touched",
    Exit.FAILED: "failed, the fleet is on the old release",
    Exit.NEEDS_HUMAN: "needs a human: the fleet's state is mixed or unknown",
    Exit.LOCKED: "locked by another deploy",
    Exit.CANCELLED: "cancelled, the fleet is on the old release",
    Exit.NO_TARGET: "rollback target not available",
    Exit.GATE_FAILED: "a check or gate failed",
}


class CommandError(Exception):
    """Ends a command.

    Args:
        code: its exit code.
        what: what went wrong and where, one sentence.
        next_step: what to do, one sentence; may be empty.
    """

    def __init__(self, code: Exit, what: str, next_step: str = "") -> None:
        super().__init__(what)
        self.code = code
        self.what = what
        self.next_step = next_step


def bad_input(field: str, received: str, allowed: str) -> CommandError:
    """Return the error for a value that is not allowed; the value is shown escaped."""
    shown = ascii(received[:80]) + ("…" if len(received) > 80 else "")
    return CommandError(Exit.BAD_INPUT, f"{field}: {shown} is not allowed.", f"Use {allowed}.")
