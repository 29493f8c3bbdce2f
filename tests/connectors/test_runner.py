"""Runs against real child processes that are killed, hang and lie: nothing lost or doubled."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors import wire
from connectors.contract import (
    AuthError,
    BadFile,
    Batch,
    Context,
    Outcome,
    Progress,
    RateLimited,
    Recognised,
    Transient,
)
from connectors.recovery import BATCH_ENTRIES, Reached, cut
from connectors.runner import Limits, ReaderFailed, run, survey

PLUGINS = Path(__file__).parent / "data" / "plugins"
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(PLUGINS))


class Ledger:
    """A sink in memory that upserts by id and remembers every batch."""

    def __init__(self) -> None:
        self.entries: dict[str, str] = {}
        self.aside: set[str] = set()
        self.batches: list[Batch] = []
        self.committed = ""
        self.on_write: Callable[[], None] = lambda: None

    def cursor(self) -> str:
        return self.committed

    def write(self, batch: Batch) -> Outcome:
        self.on_write()
        fresh = [e for e in batch.entries if e.external_id not in self.entries]
        self.entries.update((e.external_id, e.content_key) for e in batch.entries)
        new_aside = {q.external_id for q in batch.quarantined} - self.aside
        self.aside |= new_aside
        if batch.cursor is not None:
            self.committed = batch.cursor
        self.batches.append(batch)
        return Outcome(
            new=len(fresh),
            same=len(batch.entries) - len(fresh),
            quarantined=len(new_aside),
            held=len(batch.quarantined) - len(new_aside),
        )


def source(name: str) -> Recognised:
    return Recognised(f"trouble:{name}", "Test source", "trouble")


def numbers(count: int, without: set[int] = frozenset()) -> set[str]:  # type: ignore[assignment]
    return {f"n{number}" for number in range(count) if number not in without}


def test_a_run_reads_everything_and_ends_at_the_last_checkpoint() -> None:
    ledger = Ledger()
    outcome = run(source("counting"), Context(settings={"count": "1234"}), ledger)
    assert outcome == Outcome(new=1234)
    assert ledger.entries.keys() == numbers(1234)
    assert ledger.committed == "1234"
    assert max(len(batch.entries) for batch in ledger.batches) <= BATCH_ENTRIES


def test_a_second_run_begins_where_the_first_ended() -> None:
    ledger = Ledger()
    run(source("counting"), Context(settings={"count": "50"}), ledger)
    assert run(source("counting"), Context(settings={"count": "80"}), ledger) == Outcome(new=30)


def test_a_worker_killed_in_the_middle_is_started_again(tmp_path: Path) -> None:
    marker = tmp_path / "dies-once"
    marker.touch()
    ledger = Ledger()
    context = Context(path=str(marker), settings={"count": "900", "deadly": "777", "every": "50"})
    outcome = run(source("dies_once"), context, ledger)
    assert ledger.entries.keys() == numbers(900)
    assert outcome == Outcome(new=900)
    assert ledger.committed == "900"


def test_workers_killed_from_outside_again_and_again_lose_nothing(tmp_path: Path) -> None:
    ledger = Ledger()
    killed: list[int] = []

    def kill_a_worker() -> None:
        children = Path(f"/proc/self/task/{threading.get_native_id()}/children").read_text().split()
        fresh = [int(child) for child in children if int(child) not in killed]
        due = (300, 1200, 2100)
        if fresh and len(killed) < len(due) and len(ledger.entries) >= due[len(killed)]:
            killed.append(fresh[0])
            os.kill(fresh[0], signal.SIGKILL)

    ledger.on_write = kill_a_worker
    # More than the pipe and the queue hold, so that each death comes in the middle.
    settings = {"count": "3000", "every": "70", "text": "x" * 5000}
    context = Context(path=str(tmp_path), settings=settings)
    assert run(source("counting"), context, ledger) == Outcome(new=3000)
    assert ledger.entries.keys() == numbers(3000)
    assert len(killed) == 3


def test_a_connector_that_can_set_aside_gets_past_what_kills_it() -> None:
    ledger = Ledger()
    settings = {"count": "120", "deadly": "37,38,99", "every": "10"}
    outcome = run(source("skippable"), Context(settings=settings), ledger)
    assert outcome == Outcome(new=117, quarantined=3)
    assert ledger.entries.keys() == numbers(120, {37, 38, 99})
    assert ledger.aside == {"n37", "n38", "n99"}


def test_mails_that_crash_the_parser_are_set_aside_and_the_rest_is_imported(
    tmp_path: Path,
) -> None:
    path = tmp_path / "inbox"
    mails = [
        "From a@b.example Mon Mar  2 11:00:00 2026\n"
        f"From: a@b.example\nSubject: {'deadly' if n in (120, 121, 230) else 'fine'}\n"
        f"Message-ID: <{n}@b.example>\nDate: Mon, 02 Mar 2026 11:00:00 +0000\n\nText.\n\n"
        for n in range(260)
    ]
    path.write_text("".join(mails))
    ledger = Ledger()
    outcome = run(source("deadly_mail"), Context(path=str(path)), ledger)
    assert outcome == Outcome(new=257, quarantined=3)
    asides = {item.external_id: item for batch in ledger.batches for item in batch.quarantined}
    assert all(b"Subject: deadly" in item.raw for item in asides.values())
    assert all("ended the reader" in item.reason for item in asides.values())


def test_a_connector_that_cannot_set_aside_stops_with_the_place_and_keeps_what_came_before() -> (
    None
):
    ledger = Ledger()
    settings = {"count": "100", "deadly": "37", "every": "10"}
    with pytest.raises(ReaderFailed, match="stopped at item 8 after position 30") as caught:
        run(source("deadly"), Context(settings=settings), ledger)
    assert "SIGKILL" in str(caught.value)
    assert ledger.entries.keys() == numbers(37)
    assert ledger.committed == "30"


def test_a_memory_bomb_dies_in_its_own_process(tmp_path: Path) -> None:
    ledger = Ledger()
    limits = Limits(memory_bytes=1 << 29)
    with pytest.raises(ReaderFailed, match="more memory"):
        run(source("bomb"), Context(path=str(tmp_path)), ledger, limits=limits)
    assert ledger.entries.keys() == numbers(25)
    settings = {"count": "30"}
    assert run(source("counting"), Context(settings=settings), ledger) == Outcome(new=5, same=5)


def test_a_loop_is_interrupted_and_a_guarded_parser_goes_on(tmp_path: Path) -> None:
    ledger = Ledger()
    context = Context(path=str(tmp_path), settings={"guarded": "yes"})
    outcome = run(source("hanging"), context, ledger, limits=Limits(item_seconds=0.5))
    assert outcome == Outcome(new=9, quarantined=1)
    assert ledger.aside == {"n5"}
    (aside,) = [item for batch in ledger.batches for item in batch.quarantined]
    assert "0.5 seconds" in aside.reason


def test_a_worker_that_no_signal_reaches_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("connectors.runner._Run._silence_seconds", lambda _self: 1.0)
    ledger = Ledger()
    began = time.monotonic()
    with pytest.raises(ReaderFailed, match="stopped answering"):
        run(source("deaf"), Context(path=str(tmp_path)), ledger)
    assert time.monotonic() - began < 20
    assert ledger.entries.keys() == numbers(5)


@pytest.mark.parametrize(
    ("error", "kind"), [("bad_file", BadFile), ("auth", AuthError), ("rate", RateLimited)]
)
def test_errors_of_the_contract_arrive_as_what_they_are(error: str, kind: type[Exception]) -> None:
    ledger = Ledger()
    with pytest.raises(kind) as caught:
        run(source("raising"), Context(settings={"error": error}), ledger)
    assert str(caught.value).endswith(".")
    assert ledger.entries.keys() == numbers(15)
    if isinstance(caught.value, RateLimited):
        assert caught.value.after_seconds == 3600.0


def test_what_is_transient_is_tried_again_and_nothing_is_counted_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).touch()
    ledger = Ledger()
    limits = Limits(back_off_seconds=0.01)
    context = Context(path=str(tmp_path), settings={"count": "60"})
    assert run(source("flaky"), context, ledger, limits=limits) == Outcome(new=60)


def test_what_stays_transient_is_reported_after_some_tries() -> None:
    limits = Limits(back_off_seconds=0.01, tries=3)
    with pytest.raises(Transient, match="line is down"):
        run(source("raising"), Context(settings={"error": "transient"}), Ledger(), limits=limits)


def test_a_stop_ends_the_wait_for_the_next_try() -> None:
    began = time.monotonic()
    ledger = Ledger()
    outcome = run(
        source("raising"),
        Context(settings={"error": "transient"}),
        ledger,
        stop=lambda: time.monotonic() - began > 1.5,
        limits=Limits(back_off_seconds=60.0),
    )
    assert time.monotonic() - began < 30
    assert outcome == Outcome(new=len(ledger.entries))


def test_a_stop_takes_effect_between_batches_and_the_next_run_goes_on() -> None:
    ledger = Ledger()
    settings = {"count": "60", "seconds": "0.01", "every": "5"}
    stopped = run(
        source("slow"), Context(settings=settings), ledger, stop=lambda: len(ledger.entries) >= 10
    )
    assert 10 <= stopped.new < 60
    settings["seconds"] = "0"
    rest = run(source("slow"), Context(settings=settings), ledger)
    assert ledger.entries.keys() == numbers(60)
    assert stopped.new + rest.new == 60


def test_ctrl_c_takes_effect_after_the_batch_and_no_worker_is_left() -> None:
    ledger = Ledger()
    whole: list[bool] = []

    def press_ctrl_c() -> None:
        if len(ledger.batches) == 1:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
            whole.append(True)

    ledger.on_write = press_ctrl_c
    settings = {"count": "100000", "seconds": "0.001"}
    with pytest.raises(KeyboardInterrupt):
        run(source("slow"), Context(settings=settings), ledger)
    assert whole == [True]
    assert len(ledger.batches) == 2
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_progress_tells_how_far_it_is_and_what_came_of_it() -> None:
    seen: list[tuple[Progress, Outcome]] = []
    run(
        source("slow"),
        Context(settings={"count": "60"}),
        Ledger(),
        on_progress=lambda progress, outcome: seen.append((progress, outcome)),
    )
    assert seen[-1][1] == Outcome(new=60)
    assert any(progress.total == 60 for progress, _ in seen)
    assert [p.done for p, _ in seen] == sorted(p.done for p, _ in seen)


def test_a_preview_reads_from_the_beginning_and_stores_nothing() -> None:
    seen: list[str] = []
    outcome = survey(
        source("counting"),
        Context(cursor="90", settings={"count": "100"}),
        lambda batch: seen.extend(entry.external_id for entry in batch.entries),
    )
    assert set(seen) == numbers(100)
    assert outcome == Outcome(new=100)


def test_a_worker_that_sends_what_is_no_frame_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hostile = "import os; os.write(1, b'\\x00\\x00\\x00\\x05hello' * 3)"
    monkeypatch.setattr("connectors.process._BOOT", hostile)
    ledger = Ledger()
    with pytest.raises(ReaderFailed, match="agreed shape"):
        run(source("counting"), Context(), ledger)
    assert ledger.batches == []


@pytest.mark.parametrize("repeated", [0, 1, 150, 999, 1000, 1001, 1750, 9000])
def test_cutting_a_frame_loses_nothing_and_cuts_where_counting_begins(repeated: int) -> None:
    from trouble import numbered  # type: ignore[import-not-found]

    entries = tuple(numbered(number) for number in range(2250))
    batches = list(cut(wire.Items(entries, (), "end"), repeated))
    assert tuple(e for batch in batches for e in batch.entries) == entries
    assert [batch.cursor for batch in batches] == [None] * (len(batches) - 1) + ["end"]
    ends = [sum(len(b.entries) for b in batches[: n + 1]) for n in range(len(batches))]
    assert repeated in (0, 9000) or repeated in ends
    assert all(len(batch.entries) <= BATCH_ENTRIES for batch in batches)


# Runs the runner in a process of its own with a sink on disk, so that it can be killed.
KILLABLE = """
import json, os, sys
root, plugins, store = sys.argv[1:4]
sys.path[:0] = [root, plugins]
from connectors.contract import Context, Outcome, Recognised
from connectors.recovery import Reached, cut
from connectors.runner import run

