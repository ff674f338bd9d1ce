"""Image references: what is one, and how it comes apart."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iadeploy.reference import Reference, is_digest, parse_reference

from tests.unit.builders import DIGEST, failure_of

PARTS = [
    ("shop", "shop", "", "latest", ""),
    ("shop:1.4.0", "shop", "", "1.4.0", ""),
    ("team/shop:1", "team/shop", "", "1", ""),
    ("localhost/shop:1", "localhost/shop", "localhost", "1", ""),
    ("localhost:5000/shop", "localhost:5000/shop", "localhost:5000", "latest", ""),
    (
        "registry.example.com/a/b/shop:v1",
        "registry.example.com/a/b/shop",
        "registry.example.com",
        "v1",
        "",
    ),
    ("Registry.Example.com/shop:1", "Registry.Example.com/shop", "Registry.Example.com", "1", ""),
    ("[::1]:5000/shop:1", "[::1]:5000/shop", "[::1]:5000", "1", ""),
    (f"r.io/shop@{DIGEST}", "r.io/shop", "r.io", "", DIGEST),
    (f"r.io/shop:1.4@{DIGEST}", "r.io/shop", "r.io", "1.4", DIGEST),
    ("r.io/a__b-c--d.e/shop_1:T_a.g-1", "r.io/a__b-c--d.e/shop_1", "r.io", "T_a.g-1", ""),
]
REFUSED = [
    "",
    " shop",
    "shop ",
    "shop\n",
    "Shop",
    "Team/shop:1",
    "shop:",
    "shop:.tag",
    "shop:" + "t" * 129,
    "shop@sha256:abc",
    f"shop@{DIGEST.upper()}",
    f"shop@md5:{'a' * 64}",
    "shop//x",
    "/shop",
    "shop/",
    "-shop",
    "a..b",
    "a___b",
    "https://r.io/shop:1",
    "r.io:port/shop",
    "r.io/shop:1 -e x=1",
    "r.io/shop;id",
    "{{ lookup('pipe','id') }}",
    "r.io/" + "a" * 300,
    "a" * 10_000,
]
_WORD = st.from_regex(r"[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,5})?", fullmatch=True)
_REGISTRY = st.sampled_from(["", "localhost/", "r.io/", "r.io:5000/", "10.0.0.1:80/", "[::1]/"])
_TAG = st.from_regex(r":[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)
_DIGEST = st.from_regex(r"@sha256:[0-9a-f]{64}", fullmatch=True)
_REFERENCES = st.builds(
    "{}{}{}{}".format,
    _REGISTRY,
    st.lists(_WORD, min_size=1, max_size=3).map("/".join),
    st.just("") | _TAG,
    st.just("") | _DIGEST,
)


@pytest.mark.parametrize(("text", "repository", "registry", "tag", "digest"), PARTS)
def test_a_reference_comes_apart(
    text: str, repository: str, registry: str, tag: str, digest: str
) -> None:
    assert parse_reference(text) == Reference(repository, registry, tag, digest)


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: ascii(text[:30]))
def test_what_is_no_reference_is_refused_as_bad_input(text: str) -> None:
    error = failure_of(lambda: parse_reference(text))
    assert error.cause == "input"
    assert error.next_step
    assert len(str(error)) < 700
    assert str(error).isprintable()


def test_a_repository_may_have_255_characters_and_no_more() -> None:
    assert parse_reference("r.io/" + "a" * 250).repository == "r.io/" + "a" * 250
    assert failure_of(lambda: parse_reference("r.io/" + "a" * 251)).cause == "input"


@given(_REFERENCES)
def test_text_and_parse_are_each_others_inverse(text: str) -> None:
    parsed = parse_reference(text)
    assert parse_reference(parsed.text) == parsed
    assert parsed.text == text or parsed.text == f"{text}:latest"


@given(st.text(max_size=80))
def test_whatever_is_accepted_holds_nothing_a_shell_or_template_acts_on(text: str) -> None:
    try:
        parse_reference(text)
    except Exception:  # pylint: disable=broad-exception-caught
        return
    assert re.fullmatch(r"[A-Za-z0-9._:/@\[\]-]+", text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (DIGEST, True),
        (DIGEST + "\n", False),
        (DIGEST[:-1], False),
        (DIGEST.upper(), False),
        ("sha512:" + "a" * 128, False),
        ("", False),
    ],
)
def test_only_a_whole_sha256_digest_is_one(text: str, expected: bool) -> None:
    assert is_digest(text) is expected
