"""What hides inside a part: Outlook's wrapping, signed and encrypted messages, cards, reports."""

from __future__ import annotations

import binascii
import struct
import subprocess
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mail import contact_line, smime, tnef, uuencode
from connectors.mail.files import NoSuchPart, attachment_bytes
from connectors.mail.message import parse

HEAD = "From: Ann <ann@mill.example>\nTo: help@desk.example\nSubject: s\nMessage-ID: <m@mill>\n"


def mail(headers: str, body: bytes) -> bytes:
    return f"{HEAD}{headers}\n\n".encode() + body


def attribute(level: int, kind: int, value: bytes) -> bytes:
    return struct.pack("<BHHI", level, kind, 6, len(value)) + value + b"\0\0"


def wide(number: int, text: str) -> bytes:
    data = text.encode("utf-16-le") + b"\0\0"
    padded = data + b"\0" * (-len(data) % 4)
    return struct.pack("<HHII", 0x1F, number, 1, len(data)) + padded


def properties(*each: bytes) -> bytes:
    return struct.pack("<I", len(each)) + b"".join(each)


def winmail(text: str = "") -> bytes:
    named = struct.pack("<HH", 0x03, 0x8001) + b"g" * 16 + struct.pack("<II", 0, 7) + b"\1\0\0\0"
    return (
        tnef.SIGNATURE
        + b"\1\0"
        + attribute(1, 0x9007, struct.pack("<II", 1252, 0))
        + (attribute(1, 0x9003, properties(named, wide(0x1000, text))) if text else b"")
        + attribute(2, 0x9002, b"\0" * 14)
        + attribute(2, 0x8010, b"PLAN~1.TXT\0")
        + attribute(2, 0x800F, b"the plan")
        + attribute(2, 0x9005, properties(wide(0x3707, "Plan für März.txt")))
        + attribute(2, 0x9002, b"\0" * 14)
        + attribute(2, 0x8010, "Größe.csv\0".encode("cp1252"))
        + attribute(2, 0x800F, b"a;b")
    )


def based(data: bytes) -> bytes:
    return binascii.b2a_base64(data)


def test_the_files_of_a_winmail_dat_are_listed_and_can_be_taken_out():
    raw = mail(
        'Content-Type: application/ms-tnef; name="winmail.dat"\nContent-Transfer-Encoding: base64',
        based(winmail("Here is the plan.\r\n")),
    )
    entry = parse(raw)
    assert entry.text == "Here is the plan."
    assert [(a.name, a.size, a.part) for a in entry.attachments] == [
        ("winmail.dat", len(winmail("Here is the plan.\r\n")), "1"),
        ("Plan für März.txt", 8, "1/1"),
        ("Größe.csv", 3, "1/2"),
    ]
    assert attachment_bytes(raw, "1/1") == b"the plan"
    assert sha256(b"a;b").hexdigest() == entry.attachments[2].sha256


def test_a_winmail_dat_beside_a_text_says_nothing_twice():
    raw = mail(
        'Content-Type: multipart/mixed; boundary="b"',
        b"--b\nContent-Type: text/plain\n\nSeen.\n--b\nContent-Type: application/ms-tnef\n"
        b"Content-Transfer-Encoding: base64\n\n" + based(winmail("Other words")) + b"--b--\n",
    )
    assert parse(raw).text == "Seen."
    assert [a.part for a in parse(raw).attachments] == ["2", "2/1", "2/2"]


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 400), st.binary(max_size=12), st.integers(0, 400))
def test_a_broken_winmail_dat_is_read_as_far_as_it_goes(at, junk, size):
    data = winmail("x")
    broken = data[:at] + junk + data[at + len(junk) : len(data) - size]
    read = tnef.unwrap(broken)
    assert len(read.files) <= 40


@pytest.fixture(scope="module")
def sealed(tmp_path_factory) -> dict[str, bytes]:
    """Make a signed and an encrypted message with the system's own tool."""
    folder = tmp_path_factory.mktemp("sealed")
    (folder / "m").write_bytes(
        b'Content-Type: multipart/mixed; boundary="i"\r\n\r\n--i\r\nContent-Type: text/plain;'
        b" charset=utf-8\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n--i\r\nContent-Type: text/csv;"
        b' name="a.csv"\r\n\r\n1;2\r\n--i--\r\n'
    )

    def run(words: str) -> None:
        command = ["openssl", *words.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)

    run("req -x509 -newkey rsa:2048 -nodes -keyout k -out c -days 2 -subj /CN=t")
    run("cms -sign -nodetach -binary -stream -in m -signer c -inkey k -outform DER -out s")
    run("smime -encrypt -aes256 -binary -in m -outform DER -out e c")
    return {name: (folder / name).read_bytes() for name in "se"}


def test_a_message_inside_its_signature_is_read(sealed):
    raw = mail(
        'Content-Type: application/pkcs7-mime; smime-type=signed-data; name="smime.p7m"\n'
        "Content-Transfer-Encoding: base64",
        based(sealed["s"]),
    )
    entry = parse(raw)
    assert entry.text == "Grüße"
    assert [(a.name, a.part) for a in entry.attachments] == [("smime.p7m", "1"), ("a.csv", "1/2")]
    assert attachment_bytes(raw, "1/2") == b"1;2"


