"""A corpus of mails as clients write them, and the conversations that they must come to."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from connectors.contract import Batch, Entry, Recognised
from connectors.mail import mbox
from connectors.mail.message import parse
from db.identity.own import add_own
from db.ingest import Arrival
from db.store import Store

CORPUS = Path(__file__).parents[1] / "connectors" / "mail" / "threads"
MAIL = Recognised("mbox", "mbox mail file", "mail")


def mails() -> list[Entry]:
    with (CORPUS / "mails.mbox").open("rb") as file:
        return [parse(found.raw, envelope=found.envelope) for found in mbox.split(file)]


def expected() -> set[frozenset[str]]:
    lines = (CORPUS / "groups.txt").read_text("utf-8").splitlines()
    return {frozenset(line.partition(":")[2].split()) for line in lines if not line.startswith("#")}


def found_in(store: Store) -> set[frozenset[str]]:
    rows = store.engine.connection().all(
        "select e.conversation_id, o.message_id from entries e join origins o on o.entry_id = e.id"
    )
    groups: dict[int, set[str]] = {}
    for conversation, message_id in rows:
        groups.setdefault(conversation, set()).add(message_id)
    return {frozenset(ids) for ids in groups.values()}


def arranged(order: str) -> list[Entry]:
    entries = mails()
    if order == "newest first":
        return sorted(entries, key=lambda one: -one.at)
    if order.startswith("shuffled"):
        random.Random(order).shuffle(entries)
    return entries


@pytest.mark.parametrize("size", [1, 200])
@pytest.mark.parametrize("order", ["as written", "newest first", "shuffled 1", "shuffled 2"])
def test_mails_of_every_client_come_into_their_conversations(
    store: Store, order: str, size: int
) -> None:
    with store.engine.write() as connection:
        add_own(connection, "@desk.example")
        add_own(connection, "@lists.desk.example")
    sink = store.sink(MAIL, "x", Arrival(0))
    entries = arranged(order)
    for start in range(0, len(entries), size):
        sink.write(Batch(tuple(entries[start : start + size]), (), None))
    assert found_in(store) == expected()
    split = store.engine.connection().all(
        "select conversation_id from entries group by conversation_id"
        " having count(distinct case_id) > 1"
    )
    assert split == []
