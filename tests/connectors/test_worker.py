"""The child in which sources are read: what it may do, and how it groups what it sends."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from connectors import outbox, wire
from connectors.contract import Context, Entry, Progress, Quarantined, Recognised, State
from connectors.outbox import Outbox
from connectors.process import Worker, WorkerLost
from connectors.runner import survey

PLUGINS = Path(__file__).parent / "data" / "plugins"


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGINS))


def request(name: str, path: str = "", careful_items: int = 0, **settings: str) -> wire.Request:
    context = Context(path=path, settings={"source": "t", **settings})
    return wire.Request(f"trouble:{name}", context, 1.5, 1 << 29, careful_items)


def frames(asked: wire.Request) -> list[wire.Frame]:
    got = []
    with Worker(asked) as child:
        while True:
            frame = child.next_frame(20.0)
            assert frame is not None, "the worker fell silent"
            got.append(frame)
            if isinstance(frame, wire.Done | wire.Failed):
                return got


def test_a_worker_has_no_secrets_no_terminal_and_little_to_spend(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CENTRIC_MAIL_PASSWORD", "hunter2")
    asked = request("peeking", path=str(tmp_path))
    seen = {
        entry.external_id: entry.text
        for frame in frames(asked)
        if isinstance(frame, wire.Items)
        for entry in frame.entries
    }
    assert set(seen["environment"].split(",")) <= {"LC_ALL", "PATH"}
    assert seen["folder"] == "/"
    assert seen["leader"] == "True"
    assert seen["core"] == seen["file"] == "(0, 0)"
    assert seen["memory"] == str(1 << 29)


def test_what_a_connector_prints_is_not_taken_for_frames() -> None:
    got = frames(request("chatty", count="5"))
    assert sum(len(f.entries) for f in got if isinstance(f, wire.Items)) == 5


def test_careful_items_come_one_by_one_and_with_them_a_death_has_a_place() -> None:
    counts: list[int] = []

    def receive(child: Worker) -> None:
        while True:
            frame = child.next_frame(20.0)
            if isinstance(frame, wire.Items):
                counts.append(len(frame.entries))

    asked = request("deadly", careful_items=100, deadly="7")
    with Worker(asked) as child, pytest.raises(WorkerLost, match="SIGKILL"):
        receive(child)
    assert counts == [1] * 7


def test_leaving_the_block_ends_the_worker_although_it_has_more_to_say() -> None:
    with Worker(request("counting", count="1000000", text="x" * 1000)) as child:
        assert child.next_frame(20.0) is not None
        pid = child.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_process_that_escapes_does_not_hold_up_the_end() -> None:
    began = time.monotonic()
    assert isinstance(frames(request("escaping", count="3"))[-1], wire.Done)
    assert time.monotonic() - began < 7


def test_an_unknown_connector_is_refused_in_words() -> None:
    (failed,) = frames(wire.Request("trouble:nobody", Context(), 1.0, 1 << 29))
    assert failed == wire.Failed("refused", failed.sentence)  # type: ignore[union-attr]
    assert "trouble:nobody" in failed.sentence  # type: ignore[union-attr]


def test_a_defect_of_a_reader_is_told_without_the_text_of_a_customer() -> None:
    failed = frames(request("raising", error="bug"))[-1]
    assert isinstance(failed, wire.Failed)
    assert failed.kind == "crash"
    assert "ValueError in trouble.py" in failed.sentence
    assert "secret" not in failed.sentence


def test_lone_surrogates_are_replaced_and_nothing_is_lost() -> None:
    entries = [
        e for f in frames(request("surrogates")) if isinstance(f, wire.Items) for e in f.entries
    ]
    assert [e.text for e in entries] == ["fine", "broken ? text"]
    assert entries[1].defects == ("a ?",)


def test_a_preview_carries_no_originals() -> None:
    seen: list[Entry] = []
    survey(
        Recognised("trouble:peeking", "T", "t"), Context(), lambda batch: seen.extend(batch.entries)
    )
    assert {e.external_id: e.text for e in seen}["survey"] == "True"
    assert all(e.original == b"" for e in seen)


class Received:
    """The other end of an outbox."""

    def __init__(self) -> None:
        self._reading, self.writing = os.pipe()
        self.frames: list[wire.Frame] = []
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        while (frame := wire.read_frame(self._reading, lambda: None)) is not None:
            self.frames.append(frame)
        os.close(self._reading)

    def all(self) -> list[wire.Frame]:
        os.close(self.writing)
        self._thread.join()
        return self.frames


def sent(items: list[object], **options: bool) -> list[wire.Items]:
    received = Received()
    box = Outbox(received.writing, careful_items=0, eager=options.get("eager", False), bare=False)
    for item in items:
        box.add(item)  # type: ignore[arg-type]
    box.finish(wire.Done())
    got = received.all()
    assert isinstance(got[-1], wire.Done)
    return [frame for frame in got if isinstance(frame, wire.Items)]


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no group end because the machine was slow."""
    monkeypatch.setattr(outbox, "BATCH_SECONDS", 1000.0)


def some(first: int, count: int) -> list[object]:
    return [Entry(str(number), 1) for number in range(first, first + count)]


@pytest.mark.usefixtures("patient")
def test_many_checkpoints_share_a_frame() -> None:
    items = [item for n in range(150) for item in (*some(n, 1), State(str(n)))]
    (frame,) = sent(items)
    assert (len(frame.entries), frame.cursor) == (150, "149")


@pytest.mark.usefixtures("patient")
def test_what_comes_after_a_checkpoint_is_never_committed_with_it() -> None:
    before, after = sent([*some(0, 3), State("three"), *some(3, 2)])
    assert ([e.external_id for e in before.entries], before.cursor) == (["0", "1", "2"], "three")
    assert ([e.external_id for e in after.entries], after.cursor) == (["3", "4"], None)


@pytest.mark.usefixtures("patient")
def test_a_frame_is_full_at_a_thousand_entries_or_four_megabytes() -> None:
    assert [len(f.entries) for f in sent(some(0, 2250))] == [1000, 1000, 250]
    large = [Entry(str(n), 1, original=bytes(1_500_000)) for n in range(7)]
    assert [len(f.entries) for f in sent(list(large))] == [3, 3, 1]


@pytest.mark.usefixtures("patient")
def test_a_live_source_is_committed_at_each_checkpoint() -> None:
    got = sent([*some(0, 1), State("a"), *some(1, 1), State("b")], eager=True)
    assert [f.cursor for f in got] == ["a", "b"]


@pytest.mark.usefixtures("patient")
def test_an_entry_too_large_for_a_frame_is_set_aside_and_the_rest_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(wire, "MAX_FRAME_BYTES", 10_000)
    huge = Entry("huge", 1, original=bytes(20_000))
    got = sent([*some(0, 2), huge, Quarantined("q", "w", "r"), *some(2, 1), State("end")])
    assert [e.external_id for f in got for e in f.entries] == ["0", "1", "2"]
    assert [q.external_id for f in got for q in f.quarantined] == ["huge", "q"]
    assert [f.cursor for f in got if f.cursor] == ["end"]
    assert got[-1].cursor == "end"


def test_what_is_not_an_item_is_a_defect_of_the_connector() -> None:
    received = Received()
    box = Outbox(received.writing, careful_items=0, eager=False, bare=False)
    with pytest.raises(TypeError, match="not an item"):
        box.add("a line")  # type: ignore[arg-type]
    box.add(Progress(1, 2))
    assert received.all() == [wire.Working(Progress(1, 2))]
