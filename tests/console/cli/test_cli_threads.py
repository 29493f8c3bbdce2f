"""``centric why-thread``, ``original`` and the corrections that they are for."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.attached import NoFile, read_part
from console.cli import exits

ASKED = (
    b"From: Ann <ann@x.example>\nTo: help@ours.example\nSubject: Pump\n"
    b"Message-ID: <1@x.example>\nDate: Sat, 3 Jan 2026 10:00:00 +0000\n\nIt stops.\n"
)
ANSWERED = (
    b"From: Ann <ann@x.example>\nTo: help@ours.example\nSubject: Re: Pump \xe2\x80\xaeX\n"
    b"Message-ID: <2@x.example>\nIn-Reply-To: <1@x.example>\nReferences: <0@x.example>\n"
    b"Date: Sun, 4 Jan 2026 10:00:00 +0000\nContent-Type: multipart/mixed; boundary=b\n\n"
    b"--b\n\nStill.\n--b\nContent-Type: text/csv; name=a.csv\n\n1;2\n--b--\n"
)
STRANGER = (
    b"From: Eve <eve@evil.example>\nTo: help@ours.example\nSubject: Re: Pump\n"
    b"Message-ID: <3@x.example>\nIn-Reply-To: <1@x.example>\n"
    b"Date: Sun, 4 Jan 2026 11:00:00 +0000\n\nMe too.\n"
)


@pytest.fixture
def mails(centric, tmp_path: Path) -> None:
    """Bring three mails into the store that the commands use."""
    for name, raw in (("a", ASKED), ("b", ANSWERED), ("c", STRANGER)):
        (tmp_path / f"{name}.eml").write_bytes(raw)
    files = [str(tmp_path / f"{name}.eml") for name in "abc"]
    said = centric("import", "-y", "--us", "@ours.example", "--work-since", "all", *files)
    assert said.code == exits.OK


def test_why_a_mail_is_where_it_is_names_headers_candidates_and_the_decision(mails, centric):
    said = centric("why-thread", "<2@x.example>")
    assert "In-Reply-To: <1@x.example>" in said.out
    assert "1@x.example with ann@x.example → conversation 1, 1 seen" in said.out
    assert "✓  95 conversation 1, case #1, 2 messages" in said.out
    assert "It belongs to 2 messages of case #1" in said.out
    assert "\u202e" not in said.out


def test_who_has_no_person_in_common_is_told_why_not_joined(mails, centric):
    found = centric("why-thread", "3@x.example", "-o", "json").json()
    assert [(one["score"], one["chosen"]) for one in found["candidates"]] == [
        (20, False),
        (10, True),
    ]
    assert "no person in common: not joined" in found["candidates"][0]["reason"]
    assert found["decision"] == "Nothing that it names was there: it began a conversation."


def test_a_correction_is_listed_and_forgotten(mails, centric):
    entry = centric("why-thread", "2@x.example", "-o", "json").json()["entry_id"]
    assert centric("do", "case.split", str(entry)).code == exits.OK
    rules = centric("why-thread", "--rules", "-o", "json").json()
    assert [(rule["kind"], rule["undone_at"]) for rule in rules] == [("apart", 0)]
    assert "are not one" in rules[0]["sentence"]
    assert centric("do", "thread.forget", str(rules[0]["rule_id"])).code == exits.OK
    assert centric("why-thread", "--rules", "-o", "json").json()[0]["undone_at"] > 0


def test_the_bytes_on_a_pipe_are_those_that_came(mails, centric, real):
    said = real("original", "1@x.example")
    assert said.out.encode() == ASKED
    assert real("original", "2@x.example", "--part", "2").out == "1;2"
    assert real("original", "2@x.example", "--headers").out.endswith("boundary=b\n")
    assert real("original", "2@x.example", "--part", "9").code == exits.UNAVAILABLE


def test_what_is_not_there_is_a_sentence(mails, centric):
    assert "No message with the id 9@x.example" in centric("why-thread", "9@x.example").err
    assert "There is no entry 7" in centric("original", "7").err
    assert centric("why-thread").code == exits.USAGE


def test_a_file_is_taken_out_of_an_original_by_a_process_of_its_own(mails, centric, tmp_path):
    import os

    entry = centric("why-thread", "2@x.example", "-o", "json").json()["entry_id"]
    store = os.environ["CENTRIC_STORE"]
    assert read_part(store, entry, "2") == b"1;2"
    with pytest.raises(NoFile, match="no part 7"):
        read_part(store, entry, "7")
