"""Mail accounts: one puller at a time, where each message is kept, and a chain over what came."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable

import pytest

from connectors.contract import Address, Batch, Entry, Party, Place, Quarantined
from db import clock
from db.accounts import AccountPull, Held, accounts, cursor_of, kept_of
from db.engine.interface import Connection
from db.raws import keep_raw
from db.received import forget, verify
from db.store import Store

MakeStore = Callable[[], Store]


def letter(number: int, folder: str = "INBOX", uid: int = 0) -> Entry:
    original = f"Message-ID: <{number}@x.example>\r\n\r\nLetter {number}".encode()
    return Entry(
        external_id=f"{number}@x.example#1",
        at=1_760_000_000_000 + number,
        parties=(Party("from", Address("email", "ada@moreno.example"), "Ada"),),
        subject=f"Letter {number}",
        text=f"Letter {number}",
        message_id=f"{number}@x.example",
        original=original,
        original_type="message/rfc822",
        content_key=str(number),
        place=Place(folder, 7, uid or number),
    )


def pull_of(store: Store, name: str = "support", holder: str = "desk 1") -> AccountPull:
    pull = AccountPull(store.engine, name, f"{name}@us.example", holder)
    pull.take(0, None, [f"{name}@us.example"])
    return pull


def counts(connection: Connection) -> tuple[int, int]:
    entries = connection.value("select count(*) from entries")
    return entries, connection.value("select count(*) from places")


def test_a_letter_in_two_accounts_is_one_entry_in_two_places(make_store: MakeStore) -> None:
    store = make_store()
    one, other = pull_of(store), pull_of(store, "sales")
    assert one.sink().write(Batch((letter(1), letter(2)), cursor="a")).new == 2
    assert other.sink().write(Batch((letter(1, "INBOX", 40),), cursor="b")).same == 1
    assert store.ask(counts) == (2, 3)
    assert store.ask(cursor_of, one.source_id) == "a"
    assert other.sink().cursor() == "b"
    (kept,) = store.ask(kept_of, other.source_id, "INBOX", 7)
    assert kept.uid == 40
    assert kept.entry_id


def test_what_was_set_aside_has_its_place_too(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    aside = Quarantined("unread#1", "INBOX, message 9", "Too large.", b"head", Place("INBOX", 7, 9))
    pull.sink().write(Batch((letter(1),), (aside,), "c"))
    first, second = store.ask(kept_of, pull.source_id, "INBOX", 7)
    assert (first.uid, first.quarantine_id, first.reason) == (1, 0, "")
    assert (second.entry_id, second.reason, second.size) == (0, "Too large.", 4)
    assert second.quarantine_id


def test_a_cursor_that_says_nothing_new_writes_nothing(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    sink = pull.sink()
    sink.write(Batch((letter(1),), cursor="a"))
    store.changed()
    sink.write(Batch(cursor="a"))
    assert not store.changed()


def test_an_account_is_pulled_by_one_program_at_a_time(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    with pytest.raises(Held, match="process 1 on desk"):
        pull_of(store, holder="other 2")
    pull.let_go()
    assert pull_of(store, holder="other 3").source_id == pull.source_id
    with pytest.raises(Held, match="by another program now"):
        pull.sink().write(Batch((letter(1),), cursor="a"))
    assert store.ask(counts) == (0, 0)


def test_a_lease_of_a_program_that_died_or_fell_silent_is_taken_over(make_store: MakeStore) -> None:
    store = make_store()
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    pull_of(store, holder=f"{socket.gethostname()} {child}")
    pull_of(store, holder="far 1")
    with clock.stopped(clock.now() + 10 * 60_000):
        pull_of(store, holder="far 2")


def test_a_lease_is_kept_by_renewing_it(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    began = clock.now()
    for minute in range(1, 9):
        with clock.stopped(began + minute * 60_000):
            pull.renew()
    with clock.stopped(began + 9 * 60_000), pytest.raises(Held):
        pull_of(store, holder="far 1")


def test_work_since_is_said_once_and_kept(make_store: MakeStore) -> None:
    store = make_store()
    first = AccountPull(store.engine, "a", "a@us.example", "desk 1")
    first.take(1_000, None)
    again = AccountPull(store.engine, "a", "a@us.example", "desk 1")
    again.take(2_000, None)
    assert again.work_since == 1_000
    again.take(2_000, 3_000)
    assert again.work_since == 3_000
    assert not again.complete
    again.ended(whole=True)
    again.take(0, None)
    assert again.complete


def test_how_a_pull_ended_is_known(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    pull.ended("The server refused\nthe login.")
    (row,) = store.ask(accounts)
    assert (row.name, row.problem, row.holder) == (
        "support",
        "The server refused the login.",
        "desk 1",
    )
    pull.ended(whole=True)
    pull.let_go()
    (row,) = store.ask(accounts)
    assert (row.problem, row.holder, row.complete) == ("", "", True)
    assert row.last_success_at


def test_the_chain_tells_what_was_changed_after_it_came(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    letters = [letter(number) for number in range(1, 8)]
    pull.sink().write(Batch(tuple(letters), cursor="a"))
    pull.sink().write(Batch(tuple(letters), cursor="b"))
    chain = store.ask(verify, pull.source_id)
    assert (chain.links, chain.sound) == (7, True)
    with store.engine.write() as connection:
        connection.run("delete from received where seq = 4")
    assert store.ask(verify, pull.source_id).broken == 4
    assert not store.ask(verify, pull.source_id).sound


def test_an_original_that_is_gone_or_altered_is_counted(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    pull.sink().write(Batch((letter(1), letter(2)), cursor="a"))
    with store.engine.write() as connection:
        digests = [row[0] for row in connection.all("select sha256 from raws order by sha256")]
        connection.run("update raws set data = :data, codec = 0 where sha256 = :one",
                       {"data": b"other", "one": digests[0]})  # fmt: skip
        connection.run("delete from raws where sha256 = :one", {"one": digests[1]})
        keep_raw(connection, b"something else")
    chain = store.ask(verify, pull.source_id)
    assert (chain.altered, chain.gone, chain.broken) == (1, 1, 0)


def test_an_erased_original_leaves_the_chain_whole(make_store: MakeStore) -> None:
    store = make_store()
    pull = pull_of(store)
    pull.sink().write(Batch((letter(1), letter(2)), cursor="a"))
    with store.engine.write() as connection:
        (digest,) = connection.one("select sha256 from raws") or (b"",)
        forget(connection, [digest])
        connection.run("delete from raws where sha256 = :one", {"one": digest})
    chain = store.ask(verify, pull.source_id)
    assert (chain.links, chain.erased, chain.sound) == (2, 1, True)
