from __future__ import annotations

import binascii
from pathlib import Path

import pytest

from connectors.contract import Entry
from connectors.mail.limits import MESSAGE_BYTES, MessageTooLarge, UnreadableMessage
from connectors.mail.message import parse
from connectors.mail.message import read as read_mail

DATA = Path(__file__).parent / "data"


def read(name: str) -> Entry:
    return parse((DATA / name).read_bytes())


def folded(entry: Entry) -> list[tuple[str, str]]:
    return [(fold.kind, entry.text[fold.start : fold.end]) for fold in entry.folds]


def visible(entry: Entry) -> str:
    out, position = [], 0
    for fold in entry.folds:
        out.append(entry.text[position : fold.start])
        position = fold.end
    return "".join([*out, entry.text[position:]])


def test_a_plain_mail_becomes_an_entry_with_everyone_on_it():
    entry = read("plain.eml")

    assert [(p.role, p.name, p.address.value) for p in entry.parties] == [
        ("from", "Ada Miller", "ada@mill.example"),
        ("to", "Support, Centric", "help@centric.example"),
        ("cc", "Jürgen Weiß", "j.weiss@mill.example"),
        ("cc", "Bo", "bo@mill.example"),
    ]
    assert entry.subject == "Pump 7 stops after ten minutes"
    assert entry.at == 1767431702000
    assert (entry.at_offset, entry.zone_source, entry.precision) == (60, "stated", "s")
    assert entry.message_id == "pump-1@mill.example"
    assert entry.channel == "email"
    assert entry.automatic == ""
    assert entry.defects == ()
    assert entry.original == (DATA / "plain.eml").read_bytes()
    assert entry.original_type == "message/rfc822"
    assert folded(entry) == [("signature", "-- \nAda Miller, Mill Works\n+49 30 5550100")]


def test_answers_between_quoted_lines_stay_visible():
    entry = read("inline_answers.eml")

    assert entry.in_reply_to == ("pump-2@centric.example",)
    assert entry.references == ("pump-1@mill.example", "pump-2@centric.example")
    left = visible(entry)
    assert "It is the P-70." in left
    assert "Since Friday, every day." in left
    assert "Which model" not in left
    assert "wrote:" not in left


def test_an_outlook_header_block_in_german_folds_the_original_below_it():
    entry = read("outlook_de.eml")

    assert entry.subject == "AW: Störung an Pumpe 7"
    assert visible(entry).strip() == "Die Lampe ist grün, danke!"


def test_html_becomes_text_and_loses_what_nobody_sees():
    entry = read("html_only.eml")

    assert "Item | Ordered\nValve | 3" in entry.text
    assert "- first\n- second" in entry.text
    assert "the order <https://shop.example/o/1001> or shop.example." in entry.text
    assert "[image: broken valve]" in entry.text
    for unseen in ("nobody sees", "alert", "track.example", "color"):
        assert unseen not in entry.text
    assert "Has it arrived?" not in visible(entry)
    assert "Our order is late" in visible(entry)


def test_attachments_are_listed_with_their_imap_part_numbers_and_rfc_2231_names():
    entry = read("mixed.eml")

    assert entry.text == "The report is attached."
    assert [(a.name, a.media_type, a.size, a.part) for a in entry.attachments] == [
        ("", "image/png", 8, "1.2.2"),
        ("Prüfbericht 2026.pdf", "application/pdf", 8, "2"),
        ("An older mail.eml", "message/rfc822", 100, "3"),
    ]
    assert all(len(attachment.sha256) == 64 for attachment in entry.attachments)


