"""What a peer does instead of answering properly."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable

Fault = Callable[[socket.socket, threading.Event], None]


def answers(status: int, body: bytes = b"", *headers: str) -> Fault:
    """Answer with a status and further header lines, whatever was asked."""
    fixed = (f"HTTP/1.1 {status} Fault", f"Content-Length: {len(body)}", "Connection: close")
    text = "\r\n".join((*fixed, *headers)).encode() + b"\r\n\r\n" + body

    def behave(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(text)

    return behave


def too_many(retry_after: str | None = None) -> Fault:
    """Answer 429, with a Retry-After that may make sense or not."""
    return answers(429, b"", *([f"Retry-After: {retry_after}"] if retry_after is not None else []))


def page(status: int = 200) -> Fault:
    """Answer with a page, as a proxy or a log-in portal in between does."""
    return answers(status, b"<html>Please log in</html>", "Content-Type: text/html")


def hang(connection: socket.socket, ended: threading.Event) -> None:
    """Take the request and say nothing."""
    ended.wait(60)


def drip(connection: socket.socket, ended: threading.Event) -> None:
    """Send a byte at a time: each one is in time, the whole never comes."""
    for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 4096:
        if ended.wait(0.02):
            return
        connection.sendall(bytes([byte]))


def reset(connection: socket.socket, ended: threading.Event) -> None:
    """Break the connection off with a TCP reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
