"""The real program on a real terminal: a day's first minutes, hostile bytes, signals, kill -9."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db.agents import agent_for
from db.drafts import list_drafts
from db.queries import desk as questions
from db.records import CaseRow, DraftRow
from db.store import open_store

if TYPE_CHECKING:
    from tests.console.pty.terminal import Terminal

pytestmark = pytest.mark.pty

Start = Callable[..., "Terminal"]
ADA = "select id from cases where subject = 'Casa Levante'"


def case_row(path: Path, case_id: int) -> CaseRow:
    store = open_store(str(path))
    try:
        return store.ask(questions.case_rows, [case_id])[0]
    finally:
        store.close()


def ada_case(path: Path) -> int:
    store = open_store(str(path))
    try:
        return int(store.engine.connection().value(ADA))
    finally:
        store.close()


def drafts(path: Path) -> list[DraftRow]:
    store = open_store(str(path))
    try:
        return store.ask(list_drafts, agent_for(store.engine, "ana").agent_id)
    finally:
        store.close()


def wait_until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.1)


def test_find_tag_note_move_undo_all_quit_and_reopen(
    start: Start, demo: Path, log: Callable[[], str]
) -> None:
    case_id = ada_case(demo)
    before = case_row(demo, case_id)
    term = start("--store", str(demo), "--agent", "ana")
    settings = term.attributes()
    term.wait_for("waiting")
    term.press("c", *"ada moren")
    term.wait_for("Casa Moreno")
    term.press("enter")
    term.wait_for("customers › Ada Moreno")
    term.press("tab")
    term.wait_for("Ada Moreno › cases")
    number = f"#{case_id} "
    term.wait_for(number)
    for _ in range(20):
        if any("▌" in line and number in line for line in term.text().split("\n")):
            break
        term.press("j")
        term.rest(0.2)
    term.press("enter")
    term.wait_for(f"#{case_id} Casa Levante")
    term.press("t", *"from-pty", "enter")
    wait_until(lambda: "from-pty" in case_row(demo, case_id).tags)
    term.press("n")
    term.wait_for("colleagues only")
    term.press(*"Called back", "ctrl+s")
    term.wait_for("Noted on")
    term.press("m")
    term.wait_for("Move #")
    term.press(*"tech", "enter")
    wait_until(lambda: case_row(demo, case_id).queue == "Technical")
    for _ in range(3):
        term.rest()
        term.press("u")
    wait_until(lambda: case_row(demo, case_id).queue == before.queue)
    wait_until(lambda: case_row(demo, case_id).tags == before.tags)
    term.rest()
    term.press("ctrl+q")
    assert term.wait_end() == 0
    assert b"\x1b[?1049l" in term.raw
    assert b"\x1b[?25h" in term.raw
    assert term.attributes() == settings
    assert "Traceback" not in log()
    assert b"Traceback" not in term.raw
    again = start("--store", str(demo), "--agent", "ana")
    again.wait_for("waiting")
    after = case_row(demo, case_id)
    assert (after.tags, after.queue, after.owner) == (before.tags, before.queue, before.owner)
    again.press("ctrl+q")
    assert again.wait_end() == 0


def test_no_hostile_byte_reaches_the_terminal(start: Start, small_store: Path) -> None:
    term = start("--store", str(small_store), "--agent", "ana", size=(180, 48))
    term.wait_for("waiting")
    term.press("0")
    term.wait_for("All open")
    term.press("c", *"mallory")
    term.wait_for("Vex")
    term.press("enter")
    term.wait_for("customers")
    term.press("enter")
    term.rest()
    term.press("/", *"invoice")
    term.wait_for("found")
    term.press("enter")
    term.rest()
    term.press("r", "x", "ctrl+s")
    term.wait_for("read it once more")
    term.press("p", "esc")
    term.rest()
    term.press("t", "esc")
    term.rest()
    term.press("ctrl+q")
    assert term.wait_end() == 0
    for needle in (b"\x1b]52;c;ZXZpbA", b"\xc2\x9b31m", b"\xe2\x80\xae", b"\x00"):
        assert needle not in term.raw


def test_a_note_survives_kill_nine(start: Start, demo: Path) -> None:
    term = start("--store", str(demo), "--agent", "ana")
    term.wait_for("waiting")
    term.press("n")
    term.wait_for("colleagues only")
    term.press(*"the bank said")
    term.wait_for("the bank said")
    wait_until(lambda: bool(drafts(demo)) and drafts(demo)[0].text == "the bank said")
    term.signal(signal.SIGKILL)
    assert term.wait_end() == -signal.SIGKILL
    again = start("--store", str(demo), "--agent", "ana")
    again.wait_for("1 draft")
    again.press("n")
    again.wait_for("the bank said")


def test_a_draft_is_on_disk_soon_after_the_last_key(start: Start, small_store: Path) -> None:
    term = start("--store", str(small_store), "--agent", "ana")
    term.wait_for("waiting")
    term.press("n")
    term.wait_for("colleagues only")
    term.press(*"abc")
    began = time.monotonic()
    wait_until(lambda: bool(drafts(small_store)) and drafts(small_store)[0].text == "abc")
    assert time.monotonic() - began < 5  # 0.3 s on a machine of its own


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_keeps_the_draft_and_gives_the_terminal_back(
    start: Start, small_store: Path, number: int, code: int
) -> None:
    term = start("--store", str(small_store), "--agent", "ana")
    settings = term.attributes()
    term.wait_for("waiting")
    term.press("n")
    term.wait_for("colleagues only")
    term.press(*"unsaved")
    term.wait_for("unsaved")
    term.signal(number)
    assert term.wait_end() == code
    assert b"\x1b[?1049l" in term.raw
    assert term.attributes() == settings
    assert [draft.text for draft in drafts(small_store)] == ["unsaved"]


def test_stray_bytes_do_not_end_it(start: Start, small_store: Path) -> None:
    term = start("--store", str(small_store), "--agent", "ana")
    term.wait_for("waiting")
    term.write(b"\xe9")
    term.write(b"\x9b")
    term.write(bytes(range(0x80, 0x100)))
    term.rest()
    term.press("esc")
    term.rest()
    term.press("?")
    term.wait_for("Keys here")
    term.press("esc", "ctrl+q")
    assert term.wait_end() == 0


def test_a_lost_terminal_ends_it_with_the_draft_kept(start: Start, small_store: Path) -> None:
    term = start("--store", str(small_store), "--agent", "ana")
    term.wait_for("waiting")
    term.press("n")
    term.wait_for("colleagues only")
    term.press(*"lost line")
    term.wait_for("lost line")
    os.close(term.fd)
    term.fd = os.open(os.devnull, os.O_RDONLY)
    wait_until(term.ended)
    assert [draft.text for draft in drafts(small_store)] == ["lost line"]


def test_the_first_start_builds_the_demo_and_opens_it(start: Start, tmp_path: Path) -> None:
    term = start("--store", str(tmp_path / "own.db"), "--agent", "ana")
    term.wait_for("Try the demo")
    term.press("d")
    term.wait_for("waiting")
    assert (tmp_path / "demo.db").exists()
    assert not (tmp_path / "own.db").exists()
    term.press("ctrl+q")
    assert term.wait_end() == 0


def test_without_colour_and_mouse_it_draws_as_well(start: Start, small_store: Path) -> None:
    term = start("--store", str(small_store), "--agent", "ana", "--no-mouse", NO_COLOR="1")
    term.wait_for("waiting")
    term.press("ctrl+q")
    assert term.wait_end() == 0
    assert b"\x1b[?1000h" not in term.raw
