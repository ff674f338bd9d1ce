"""Whatever the text: no payload over a limit, and nothing in it is live."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from iadeploy.notify import slack_message, webhook_message
from iadeploy.notify.channels import smtp
from iadeploy.notify.config import Email
from iadeploy.notify.email_message import write
from iadeploy.notify.event import KINDS, Event, compose
from iadeploy.notify.sender import thread_headers
from iadeploy.notify.text import clean, clusters, fit, is_link, markup, plain, slack, units

from tests.peers import sendgrid as sendgrid_peer
from tests.peers.slack_blocks import controls, formats, interpreted, problems, texts

# Hostile pieces are what random text hardly ever holds.
PIECES = st.sampled_from(
    [
        "<!channel>",
        "<!here|here>",
        "<@U024BE7LH>",
        "<https://evil.example|fine>",
        "&lt;!channel&gt;",
        "*bold*",
        "_x_",
        "~gone~",
        "`code`",
        "```",
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</style>",
        "\r\nBcc: everybody@example.com\r\n\r\n",
        "\n.\n",
        "=?utf-8?q?=0ABcc:_x?=",
        "\u202egnp.exe",
        "\u2066",
        "\x1b[31m",
        "\0",
        "\udc80",
        "e\u0301",
        "👩‍👩‍👧‍👦",
        "🇩🇪🇫🇷",
        "👍🏽",
        "{{ lookup('pipe', 'id') }}",
        "%s%n",
        "&" * 300,
        "𝒳" * 700,
        "http://evil.example/",
        "javascript:alert(1)",
    ]
)
TEXT = st.lists(st.one_of(PIECES, st.text(max_size=40)), max_size=8).map("".join)
URL = st.one_of(
    TEXT,
    TEXT.map(lambda text: f"https://example.com/{text}"),
    st.text("&*_~'()a", max_size=290).map(lambda text: f"https://example.com/{text}"),
)
NUMBER = st.one_of(st.none(), st.integers(-(10**12), 10**12))
EVENTS = st.builds(
    Event,
    kind=st.sampled_from(sorted(KINDS)),
    message=TEXT,
    environment=TEXT,
    app=TEXT,
    version=TEXT,
    previous_version=TEXT,
    compare_url=URL,
    commit=TEXT,
    commit_message=TEXT,
    actor=TEXT,
    approver=TEXT,
    duration=st.one_of(st.none(), st.floats(-1e9, 1e9)),
    hosts_ok=NUMBER,
    hosts_total=NUMBER,
    health=TEXT,
    failed_requests=NUMBER,
    run_url=URL,
    ledger_head=TEXT,
    next_step=TEXT,
    release=TEXT,
)


OUR_LINKS = re.compile(r"<https?://[^<>|]+\|(?:Open the run|Compare the versions)>")


@settings(max_examples=30)
@given(EVENTS)
def test_slack_takes_every_message_and_finds_only_our_links_in_it(event: Event) -> None:
    message = compose(event)
    for body in (
        slack_message.full(message),
        slack_message.headline(message),
        slack_message.details(message),
    ):
        assert problems(body) == []
        json.dumps(body).encode()
        ours = {url.replace("&", "&amp;") for url in (event.compare_url, event.run_url)}
        for control in controls(body):
            url, _, label = control.partition("|")
            assert url in ours and is_link(url.replace("&amp;", "&")) and label
        for text in (body.get("text", ""), *texts(body)):
            assert not {"<", ">"} & set(OUR_LINKS.sub("", text))
        for text in interpreted(body):
            assert not formats(text) or text == body["text"] and body["mrkdwn"] is False


class Reader(HTMLParser):
    """Notes the elements, links and event handlers of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.links: set[str] = set()
        self.odd: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element."""
        self.elements.add(tag)
        for name, value in attrs:
            if name == "href":
                self.links.add(value or "")
            elif name.startswith("on") or name == "src":
                self.odd.add(name)


KNOWN = set("html head meta title style body table tr td p a strong".split())


@settings(max_examples=30)
@given(EVENTS)
def test_no_text_becomes_an_element_of_the_e_mail(event: Event) -> None:
    letter = write(compose(event))
    reader = Reader()
    reader.feed(letter.html)
    assert reader.elements <= KNOWN and not reader.odd
    assert reader.links <= {event.compare_url, event.run_url}
    assert all(is_link(url) for url in reader.links)
    assert letter.html.count("</style>") == 1
    assert len(letter.html) < 100_000 and units(letter.subject) <= 150


@settings(max_examples=30)
@given(EVENTS)
def test_no_text_becomes_a_header_or_a_recipient(event: Event) -> None:
    channel = Email(("ops@example.com",), "deploy@example.com", "k", "https://x", None)
    letter, headers = write(compose(event)), thread_headers(event, channel.sender)
    mail = message_from_bytes(bytes(smtp.build(channel, letter, headers)), policy=default)
    assert set(mail.keys()) == {
        *("Subject", "From", "To", "MIME-Version", "Content-Type", *headers),
    }
    assert mail["To"] == "ops@example.com"
    # The standard library may lose a space where it folds.
    assert "".join(mail["Subject"].split()) == "".join(letter.subject.split())
    assert len(list(mail.walk())) == 3


@settings(max_examples=30)
@given(EVENTS)
def test_sendgrid_takes_every_mail(event: Event) -> None:
    from iadeploy.notify.channels import sendgrid

    channel = Email(("ops@example.com",), "deploy@example.com", "k", "https://x", None)
    letter, headers = write(compose(event)), thread_headers(event, channel.sender)
    assert sendgrid_peer.wrong_field(sendgrid._mail(channel, letter, headers)) == ""


@settings(max_examples=30)
@given(EVENTS)
def test_webhook_is_json_of_bounded_size_without_unsafe_links(event: Event) -> None:
    told = json.loads(webhook_message.body(event))
    assert told["event"] == event.kind
    assert all(units(value) <= 2000 for value in told.values() if isinstance(value, str))
    assert all(is_link(told[name]) for name in ("compare_url", "run_url") if name in told)


@given(TEXT, st.integers(1, 200))
@pytest.mark.parametrize("escape", [plain, slack, markup])
def test_cut_text_keeps_its_limit_and_tears_nothing_apart(
    escape: Callable[[str], str], text: str, limit: int
) -> None:
    whole, cut = fit(text, 10**9, escape), fit(text, limit, escape)
    assert units(cut) <= limit
    if cut != whole:
        kept = cut.removesuffix("…")
        pieces = [escape(cluster) for cluster in clusters(clean(text))]
        starts = ["".join(pieces[:count]).rstrip() for count in range(len(pieces) + 1)]
        assert cut.endswith("…") and kept in starts


@given(TEXT)
def test_cleaned_text_is_one_printable_line_and_stays_so(text: str) -> None:
    once = clean(text)
    assert clean(once) == once
    assert not set("\n\r\t\0\x1b\u202e\u2066") & set(once)
    assert "".join(clusters(once)) == once


@pytest.mark.parametrize(
    ("text", "count"),
    [("e\u0301a", 2), ("👩‍👩‍👧‍👦!", 2), ("🇩🇪🇫🇷", 2), ("👍🏽👍", 2), ("", 0), ("abc", 3)],
)
def test_what_people_take_for_one_character_stays_together(text: str, count: int) -> None:
    assert len(list(clusters(text))) == count


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("https://example.com/a?b=1&c=%20#d", True),
        ("http://[::1]:8080/", True),
        ("https://example.com", True),
        ("javascript:alert(1)", False),
        ("https://example.com/|x", False),
        ("https://example.com/>x", False),
        ('https://example.com/"x', False),
        ("https://user@example.com/", False),
        ("https://example.com/ x", False),
        ("https://example.com/" + "a" * 300, False),
        ("", False),
    ],
)
def test_only_a_plain_web_address_becomes_a_link(url: str, fine: bool) -> None:
    assert is_link(url) is fine


@pytest.mark.parametrize("escape", [slack, markup])
@pytest.mark.parametrize(("text", "limit"), [("&" * 10, 20), ("<&>", 8), ("&", 4), ("a<", 4)])
def test_length_is_measured_after_escaping(
    escape: Callable[[str], str], text: str, limit: int
) -> None:
    cut = fit(text, limit, escape)
    assert units(cut) <= limit and cut.endswith("…")
    assert not re.sub(r"&(?:amp|lt|gt);|a|…", "", cut)


def test_a_mention_in_any_fact_is_only_text_to_slack() -> None:
    facts: dict[str, Any] = {
        name: "<!channel> & *all*" for name in ("message", "environment", "app", "actor")
    }
    message = compose(Event("failed", **facts))
    for body in (slack_message.full(message), slack_message.headline(message)):
        assert controls(body) == []
        assert all(
            "<" not in text and "&lt;!channel&gt; &amp; *all*" in text for text in said(body)
        )


def said(body: dict[str, Any]) -> list[str]:
    return [text for text in (body["text"], *texts(body)) if "channel" in text]
