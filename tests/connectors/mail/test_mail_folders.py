from __future__ import annotations

import gzip
import os
import time
from pathlib import Path

import pytest

from connectors.contract import BadFile, Context, Entry, Item, Quarantined, State
from connectors.mail import eml, folder, maildir

FROM = b"From ann@x.example Sat Jan  3 10:15:02 2026\n"


def mail(number: int) -> bytes:
    return f"From: a@x.example\nSubject: n{number}\nDate: x\n\nHello {number}\n".encode()


def pull(kind: eml._Eml | maildir._Maildir, path: Path, cursor: str = "") -> list[Item]:
    return list(kind.pull(Context(path=str(path), cursor=cursor)))


def subjects(items: list[Item]) -> list[str]:
    return [item.subject for item in items if isinstance(item, Entry)]


def aside(items: list[Item]) -> list[str]:
    return [item.reason for item in items if isinstance(item, Quarantined)]


def last_cursor(items: list[Item]) -> str:
    return [item.cursor for item in items if isinstance(item, State)][-1]


@pytest.fixture
def box(tmp_path: Path) -> Path:
    root = tmp_path / "Maildir"
    for name in ("", ".Sent", "Archive/2026"):
        for part in ("cur", "new", "tmp"):
            (root / name / part).mkdir(parents=True)
    (root / "cur" / "1001.a:2,S").write_bytes(mail(1))
    (root / "new" / "1002.a").write_bytes(mail(2))
    (root / "cur" / "1003.a:2,").write_bytes(mail(3))
    (root / ".Sent" / "cur" / "1001.b:2,S").write_bytes(mail(4))
    (root / "Archive/2026" / "cur" / "1001.c:2,S").write_bytes(mail(5))
    (root / "tmp" / "1004.a").write_bytes(mail(9))
    return root