def test_an_invitation_is_one_line_and_an_attachment():
    entry = read("invitation.eml")

    assert entry.text == (
        "Shall we talk?\n\n[invitation: Pump call, second try,"
        " 2026-01-09 10:00 to 10:30 (Europe/Berlin), Room 4]"
    )
    assert [a.media_type for a in entry.attachments] == ["text/calendar"]


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bounce.eml", "bounce"),
        ("out_of_office.eml", "auto-replied"),
        ("list.eml", "list"),
        ("plain.eml", ""),
        ("forwarded.eml", ""),
    ],
)
def test_programs_are_told_from_people(name, reason):
    assert read(name).automatic == reason
    assert parse((DATA / name).read_bytes(), survey=True).automatic == reason


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        ("Auto-Submitted: no", ""),
        ("Auto-Submitted: auto-generated", "auto-generated"),
        ("Precedence: bulk", "bulk"),
        ("Precedence: first-class", ""),
        ("List-Unsubscribe: <mailto:off@news.example>", "list"),
        ("List-Unsubscribe: <mailto:off@x.example>\r\nIn-Reply-To: <1@us.example>", ""),
        ("Feedback-ID: 1.a:Sender", "auto-generated"),
        ("Feedback-ID: 1.a:Sender\r\nReply-To: bo@x.example", ""),
        ("X-Autoreply: yes", "auto-replied"),
        ("X-Autoreply: no", ""),
        ("X-Auto-Response-Suppress: All", ""),
        ("Return-Path: <>", "auto-replied"),
        ("X-Failed-Recipients: gone@mill.example", "bounce"),
        ("Content-Type: multipart/report; report-type=disposition-notification", "receipt"),
        ("Content-Type: multipart/report; report-type=feedback-report", "auto-generated"),
        ("Subject: Automatische Antwort: Pumpe", "auto-replied"),
        ("Subject: Out of Office: back on Monday", "auto-replied"),
        ("Subject: Out of office chairs", ""),
        ("From: No Reply <no-reply@shop.example>", "auto-generated"),
        ("From: noreply@shop.example\r\nReply-To: ann@x.example", ""),
    ],
)
def test_each_mark_of_a_program_is_understood(header, reason):
    raw = f"{header}\r\nFrom: ann@x.example\r\nSubject: s\r\n\r\nHi\r\n".encode()
    assert parse(raw).automatic == reason
    assert bool(read_mail(raw).because) == bool(reason)


@pytest.mark.parametrize(
    ("header", "group"),
    [
        ("List-Post: <https://g.example/a>, <mailto:Support@us.example>", "support@us.example"),
        ("List-Post: NO\r\nMailing-list: list help@us.example; contact o@x.example",
         "help@us.example"),
        ("List-Id: Our users <Users.us.example>", "users.us.example"),
        ("List-Id: Users\r\nX-BeenThere: users@us.example", "users@us.example"),
        ("List-Id: <users.us.example>\r\nPrecedence: bulk", "users.us.example"),
        ("List-Id: Users", ""),
        ("List-Post: <mailto:a@us.example>\r\nFeedback-ID: 1", ""),
        ("List-Post: <mailto:a@us.example>\r\nPrecedence: bulk", ""),
        ("List-Post: <mailto:a@us.example>\r\nAuto-Submitted: auto-replied", ""),
        ("List-Unsubscribe: <mailto:off@x.example>", ""),
    ],
)  # fmt: skip
def test_the_list_that_a_persons_mail_came_through_is_named(header, group):
    raw = f"{header}\r\nFrom: ann@x.example\r\nSubject: s\r\n\r\nHi\r\n".encode()
    assert parse(raw).group == group


def test_outlook_and_gmail_name_the_conversation():
    first = bytes([1, 220, 1, 2, 3, 4]) + bytes(range(16))
    hints = [
        parse(
            b"From: a@x.example\nThread-Index: %s\nX-GM-THRID: 1712345\n\nHi"
            % binascii.b2a_base64(index, newline=False)
        ).hints
        for index in (first, first + b"12345")
    ]
    assert hints == [("outlook 000102030405060708090a0b0c0d0e0f", "gmail 1712345")] * 2


@pytest.mark.parametrize(
    "index", ["", "AAAA", "=?=", "A" * 5000, "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="]
)
def test_a_broken_thread_index_names_nothing(index):
    assert parse(f"From: a@x.example\nThread-Index: {index}\n\nHi".encode()).hints == ()


def test_a_forwarded_mail_is_what_the_sender_has_to_say():
    assert read("forwarded.eml").folds == ()


def test_a_charset_that_lies_is_seen_through():
    entry = read("lying_charset.eml")
    assert entry.subject == "Größe"
    assert entry.text == "Die Größe ist 5 €."
    assert entry.defects == ("The text is marked 'iso-8859-1' but was read as utf-8.",)


