"""What is derived can be thrown away: made anew it is what it was, on both engines."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Address, Attachment, Batch, Entry, Fold, Party, Recognised
from db import journal, search
from db.agents import agent_for
from db.commands.cases import SetStatus, SetUrgency
from db.commands.links import ChooseProfile, MergeCustomers
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.identity.own import add_own
from db.ingest import Arrival
from db.keeping.rebuild import drift, rebuild
from db.records import AgentRow
from db.schema.catalogue import tables
from db.store import Store
from tests.engines import Places, alter, postings

NOON = 1_767_355_200_000
MAIL = Recognised("mbox", "mbox mail file", "mail")
# Each harm and what of `Drift` shows it.
HARMS = {
    "update customers set entries = entries + 1, last_inbound_at = 7 where id = 1": "counters",
    "update identities set first_at = 0 where id = 1": "counters",
    "update tags set cases = 9": "counters",
    "update conversations set entries = entries + 2 where id = 1": "counters",
    "update cases set unresolved = 1 - unresolved where id = 2": "ranks",
    "update cases set urgency_rank = 3 where urgency = 'high'": "ranks",
    "update customers set canonical_id = id": "ranks",
    "update customers set canonical_id = 1 where id = 5": "ranks",
    "update entries set preview = 'x', lines = 9 where id = (select min(id) from entries)": "texts",
    "update entries set attachments = 7 where attachments = 1": "texts",
    "delete from customer_texts where customer_id = 2": "finder",
    "update customer_texts set text = 'zebra' where customer_id = 3": "finder",
    "delete from journal_subjects where seq = 2": "subjects",
    "insert into journal_subjects(kind, id, seq) values('case', 5, 1)": "subjects",
}


def furnish(store: Store) -> None:
    """Put in mails of several people and acts of every kind."""
    ana = agent_for(store.engine, "ana")
    with store.engine.write() as connection:
        add_own(connection, "support@us.example")
    us = Party("to", Address("email", "support@us.example"))
    entries = []
    for number in range(24):
        name = f"Person{number % 6} Müller"
        writer = Party("from", Address("email", f"p{number % 6}@firm{number % 2}.example"), name)
        friend = Party("cc", Address("email", f"p{(number + 1) % 6}@firm{number % 2}.example"))
        text = f"Bonjour {number}, é\n" + "words of a long letter " * (number * 3) + "\n> quoted"
        entries.append(
            Entry(
                external_id=str(number),
                message_id=f"{number}@x",
                at=NOON + number * 3_600_000,
                parties=(writer, us, friend) if number % 3 else (writer, us),
                subject=f"Order {number % 9}",
                text=text,
                folds=(Fold(len(text) - 8, len(text)),),
                attachments=(Attachment("a.txt", "text/plain", 2, data=b"hi"),) * (number % 2),
                original=f"raw {number}".encode(),
                content_key=str(number),
            )
        )
    store.sink(MAIL, "x", Arrival(0)).write(Batch(tuple(entries)))
    for command in (
        TagCase(1, "billing"), TagCase(2, "billing"), SetUrgency(2, "high"),
        SetStatus(3, "pending"), AddNote("Rang twice\nand wrote", 1, pinned=True),
        MergeCustomers(1, 2), ChooseProfile(2), AddNote("Of hers", customer_id=4),
    ):  # fmt: skip
        store.do(command, ana)
    store.undo(ana)
    search.collect_terms(store.engine)


@pytest.fixture
def full(places: Places) -> Store:
    """Return a store with some of everything."""
    return places.copy(places.kept("rebuild", furnish))


def dump(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """Return every row of every table, and every posting of the indexes."""
    connection = store.engine.connection()
    found: dict[str, list[tuple[Any, ...]]] = {
        name: sorted(connection.all(f"select {', '.join(table.columns)} from {name}"), key=repr)
        for name, table in tables().items()
    }
    found["postings"] = postings(store)
    found["keys"] = sorted(connection.customer_keys.counts().items())
    return found


def test_nothing_is_off_in_a_store_that_nobody_harmed(full: Store) -> None:
    found = full.ask(drift, deep=True)
    assert found.total == 0, found


def test_what_is_made_anew_is_what_was_there(full: Store) -> None:
    before = dump(full)
    for sql in (
        *HARMS,
        "update cases set unresolved = 0, urgency_rank = 2",
        "update customers set canonical_id = id, face_id = 0, entries = 0, cases = 0,"
        " open_cases = 0, first_at = 0, last_inbound_at = 0, last_outbound_at = 0",
        "update identities set entries = 0, first_at = 0, last_at = 0",
        "update conversations set entries = 0",
        "update entries set preview = '', characters = 0, lines = 0, attachments = 0",
        "delete from journal_subjects",
        "delete from customer_texts",
        "delete from terms",
    ):
        alter(full, sql)
    with full.engine.write() as connection:
        connection.full_text.clear()
        connection.customer_keys.clear()
    assert dump(full) != before
    assert rebuild(full.engine) == len(before["entries"])
    assert dump(full) == before
    assert full.ask(drift, deep=True).total == 0
    assert full.ask(journal.verify) == 0


@pytest.mark.parametrize("harm", list(HARMS))
def test_what_is_off_is_seen_where_it_is(full: Store, harm: str) -> None:
    assert alter(full, harm) > 0
    found = full.ask(drift, deep=True)
    assert found.total > 0
    assert getattr(found, HARMS[harm]) > 0
    assert full.ask(drift, deep=False).total == found.counters + found.ranks


@pytest.mark.parametrize("which", ["lost", "strange", "other words", "no scope"])
def test_an_entry_that_search_knows_wrong_is_seen(full: Store, which: str) -> None:
    entry = full.ask(lambda c: c.value("select max(id) from entries where kind = 'message'"))
    with full.engine.write() as connection:
        search.forget_entry(connection, entry)
        row = {"id": entry, "subject": "a", "body": "other", "who": "x", "scope": "i1"}
        if which == "strange":
            search.index_entry(connection, entry)
            row["id"] = entry + 1
        if which == "no scope":
            search.index_entry(connection, entry)
            stored = dict(next(search._stored(connection, (entry,))))
            connection.full_text.remove([stored])
            connection.full_text.insert([{**stored, "scope": ""}])
        elif which != "lost":
            connection.full_text.insert([row])
    assert full.ask(drift, deep=True).search > 0
    assert full.ask(drift, deep=False).search == 0
    rebuild(full.engine)
    assert full.ask(drift, deep=True).total == 0


def test_a_check_writes_nothing(full: Store, ana: AgentRow) -> None:
    before = dump(full)
    full.ask(drift, deep=True)
    assert dump(full) == before
