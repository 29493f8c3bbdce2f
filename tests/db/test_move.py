"""A store moves from one engine to the other and back, and is the same."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db import journal
from db.agents import agent_for
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.doctor import examine
from db.engine.interface import Match, Words
from db.errors import NoStore, Refused, Unavailable
from db.identity.lookup import find_customers
from db.ingest import Arrival
from db.keeping import move as moving
from db.keeping.facts import facts_of
from db.keeping.move_store import move_store
from db.schema.catalogue import tables
from db.search import collect_terms
from db.store import Store, open_store
from tests.engines import Files, keys_of, postings
from tests.servers.postgres import PostgresServer

WORDS = (
    "lamp",
    "oven",
    "order",
    "invoice",
    "late",
    "broken",
    "été",
    "straße",
    "東京",
    "naïve",
    "4711",
)
NOON = 1_767_355_200_000


def letters(count: int) -> tuple[Entry, ...]:
    draw = random.Random(3)
    return tuple(
        Entry(
            external_id=f"m{number}",
            at=NOON + number * 7_000_000,
            parties=(
                Party(
                    "from",
                    Address("email", f"p{number % 40}@client{number % 9}.example"),
                    f"Person {number % 40}",
                ),
                Party("to", Address("email", "us@ours.example"), "Us"),
            ),
            subject=" ".join(draw.choices(WORDS, k=3)),
            text=" ".join(draw.choices(WORDS, k=draw.choice((5, 400)))),
            message_id=f"m{number}@mail.example",
            content_key=str(number),
            original=bytes(draw.randbytes(300)),
        )
        for number in range(count)
    )


def fill(store: Store) -> None:
    ana = agent_for(store.engine, "ana", "Ana Lima")
    sink = store.sink(Recognised("mbox", "mbox mail file", "mail"), "inbox", Arrival(0))
    sink.write(Batch(letters(200)))
    for case in range(1, 20):
        store.do(TagCase(case, f"tag{case % 4}"), ana)
        store.do(AddNote(f"Note about {case}\nand \u202e this", case), ana)
    store.undo(ana)
    collect_terms(store.engine)


@pytest.fixture(scope="module")
def told_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store file that has everything in it."""
    files = Files(tmp_path_factory.mktemp("told"))
    return Path(files.kept("told", fill))


@pytest.fixture
def database(postgres_server: PostgresServer) -> str:
    """Return an empty database."""
    return postgres_server.database()


def whole(store: Store) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    return {
        name: sorted(store.ask(lambda c, name=name: c.all(f"select * from {name}")), key=repr)
        for name in tables()
        if name not in moving.NOT_MOVED
    }


