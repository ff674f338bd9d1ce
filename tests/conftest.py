"""What all tests share."""

from __future__ import annotations

import signal

# A shell starts background commands with SIGINT ignored, and so would every command under test be
# that is then interrupted as at a terminal.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
