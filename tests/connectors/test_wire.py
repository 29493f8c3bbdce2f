"""Frames between runner and worker: whole ones come through, hostile ones raise."""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import wire
from connectors.contract import (
    Address,
    Attachment,
    Context,
    Entry,
    Fold,
    Party,
    Progress,
    Quarantined,
)

WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)


@st.composite
def entries(draw: st.DrawFn) -> Entry:
    text = draw(WORDS)
    middle = draw(st.integers(0, len(text)))
    return Entry(
        external_id=draw(WORDS.filter(bool)),
        at=draw(st.integers(wire.EARLIEST_MS, wire.LATEST_MS)),
        kind=draw(st.sampled_from(["message", "note", "event"])),
        parties=(
            Party("from", Address("email", draw(WORDS)), draw(WORDS), bot=draw(st.booleans())),
        ),
        text=text,
        folds=(Fold(0, middle), Fold(middle, len(text), "signature")),
        at_offset=draw(st.none() | st.integers(-1440, 1440)),
        attachments=(Attachment(draw(WORDS), size=draw(st.integers(0, 1 << 53))),),
        original=draw(st.binary(max_size=200)),
    )


def through_a_pipe(payload: bytes) -> wire.Frame | None:
    reading, writing = os.pipe()

    def write() -> None:
        try:
            wire.send(writing, memoryview(payload))
        except BrokenPipeError:
            pass
        finally:
            os.close(writing)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        return wire.read_frame(reading, lambda: None)
    finally:
        os.close(reading)
        thread.join()


def framed(value: object) -> bytes:
    payload = msgspec.msgpack.encode(value)
    return struct.pack(">I", len(payload)) + payload


@given(st.lists(entries(), max_size=4), WORDS)
def test_what_is_sent_is_received(sent: list[Entry], cursor: str) -> None:
    frame = wire.Items(tuple(sent), (Quarantined("q", "here", "why", b"raw"),), cursor)
    assert through_a_pipe(bytes(wire.encode(frame))) == frame


@given(st.binary(max_size=300))
def test_no_bytes_do_more_than_raise_bad_frame(noise: bytes) -> None:
    try:
        frame = through_a_pipe(struct.pack(">I", len(noise)) + noise)
    except wire.BadFrame:
        return
    assert isinstance(frame, wire.Items | wire.Working | wire.Failed | wire.Done)


def test_a_frame_of_several_megabytes_comes_through() -> None:
    frame = wire.Items((Entry("large", 1, original=os.urandom(5_000_000)),))
    assert through_a_pipe(bytes(wire.encode(frame))) == frame


def good_entry(**changes: object) -> dict[str, object]:
    return {"external_id": "x", "at": 1, **changes}


HOSTILE: dict[str, object] = {
    "no frame of ours": ["exec", "rm"],
    "not a frame at all": {"a": 1},
    "an entry without an id": ["items", [good_entry(external_id="")], [], None],
    "a time after the year 9999": ["items", [good_entry(at=1 << 62)], [], None],
    "a number beyond 64 bits": ["items", [good_entry(at=(1 << 64) - 1)], [], None],
    "a kind that is not in the vocabulary": ["items", [good_entry(kind="root")], [], None],
    "bytes where text belongs": ["items", [good_entry(subject=b"x")], [], None],
    "text where bytes belong": ["items", [good_entry(original="x")], [], None],
    "a fold behind the text": [
        "items",
        [good_entry(text="ab", folds=[{"start": 0, "end": 3}])],
        [],
        None,
    ],
    "folds that overlap": [
        "items",
        [good_entry(text="abcd", folds=[{"start": 0, "end": 3}, {"start": 2, "end": 4}])],
        [],
        None,
    ],
    "a negative size": [
        "items",
        [good_entry(attachments=[{"name": "a", "size": -1}])],
        [],
        None,
    ],
    "a zone of a week": ["items", [good_entry(at_offset=10080)], [], None],
    "something set aside without an id": [
        "items",
        [],
        [{"external_id": "", "where": "", "reason": ""}],
        None,
    ],
    "progress backwards": ["working", {"done": -1}],
    "an unknown failure": ["failed", "gossip", "sentence", 0.0],
    "a deep nest": ["items", [[[[[]]]]], [], None],
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_frame_raises(what: str) -> None:
    with pytest.raises(wire.BadFrame):
        through_a_pipe(framed(HOSTILE[what]))


def test_a_frame_that_announces_too_much_is_refused_before_it_is_read() -> None:
    with pytest.raises(wire.BadFrame, match="limit"):
        through_a_pipe(struct.pack(">I", wire.MAX_FRAME_BYTES + 1) + b"x" * 100)


def test_nesting_without_end_raises() -> None:
    with pytest.raises(wire.BadFrame):
        through_a_pipe(struct.pack(">I", 100_000) + b"\x91" * 100_000)


@pytest.mark.parametrize("kept", [2, 4, 10])
def test_a_frame_that_breaks_off_is_told_from_a_clean_end(kept: int) -> None:
    whole = bytes(wire.encode(wire.Working(Progress(1, 2))))
    with pytest.raises(wire.CutOff):
        through_a_pipe(whole[:kept])
    assert through_a_pipe(b"") is None


def test_what_is_too_large_for_a_frame_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", 1000)
    with pytest.raises(wire.BadFrame):
        wire.encode(wire.Items((Entry("large", 1, text="x" * 1001),)))


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def test_a_request_comes_through(pipe: tuple[int, int]) -> None:
    request = wire.Request("mbox", Context(path="/x", settings={"a": "b"}), 60.0, 1 << 31)
    wire.send(pipe[1], wire.encode(request))
    os.close(pipe[1])
    assert wire.read_request(pipe[0]) == request


def test_a_missing_request_is_an_error(pipe: tuple[int, int]) -> None:
    os.close(pipe[1])
    with pytest.raises(wire.BadFrame, match="missing"):
        wire.read_request(pipe[0])