def test_broken_headers_are_mended():
    entry = read("broken_headers.eml")
    assert [(p.role, p.name, p.address.value) for p in entry.parties] == [
        ("from", "Jo", "jo@mill.example"),
        ("to", "Support Desk", "help@centric.example"),
    ]
    assert (entry.subject, entry.text) == ("Still works", "Body.")
    assert entry.at == 1768046400000
    assert entry.defects == ("The Date header is not a date; the arrival is shown.",)


def test_flowed_lines_are_joined():
    entry = read("flowed.eml")
    assert entry.text.startswith(
        "This is one long line that was broken softly.\n> and this quote too"
    )


def test_a_uuencoded_file_in_the_text_is_an_attachment():
    entry = read("uuencode.eml")
    assert entry.text == "See below.\n[attached: note.txt]"
    assert [(a.name, a.size, a.part) for a in entry.attachments] == [("note.txt", 11, "1/1")]


def test_the_same_mail_keeps_its_id_on_every_road():
    raw = (DATA / "inline_answers.eml").read_bytes()
    other_road = raw.replace(b"\n", b"\r\n")
    traced = b"Received: from far by near; Mon, 5 Jan 2026 09:00:00 +0000\n" + raw + b"\n"
    ids = {parse(copy).external_id for copy in (raw, other_road, traced)}
    keys = {parse(copy).content_key for copy in (raw, other_road, traced)}
    assert len(ids) == 1
    assert len(keys) == 1


SIGNED = b"""\
From: a@x.example
Message-ID: <signed@x.example>
Subject: s
Content-Type: multipart/mixed; boundary=b

--b

Two answers stand below.
>From the first:
>>From the second:
--b
Content-Type: application/pgp-signature

-----BEGIN-----
>From here
-----END-----
--b--
"""


@pytest.mark.parametrize("quoting", [b"From ", b">From ", b">>>From "])
def test_quoting_and_line_ends_make_no_other_mail_and_no_other_attachment(quoting: bytes):
    other = SIGNED.replace(b">>From ", quoting).replace(b"\n>From ", b"\n" + quoting)
    for copy in (other, other.replace(b"\n", b"\r\n")):
        assert parse(copy).external_id == parse(SIGNED).external_id
        assert parse(copy).content_key == parse(SIGNED).content_key
    changed = parse(SIGNED.replace(b"-----BEGIN", b"----BEGIN"))
    assert changed.content_key != parse(SIGNED).content_key


def test_different_mails_under_one_message_id_are_not_merged():
    one = b"From: a@x.example\nMessage-ID: <same@x.example>\nSubject: s\n\nfirst\n"
    two = b"From: a@x.example\nMessage-ID: <same@x.example>\nSubject: s\n\nsecond\n"
    assert parse(one).external_id != parse(two).external_id
    assert parse(one).message_id == parse(two).message_id == "same@x.example"


def test_a_mail_without_message_id_has_a_stable_id():
    raw = b"From: a@x.example\nSubject: s\n\nhello\n"
    assert parse(raw).external_id == parse(raw).external_id
    assert parse(raw).message_id == ""
    assert parse(raw).external_id != parse(raw + b"more\n").external_id


def test_survey_reads_only_the_headers():
    entry = parse((DATA / "mixed.eml").read_bytes(), survey=True)
    assert entry.subject == "Report and photo"
    assert (entry.text, entry.attachments, entry.original) == ("", (), b"")


@pytest.mark.parametrize(
    ("headers", "at", "offset", "source", "precision"),
    [
        ("Date: Sat, 3 Jan 2026 10:15:02 +0100", 1767431702000, 60, "stated", "s"),
        ("Date: Sat, 3 Jan 2026 10:15 EST", 1767453300000, -300, "stated", "min"),
        ("Date: 3 Jan 26 10:15:02 -0000", 1767435302000, None, "stated", "s"),
        ("Date: Sat, 3 Jan 2026 10:15:02", 1767435302000, None, "assumed", "s"),
        ("Date: Sat, 3 Jan 2026 10:15:2 +0100", 1767431702000, 60, "stated", "s"),
        ("Date: Sat, 3 Jan 2026 10:15:02 0530", 1767415502000, 330, "stated", "s"),
        ("Date: Sat, 3 Jan 2026 10:15:02 2026", 1767435302000, None, "assumed", "s"),
        ("Date: 2026-01-03T10:15:02+01:00", 1767431702000, 60, "stated", "s"),
        ("X: y", 0, None, "none", "day"),
        (
            "Date: Sat, 3 Jan 2099 10:15:02 +0100\nReceived: by b; Sat, 3 Jan 2026 10:15:02 +0100",
            *(1767431702000, 60, "stated", "s"),
        ),
    ],
)
def test_the_date_is_read_or_replaced_by_the_next_best_witness(
    headers, at, offset, source, precision
):
    entry = parse(f"From: a@x.example\n{headers}\n\nx\n".encode())
    assert (entry.at, entry.at_offset, entry.zone_source, entry.precision) == (
        *(at, offset, source, precision),
    )


