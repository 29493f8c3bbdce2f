"""The disk fills up, or the file is replaced, under an open desk: it says so and goes on."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db import journal
from db.store import open_store
from tests.disks import small_disk

if TYPE_CHECKING:
    from tests.console.pty.terminal import Terminal

pytestmark = pytest.mark.pty

Start = Callable[..., "Terminal"]


def acts(path: Path) -> int:
    store = open_store(str(path))
    try:
        assert store.engine.check() == ()
        return store.ask(journal.head)[0]
    finally:
        store.close()


def leave(desk: Terminal) -> None:
    desk.press("ctrl+q")
    assert desk.wait_end() == 0
    assert b"Traceback" not in desk.raw


def test_a_full_disk_is_told_and_the_act_can_be_given_again(
    start: Start, demo: Path, tmp_path: Path, log: Callable[[], str]
) -> None:
    with small_disk(tmp_path / "disk", megabytes=12) as disk:
        if disk is None:
            pytest.skip("only root can mount a small disk")
        store = disk.folder / "demo.db"
        shutil.copy(demo, store)
        before = acts(store)
        desk = start("--store", str(store), "--agent", "ana", size=(120, 36))
        desk.wait_for("waiting")
        desk.press("t", *"first", "enter")
        desk.wait_for("u undoes")
        disk.fill()
        desk.press("t", *"second", "enter")
        desk.wait_for("is full; nothing was")
        desk.press("j", "j", "k")
        disk.free()
        desk.press("t", *"third", "enter")
        desk.wait_for("third")
        leave(desk)
        assert acts(store) == before + 2
    assert "Traceback" not in log()


def test_a_replaced_file_is_told_and_not_written(
    start: Start, demo: Path, tmp_path: Path, log: Callable[[], str]
) -> None:
    other = tmp_path / "other.db"
    shutil.copy(demo, other)
    before = acts(demo)
    desk = start("--store", str(demo), "--agent", "ana", size=(120, 36))
    desk.wait_for("waiting")
    os.replace(other, demo)
    desk.wait_for("was replaced, moved or")
    desk.wait_for("the file cannot be used")
    desk.press("t", *"lost", "enter")
    desk.rest()
    leave(desk)
    assert acts(demo) == before
    assert "Traceback" not in log()
    again = start("--store", str(demo), "--agent", "ana")
    again.wait_for("waiting")
    leave(again)


def test_a_desk_on_a_read_only_disk_shows_everything_and_says_why_it_cannot_act(
    start: Start, demo: Path, tmp_path: Path, log: Callable[[], str]
) -> None:
    with small_disk(tmp_path / "disk", megabytes=12) as disk:
        if disk is None:
            pytest.skip("only root can mount a small disk")
        shutil.copy(demo, disk.folder / "demo.db")
        disk.read_only(on=True)
        desk = start("--store", str(disk.folder / "demo.db"), "--agent", "ana", size=(120, 36))
        desk.wait_for("waiting")
        desk.press("t", *"first", "enter")
        desk.wait_for("read-only for")
        desk.press("j", "j", "k")
        leave(desk)
    assert "Traceback" not in log()


def garbage(path: Path) -> None:
    """Write nonsense over all but the first pages."""
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(8192)
        file.write(bytes(range(256)) * ((size - 8192) // 256))


def cut_off(path: Path) -> None:
    """Leave a tenth of the file."""
    os.truncate(path, path.stat().st_size // 10 // 4096 * 4096)


@pytest.mark.parametrize("harm", [garbage, pytest.param(cut_off, marks=pytest.mark.soak)])
def test_a_file_that_is_harmed_under_an_open_desk_is_told_and_the_desk_stays(
    start: Start, demo: Path, tmp_path: Path, log: Callable[[], str], harm: Callable[[Path], None]
) -> None:
    kept = tmp_path / "kept.db"
    shutil.copy(demo, kept)
    desk = start("--store", str(demo), "--agent", "ana", size=(120, 36))
    desk.wait_for("waiting")
    desk.rest()
    harm(demo)
    desk.press("t", *"lost", "enter")
    desk.wait_for("look at it with")
    desk.press("j", "j", "0", "c", *"ada", "esc", "j")
    desk.rest()
    leave(desk)
    assert "Traceback" not in log()
    shutil.copy(kept, demo)
    again = start("--store", str(demo), "--agent", "ana")
    again.wait_for("waiting")
    leave(again)


@pytest.mark.soak  # waits the ten seconds that a lock is waited for
def test_a_store_that_another_program_keeps_locked_can_be_read_and_written_later(
    start: Start, demo: Path, log: Callable[[], str]
) -> None:
    desk = start("--store", str(demo), "--agent", "ana", size=(120, 36))
    desk.wait_for("waiting")
    desk.press("t", *"first", "enter")
    desk.wait_for("u undoes")
    other = sqlite3.connect(demo, isolation_level=None)
    other.execute("begin immediate")
    desk.press("t", *"second", "enter")
    desk.press("j", "k")
    desk.wait_for("stayed locked by another")
    other.execute("rollback")
    other.close()
    desk.press("t", *"third", "enter")
    desk.wait_for("third")
    leave(desk)
    assert "Traceback" not in log()
