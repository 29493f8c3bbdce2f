"""A backup is whole whatever is written meanwhile, and bringing it back loses nothing."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from db import clock, journal
from db.agents import agent_for
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.doctor import examine
from db.errors import Conflict, NotFound, Refused, Unavailable, WrongSchema
from db.keeping.backup import back_up, hash_file, hash_name, listed, usual_folder
from db.keeping.restore import restore
from db.records import AgentRow
from db.store import Store, open_store

ROOT = Path(__file__).parents[2]
AddCase = Callable[..., int]
pytestmark = pytest.mark.engine("sqlite")

WRITER = """
import sys
from db.agents import agent_for
from db.commands.notes import AddNote
from db.store import open_store
store = open_store(sys.argv[1])
agent = agent_for(store.engine, "ben")
number = 0
while True:
    number += 1
    store.do(AddNote(f"Note {number} " + "x" * 3000, 1), agent)
    if number == 3:
        print("ready", flush=True)
"""


def file_of(store: Store) -> Path:
    return Path(store.url)


def test_a_backup_opens_as_a_store_with_all_that_was_there(
    store: Store, ana: AgentRow, add_case: AddCase, tmp_path: Path
) -> None:
    case = add_case()
    store.do(TagCase(case, "billing"), ana)
    made = back_up(store.engine, tmp_path / "safe")
    path = Path(made.path)
    assert hash_name(path).read_text() == f"{made.sha256}  {path.name}\n"
    assert (hash_file(path), path.stat().st_size) == (made.sha256, made.size)
    assert [one.name for one in path.parent.iterdir() if "sha256" not in one.name] == [path.name]
    assert (made.acts, made.anchor) == store.ask(journal.head)
    copy = open_store(made.path)
    assert copy.ask(journal.head) == store.ask(journal.head)
    assert examine(copy.engine).sound
    copy.close()


def test_a_backup_is_as_private_as_the_store(store: Store, tmp_path: Path) -> None:
    file_of(store).chmod(0o660)
    old = os.umask(0)
    try:
        made = back_up(store.engine, tmp_path / "safe")
    finally:
        os.umask(old)
    assert Path(made.path).stat().st_mode & 0o777 == 0o660
    assert hash_name(Path(made.path)).stat().st_mode & 0o777 == 0o660
    assert Path(made.path).parent.stat().st_mode & 0o777 == 0o700


def test_a_backup_is_whole_while_others_write(
    store: Store, ana: AgentRow, add_case: AddCase, tmp_path: Path
) -> None:
    add_case()
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, store.url],
            stdout=subprocess.PIPE,
            env=environment,
        )
        for _ in range(2)
    ]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
        made = [back_up(store.engine, tmp_path / "safe") for _ in range(3)]
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
            assert writer.stdout is not None
            writer.stdout.close()
    assert made[0].acts < made[1].acts < made[2].acts
    for one in made:
        copy = open_store(one.path)
        assert copy.ask(journal.head) == (one.acts, one.anchor)
        assert copy.ask(lambda c: c.value("select count(*) from entries")) == one.acts
        assert examine(copy.engine).sound
        copy.close()


def test_the_oldest_backups_go_and_nothing_else_does(store: Store, tmp_path: Path) -> None:
    folder = usual_folder(file_of(store))
    folder.mkdir()
    stranger = folder / "centric-notes.db"
    stranger.touch()
    made = []
    for hour in range(4):
        with clock.stopped(1_760_000_000_000 + hour * 3_600_000):
            made.append(back_up(store.engine, keep=2))
    assert [str(path) for path in listed(folder, "centric")] == [made[2].path, made[3].path]
    assert made[3].removed == (made[1].path,)
    assert stranger.exists()
    assert len(list(folder.glob("*.sha256"))) == 2


def test_two_backups_of_one_second_have_two_names(store: Store, tmp_path: Path) -> None:
    with clock.stopped(1_760_000_000_000):
        made = [back_up(store.engine, tmp_path).path for _ in range(3)]
    assert len(set(made)) == 3
    assert len(listed(tmp_path, "centric")) == 3


def test_a_damaged_store_gives_no_backup_and_leaves_nothing(
    store: Store, ana: AgentRow, add_case: AddCase, tmp_path: Path
) -> None:
    case = add_case()
    for number in range(40):
        store.do(AddNote(f"{number} " + os.urandom(700).hex(), case), ana)
    path = file_of(store)
    store.engine.close()
    sqlite3.connect(path).execute("pragma wal_checkpoint(truncate)").connection.close()
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 2)
        file.write(b"\xff" * 40_000)
    with pytest.raises(Unavailable, match=r"damaged|could not be copied"):
        back_up(store.engine, tmp_path / "safe")
    assert list((tmp_path / "safe").iterdir()) == []


def test_a_restored_backup_takes_the_place_and_what_was_there_is_kept(
    store: Store, ana: AgentRow, add_case: AddCase, tmp_path: Path
) -> None:
    case = add_case()
    made = back_up(store.engine, tmp_path)
    store.do(TagCase(case, "later"), ana)
    file_of(store).chmod(0o660)
    file_of(store).parent.chmod(0o2770)
    store.close()
    done = restore(Path(made.path), file_of(store))
    assert done.hashed
    back, aside = open_store(store.url), open_store(done.set_aside)
    assert back.ask(journal.head)[0] == 0
    assert aside.ask(journal.head)[0] == 1
    assert file_of(store).stat().st_mode & 0o777 == 0o660
    agent = agent_for(back.engine, "ana")
    assert back.do(TagCase(case, "again"), agent).seq == 1
    assert back.engine.connection().value("pragma journal_mode") == "wal"
    assert not examine(back.engine).broken
    back.close()
    aside.close()
    assert not list(file_of(store).parent.glob("*.part*"))


def test_nothing_is_restored_over_an_open_desk_unless_it_is_forced(
    store: Store, ana: AgentRow, add_case: AddCase, tmp_path: Path
) -> None:
    case = add_case()
    made = back_up(store.engine, tmp_path)
    with pytest.raises(Conflict, match=r"open\. Close every desk"):
        restore(Path(made.path), file_of(store))
    assert store.do(TagCase(case, "still here"), ana).seq == 1
    assert sorted(one.name for one in file_of(store).parent.iterdir()) == [
        "centric.db",
        "centric.db-shm",
        "centric.db-wal",
        "centric.db.gate",
    ]
    done = restore(Path(made.path), file_of(store), force=True)
    store.close()
    back, aside = open_store(store.url), open_store(done.set_aside)
    assert (back.ask(journal.head)[0], aside.ask(journal.head)[0]) == (0, 1)
    back.close()
    aside.close()


def test_a_store_that_is_damaged_beyond_reading_can_be_replaced(
    store: Store, tmp_path: Path
) -> None:
    made = back_up(store.engine, tmp_path)
    store.close()
    file_of(store).write_bytes(b"not a database at all" * 500)
    done = restore(Path(made.path), file_of(store))
    back = open_store(store.url)
    assert examine(back.engine).sound
    back.close()
    assert Path(done.set_aside).read_bytes().startswith(b"not a database")


@pytest.mark.parametrize("harm", ["hash", "bytes", "stranger", "newer", "missing"])
def test_a_backup_that_is_not_right_changes_nothing(
    store: Store, tmp_path: Path, harm: str
) -> None:
    made = Path(back_up(store.engine, tmp_path).path)
    store.close()
    before = file_of(store).read_bytes()
    if harm == "hash":
        hash_name(made).write_text("0" * 64 + f"  {made.name}\n")
    elif harm == "missing":
        made.unlink()
    else:
        hash_name(made).unlink()
    if harm == "bytes":
        made.write_bytes(made.read_bytes()[:-5000])
    if harm in ("stranger", "newer"):
        pragma = "application_id=7" if harm == "stranger" else "user_version=99"
        with sqlite3.connect(made) as connection:
            connection.execute(f"pragma {pragma}")
        connection.close()
    kinds = {
        "hash": Unavailable,
        "bytes": Unavailable,
        "stranger": WrongSchema,
        "newer": WrongSchema,
        "missing": NotFound,
    }
    with pytest.raises(kinds[harm]):
        restore(made, file_of(store))
    assert file_of(store).read_bytes() == before
    assert not list(file_of(store).parent.glob("*.before*"))


def test_a_backup_can_be_restored_where_there_is_nothing(store: Store, tmp_path: Path) -> None:
    made = back_up(store.engine, tmp_path)
    place = tmp_path / "new" / "other.db"
    assert restore(Path(made.path), place).set_aside == ""
    assert place.stat().st_mode & 0o777 == 0o600
    back = open_store(str(place))
    back.close()


@pytest.mark.engine("postgresql")
def test_postgresql_is_backed_up_with_its_own_tools(store: Store) -> None:
    with pytest.raises(Refused, match="pg_dump"):
        back_up(store.engine)
