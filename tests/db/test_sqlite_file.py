"""One file that many programs use: its permissions, its log, its queue, and what may befall it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import shutil
import signal
import sqlite3
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import journal
from db.agents import agent_for
from db.commands.tags import TagCase
from db.engine import sqlite as engine_module
from db.engine.gate import Gate, accept_file, gate_path, last_act
from db.engine.mounts import footing_of
from db.errors import NoStore, StoreError, Unavailable, WrongSchema
from db.schema import migrate
from db.store import Store, open_store

AddCase = Callable[..., int]


@pytest.fixture(autouse=True)
def local_disk(tmp_path: Path) -> None:
    """Leave the tests out where stores have no log (a container on a shared disk)."""
    if not footing_of(tmp_path / "team.db").log:
        pytest.skip("temporary files are on a disk that other machines may see")


@pytest.fixture
def path(empty_file: Path, tmp_path: Path) -> Path:
    """Return an empty store of the test's own."""
    place = tmp_path / "team.db"
    shutil.copyfile(empty_file, place)
    place.chmod(0o600)
    return place


@pytest.fixture
def opened(path: Path) -> Iterator[Callable[[], Store]]:
    """Return a function that opens the store; all are closed at the end."""
    stores: list[Store] = []

    def open_() -> Store:
        stores.append(open_store(str(path)))
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def tagged(store: Store, case: int, tag: str) -> int:
    """Do something that is acknowledged; return its number."""
    return store.do(TagCase(case, tag), agent_for(store.engine, "ana")).seq


def beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


# Permissions


@pytest.mark.parametrize(("team", "wanted"), [(False, 0o600), (True, 0o660)])
def test_a_store_and_what_lies_beside_it_have_our_mode_whatever_the_mask(
    tmp_path: Path, team: bool, wanted: int
) -> None:
    path = tmp_path / "new" / "team.db"
    before = os.umask(0o077)
    try:
        store = open_store(str(path), create=True, team=team)
        agent_for(store.engine, "ana")
        assert [mode(beside(path, suffix)) for suffix in ("", "-wal", "-shm", ".gate")] == [
            wanted
        ] * 4
        store.close()
    finally:
        os.umask(before)


# Coming into being


def test_a_store_that_two_programs_make_at_once_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "team.db"
    context = multiprocessing.get_context("spawn")
    makers = [context.Process(target=migrate.prepare, args=(path,)) for _ in range(3)]
    for maker in makers:
        maker.start()
    for maker in makers:
        maker.join()
    assert [maker.exitcode for maker in makers] == [0, 0, 0]
    assert sorted(one.name for one in tmp_path.iterdir()) in (
        ["team.db"],
        ["team.db", "team.db.gate"],
    )


def test_what_a_killed_maker_left_is_no_store_and_is_cleared_away(tmp_path: Path) -> None:
    path, left = tmp_path / "team.db", tmp_path / ".team.db.new-0123"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    with pytest.raises(NoStore):
        open_store(str(path))
    open_store(str(path), create=True).close()
    assert [one.name for one in tmp_path.iterdir()] == ["team.db"]


# The log


def test_the_last_to_leave_brings_everything_into_the_one_file(
    path: Path, opened: Callable[[], Store], put_case: AddCase
) -> None:
    one, other = opened(), opened()
    case = put_case(one)
    tagged(other, case, "billing")
    one.close()
    assert beside(path, "-wal").stat().st_size > 0
    other.close()
    assert not beside(path, "-wal").exists()
    shutil.copy(path, path.with_name("copy.db"))
    copy = open_store(str(path.with_name("copy.db")))
    assert copy.ask(journal.head)[0] == 1
    copy.close()


def test_a_file_copied_without_its_log_is_refused_until_it_is_accepted(
    path: Path, opened: Callable[[], Store], put_case: AddCase
) -> None:
    store = opened()
    tagged(store, put_case(store), "billing")
    copy = path.with_name("copy.db")
    shutil.copy(path, copy)
    with pytest.raises(Unavailable, match=r"its log \(copy.db-wal\) is not beside it"):
        open_store(str(copy))
    check = sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True)
    assert check.execute("pragma integrity_check").fetchone() == ("ok",)
    check.close()
    accept_file(copy)
    accepted = open_store(str(copy))
    assert accepted.ask(journal.head)[0] == 0
    accepted.close()


def test_a_log_that_another_program_brought_in_is_not_missed(
    path: Path, put_case: AddCase, tmp_path: Path
) -> None:
    work = """
import os, signal, sys
from db.agents import agent_for
from db.commands.tags import TagCase
from db.store import open_store
store = open_store(sys.argv[1])
store.do(TagCase(1, "billing"), agent_for(store.engine, "ana"))
os.kill(os.getpid(), signal.SIGKILL)
"""
    store = open_store(str(path))
    put_case(store)
    store.close()
    killed = subprocess.run([sys.executable, "-c", work, str(path)], cwd=Path(__file__).parents[2])
    assert killed.returncode == -signal.SIGKILL
    assert beside(path, "-wal").stat().st_size > 0
    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("select count(*) from journal").fetchone() == (1,)
    assert not beside(path, "-wal").exists()
    back = open_store(str(path))
    assert back.ask(journal.head)[0] == 1
    back.close()