@pytest.fixture
def no_slack(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_CLOCK_SLACK_NS", 0)


def test_every_folder_of_a_maildir_is_read_in_order(box):
    assert subjects(pull(maildir.connector, box)) == ["n1", "n2", "n3", "n4", "n5"]


def test_a_second_pull_reads_only_what_came_since(box, no_slack):
    cursor = last_cursor(pull(maildir.connector, box))
    assert subjects(pull(maildir.connector, box, cursor)) == []
    # A name that sorts before all others: names are not trusted to tell what is new.
    (box / "new" / "0001.z").write_bytes(mail(6))
    now = time.time_ns()  # the file system's own clock may lag some milliseconds
    for path in (box / "new", box / "new" / "0001.z"):
        os.utime(path, ns=(now, now))
    assert subjects(pull(maildir.connector, box, cursor)) == ["n6"]


def test_a_folder_that_has_not_changed_is_not_looked_into(box, no_slack, monkeypatch):
    for path in (*box.glob("cur"), *box.glob("new"), *box.glob("*/cur"), *box.glob("*/*/cur")):
        os.utime(path, ns=(1, 1))
    cursor = last_cursor(pull(maildir.connector, box))
    looked = []
    monkeypatch.setattr(folder, "regular_files", lambda path: looked.append(path) or iter(()))
    assert subjects(pull(maildir.connector, box, cursor)) == []
    assert [path for path in looked if path.endswith("cur")] == []


def test_an_interrupted_pull_goes_on_after_its_last_checkpoint(box, monkeypatch):
    monkeypatch.setattr("connectors.mail.reader.CHECKPOINT_MESSAGES", 2)
    items = pull(maildir.connector, box)
    states = [index for index, item in enumerate(items) if isinstance(item, State)]
    assert len(states) == 3
    for index in states[:-1]:
        state = items[index]
        assert isinstance(state, State)
        rest = pull(maildir.connector, box, state.cursor)
        assert subjects(items[:index]) + subjects(rest) == ["n1", "n2", "n3", "n4", "n5"]


def test_what_is_no_message_file_is_skipped_or_counted(box):
    os.mkfifo(box / "new" / "1005.fifo")
    (box / "new" / "1006.link").symlink_to(box / "cur" / "1001.a:2,S")
    (box / "new" / "1007.empty").write_bytes(b"")
    (box / "new" / "1008.gone").symlink_to(box / "nowhere")
    (box / "new" / ".hidden").write_bytes(mail(8))
    (box / "new" / "1009.binary").write_bytes(b"\x00\x01\x02")
    items = pull(maildir.connector, box)
    assert subjects(items) == ["n1", "n2", "n3", "n4", "n5"]
    assert aside(items) == [
        "The file is empty.",
        "These bytes have no mail headers and were set aside.",
    ]


def test_a_file_that_vanishes_or_turns_into_a_pipe_while_reading_is_passed_over(box):
    pulling = maildir.connector.pull(Context(path=str(box)))
    found = [next(pulling), next(pulling)]
    (box / "new" / "1002.a").unlink()
    (box / "cur" / "1003.a:2,").unlink()
    os.mkfifo(box / "cur" / "1003.a:2,")
    found += pulling
    assert subjects(found) == ["n1", "n4", "n5"]
    assert aside(found) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_counted(box):
    (box / "new" / "1002.a").chmod(0)
    assert "cannot be read" in aside(pull(maildir.connector, box))[0]


def test_a_maildir_is_known_by_its_folders(box, tmp_path):
    found = maildir.connector.recognise(str(box), b"")
    assert found is not None
    assert (found.connector, found.source) == ("maildir", "mail")
    assert found.size == 5 * len(mail(1))
    nested = maildir.connector.recognise(str(tmp_path), b"")
    assert nested is not None
    (tmp_path / "plain").mkdir()
    assert maildir.connector.recognise(str(tmp_path / "plain"), b"") is None
    assert maildir.connector.recognise(str(box / "cur" / "1001.a:2,S"), mail(1)) is None


def test_a_folder_of_messages_and_mailboxes_is_read_and_resumed(tmp_path, no_slack):
    (tmp_path / "b" / "c").mkdir(parents=True)
    (tmp_path / "2.eml").write_bytes(mail(2))
    (tmp_path / "1.EML").write_bytes(mail(1))
    (tmp_path / "b" / "c" / "3.eml").write_bytes(mail(3))
    (tmp_path / "notes.txt").write_bytes(mail(9))
    box = tmp_path / "b" / "old.mbox"
    box.write_bytes(b"From a@x.example Sat Jan  3 10:15:02 2026\n" + mail(4) + b"\n")

    items = pull(eml.connector, tmp_path)
    assert subjects(items) == ["n1", "n2", "n3", "n4"]

    (tmp_path / "0.eml").write_bytes(mail(5))
    with box.open("ab") as file:
        file.write(b"From a@x.example Sat Jan  3 10:15:02 2026\n" + mail(6) + b"\n")
    assert subjects(pull(eml.connector, tmp_path, last_cursor(items))) == ["n5", "n6"]


@pytest.mark.parametrize("cursor", ["nonsense", "[]", '{"": "x"}', '{"": "{}"}', "3"])
def test_a_cursor_that_makes_no_sense_starts_over(tmp_path, cursor):
    (tmp_path / "1.eml").write_bytes(mail(1))
    assert subjects(pull(eml.connector, tmp_path, cursor)) == ["n1"]


def test_one_message_is_read_each_time(tmp_path):
    path = tmp_path / "1.eml"
    path.write_bytes(mail(1))
    items = pull(eml.connector, path)
    assert subjects(items) == ["n1"]
    assert subjects(pull(eml.connector, path, last_cursor(items))) == ["n1"]


def test_messages_are_known_by_their_headers(tmp_path):
    path = tmp_path / "1.eml"
    path.write_bytes(mail(1))
    found = eml.connector.recognise(str(path), mail(1))
    assert found is not None
    assert (found.connector, found.source) == ("eml", "mail")
    folder_found = eml.connector.recognise(str(tmp_path), b"")
    assert folder_found is not None
    assert folder_found.size == len(mail(1))
    assert eml.connector.recognise(str(tmp_path / "x.csv"), b"a,b\n1,2\n") is None
    assert eml.connector.recognise(str(tmp_path / "x.txt"), b"Dear all,\nFrom: now on\n") is None
    assert eml.connector.recognise(str(tmp_path / "x.txt"), b"date: 1\nprice: 2\n\n") is None
    with pytest.raises(BadFile, match="no mail headers"):
        eml.connector.recognise(str(path), b"nothing of a mail")
    (tmp_path / "empty").mkdir()
    assert eml.connector.recognise(str(tmp_path / "empty"), b"") is None


def test_a_folder_that_is_gone_is_a_sentence(tmp_path):
    with pytest.raises(BadFile, match="not there"):
        pull(maildir.connector, tmp_path / "none")
    with pytest.raises(BadFile, match="cannot be opened"):
        pull(eml.connector, tmp_path / "none.eml")


def test_the_folders_of_thunderbird_are_read(tmp_path):
    (tmp_path / "Inbox").write_bytes(FROM + mail(1) + b"\n")
    (tmp_path / "Inbox.msf").write_text("// <!-- index -->")
    (tmp_path / "Trash").write_bytes(b"")
    (tmp_path / "notes").write_text("From the start this was no mailbox.")
    (tmp_path / "Inbox.sbd").mkdir()
    (tmp_path / "Inbox.sbd" / "Old").write_bytes(FROM + mail(2) + b"\n")
    found = eml.connector.recognise(str(tmp_path), b"")
    assert found is not None
    assert found.connector == "eml"
    items = list(eml.connector.pull(Context(path=str(tmp_path))))
    assert sorted(e.subject for e in items if isinstance(e, Entry)) == ["n1", "n2"]


def test_the_folders_of_apple_mail_are_read(tmp_path):
    box = tmp_path / "INBOX.mbox" / "Messages"
    box.mkdir(parents=True)
    raw = mail(1)
    (box / "12.emlx").write_bytes(b"%d     \n" % len(raw) + raw + b"<?xml version='1.0'?><plist/>")
    (box / "13.emlx").write_bytes(mail(2))
    (tmp_path / "Export.mbox").mkdir()
    (tmp_path / "Export.mbox" / "mbox").write_bytes(FROM + mail(3) + b"\n")
    (tmp_path / "one.eml.gz").write_bytes(gzip.compress(mail(4)))
    items = list(eml.connector.pull(Context(path=str(tmp_path))))
    read = {e.subject: e for e in items if isinstance(e, Entry)}
    assert sorted(read) == ["n1", "n2", "n3", "n4"]
    assert read["n1"].original == raw
    one = str(box / "12.emlx")
    assert eml.connector.recognise(one, Path(one).read_bytes()) is not None
    alone = [e for e in eml.connector.pull(Context(path=one)) if isinstance(e, Entry)]
    assert [e.subject for e in alone] == ["n1"]
