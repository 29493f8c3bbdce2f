from __future__ import annotations

import time
import tracemalloc

import pytest

from connectors.mail import limits
from connectors.mail.html import html_to_text
from connectors.mail.message import parse
from connectors.mail.quotes import find_folds

HEAD = b"From: a@x.example\nSubject: s\n"


def parts(count: int) -> bytes:
    body = b"".join(b"--b\nContent-Type: text/plain\n\nx\n" for _ in range(count))
    return HEAD + b"Content-Type: multipart/mixed; boundary=b\n\n" + body + b"--b--\n"


def nested(depth: int) -> bytes:
    out = [HEAD]
    for level in range(depth):
        out.append(b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level))
    return b"".join([*out, b"\ncore\n"])


BOMBS = {
    "1 MB of subject": b"From: a@x.example\nSubject: " + b"word " * 200_000 + b"\n\nx\n",
    "200 kB of subject": b"From: a@x.example\nSubject: " + b"word " * 40_000 + b"\n\nx\n",
    "20k encoded words": b"From: a@x.example\nSubject: "
    + b"=?utf-8?q?a?=\n " * 20_000
    + b"\n\nx\n",
    "open encoded words": b"From: a@x.example\nSubject: " + b"=?utf-8?q?" * 20_000 + b"\n\nx\n",
    "10k recipients": HEAD + b"To: " + b",\n ".join(b"u%d@x.example" % i for i in range(10_000)),
    "semicolons": HEAD + b"To: " + b";" * 200_000 + b"\n\nx\n",
    "open quotes": HEAD + b"To: " + b'"' * 99_999 + b"\n\nx\n",
    "brackets": HEAD + b"To: " + b"(" * 100_000 + b"\n\nx\n",
    "angles": HEAD + b"To: " + b"<" * 100_000 + b"\n\nx\n",
    "words in addresses": HEAD + b"To: " + b"=?q?" * 50_000 + b"\n\nx\n",
    "20k parameters": HEAD
    + b"Content-Type: text/plain; "
    + b"; ".join(b"name*%d*=%%41" % i for i in range(20_000))
    + b"\n\nx\n",
    "open parameter": HEAD + b"Content-Type: text/plain; " + b'a="' * 60_000 + b"\n\nx\n",
    "100k parts": parts(100_000),
    "depth 5000": nested(5000),
    "depth 900": nested(900),
    "messages in messages": HEAD + b"Content-Type: message/rfc822\n\n" * 5000 + b"x",
    "200k headers": HEAD + b"X-A: b\n" * 200_000 + b"\nx\n",
    "headers without colon": HEAD + b"no colon here\n" * 20_000 + b"\nx\n",
    "references": HEAD + b"References: " + b"<a@b>\n " * 30_000 + b"\n\nx\n",
    "open references": HEAD + b"References: " + b"<" * 200_000 + b"\n\nx\n",
    "message id": HEAD + b"Message-ID: <" + b"x" * 1_000_000 + b"@y>\n\nx\n",
    "date": HEAD + b"Date: " + b"Mon, 1 " * 30_000 + b"\n\nx\n",
    "boundary lines": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\n\n"
    + b"--bb\n" * 200_000
    + b"--b\n\nx\n--b--\n",
    "quoted-printable": HEAD
    + b"Content-Transfer-Encoding: quoted-printable\n\n"
    + b"=" * 2_000_000,
    "one line of 8 MB": HEAD + b"\n" + b"x" * 8_000_000,
    "unknown bytes": HEAD + b"\n" + bytes(range(128, 256)) * 20_000,
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_read_within_a_second(name):
    raw = BOMBS[name]
    started = time.process_time()
    entry = parse(raw)
    assert time.process_time() - started < 1
    assert len(entry.subject) <= limits.SUBJECT_CHARS
    assert len(entry.parties) <= limits.RECIPIENT_COUNT + 12
    assert len(entry.attachments) + len(entry.text) <= limits.TEXT_CHARS + limits.PART_COUNT + 100
    assert len(entry.external_id) < limits.MESSAGE_ID_CHARS + 50
    assert len(entry.references) <= limits.REFERENCE_COUNT
    assert len(entry.defects) <= limits.DEFECT_COUNT


def test_what_was_left_out_is_said():
    def said(raw: bytes) -> str:
        return " ".join(parse(raw).defects)

    assert "10,000 recipients; the first 100" in said(BOMBS["10k recipients"])
    assert "over 500 parts" in said(BOMBS["100k parts"])
    assert "over 50 deep" in said(BOMBS["depth 5000"])
    assert "over 256 kB" in said(BOMBS["200k headers"])
    assert "over 1,000 headers" in said(HEAD + b"X-A: b\n" * 2000 + b"\nx\n")
    assert parse(BOMBS["200 kB of subject"]).subject.endswith("…")


def test_encoded_words_stay_within_fifty_megabytes():
    tracemalloc.start()
    try:
        parse(BOMBS["20k encoded words"])
        assert tracemalloc.get_traced_memory()[1] < 50_000_000
    finally:
        tracemalloc.stop()


HTML_BOMBS = {
    "divs": "<div>" * 200_000,
    "quotes": "<blockquote>x" * 50_000,
    "formatting": "<b><i><u>" * 20_000,
    "tables": "<table><tr><td>" * 30_000,
    "links": "<a href=x>" * 20_000,
    "open links in lines": "<a href=http://x><br>" * 20_000,
    "attributes": "<p " + "a=1 " * 200_000 + ">x",
    "open tags": "<" * 400_000,
    "comments": "<!--" * 200_000,
    "entities": "&amp;nbsp;" * 100_000,
    "lists": "<ul><li>" * 30_000,
    "styles": '<p style="' + "display:" * 100_000 + '">x</p>',
    "crossed": "<a><b><i><u><p>x</a>" * 10_000,
    "cells": "<table><tr>" + "<td>x</td>" * 30_000 + "</tr></table>",
}


@pytest.mark.parametrize("name", HTML_BOMBS)
def test_html_bombs_are_read_within_two_seconds(name):
    started = time.process_time()
    text, _, _ = html_to_text(HTML_BOMBS[name])
    assert time.process_time() - started < 2
    assert len(text) < 3_000_000


STORMS = {
    "attributions": "On Mon, Jan 5, 2026 at 9:00 AM Ann <a@x.example> wrote:\n" * 1700,
    "attributions and quotes": "On Mon, 5 Jan 2026 Ann wrote:\n> x\n" * 2800,
    "labels": "From: a@x.example\n" * 5500,
    "markers": "-----Original Message\n" * 4500,
    "colons": "x:\n" * 33_000,
    "blank lines": "\n" * 100_000,
    "quotes": ">\n" * 50_000,
    "quotes with gaps": ">\n\n\n\n" * 20_000,
    "signatures": "--\nx\n" * 20_000,
    "rules": "_" * 47 + "\n" + "x\n" * 50_000,
    "one line": "On " * 33_000 + "wrote:",
    "verbs": "wrote " * 16_000 + ":",
    "angles": "<" * 100_000 + ":",
    "sent from": "Sent from my \n" * 7000,
}


@pytest.mark.parametrize("name", STORMS)
def test_the_quote_reader_is_linear_on_marker_storms(name):
    text = STORMS[name]
    started = time.process_time()
    find_folds(text)
    one = time.process_time() - started
    # 100 kB in 50 ms on a quiet core; four times that leaves room for a busy one.
    assert one < 0.2 * max(len(text) / 100_000, 1)
