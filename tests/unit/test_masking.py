"""Foreign text, safe to show and to keep."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.masking import MASK, log_tail, mask, printable

from tests.unit.builders import SECRET

# The mask's own character may stand in no secret, or the mask itself would be one.
_SECRETS = st.lists(st.text(st.characters(exclude_characters="*"), max_size=12), max_size=4)
_DIRECTION_MARKS = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


@given(st.data(), _SECRETS)
def test_no_secret_of_four_characters_or_more_stays(
    data: st.DataObject, secrets: list[str]
) -> None:
    pieces = st.text(max_size=6) | st.sampled_from(secrets or [""])
    masked = mask("".join(data.draw(st.lists(pieces, max_size=8))), secrets)
    assert not [secret for secret in secrets if len(secret) >= 4 and secret in masked]


@given(st.text(max_size=200))
def test_nothing_unprintable_stays_but_line_ends(text: str) -> None:
    shown = printable(text)
    left = {char for char in shown if unicodedata.category(char) == "Cc"}
    assert left <= {"\n"}
    assert not set(shown) & set(_DIRECTION_MARKS)


@given(st.binary(max_size=2000), _SECRETS, st.integers(1, 30))
def test_a_log_tail_is_bounded_masked_and_printable(
    raw: bytes, secrets: list[str], lines: int
) -> None:
    tail = log_tail(raw, secrets, lines)
    assert len(tail) <= lines
    assert all(len(line) <= 501 and "\n" not in line for line in tail)
    assert all(printable(line) == line for line in tail)
    assert not [one for one in secrets if len(one) >= 4 and one in "\n".join(tail)]


@pytest.mark.parametrize(
    ("text", "secrets", "expected"),
    [
        ("password=hunter22", ["hunter22"], f"password={MASK}"),
        ("a=hunter22 b=hunter22", ["hunter22"], f"a={MASK} b={MASK}"),
        ("hunter22-and-more", ["hunter22", "hunter22-and-more"], MASK),
        ("abc 1", ["abc", "1", ""], "abc 1"),
        ("abcd", ["abcd"], MASK),
        ("-- line two! --", ["line one!\nline two!"], f"-- {MASK} --"),
        ("line one!\r\nline two!", ["line one!\r\nline two!"], MASK),
        ("no secrets", [], "no secrets"),
        ("a.c and abc", ["a.c+"], "a.c and abc"),
    ],
)
def test_secrets_are_replaced_the_longest_first(
    text: str, secrets: list[str], expected: str
) -> None:
    assert mask(text, secrets) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b[38;5;196mred\x1b[K", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bcreset", "reset"),
        ("tail\x1b", "tail"),
        ("tail\x1b[", "tail"),
        ("a\x9b31mb", "a31mb"),
        ("over\rwrite", "overwrite"),
        ("be\x07ll\x08\x00", "bell"),
        ("tab\tbed", "tab    bed"),
        ("two\nlines", "two\nlines"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("a\u061cb\u2066c\u2069", "abc"),
        ("naïve – 漢字 ✔", "naïve – 漢字 ✔"),
    ],
)
def test_escapes_and_controls_go_and_text_stays(text: str, expected: str) -> None:
    assert printable(text) == expected


def test_a_secret_that_colours_cut_in_two_is_masked_all_the_same() -> None:
    coloured = f"url {SECRET[:6]}\x1b[31m{SECRET[6:]}\x1b[0m ok".encode()
    assert log_tail(coloured, [SECRET]) == [f"url {MASK} ok"]


def test_a_log_tail_leaves_out_empty_lines_and_keeps_the_last() -> None:
    assert log_tail(b"one\n\n  \ntwo\nthree\n", [], 2) == ["two", "three"]


def test_a_line_of_exactly_500_characters_stays_whole_and_a_longer_one_is_cut() -> None:
    assert log_tail(b"x" * 500, []) == ["x" * 500]
    assert log_tail(b"x" * 501, []) == ["x" * 500 + "…"]


def test_what_is_no_utf8_is_shown_and_ends_nothing() -> None:
    assert log_tail(b"caf\xe9 \xff\xfe", []) == ["caf\ufffd \ufffd\ufffd"]


def test_no_log_is_no_lines() -> None:
    assert log_tail(b"", [SECRET]) == []