class Disk:
    def cursor(self):
        return state["cursor"]
    def write(self, batch):
        new = [e.external_id for e in batch.entries if e.external_id not in state["ids"]]
        state["ids"] |= {e.external_id for e in batch.entries}
        if batch.cursor is not None:
            state["cursor"] = batch.cursor
        with open(store + ".part", "w") as file:
            json.dump({"cursor": state["cursor"], "ids": sorted(state["ids"])}, file)
        os.replace(store + ".part", store)
        print(len(state["ids"]), flush=True)
        return Outcome(new=len(new), same=len(batch.entries) - len(new))

state = {"cursor": "", "ids": set()}
if os.path.exists(store):
    kept = json.load(open(store))
    state = {"cursor": kept["cursor"], "ids": set(kept["ids"])}
settings = {"count": "600", "seconds": "0.001", "every": "20"}
outcome = run(Recognised("trouble:slow", "T", "trouble"), Context(settings=settings), Disk())
print("outcome", outcome.new, outcome.same, flush=True)
"""


@pytest.mark.parametrize(
    ("cursor", "words"),
    [
        ("", "item 1 after the beginning"),
        ("abc/general/2026-01-01.json", "item 1 after position abc/general/2026-01-01.json"),
        ('{"offset": 4096, "head": "ab"}', "item 1 after byte 4096"),
        ("[" * 100_000, "item 1 after position " + "[" * 80),
    ],
)
def test_a_place_is_told_in_words(cursor: str, words: str) -> None:
    assert Reached(cursor).words() == words


def test_a_runner_killed_in_the_middle_goes_on_without_loss_and_its_worker_dies_too(
    tmp_path: Path,
) -> None:
    store = tmp_path / "store.json"
    command = [sys.executable, "-c", KILLABLE, str(ROOT), str(PLUGINS), str(store)]
    sizes = []
    for _ in range(2):
        runner = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert runner.stdout is not None
        runner.stdout.readline()
        children = Path(f"/proc/{runner.pid}/task/{runner.pid}/children").read_text().split()
        runner.kill()
        runner.wait()
        runner.stdout.close()
        sizes.append(len(json.loads(store.read_text())["ids"]))
        _wait_until_gone(children)
    assert 0 < sizes[0] < sizes[1] < 600
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    kept = json.loads(store.read_text())
    assert set(kept["ids"]) == numbers(600)
    assert kept["cursor"] == "600"
    new = int(done.stdout.split("outcome ")[1].split()[0])
    assert new == 600 - sizes[1]


def _wait_until_gone(children: list[str]) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        states = [_state(child) for child in children]
        if all(state in ("", "Z") for state in states):
            return
        time.sleep(0.05)
    raise AssertionError(f"workers {children} outlived their runner")


def _state(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return ""