def test_a_store_moves_to_the_server_and_back_and_is_the_same(
    told_file: Path, database: str, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    there = move_store(str(told_file), database, lambda *step: told.append(step))
    back = move_store(database, str(tmp_path / "back.db"))
    assert there.sha256 == back.sha256
    assert there.tables == back.tables
    assert (there.acts, there.anchor) == (back.acts, back.anchor)
    assert {what for what, _, _ in told} == {"copying", "comparing", "indexing", "making indexes"}
    old, new = open_store(str(told_file)), open_store(str(tmp_path / "back.db"))
    middle = open_store(database)
    assert whole(old) == whole(new) == whole(middle)
    assert postings(old) == postings(new)
    assert keys_of(old) == keys_of(new) == keys_of(middle)
    for one in (new, middle):
        found = examine(one.engine)
        assert found.sound
        assert found.acts == there.acts
        oven = Match((Words(("oven",)),))
        assert one.engine.connection().full_text.newest(oven, 1 << 62, 5) == (
            old.engine.connection().full_text.newest(oven, 1 << 62, 5)
        )
        assert one.ask(find_customers, "person 7") == old.ask(find_customers, "person 7")
        ben = agent_for(one.engine, "ben")
        one.do(TagCase(3, "goes-on"), ben)
        one.undo(ben)
        assert one.ask(journal.verify) == 0
    assert facts_of(middle.engine)["tables"] == facts_of(new.engine)["tables"]
    for one in (old, new, middle):
        one.close()


def test_the_indexes_and_references_are_those_of_a_new_store(
    told_file: Path, database: str, postgres_server: PostgresServer
) -> None:
    move_store(str(told_file), database)
    fresh_url = postgres_server.database()
    moved, fresh = open_store(database), open_store(fresh_url, create=True)
    for sql in (
        "select indexdef from pg_indexes where schemaname = current_schema() order by 1",
        "select conname, pg_get_constraintdef(oid) from pg_constraint"
        " where connamespace = cast(current_schema() as regnamespace) order by 1, 2",
    ):
        assert moved.ask(lambda c, sql=sql: c.all(sql)) == fresh.ask(lambda c, sql=sql: c.all(sql))
    moved.close()
    fresh.close()


@pytest.mark.parametrize("stop_at", ["copying", "comparing", "indexing"])
def test_what_was_interrupted_goes_on_and_nobody_opens_it_before(
    told_file: Path, database: str, stop_at: str
) -> None:
    steps = 0

    def pull_the_plug(what: str, done: int, total: int) -> None:
        nonlocal steps
        steps += what == stop_at
        if steps == 5 or (what == stop_at == "indexing"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_store(str(told_file), database, pull_the_plug)
    with pytest.raises(NoStore, match="Go on with: centric store move"):
        open_store(database)
    with pytest.raises(NoStore):
        open_store(database, create=True)
    moved = move_store(str(told_file), database)
    first, second = open_store(str(told_file)), open_store(database)
    assert whole(first) == whole(second)
    assert sum(moved.tables.values()) == sum(len(rows) for rows in whole(first).values())
    assert examine(second.engine).sound
    assert len(postings(second)) == second.ask(
        lambda c: c.value("select count(*) from entries where removed = 0")
    )
    first.close()
    second.close()


def test_an_interrupted_way_back_to_a_file_goes_on(
    told_file: Path, tmp_path: Path, engine_database: str
) -> None:
    path = tmp_path / "back.db"

    def pull_the_plug(what: str, done: int, total: int) -> None:
        if what == "comparing":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        move_store(engine_database, str(path), pull_the_plug)
    assert not path.exists()
    move_store(engine_database, str(path))
    assert [one.name for one in tmp_path.iterdir() if one.is_file()] == ["back.db"]
    store, old = open_store(str(path)), open_store(str(told_file))
    assert whole(store) == whole(old)
    store.close()
    old.close()


@pytest.fixture
def engine_database(told_file: Path, database: str) -> str:
    """Return a database with the told store."""
    move_store(str(told_file), database)
    return database


def test_what_changed_between_two_attempts_is_put_right(
    told_file: Path, database: str, tmp_path: Path
) -> None:
    places = Files(tmp_path)
    source = places.copy(str(told_file))
    ana = agent_for(source.engine, "ana")

    def work_on(what: str, done: int, total: int) -> None:
        if what == "making indexes" and not done:
            other = open_store(source.url)
            other.do(AddNote("Meanwhile", 1), ana)
            other.do(TagCase(2, "meanwhile"), ana)
            other.close()

    with pytest.raises(Unavailable, match="while it was moved"):
        move_store(source.url, database, work_on)
    with pytest.raises(NoStore):
        open_store(database)
    move_store(source.url, database)
    moved = open_store(database)
    assert whole(moved) == whole(source)
    assert examine(moved.engine).sound
    meanwhile = Match((Words(("meanwhile",)),))
    assert len(moved.engine.connection().full_text.newest(meanwhile, 1 << 62, 5)) == 1
    moved.close()
    places.close()


def test_nothing_is_moved_onto_a_store_or_among_strangers_tables(
    told_file: Path, database: str, postgres_server: PostgresServer, tmp_path: Path
) -> None:
    open_store(database, create=True).close()
    with pytest.raises(Refused, match="already"):
        move_store(str(told_file), database)
    with pytest.raises(Refused, match="exists already"):
        move_store(database, str(told_file))
    strange = postgres_server.database()
    postgres_server.execute("create table theirs(x int)", strange.partition("?")[0].split("/")[-1])
    with pytest.raises(Unavailable, match="another program"):
        move_store(str(told_file), strange)
    with pytest.raises(NoStore):
        move_store(str(tmp_path / "none.db"), strange)
