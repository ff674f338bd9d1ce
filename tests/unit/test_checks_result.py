"""Whatever a peer says: what is told of it is one short printable line without a secret."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st
from iadeploy.checks.result import Result, clean, summary
from iadeploy.checks.verdict import Verdict

SECRET = "s3cret-Passw0rd"
PIECES = st.sampled_from(
    [SECRET, "\x1b[2J", "\x1b]0;title\x07", "\r\n", "\t", "\0", "\u202e", "\x9b31m", "é", "x" * 200]
)
TEXT = st.lists(PIECES | st.text(max_size=30), max_size=8).map("".join)


@given(TEXT, TEXT, TEXT, TEXT)
def test_any_words_become_one_short_printable_line_without_the_secret(
    status: str, cause: str, hint: str, note: str
) -> None:
    told = clean(Verdict(False, status, cause, hint, note), [SECRET])
    result = Result(
        "a", "http", "critical", "x", False, told.status, 1, 0.1, told.cause, told.hint, ""
    )
    for text in (told.status, told.cause, told.hint, told.note, *summary([result])):
        assert SECRET not in text
        assert not any(ord(char) < 32 or 127 <= ord(char) < 160 for char in text), text
        assert not set("\u202e\u2066") & set(text)
    assert len(told.status) <= 60
    assert max(map(len, (told.cause, told.hint, told.note))) <= 300
    json.dumps(result.to_json())
