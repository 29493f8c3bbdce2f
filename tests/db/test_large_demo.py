"""The fictional store of any size: as many entries as asked for, and whole."""

from __future__ import annotations

from console.demo.large import build_large
from db.doctor import examine
from db.ids import take
from db.queries import desk
from db.queries.find import find
from db.store import Store
from tests.engines import Places, keys_of, postings

NOW = 1_767_441_600_000  # 3 January 2026, 12:00 UTC
ENTRIES = 700
CONTENT = (
    "select identity_id, at, id, case_id, author, subject, preview from entries order by id",
    "select id, requester_id, subject, status, owner_id, waiting_since from cases order by id",
    "select id, name, organization_id, entries, open_cases from customers order by id",
    "select entry_id, data, folds from entry_texts order by entry_id",
)


def fill(store: Store) -> None:
    build_large(store, ENTRIES, 7, NOW)


def test_it_has_as_many_entries_as_asked_for_and_nothing_is_wrong(kept_places: Places) -> None:
    store = kept_places.copy(kept_places.kept("large", fill))
    assert store.ask(lambda c: c.value("select count(*) from entries")) == ENTRIES
    assert examine(store.engine).sound
    before = (postings(store), keys_of(store))
    examine(store.engine, rebuild=True)
    assert (postings(store), keys_of(store)) == before
    assert store.ask(lambda c: c.value("select count(*) from terms")) > 500


def test_the_same_seed_gives_the_same_store(kept_places: Places) -> None:
    one = kept_places.copy(kept_places.kept("large", fill))
    other = kept_places.empty()
    fill(other)
    for sql in CONTENT:
        assert one.ask(lambda c, sql=sql: c.all(sql)) == other.ask(lambda c, sql=sql: c.all(sql))


def test_every_open_case_is_in_a_queue_and_ids_go_on(kept_places: Places) -> None:
    store = kept_places.copy(kept_places.kept("large", fill))
    queues = {queue.name: queue for queue in store.ask(desk.queues, 2, NOW)}
    open_cases = store.ask(
        lambda c: c.value("select count(*) from cases where unresolved = 1 and snoozed_until = 0")
    )
    assert queues["All open"].cases == open_cases > 5
    with store.engine.write() as connection:
        last = connection.value("select max(id) from cases")
        assert take(connection, "cases") == last + 1


def test_what_is_searched_is_found(kept_places: Places) -> None:
    store = kept_places.copy(kept_places.kept("large", fill))
    word = store.ask(lambda c: c.value("select term from terms order by entries desc limit 1"))
    assert store.ask(find, str(word), 2, NOW).hits
