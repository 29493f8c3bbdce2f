"""The doctor finds what is wrong, says what mends it, and writes nothing unless it is asked to."""

from __future__ import annotations

import hashlib
import sqlite3
import zlib
from pathlib import Path

import pytest

from connectors.contract import Address, Batch, Entry, Party, Quarantined, Recognised
from db import journal, search
from db.agents import agent_for
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.doctor import Checkup, examine
from db.identity.own import add_own
from db.ingest import Arrival
from db.keeping.backup import back_up
from db.raws import keep_raw
from db.store import Store, open_store
from tests.engines import Places, alter

NOON = 1_767_355_200_000
MAIL = Recognised("mbox", "mbox mail file", "mail")


def furnish(store: Store) -> None:
    """Put in some mails, large and small, and some acts."""
    ana = agent_for(store.engine, "ana")
    with store.engine.write() as connection:
        add_own(connection, "support@us.example")
    us = Party("to", Address("email", "support@us.example"))
    entries = tuple(
        Entry(
            external_id=str(number),
            at=NOON + number,
            parties=(Party("from", Address("email", f"p{number}@x.example"), f"P {number}"), us),
            subject=f"Order {number}",
            text="Words " * 200,
            original=f"raw {number} ".encode() * (200_000 if number == 1 else 9),
            content_key=str(number),
        )
        for number in range(5)
    )
    broken = (Quarantined("q", "there", "Broken.", b"bytes"),)
    store.sink(MAIL, "x", Arrival(0)).write(Batch(entries, quarantined=broken))
    store.do(TagCase(1, "billing"), ana)
    store.do(AddNote("Rang", 1), ana)
    search.collect_terms(store.engine)


@pytest.fixture
def full(places: Places) -> Store:
    """Return a store with some of everything."""
    return places.copy(places.kept("doctor", furnish))


def told(found: Checkup, *states: str) -> list[str]:
    return [finding.told for finding in found.findings if finding.state in states]


@pytest.mark.parametrize("deep", [False, True])
def test_a_sound_store_is_told_to_be_sound(full: Store, deep: bool) -> None:
    found = examine(full.engine, deep=deep)
    assert found.sound, found
    assert not found.broken
    assert told(found, "wrong", "broken") == []
    assert (found.acts, found.anchor) == full.ask(journal.head)
    checks = {finding.check for finding in found.findings}
    assert {"file", "counters", "ranks", "journal"} <= checks
    deep_checks = {"search", "finder", "texts", "subjects", "originals"}
    assert deep_checks & checks == (deep_checks if deep else set())


def test_a_counter_is_found_quickly_and_mended(full: Store) -> None:
    alter(full, "update customers set cases = cases + 3 where id = 1")
    found = examine(full.engine)
    assert (found.drifted, found.sound, found.broken) == (1, False, False)
    assert told(found, "wrong") == ["Wrong counters: 1; centric doctor --rebuild corrects them."]
    mended = examine(full.engine, rebuild=True)
    assert mended.sound
    assert mended.indexed == 6
    assert examine(full.engine, deep=True).sound


def test_an_original_whose_bytes_were_changed_is_found(full: Store) -> None:
    digest = hashlib.sha256(b"raw 2 " * 9).digest()
    assert alter(full, "update raws set data = ? where sha256 = ?", b"raw 3 " * 9, digest) == 1
    assert examine(full.engine).sound
    found = examine(full.engine, deep=True)
    assert found.broken
    assert told(found, "broken")[0] == (
        "Of 6 originals and files 1 are not what was received, and 0 are missing."
    )
    assert not examine(full.engine, deep=True, rebuild=True).sound


@pytest.mark.parametrize("harm", ["chunk", "packed", "gone", "quarantined"])
def test_lost_and_damaged_bytes_are_found(full: Store, harm: str) -> None:
    large = hashlib.sha256(b"raw 1 " * 200_000).digest()
    if harm == "chunk":
        assert alter(full, "delete from raws where sha256 = ? and chunk = 1", large) == 1
    elif harm == "packed":
        junk = zlib.compress(b"x" * 500)[:-9]
        alter(full, "update raws set data = ? where sha256 = ? and chunk = 0", junk, large)
    elif harm == "gone":
        assert alter(full, "delete from raws where sha256 = ?", large) == 2
    else:
        alter(full, "delete from raws where sha256 = ?", hashlib.sha256(b"bytes").digest())
    assert examine(full.engine, deep=True).broken


def test_bytes_that_belong_to_nothing_are_found_and_removed(full: Store) -> None:
    with full.engine.write() as connection:
        keep_raw(connection, b"left over")
    found = examine(full.engine, deep=True)
    assert told(found, "wrong") == [
        "1 originals belong to nothing; centric doctor --rebuild removes them."
    ]
    examine(full.engine, rebuild=True)
    assert examine(full.engine, deep=True).sound


def test_an_altered_journal_is_broken_and_stays_so(full: Store) -> None:
    alter(full, "update journal set sentence = 'Tagged #1 nothing' where seq = 1")
    found = examine(full.engine)
    assert found.broken
    assert found.altered_act == 1
    assert examine(full.engine, rebuild=True).broken


def test_an_erase_that_was_stopped_is_told_with_the_way_on(full: Store) -> None:
    alter(
        full,
        "insert into erasures(id, customer_id, agent_id, mode, begun_at)"
        " values(1, 3, 1, 'remove', 5)",
    )
    found = examine(full.engine)
    assert told(found, "wrong") == [
        "The erase of customer 3 was stopped: do it again with centric erase customer 3"
    ]
    alter(full, "update erasures set done_at = 6")
    assert "centric erase finish" in told(examine(full.engine), "wrong")[0]


def test_a_source_that_fails_and_a_missing_backup_are_notes(full: Store, tmp_path: Path) -> None:
    alter(full, "update sources set last_error = 'No route to host'")
    found = examine(full.engine)
    assert found.sound
    assert "The last pull of mail failed: No route to host" in told(found, "note")
    if full.engine.name == "sqlite":
        assert any("No backup lies in" in one for one in told(found, "note"))
        back_up(full.engine)
        assert any("less than a day old" in one for one in told(examine(full.engine), "note"))


@pytest.mark.engine("sqlite")
def test_a_store_that_everybody_may_read_is_wrong(full: Store) -> None:
    Path(full.url).chmod(0o644)
    assert "chmod o=" in told(examine(full.engine), "wrong")[0]


@pytest.mark.engine("sqlite")
def test_an_index_that_does_not_fit_its_table_is_found_deep(full: Store) -> None:
    url = full.url
    full.close()

    def hidden(sql: str, *params: object) -> list[tuple[object, ...]]:
        connection = sqlite3.connect(url)
        connection.execute("pragma writable_schema=on")
        rows = connection.execute(sql, params).fetchall()
        connection.commit()
        connection.close()
        return rows

    index = hidden("select * from sqlite_schema where name = 'cases_updated'")[0]
    hidden("delete from sqlite_schema where name = 'cases_updated'")
    hidden("update cases set updated_at = updated_at + 5")
    hidden("insert into sqlite_schema values(?, ?, ?, ?, ?)", *index)
    store = open_store(url)
    assert examine(store.engine).sound
    assert "cases_updated" in examine(store.engine, deep=True).faults[0]
    store.close()
