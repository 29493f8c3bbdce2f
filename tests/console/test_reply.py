"""A reply carries the headers that the agent saw, whatever the customer wrote."""

from __future__ import annotations

import email
from email.header import decode_header, make_header

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.reply import (
    HEADERS,
    Reply,
    UnsafeReply,
    as_message,
    check_message,
    encoded,
    mail_link,
    reply_subject,
    reply_to,
    safe,
)
from db.records import EntryDetail, PartyRow, TimelineItem

NOON = 1_767_441_600_000
anything = st.text(alphabet=st.characters(), max_size=300)
nasty = st.lists(
    st.sampled_from(
        [
            "Bcc: x@evil.example",
            "\r\n",
            "\n",
            "\r",
            "\x00",
            "=?utf-8?q?a=0ABcc:?=",
            "é",
            "\u2028",
            " ",
        ]
    ),
    max_size=12,
).map("".join)


def entry(direction: str = "inbound", message_id: str = "1@shop.example") -> EntryDetail:
    item = TimelineItem(
        entry_id=1, at=NOON, at_offset=None, kind="message", direction=direction, channel="email",
        case_id=7, author="Ada", subject="Broken scale", preview="", characters=0, lines=0,
        attachments=0, automatic="", pinned=False, revision=1,
    )  # fmt: skip
    parties = (
        PartyRow("from", "email", "ada@moreno.example", "Ada", own=direction == "outbound"),
        PartyRow("to", "email", "support@us.example", "Support", own=direction == "inbound"),
    )
    return EntryDetail(item, parties, message_id, "mail", "1", has_original=True)


def test_a_reply_goes_to_the_author_from_the_address_they_wrote_to() -> None:
    reply = reply_to(entry(), "", "Hello")
    assert (reply.to, reply.sender) == (("ada@moreno.example",), "support@us.example")
    assert reply.subject == "Re: Broken scale"
    assert reply.in_reply_to == "<1@shop.example>"


def test_a_message_id_that_is_none_is_left_out() -> None:
    assert reply_to(entry(message_id="<a@b>\r\nBcc: x@y"), "", "").in_reply_to == ""


def test_a_subject_gets_one_re_only() -> None:
    assert reply_subject("RE: scale") == "RE: scale"
    assert reply_subject("scale") == "Re: scale"
    assert reply_subject("\r\n\x00") == "Re: your message"


def test_an_address_that_smuggles_a_header_is_refused() -> None:
    bad = Reply("support@us.example", ("ada@x.example\r\nBcc: e@x.example",), (), "Hi", "text")
    with pytest.raises(UnsafeReply):
        as_message(bad, NOON)


def test_bytes_with_a_header_too_many_are_refused() -> None:
    with pytest.raises(UnsafeReply):
        check_message(b"To: a@b.example\r\nBcc: c@d.example\r\n\r\nx\r\n", {"To"})


@given(subject=st.one_of(anything, nasty), text=st.one_of(anything, nasty), known=nasty)
def test_no_text_ever_adds_a_header(subject: str, text: str, known: str) -> None:
    reply = Reply("a@us.example", ("b@x.example",), (), subject, text, known, (known, "<ok@x>"))
    data = as_message(reply, NOON)
    message = email.message_from_bytes(data)
    assert set(message.keys()) <= set(HEADERS)
    assert len(message.keys()) == len(set(message.keys()))
    assert message["To"] == "b@x.example"
    assert b"\n" not in data.replace(b"\r\n", b"")


@given(anything)
def test_a_subject_reads_back_as_it_was_shown(subject: str) -> None:
    shown = safe(subject)
    assert str(make_header(decode_header(encoded(shown).replace("\r\n", "")))).strip() == shown


@given(st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=300))
def test_the_text_reads_back_as_it_was_written(text: str) -> None:
    data = as_message(Reply("", ("b@x.example",), (), "Hi", text), NOON)
    body = email.message_from_bytes(data).get_payload(decode=True)
    assert isinstance(body, bytes)
    assert body.decode().replace("\r\n", "\n").rstrip("\n") == text.rstrip("\n")


@given(subject=nasty, text=nasty)
def test_a_mail_link_is_one_word_without_a_bcc(subject: str, text: str) -> None:
    link = mail_link(Reply("", ("b@x.example",), (), subject, text))
    assert link.startswith("mailto:b@x.example?subject=")
    assert not set(link) & set(" \r\n\x00\"'<>")
    assert "&Bcc" not in link


def test_a_long_text_is_not_cut_but_left_out_of_the_link() -> None:
    assert "body=" not in mail_link(Reply("", ("b@x.example",), (), "Hi", "x" * 9_000))
