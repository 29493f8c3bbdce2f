"""A store of an older schema: changed under a lock, with a backup, and resumed after a kill."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlite_utils import Database, Migrations

from db import journal
from db.agents import agent_for
from db.commands.tags import TagCase
from db.engine import sqlite_copy, sqlite_file
from db.errors import Unavailable
from db.schema import migrate
from db.schema.version import SCHEMA_VERSION
from db.store import open_store

NEXT = SCHEMA_VERSION + 1
AddCase = Callable[..., int]


def newer_program(pause: Path | None = None) -> None:
    """Make this process a Centric that knows one schema more.

    Args:
        pause: Written in the middle of the migration, which then waits to be killed.
    """
    steps = Migrations("centric")
    for step in migrate.migrations.pending(Database(memory=True)):
        steps(name=step.name)(step.fn)

    @steps()
    def m9999_colour(db: Database) -> None:
        db.conn.execute("alter table cases add column colour text not null default ''")
        if pause is not None:
            pause.touch()
            time.sleep(60)
        db.conn.execute("create index cases_colour on cases(colour)")

    migrate.migrations = steps
    for module in (migrate, sqlite_file, sqlite_copy):
        module.SCHEMA_VERSION = NEXT  # type: ignore[attr-defined]  # each has its own name for it


@pytest.fixture
def newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make this process a newer Centric until the test ends."""
    for module in (migrate, sqlite_file, sqlite_copy):
        monkeypatch.setattr(module, "SCHEMA_VERSION", SCHEMA_VERSION)
    monkeypatch.setattr(migrate, "migrations", migrate.migrations)
    newer_program()


@pytest.fixture
def old(empty_file: Path, tmp_path: Path, put_case: AddCase) -> Path:
    """Return a store of the schema before, with an act in it."""
    path = tmp_path / "team.db"
    shutil.copyfile(empty_file, path)
    store = open_store(str(path))
    store.do(TagCase(put_case(store), "vip"), agent_for(store.engine, "ana"))
    store.close()
    return path


def version(path: Path) -> int:
    with contextlib.closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("pragma user_version").fetchone()[0])


def test_an_old_store_is_changed_and_kept_as_it_was(old: Path, newer: None) -> None:
    migrate.prepare(old)
    assert version(old) == NEXT
    kept = old.parent / "team-backups" / f"team-schema-{SCHEMA_VERSION}.db"
    assert sqlite_copy.examine_file(kept).version == SCHEMA_VERSION
    assert sqlite_copy.examine_file(kept).acts == 1
    with contextlib.closing(sqlite3.connect(old)) as raw:
        assert raw.execute("select count(*), max(colour) from cases").fetchone() == (1, "")
    store = open_store(str(old))
    assert store.ask(journal.head)[0] == 1
    store.close()


def migrate_as_newer(path: Path) -> None:
    newer_program()
    migrate.prepare(path)


def test_programs_that_start_at_once_change_it_once(old: Path) -> None:
    context = multiprocessing.get_context("spawn")
    both = [context.Process(target=migrate_as_newer, args=(old,)) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [one.exitcode for one in both] == [0, 0]
    assert version(old) == NEXT


def migrate_and_wait(path: Path, pause: Path) -> None:
    newer_program(pause)
    migrate.prepare(path)


@pytest.fixture
def killed(old: Path) -> Path:
    """Return a store whose migration was killed in the middle."""
    pause = old.with_name("now")
    child = multiprocessing.get_context("spawn").Process(target=migrate_and_wait, args=(old, pause))
    child.start()
    until = time.monotonic() + 30
    while not pause.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    child.join()
    assert pause.exists()
    return old


def test_a_killed_migration_leaves_the_old_store_and_begins_again(killed: Path) -> None:
    store = open_store(str(killed))  # the old program goes on
    assert store.ask(journal.head)[0] == 1
    store.close()
    newer_again = multiprocessing.get_context("spawn").Process(
        target=migrate_as_newer, args=(killed,)
    )
    newer_again.start()
    newer_again.join()
    assert (newer_again.exitcode, version(killed)) == (0, NEXT)
    assert not list(killed.parent.rglob("*.part*"))


def test_without_room_for_the_backup_nothing_is_changed(old: Path, newer: None) -> None:
    (old.parent / "team-backups").touch()
    with pytest.raises(Unavailable, match=r"cannot be made.*The store was not changed"):
        migrate.prepare(old)
    assert version(old) == SCHEMA_VERSION
