"""What is told of mail without a store, and what a crash of a reader costs."""

from __future__ import annotations

import gzip
import os
import signal
from hashlib import sha256
from pathlib import Path

import pytest

from connectors.contract import BadFile
from connectors.mail import inspection, mbox, parallel
from connectors.mail.inspection import Unit, tell, units

DATA = Path(__file__).parent / "data"
FROM = b"From a@x.example Sat Jan  3 10:15:02 2026\n"


def mail(number: int, body: str = "Hello") -> bytes:
    head = f"From: a@x.example\nSubject: n{number}\nMessage-ID: <m{number}@x.example>\n\n"
    return f"{head}{body}\n".encode()


def mailbox(path: Path, count: int, body: str = "Hello") -> Path:
    path.write_bytes(b"".join(FROM + mail(number, body) + b"\n" for number in range(count)))
    return path


def told(path: Path) -> list[inspection.Told]:
    return [one for unit in units([str(path)]) for one in tell(unit)]


def test_a_mail_is_told_with_all_that_is_read_in_it():
    path = DATA / "mixed.eml"
    (one,) = told(path)
    assert one["from"] == {"name": "Dana", "address": "dana@lab.example"}
    assert one["sha256"] == sha256(path.read_bytes()).hexdigest()
    assert [file["part"] for file in one["attachments"]] == ["1.2.2", "2", "3"]
    assert all(len(file["sha256"]) == 64 for file in one["attachments"])
    assert one["parts"][0]["type"] == "multipart/mixed"
    assert "<" in one["html"]


def test_the_ranges_leave_nothing_out_and_name_what_is_new():
    (one,) = told(DATA / "inline_answers.eml")
    text = "".join(one["text"][r["start"] : r["end"]] for r in one["ranges"])
    assert text == one["text"]
    assert [r["kind"] for r in one["ranges"]] == ["new", "quote", "new", "quote", "new"]


def test_why_a_mail_is_automatic_is_told():
    (one,) = told(DATA / "list.eml")
    assert (one["automatic"], one["automatic_because"]) == ("list", "List-Id")


def test_what_cannot_be_read_is_told_with_its_reason(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(FROM + b"no headers at all\n\n" + FROM + mail(1))
    first, second = told(path)
    assert "no mail headers" in first["set_aside"]
    assert second["subject"] == "n1"


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
@pytest.mark.parametrize("size", [97, 160, 1000])
def test_the_units_of_a_mailbox_meet_without_a_gap_or_an_overlap(
    tmp_path, monkeypatch, size, line_end
):
    path = mailbox(tmp_path / "in.mbox", 60, "Hi\n\nFrom here on\nFrom 3 to 4 May 2026\n>From")
    path.write_bytes(path.read_bytes().replace(b"\n", line_end))
    monkeypatch.setattr(inspection, "_RANGE_BYTES", size)
    monkeypatch.setattr(mbox, "_CHUNK", 64)
    assert len(list(units([str(path)]))) > 5
    assert [one["subject"] for one in told(path)] == [f"n{number}" for number in range(60)]


def test_packed_files_folders_and_maildirs_are_told(tmp_path):
    (tmp_path / "a.mbox.gz").write_bytes(
        gzip.compress(mailbox(tmp_path / "b.mbox", 3).read_bytes())
    )
    (tmp_path / "one.eml").write_bytes(mail(9))
    assert [one["subject"] for one in told(tmp_path)] == ["n9", *["n0", "n1", "n2"] * 2]
    box = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (box / part).mkdir(parents=True)
    (box / "new" / "1.x").write_bytes(mail(5))
    assert [one["subject"] for one in told(box)] == ["n5"]


def test_what_is_no_mail_is_refused_with_a_sentence(tmp_path):
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(BadFile):
        told(tmp_path / "x.csv")


def subjects(unit: Unit) -> bytes:
    out = []
    for one in tell(unit):
        if one["subject"] == "n7":
            os.kill(os.getpid(), signal.SIGKILL)
        out.append(one["subject"])
    return "".join(f"{subject} " for subject in out).encode()


def missing(unit: Unit) -> bytes:
    return b"lost "


def test_a_reader_that_dies_costs_one_message_and_the_order_stays(tmp_path, monkeypatch):
    path = mailbox(tmp_path / "in.mbox", 12)
    monkeypatch.setattr(inspection, "_RANGE_BYTES", 300)
    answers = parallel.in_order(units([str(path)]), subjects, missing, 2)
    expected = ["lost" if number == 7 else f"n{number}" for number in range(12)]
    assert b"".join(answers).decode().split() == expected


def test_a_message_that_takes_too_long_is_ended(tmp_path):
    def read_for_ever() -> None:
        with parallel.Watch(0.1) as watch:
            watch.next()
            while True:
                pass

    with pytest.raises(parallel.TookTooLong):
        read_for_ever()