def test_a_log_that_was_removed_is_missed(
    path: Path, opened: Callable[[], Store], put_case: AddCase
) -> None:
    store = opened()
    case = put_case(store)
    tagged(store, case, "billing")
    store.close()
    shutil.copy(path, path.with_name("before.db"))
    store = opened()
    assert tagged(store, case, "vip") == 2
    last = last_act(path)
    assert last is not None
    assert (last.seq, last.hash.hex()) == store.ask(journal.head)
    store.close()
    os.replace(path.with_name("before.db"), path)  # as it is when a log is lost
    with pytest.raises(Unavailable, match="act 2 is missing"):
        opened()
    accept_file(path)
    assert tagged(opened(), case, "vip") == 2


def test_a_log_that_a_long_reader_let_grow_is_shortened_when_it_has_gone(
    path: Path,
    opened: Callable[[], Store],
    put_case: AddCase,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(engine_module, "WAL_LIMIT_BYTES", 100_000)
    monkeypatch.setattr(engine_module, "WAL_SECONDS", 0.0)
    store = opened()
    case = put_case(store)
    reader = sqlite3.connect(path, isolation_level=None)
    reader.execute("begin")
    reader.execute("select count(*) from cases").fetchone()
    for number in range(40):
        tagged(store, case, f"tag {number}")
    assert store.engine.log_size() > 100_000  # type: ignore[attr-defined]  # only a file has one
    reader.execute("rollback")
    reader.close()
    tagged(store, case, "last")
    assert store.engine.log_size() == 0  # type: ignore[attr-defined]


# The queue


def test_writers_come_to_their_turn_in_the_order_of_their_coming(path: Path) -> None:
    gates, order = [Gate(path) for _ in range(4)], []
    assert gates[0].enter(1)

    def wait(number: int) -> None:
        assert gates[number].enter(30)
        order.append(number)
        gates[number].leave()

    threads = []
    for number in (1, 2, 3):
        threads.append(threading.Thread(target=wait, args=(number,)))
        threads[-1].start()
        until = time.monotonic() + 30
        while waiting(path) < number and time.monotonic() < until:
            time.sleep(0.005)
    gates[0].leave()
    for thread in threads:
        thread.join()
    assert order == [1, 2, 3]
    for gate in gates:
        gate.close()


def waiting(path: Path) -> int:
    """Return how many wait for the lock, as the kernel tells."""
    inode = f":{gate_path(path).stat().st_ino} "
    lines = Path("/proc/locks").read_text().splitlines()
    return sum("->" in line and inode in line for line in lines)


def test_a_program_that_was_stopped_in_its_turn_does_not_stop_the_others_for_ever(
    path: Path, opened: Callable[[], Store], put_case: AddCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 50)
    store = opened()
    case = put_case(store)
    stopped = Gate(path)
    assert stopped.enter(1)
    assert tagged(store, case, "billing") == 1  # it held the queue, and not the file
    stopped.leave()
    stopped.close()
    assert tagged(store, case, "vip") == 2


def test_a_file_that_stays_locked_is_a_sentence_and_readers_go_on(
    path: Path, opened: Callable[[], Store], put_case: AddCase, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = opened()
    case = put_case(store)
    tagged(store, case, "billing")
    monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("begin immediate")
    with pytest.raises(Unavailable, match="stayed locked by another program"):
        tagged(store, case, "vip")
    assert store.ask(journal.head)[0] == 1
    other.execute("rollback")
    other.close()
    assert tagged(store, case, "vip") == 2


# What may befall a file


def test_a_file_that_was_replaced_under_an_open_store_is_noticed(
    path: Path, opened: Callable[[], Store], put_case: AddCase
) -> None:
    store = opened()
    case = put_case(store)
    tagged(store, case, "billing")
    assert store.changed()
    other = path.with_name("other.db")
    migrate.prepare(other)
    os.replace(other, path)
    for act in (store.changed, lambda: tagged(store, case, "vip")):
        with pytest.raises(Unavailable, match="was replaced, moved or removed while it was open"):
            act()
    path.unlink()
    with pytest.raises(Unavailable, match="was replaced, moved or removed"):
        tagged(store, case, "vip")


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def scribble(path: Path) -> None:
    path.write_text("Dear diary\n" * 1000)


def foreign(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as other:
        other.execute("create table t(x)")
    other.close()


def newer(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(60)
        file.write(struct.pack(">I", 99))


def damaged(path: Path) -> None:
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        for page in range(2, size // 4096):
            file.seek(page * 4096)
            file.write(bytes(range(256)) * 16)


@pytest.mark.parametrize(
    ("harm", "kind", "sentence"),
    [
        (cut_off, Unavailable, "is cut off: .* bytes are missing"),
        (empty, Unavailable, "is empty"),
        (scribble, WrongSchema, "is not a Centric store"),
        (foreign, WrongSchema, "is not a Centric store"),
        (newer, WrongSchema, "it has schema 99, this one knows .* that knows schema 99"),
        (damaged, Unavailable, "is damaged"),
    ],
)
def test_a_file_that_was_harmed_is_refused_with_what_to_do(
    path: Path, harm: Callable[[Path], None], kind: type[StoreError], sentence: str
) -> None:
    harm(path)
    before = path.read_bytes()
    with pytest.raises(kind, match=sentence) as told:
        open_store(str(path)).ask(journal.recent)
    assert type(told.value) is kind
    assert path.read_bytes() == before


def test_a_colleague_with_an_older_centric_stops_writing_when_the_schema_moved_on(
    path: Path, opened: Callable[[], Store], put_case: AddCase
) -> None:
    store = opened()
    case = put_case(store)
    other = sqlite3.connect(path)
    other.execute("pragma user_version=99")
    other.commit()
    other.close()
    with pytest.raises(WrongSchema, match="schema 99"):
        tagged(store, case, "vip")
    assert store.ask(journal.head)[0] == 0
