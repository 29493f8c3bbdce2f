"""The power goes, at every write: nothing is corrupt, and nothing that was told is lost."""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db import journal
from db.agents import agent_for
from db.errors import NoStore, NotFound
from db.schema.version import SCHEMA_VERSION
from db.store import Store, open_store
from tests import scenes
from tests.powercut import MODES, Disk, Named, Synced, Told, Write, record

SOME, ALL = 24, 0
HOW_MANY = pytest.mark.parametrize("most", [SOME, pytest.param(ALL, marks=pytest.mark.soak)])
PROGRAM = [sys.executable, str(Path(scenes.__file__))]

pytestmark = pytest.mark.skipif(not shutil.which("strace"), reason="there is no strace here")

Check = Callable[[Path, list[str]], None]


def sound(store: Store) -> None:
    """Check what must hold in every state."""
    with contextlib.closing(sqlite3.connect(store.url)) as raw:
        assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert raw.execute("pragma foreign_key_check").fetchall() == []
    assert store.ask(journal.verify) == 0


@contextlib.contextmanager
def opened(path: Path):
    store = open_store(str(path))
    try:
        sound(store)
        yield store
    finally:
        store.close()


def after_commands(path: Path, told: list[str]) -> None:
    with opened(path) as store:
        assert store.ask(journal.head)[0] >= len(told)
        ana = agent_for(store.engine, "ana")
        for one in scenes.COMMANDS[store.ask(journal.head)[0] :]:
            store.do(one, ana)
        assert store.ask(journal.head)[0] == len(scenes.COMMANDS)


def after_making(path: Path, told: list[str]) -> None:
    try:
        with opened(path):
            return
    except NoStore:
        assert not told
    open_store(str(path), create=True).close()


def after_import(path: Path, told: list[str]) -> None:
    with opened(path) as store:
        scenes.take_in(store)
        assert store.ask(lambda c: c.value("select count(*) from entries")) == 12
        assert store.ask(lambda c: c.value("select value from cursors")) == "2"


def after_migration(path: Path, told: list[str]) -> None:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
        version = raw.execute("pragma user_version").fetchone()[0]
        assert version in ((scenes.NEXT,) if told else (SCHEMA_VERSION, scenes.NEXT))
        columns = [row[1] for row in raw.execute("pragma table_info(cases)")]
        assert ("colour" in columns) == (version == scenes.NEXT)
        assert raw.execute("select count(*) from entries").fetchone() == (12,)


def after_erase(path: Path, told: list[str]) -> None:
    with opened(path) as store:
        if not told:
            with contextlib.suppress(NotFound):  # it was done, and nobody was told
                store.do(scenes.erasing(store), agent_for(store.engine, "ana"))
        left = "select count(*) from customers where name = :name"
        assert not store.ask(lambda c: c.value(left, {"name": scenes.NAME}))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "disk"
    place.mkdir()
    return place


def cut_everywhere(folder: Path, scene: str, check: Check, most: int) -> int:
    """Play a scene, cut the power after its writes, and check what is left each time.

    Args:
        folder: With what is there before.
        scene: One of `tests.scenes`.
        check: Given the store, and what the program told until then.
        most: Look at about so many of the states, spread over all of them; `ALL` at every one.

    Returns:
        How many states were looked at.
    """
    tmp = folder.parent
    disk, told = Disk(folder), []
    told_file = tmp / "told"
    command = [*PROGRAM, scene, str(folder / "team.db"), str(told_file)]
    operations = record(folder, told_file, command, tmp / "log")
    assert any(isinstance(one, Synced) for one in operations)
    assert any(isinstance(one, Told) for one in operations)
    changing = [n for n, one in enumerate(operations) if not isinstance(one, Told | Synced)]
    every = max(1, len(changing) * len(MODES) // most) if most else 1
    chance, states = random.Random(7), 0
    for place, operation in enumerate(operations):
        disk.do(operation)
        if isinstance(operation, Told):
            told.append(operation.text)
        assert isinstance(operation, Write | Synced | Named | Told)
        for mode in MODES:
            if chance.randrange(every) == 0 or (place == len(operations) - 1):
                states += 1
                disk.leave(tmp / "cut", mode, chance)
                try:
                    check(tmp / "cut" / "team.db", told)
                except Exception as error:
                    error.add_note(f"after operation {place} of {len(operations)}, {mode}: {told}")
                    raise
    return states


@HOW_MANY
def test_commands(folder: Path, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    scenes.furnish(folder / "team.db")
    report(capsys, most, "commands", cut_everywhere(folder, "command", after_commands, most))


@HOW_MANY
def test_making_a_store(folder: Path, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    report(capsys, most, "making a store", cut_everywhere(folder, "make", after_making, most))


@HOW_MANY
def test_an_import(folder: Path, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    open_store(str(folder / "team.db"), create=True).close()
    report(capsys, most, "an import", cut_everywhere(folder, "import", after_import, most))


@HOW_MANY
def test_a_migration(folder: Path, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    scenes.furnish(folder / "team.db")
    report(capsys, most, "a migration", cut_everywhere(folder, "migration", after_migration, most))


@HOW_MANY
def test_an_erase(folder: Path, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    scenes.furnish(folder / "team.db")
    report(capsys, most, "an erase", cut_everywhere(folder, "erase", after_erase, most))


def report(capsys: pytest.CaptureFixture[str], most: int, what: str, states: int) -> None:
    if most == ALL:
        with capsys.disabled():
            print(f"\npower cuts in {what}: {states} states, nothing corrupt, nothing lost")  # noqa: T201