def test_an_encrypted_message_says_so(sealed):
    raw = mail(
        "Content-Type: application/x-pkcs7-mime\nContent-Transfer-Encoding: base64",
        based(sealed["e"]),
    )
    assert parse(raw).text == "[encrypted message (S/MIME)]"
    pgp = mail(
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="b"',
        b"--b\nContent-Type: application/pgp-encrypted\n\nVersion: 1\n--b\n"
        b"Content-Type: application/octet-stream\n\n-----BEGIN PGP MESSAGE-----\n--b--\n",
    )
    assert parse(pgp).text == "[encrypted message (PGP)]"


@given(st.binary(max_size=80))
def test_a_broken_signature_wrapping_raises_nothing(junk):
    start = bytes.fromhex("308006092a864886f70d010702a0803080020101310006092a864886f70d010701")
    found = smime.inside(start + junk)
    assert found is None or isinstance(found, bytes)


def test_a_message_that_is_all_there_is_gets_a_line():
    raw = mail(
        'Content-Type: multipart/mixed; boundary="b"',
        b"--b\nContent-Type: message/rfc822\n\nFrom: Eve <eve@lab.example>\nSubject: Old\n"
        b"Date: Tue, 6 Jan 2026 12:00:00 +0100\n\nwords\n--b--\n",
    )
    assert parse(raw).text == "[message: Old (Eve <eve@lab.example>, Tue, 6 Jan 2026 12:00:00)]"


def test_a_card_in_the_text_is_a_line():
    card = "BEGIN:VCARD\nVERSION:3.0\nN:Berg;Ann\nFN:Ann Berg\nORG:Mill\\, Works;Sales\n"
    card += "item1.EMAIL;type=INTERNET:ann@\n mill.example\nTEL:+49 30 1\nEND:VCARD\n"
    line = "[contact: Ann Berg, Mill, Works Sales, ann@mill.example, +49 30 1]"
    assert contact_line.describe(card) == line
    raw = mail("Content-Type: text/vcard; charset=utf-8", card.encode())
    assert parse(raw).text == line


def report(action: str, inner: str) -> bytes:
    return mail(
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "--b\nContent-Type: text/plain\n\nSorry.\n--b\nContent-Type: message/delivery-status\n\n"
        "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; gone@mill.example\n"
        f"Action: {action}\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 No such\n user here\n"
        f"--b\nContent-Type: text/rfc822-headers\n\n{inner}\n--b--\n".encode(),
    )


def test_a_report_names_who_was_not_reached_and_the_message_it_is_about():
    entry = parse(report("failed", "Message-ID: <sent-7@desk.example>\nSubject: Pump\n"))
    assert entry.automatic == "bounce"
    assert entry.text == "[not delivered to gone@mill.example: 5.1.1 No such user here]\n\nSorry."
    assert entry.in_reply_to == ("sent-7@desk.example",)
    assert ("mentioned", "gone@mill.example") in [(p.role, p.address.value) for p in entry.parties]


def test_a_report_of_a_delay_is_no_bounce():
    entry = parse(report("delayed", "Message-ID: <sent-7@desk.example>\n"))
    assert entry.automatic == "auto-generated"
    assert entry.text.startswith("[delayed to gone@mill.example: ")


def test_a_report_without_parts_is_tied_by_the_headers_in_its_text():
    raw = (
        b"From: MAILER-DAEMON@mx.example\nTo: help@desk.example\nSubject: failure notice\n\n"
        b"<gone@mill.example>:\nno mailbox here by that name.\n\n--- Below is a copy.\n\n"
        b"Subject: Pump\nMessage-ID: <sent-8@desk.example>\n\nHello\n"
    )
    assert parse(raw).automatic == "bounce"
    assert parse(raw).in_reply_to == ("sent-8@desk.example",)


def test_what_only_looks_uuencoded_stays_text():
    text = "I begin 3 jobs.\nbegin 644 notes\nThis is a sentence that is no code.\nend\n"
    assert list(uuencode.files(text)) == []


@given(st.lists(st.binary(min_size=1, max_size=45), min_size=1, max_size=8))
def test_a_uuencoded_file_comes_back(lines):
    data = b"".join(lines)
    code = b"".join(binascii.b2a_uu(data[i : i + 45]) for i in range(0, len(data), 45)).decode()
    text = f"before\nbegin 644 a b.bin\n{code}`\nend\nafter\n"
    (found,) = uuencode.files(text)
    assert (found.name, found.data) == ("a b.bin", data)
    assert text[: found.start] + text[found.end :] == "before\n\nafter\n"


def test_a_part_that_is_not_there_is_a_sentence():
    raw = mail("Content-Type: text/plain", b"Hi\n")
    for part in ("2", "1/1", "1/x", ""):
        with pytest.raises(NoSuchPart, match=r"no part"):
            attachment_bytes(raw, part)
    assert attachment_bytes(raw, "1") == b"Hi\n"
