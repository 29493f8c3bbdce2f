"""What was set aside: seen newest first, page by page, byte for byte."""

from __future__ import annotations

import pytest

from connectors.contract import Batch, Quarantined, Recognised
from db.errors import NotFound
from db.ingest import Arrival
from db.queries.quarantine import quarantine_bytes, quarantine_page
from db.store import Store

MAIL = Recognised("mbox", "mbox mail file", "mail")


def test_pages_of_what_was_set_aside_meet(store: Store) -> None:
    things = tuple(
        Quarantined(f"q{number}", f"inbox.mbox, byte {number}", "It has no end.", b"\xff" * number)
        for number in range(1, 8)
    )
    store.sink(MAIL, "inbox", Arrival(0)).write(Batch(quarantined=things))
    seen: list[str] = []
    before = 0
    while page := store.ask(quarantine_page, before, 3):
        seen += [row.place for row in page]
        before = page[-1].quarantine_id
        assert {(row.source, row.reason, row.tries) for row in page} == {
            ("mail", "It has no end.", 1)
        }
    assert seen == [f"inbox.mbox, byte {number}" for number in range(7, 0, -1)]
    newest = store.ask(quarantine_page, 0, 1)[0]
    assert newest.size == 7
    assert store.ask(quarantine_bytes, newest.quarantine_id) == b"\xff" * 7


def test_what_is_not_set_aside_is_named(store: Store) -> None:
    assert store.ask(quarantine_page) == ()
    with pytest.raises(NotFound, match="99"):
        store.ask(quarantine_bytes, 99)
