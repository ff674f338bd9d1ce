"""Writes a file of nested buckets as bbolt reads it, which Trivy keeps its data in.

Source: the page layout of go.etcd.io/bbolt, file format version 2. Only what a small file that
nobody writes to again needs: two meta pages, an empty list of free pages, leaf pages.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from pathlib import Path

_PAGE = 4096
_LEAF, _META, _FREE = 0x02, 0x04, 0x10
_IS_BUCKET = 1
_FIRST_PAGE = 3  # after two meta pages and the list of free pages

Bucket = Mapping[str, "Bucket | bytes"]


def write(path: Path, root: Bucket) -> None:
    """Write a file with these buckets."""
    pages: list[bytes] = []
    number = _bucket(root, pages)
    most = _FIRST_PAGE + len(pages)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        _meta(0, number, most) + _meta(1, number, most) + _page(2, _FREE, 0, b"") + b"".join(pages)
    )


def _bucket(bucket: Bucket, pages: list[bytes]) -> int:
    """Append a bucket's pages after those of its buckets; return its first page's number."""
    rows = []
    for name, value in sorted(bucket.items(), key=lambda row: row[0].encode()):
        if isinstance(value, bytes):
            rows.append((0, name.encode(), value))
        else:
            rows.append((_IS_BUCKET, name.encode(), struct.pack("<QQ", _bucket(value, pages), 0)))
    number = _FIRST_PAGE + len(pages)
    heads, body, head_size = b"", b"", struct.calcsize("<IIII")
    for index, (flag, key, value) in enumerate(rows):
        # A row's place is counted from the head of the row itself.
        place = head_size * (len(rows) - index) + len(body)
        heads += struct.pack("<IIII", flag, place, len(key), len(value))
        body += key + value
    page = _page(number, _LEAF, len(rows), heads + body)
    pages += [page[start : start + _PAGE] for start in range(0, len(page), _PAGE)]
    return number


def _page(number: int, kind: int, count: int, content: bytes) -> bytes:
    size = 16 + len(content)
    more = -(-size // _PAGE) - 1
    return (struct.pack("<QHHI", number, kind, count, more) + content).ljust(
        (more + 1) * _PAGE, b"\0"
    )


def _meta(number: int, root: int, most: int) -> bytes:
    meta = struct.pack("<IIIIQQQQQ", 0xED0CDAED, 2, _PAGE, 0, root, 0, 2, most, number)
    return _page(number, _META, 0, meta + struct.pack("<Q", _fnv1a(meta)))


def _fnv1a(content: bytes) -> int:
    total = 0xCBF29CE484222325
    for byte in content:
        total = ((total ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return total
