"""What a prober wrote down."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .traffic import Sample


@dataclass
class Recording:
    """The raw material of a report; all times are seconds of the machine's monotonic clock."""

    urls: Sequence[str]
    begin: float
    end: float
    samples: list[Sample] = field(default_factory=list)
    unsent: list[tuple[float, int]] = field(default_factory=list)


def read(file: Path, urls: Sequence[str]) -> Recording:
    """Read a recording, also one that is still being written: it then ends now."""
    now = time.monotonic()
    recording = Recording(urls, now, now)
    text = file.read_text(encoding="utf-8") if file.exists() else ""
    whole_lines = text[: text.rfind("\n") + 1]
    for line in whole_lines.splitlines():
        record = json.loads(line)
        match record:
            case {"begin": begin}:
                recording.begin = begin
            case {"finish": finish}:
                recording.end = finish
            case {"unsent": count, "at": at}:
                recording.unsent.append((at, count))
            case _:
                recording.samples.append(Sample(**record))
    return recording
