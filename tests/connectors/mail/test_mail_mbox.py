from __future__ import annotations

import gzip
import io
import json
import re
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import BadFile, Context, Entry, Item, Progress, Quarantined, State
from connectors.mail import limits, mbox
from connectors.mail.mbox import connector, split

FROM = b"From ann@x.example Sat Jan  3 10:15:02 2026\n"


def mail(number: int, body: str = "Hello") -> bytes:
    head = f"From: a@x.example\nSubject: n{number}\nMessage-ID: <m{number}@x.example>\n\n"
    return f"{head}{body}\n".encode()


def packed(raw: bytes) -> bytes:
    return FROM + re.sub(rb"(?m)^(>*From )", rb">\1", raw) + b"\n"


def pull(path: Path, cursor: str = "", survey: bool = False) -> list[Item]:
    return list(connector.pull(Context(path=str(path), cursor=cursor, survey=survey)))


def entries(items: list[Item]) -> list[Entry]:
    return [item for item in items if isinstance(item, Entry)]


def last_cursor(items: list[Item]) -> str:
    return [item.cursor for item in items if isinstance(item, State)][-1]


BODIES = st.lists(
    st.sampled_from(
        [
            *(b"", b"Hello", b"From me to you", b"From ann@x.example Sat Jan  3 10:15:02 2026"),
            *(
                b">From a quote",
                b">>From deeper",
                b"From: a@b.example",
                b"Subject: x",
                b"> x",
                b"\r",
            ),
        ]
    )
    | st.binary(max_size=30).map(lambda data: data.replace(b"\n", b"").replace(b"\r", b"")),
    max_size=8,
).map(lambda lines: b"".join(line + b"\n" for line in lines))


@settings(deadline=None, max_examples=60)
@given(st.lists(BODIES, min_size=1, max_size=6), st.booleans(), st.sampled_from([7, 100, 4096]))
def test_what_was_written_to_an_mbox_comes_back(bodies, crlf, chunk):
    raws = [b"From: a@x.example\n\n" + body for body in bodies]
    if crlf:
        raws = [raw.replace(b"\n", b"\r\n") for raw in raws]
    data = b"".join(packed(raw) for raw in raws)
    if crlf:
        data = re.sub(rb"(?<!\r)\n", b"\r\n", data)
    size, mbox._CHUNK = mbox._CHUNK, chunk
    try:
        found = list(split(io.BytesIO(data)))
    finally:
        mbox._CHUNK = size
    assert [item.raw for item in found] == raws
    assert [item.offset for item in found][1:] == [item.end for item in found][:-1]
    assert found[-1].end == len(data)
    assert not any(item.cut or item.over for item in found)


