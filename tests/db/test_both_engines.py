"""The same acts and arrivals on both engines give the same store, answer by answer, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db import clock, journal
from db.engine.interface import Match, Words
from db.errors import StoreError
from db.identity.lookup import find_customers
from db.ingest import Arrival
from db.queries import desk
from db.queries.find import find
from db.queries.sheet import cheat_sheet
from db.queries.timeline import timeline_page
from db.schema.catalogue import tables
from db.search import collect_terms
from db.store import Store
from tests.db.test_undo_anything import MAKERS, TURNS, Turn, agents_of, furnish
from tests.engines import Databases, Files, Places, keys_of
from tests.servers.postgres import PostgresServer

START = 1_793_620_800_000
MINUTE = 60_000
AddCase = Callable[..., int]
Both = tuple[tuple[Places, str], tuple[Places, str]]

# A salt is drawn at random, and what is computed with it differs.
NOT_COMPARED = {"journal": ("salt", "digest", "hash")}
SUBJECTS = (
    "Muffin lamp",
    "Re: Muffin lamp",
    "Invoice 17",
    "Ölofen kaputt",
    "東京",
    "it's 50 % off",
)
PEOPLE = ("Ada Byron", "Ben O'Kri", "Ýr Þórsdóttir", "Юлия", "")
MAILS = st.tuples(
    st.just("mail"),
    st.integers(0, 4),
    st.sampled_from(SUBJECTS),
    st.integers(0, 9),
    st.integers(0, 40),
)
QUERIES = (
    "muffin",
    "lamp",
    "oelofen",
    "olofen",
    "東京",
    "tag:billing",
    "status:new lamp",
    "50 off",
)


@pytest.fixture(scope="module")
def both(
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
    put_case: AddCase,
) -> Iterator[Both]:
    """Return where stores of both engines are made, each with the same furnished store."""
    files: Places = Files(tmp_path_factory.mktemp("both"))
    databases: Places = Databases(postgres_server)
    kept = []
    for places in (files, databases):
        with clock.stopped(START):
            kept.append((places, places.kept("both", lambda store: furnish(store, put_case))))
    yield kept[0], kept[1]
    files.close()
    databases.close()


def arrive(store: Store, who: int, subject: str, number: int, minutes: int) -> str:
    """Let a mail arrive; the same number twice is the same mail."""
    entry = Entry(
        external_id=f"m{number}",
        at=START - minutes * 9 * MINUTE,
        parties=(
            Party("from", Address("email", f"p{who}@customers.example"), PEOPLE[who]),
            Party("to", Address("email", "us@ours.example"), "Us"),
        ),
        subject=subject,
        text=f"{subject} says person {who}. Who pays?\n> old words {number}",
        message_id=f"m{number}@mail.example",
        references=(f"m{number - 1}@mail.example",) if number % 3 else (),
        content_key=f"{who} {subject} {minutes}",
    )
    sink = store.sink(Recognised("mbox", "mbox mail file", "mail"), "inbox", Arrival(0))
    return repr(sink.write(Batch((entry,), cursor=str(number))))


def outcome(store: Store, turn: Turn) -> str:
    """Do what a turn says and return what came of it, be it a refusal."""
    what, who, told, case, number = turn
    if what == "mail":
        return arrive(store, who, told, case, number)
    agent = agents_of(store)[who]
    try:
        if what == "do":
            return repr(store.do(MAKERS[told](store, case, number), agent))
        if what == "redo":
            return repr(store.redo(agent))
        last = store.ask(journal.head)[0]
        return repr(store.undo(agent, 0 if what == "undo" else max(1, last - number)))
    except StoreError as error:
        return f"{type(error).__name__}: {error}"


def state(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table."""
    found = {}
    for name, table in tables().items():
        columns = ", ".join(c for c in table.columns if c not in NOT_COMPARED.get(name, ()))
        sql = f"select {columns} from {name} order by {', '.join(table.key)}"
        found[name] = store.ask(lambda c, sql=sql: c.all(sql))
    return found


def answers(store: Store) -> list[Any]:
    """Return what the screens would be told."""
    me = agents_of(store)[0].agent_id
    now = START + 10 * MINUTE
    found: list[Any] = [store.ask(desk.queues, me, now), store.ask(desk.status, me)]
    found += [store.ask(desk.case_page, q, me, now) for q in store.ask(desk.queues, me, now)]
    found += [store.ask(timeline_page, case_id=case) for case in range(1, 8)]
    found += [store.ask(cheat_sheet, customer) for customer in range(1, 4)]
    found += [store.ask(find, query, me, now) for query in QUERIES]
    found += [store.ask(find_customers, name) for name in ("ada", "cust", "thorsdottir", "yulia")]
    connection = store.engine.connection()
    for word in ("muffin", "lamp", "who", "says person"):
        match = Match((Words((word,)),))
        found.append(connection.full_text.newest(match, 1 << 62, 50))
        found.append(connection.full_text.count(match, 50))
    return found


@settings(
    deadline=None,
    max_examples=8,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(turns=st.lists(st.one_of(TURNS, TURNS, MAILS), min_size=1, max_size=24))
def test_the_same_acts_give_the_same_store(both: Both, turns: list[Turn]) -> None:
    stores = [places.copy(kept) for places, kept in both]
    try:
        for number, turn in enumerate(turns, 1):
            with clock.stopped(START + number * MINUTE):
                one, other = (outcome(store, turn) for store in stores)
            assert one == other
        first, second = stores
        for store in stores:
            collect_terms(store.engine)
        for name, rows in state(first).items():
            assert rows == state(second)[name], name
        with clock.stopped(START + 60 * MINUTE):
            assert answers(first) == answers(second)
        assert keys_of(first) == keys_of(second)
        assert first.ask(journal.verify) == second.ask(journal.verify) == 0
    finally:
        for (places, _), store in zip(both, stores, strict=True):
            places.remove(store)


def test_what_is_compared_is_whole(both: Both, tmp_path: Path) -> None:
    (places, kept), _ = both
    store = places.copy(kept)
    assert len(state(store)["cases"]) == 7
    assert all(answers(store)[:2])
    places.remove(store)
