"""Finding a regular expression in what a peer answered, in a bounded time.

Python's engine backtracks: ``(a+)+$`` takes hours on forty letters, cannot be interrupted from
another thread, and holds the interpreter's lock all the while, so that not even a deadline is
noticed. What can take long is searched by a process of its own, which the system ends.
"""

from __future__ import annotations

import re
import signal
import subprocess  # nosec B404 - a thread cannot be ended, a process can
import sys

# Seconds; a sound pattern takes milliseconds for the MiB that is read at most.
_MOST = 2.0
_START = 3.0
# Without a repetition or a choice the work grows with the text alone.
_QUICK = re.compile(r"[^*+?{|]*")
_YES, _NO = 10, 11
# The timer's signal ends the process even if nobody waits for it any more.
_SEARCH = f"""
import re, signal, sys
size, _, rest = sys.stdin.buffer.read().partition(b"\\n")
pattern, text = rest[: int(size)].decode(), rest[int(size) :].decode()
signal.setitimer(signal.ITIMER_REAL, {_MOST})
sys.exit({_YES} if re.search(pattern, text) else {_NO})
"""


class TooSlow(Exception):
    """The pattern would have taken too long.

    Args:
        pattern: as it was written.
    """

    def __init__(self, pattern: str) -> None:
        super().__init__(f"the pattern {pattern[:80]!a} takes too long on this answer")
        self.hint = "a repetition inside a repetition, such as (a+)+, takes for ever: write it anew"


def find(pattern: re.Pattern[str], text: str) -> bool:
    """Tell whether a pattern is found in a text.

    Raises:
        TooSlow: it is not known after two seconds.
    """
    if _QUICK.fullmatch(pattern.pattern):
        return pattern.search(text) is not None
    written = pattern.pattern.encode()
    try:
        done = subprocess.run(  # nosec B603 - this interpreter, a fixed program
            [sys.executable, "-I", "-S", "-c", _SEARCH],
            input=b"%d\n%b%b" % (len(written), written, text.encode()),
            capture_output=True,
            timeout=_MOST + _START,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TooSlow(pattern.pattern) from error
    if done.returncode == -signal.SIGALRM:
        raise TooSlow(pattern.pattern)
    if done.returncode not in (_YES, _NO):
        raise OSError(f"the search ended with {done.returncode}")
    return done.returncode == _YES