def test_a_mailbox_is_read_with_checkpoints_and_progress(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(b"".join(packed(mail(n)) for n in range(450)))
    items = pull(path)

    assert [entry.subject for entry in entries(items)] == [f"n{n}" for n in range(450)]
    gap = 0
    for item in items:
        gap = 0 if isinstance(item, State) else gap + isinstance(item, Entry)
        assert gap <= 200
    assert isinstance(items[-2], State)
    assert items[-1] == Progress(path.stat().st_size, path.stat().st_size)


def test_every_checkpoint_resumes_exactly_there(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(b"".join(packed(mail(n)) for n in range(250)))
    items = pull(path)
    for index, item in enumerate(items):
        if isinstance(item, State):
            before = entries(items[:index])
            after = entries(pull(path, item.cursor))
            assert before + after == entries(items)


def test_a_file_that_grew_goes_on_from_its_old_end(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(packed(mail(1)) + packed(mail(2)))
    cursor = last_cursor(pull(path))
    assert entries(pull(path, cursor)) == []
    with path.open("ab") as file:
        file.write(packed(mail(3)))
    assert [entry.subject for entry in entries(pull(path, cursor))] == ["n3"]


def test_another_file_under_the_same_name_is_read_from_the_start(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(packed(mail(1)) + packed(mail(2)))
    cursor = last_cursor(pull(path))
    path.write_bytes(packed(mail(7)) + packed(mail(8)) + packed(mail(9)))
    assert [entry.subject for entry in entries(pull(path, cursor))] == ["n7", "n8", "n9"]


@pytest.mark.parametrize("cursor", ["", "nonsense", "{}", "[1]", '{"offset": "x"}', "null"])
def test_a_cursor_that_makes_no_sense_starts_over(tmp_path, cursor):
    path = tmp_path / "in.mbox"
    path.write_bytes(packed(mail(1)))
    assert len(entries(pull(path, cursor))) == 1


def test_a_cut_off_message_is_marked_and_read_again_when_it_is_whole(tmp_path):
    path = tmp_path / "in.mbox"
    whole = packed(mail(1)) + packed(mail(2, "a long body that is written slowly"))
    path.write_bytes(whole[:-20])
    items = pull(path)
    assert [bool(entry.defects) for entry in entries(items)][-1]
    assert "ends in the middle" in " ".join(entries(items)[-1].defects)
    path.write_bytes(whole + packed(mail(3)))
    again = entries(pull(path, last_cursor(items)))
    assert [entry.subject for entry in again] == ["n2", "n3"]
    assert again[0].text == "a long body that is written slowly"


def test_a_message_over_the_cap_is_set_aside_and_the_next_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(limits, "MESSAGE_BYTES", 3 * 1024 * 1024)
    path = tmp_path / "in.mbox"
    big = mail(2, "x" * 76 + "\n") + b"y" * 75 * 100_000
    path.write_bytes(packed(mail(1)) + packed(big) + packed(mail(3)))
    items = pull(path)
    assert [entry.subject for entry in entries(items)] == ["n1", "n3"]
    aside = [item for item in items if isinstance(item, Quarantined)]
    assert len(aside) == 1
    assert aside[0].raw.startswith(b"From: a@x.example\nSubject: n2")
    assert len(aside[0].raw) <= limits.QUARANTINE_BYTES
    assert aside[0].where == f"in.mbox, byte {len(packed(mail(1)))}"
    assert aside[0].reason.startswith("The message has 8 MB and the limit is 3 MB")


def test_memory_does_not_grow_with_the_file(tmp_path):
    path = tmp_path / "in.mbox"
    block = b"".join(packed(mail(n, "x" * 2000)) for n in range(500))
    with path.open("wb") as file:
        for _ in range(20):
            file.write(block)
    tracemalloc.start()
    try:
        count = sum(1 for _ in split(path.open("rb")))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert count == 10_000
    assert path.stat().st_size > 20_000_000
    assert peak < 6_000_000


def test_from_in_the_text_does_not_begin_a_message():
    data = FROM + mail(1, "First.\n\nFrom 10:30 to 11:00 we are closed.\n\nFrom here on, quiet.")
    assert len(list(split(io.BytesIO(data)))) == 1


def test_from_lines_of_other_writers_are_known():
    lines = [
        b"From - Sat Jan 03 10:15:02 2026\n",
        b"From 1234567890123456789@xxx Sat Jan 03 10:15:02 +0000 2026\n",
        b"From ann@x.example Sat, 3 Jan 2026 10:15:02 +0000\n",
        b"From ann@x.example\n",
        b"From MAILER-DAEMON Sat Jan  3 10:15:02 2026\r\n",
    ]
    data = b"".join(line + mail(n) + b"\n" for n, line in enumerate(lines))
    assert len(list(split(io.BytesIO(data)))) == len(lines)


def test_a_mailbox_is_known_by_its_content(tmp_path):
    path = tmp_path / "mail"
    path.write_bytes(packed(mail(1)))
    found = connector.recognise(str(path), path.read_bytes())
    assert found is not None
    assert (found.connector, found.source, found.size) == ("mbox", "mail", path.stat().st_size)
    assert connector.recognise(str(path), b"From here on it is a letter.\nDear") is None
    assert connector.recognise(str(path), b"") is None
    assert connector.recognise(str(path), b"name,mail\n") is None


@pytest.mark.parametrize(
    ("name", "head", "step"),
    [
        ("box.pst", b"!BDN" + b"\0" * 100, "readpst"),
        ("a.msg", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "msgconvert"),
        ("mail.tar.gz", b"\x1f\x8b\x08\x00", "tar xzf"),
    ],
)
def test_formats_that_are_not_read_say_the_next_step(tmp_path, name, head, step):
    with pytest.raises(BadFile, match=step):
        connector.recognise(str(tmp_path / name), head)


def test_a_packed_mailbox_is_read_and_resumed_like_any_other(tmp_path):
    path = tmp_path / "in.mbox.gz"
    path.write_bytes(gzip.compress(b"".join(packed(mail(n)) for n in range(250))))
    head = path.read_bytes()
    found = connector.recognise(str(path), head)
    assert found is not None
    assert (found.connector, found.title) == ("mbox", "packed mbox mail file")
    items = pull(path)
    assert [entry.subject for entry in entries(items)] == [f"n{number}" for number in range(250)]
    states = [item for item in items if isinstance(item, State)]
    assert len(entries(pull(path, states[0].cursor))) == 250 - len(
        entries(items[: items.index(states[0])])
    )
    assert entries(pull(path, states[-1].cursor)) == []


def test_a_packed_mailbox_that_is_broken_or_a_trap_ends_with_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "in.mbox.gz"
    path.write_bytes(gzip.compress(packed(mail(1)) * 2000)[:-9])
    with pytest.raises(BadFile, match="broken"):
        pull(path)
    monkeypatch.setattr("connectors.mail.packed._FAIR_BYTES", 1_000_000)
    path.write_bytes(gzip.compress(packed(mail(1)) + b"0" * 40_000_000))
    with pytest.raises(BadFile, match="far more than a mailbox"):
        pull(path)


def test_a_missing_file_is_a_sentence(tmp_path):
    with pytest.raises(BadFile, match="cannot be opened"):
        pull(tmp_path / "none.mbox")


def test_what_is_no_mail_is_set_aside_with_its_bytes(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(FROM + b"no headers at all\n\n" + packed(mail(2)))
    items = pull(path)
    aside = [item for item in items if isinstance(item, Quarantined)]
    assert [entry.subject for entry in entries(items)] == ["n2"]
    assert aside[0].raw == b"no headers at all\n"
    again = next(item for item in pull(path) if isinstance(item, Quarantined))
    assert again.external_id == aside[0].external_id


def test_a_reader_that_breaks_costs_one_message(tmp_path, monkeypatch):
    def breaks(raw: bytes, **_: object) -> Entry:
        raise RecursionError("too deep")

    monkeypatch.setattr("connectors.mail.reader.parse", breaks)
    path = tmp_path / "in.mbox"
    path.write_bytes(packed(mail(1)))
    aside = [item for item in pull(path) if isinstance(item, Quarantined)]
    assert aside[0].raw == mail(1)
    assert aside[0].reason.endswith(".")


def test_a_survey_leaves_the_bodies_out(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(packed(mail(1)))
    found = entries(pull(path, survey=True))
    assert (found[0].subject, found[0].text, found[0].original) == ("n1", "", b"")


def test_the_cursor_is_plain_json(tmp_path):
    path = tmp_path / "in.mbox"
    path.write_bytes(packed(mail(1)))
    stored = json.loads(last_cursor(pull(path)))
    assert stored["offset"] == path.stat().st_size