def test_the_line_of_the_mbox_is_the_last_witness_of_the_date():
    entry = parse(b"From: a@x.example\n\nx\n", envelope="From a@x Sat Jan  3 10:15:02 2026")
    assert entry.at == 1767435302000
    assert "mbox line" in entry.defects[0]


def test_what_is_no_mail_is_refused_with_a_sentence():
    with pytest.raises(UnreadableMessage, match="no mail headers"):
        parse(b"\x00\x01\x02 nothing of a mail")
    with pytest.raises(MessageTooLarge, match="limit is 50 MB"):
        parse(b"From: a@x.example\n\n" + b"x" * MESSAGE_BYTES)


def test_a_stub_in_plain_text_gives_way_to_the_html():
    html = "<p>" + "The whole story in many words. " * 60 + "</p>"
    raw = (
        "From: a@x.example\nContent-Type: multipart/alternative; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nPlease view in HTML.\n"
        f"--b\nContent-Type: text/html\n\n{html}\n--b--\n"
    )
    assert parse(raw.encode()).text.startswith("The whole story")


def test_text_around_an_image_keeps_its_order():
    raw = (
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain\n\nBefore\n"
        "--b\nContent-Type: image/png; name=shot.png\n\nPNG\n"
        "--b\nContent-Type: text/plain\n\nAfter\n--b--\n"
    )
    entry = parse(raw.encode())
    assert entry.text == "Before\n\nAfter"
    assert [a.name for a in entry.attachments] == ["shot.png"]


def test_a_boundary_that_is_wrong_is_guessed():
    raw = (
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=wrong\n\n"
        "--=_right_1\nContent-Type: text/plain\n\nHello\n"
        "--=_right_1\nContent-Type: application/pdf; name=a.pdf\n\nPDF\n--=_right_1--\n"
    )
    entry = parse(raw.encode())
    assert entry.text == "Hello"
    assert [a.name for a in entry.attachments] == ["a.pdf"]
    assert "guessed" in entry.defects[0]


def test_broken_base64_is_read_as_far_as_it_goes():
    raw = (
        b"From: a@x.example\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\n"
        b"SGVsbG8gd29ybGQ\n"
    )
    entry = parse(raw)
    assert entry.text == "Hello world"
    assert "base64 is broken" in entry.defects[0]


def test_a_part_without_a_blank_line_keeps_its_words():
    raw = (
        "From: a@x.example\nContent-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: text/plain\nwords right below\n--b--\n"
    )
    entry = parse(raw.encode())
    assert entry.text == "words right below"
    assert "blank line" in entry.defects[0]


@pytest.mark.parametrize(
    ("results", "forged"),
    [
        ("mx.us.example; dmarc=fail (p=reject) header.from=us.example; spf=pass", True),
        ("mx.us.example; spf=fail smtp.mailfrom=us.example; dkim=none", True),
        ("mx.us.example; spf=fail smtp.mailfrom=list.example; dkim=pass", False),
        ("mx.us.example; dmarc=pass; spf=fail", False),
        ("mx.us.example; none", False),
    ],
)
def test_a_sender_whom_the_receiving_server_could_not_confirm_is_marked(results, forged):
    raw = f"Authentication-Results: {results}\nAuthentication-Results: x; dmarc=fail\n"
    entry = parse(f"{raw}From: help@us.example\nSubject: s\n\nHi\n".encode())
    assert entry.forged is forged
    assert any("could not confirm" in defect for defect in entry.defects) is forged
