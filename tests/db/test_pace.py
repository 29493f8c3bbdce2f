"""How much an import writes in one transaction."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.contract import Batch, Entry, Recognised
from db.ingest import ALONE, BESIDE_OTHERS, Arrival, StoreSink
from db.store import open_store

MAIL = Recognised("mbox", "mbox", "mail")


@pytest.fixture
def slices(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return how many entries each transaction had."""
    seen: list[int] = []
    land = StoreSink._land

    def noted(self, connection, ready, refused):  # type: ignore[no-untyped-def]
        seen.append(len(ready))
        return land(self, connection, ready, refused)

    monkeypatch.setattr(StoreSink, "_land", noted)
    return seen


def entries(first: int, count: int) -> tuple[Entry, ...]:
    return tuple(
        Entry(f"e{n}", 1_700_000_000_000 + n, content_key="k") for n in range(first, first + count)
    )


def test_an_import_that_is_alone_writes_more_and_more_at_once(
    tmp_path, slices, monkeypatch
) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr("db.ingest.ALONE", replace(ALONE, seconds=1e9))  # on any machine
    store = open_store(str(tmp_path / "a.db"), create=True)
    sink = store.sink(MAIL, "scope", Arrival(0))
    for number in range(5):
        sink.write(Batch(entries(number * 600, 600), cursor=str(number)))
    assert sum(slices) == 3000
    assert slices[0] == ALONE.least
    assert max(slices) > BESIDE_OTHERS.most
    store.close()


def test_an_import_gives_way_after_another_has_written(tmp_path, slices) -> None:  # type: ignore[no-untyped-def]
    store = open_store(str(tmp_path / "a.db"), create=True)
    sink = store.sink(MAIL, "scope", Arrival(0))
    for number in range(4):
        sink.write(Batch(entries(number * 600, 600), cursor=str(number)))
    desk = open_store(str(tmp_path / "a.db"))
    with desk.engine.write() as connection:
        connection.run("insert into own_addresses(kind, value) values('name', 'x')")
    slices.clear()
    sink.write(Batch(entries(9000, 600), cursor="end"))
    assert sum(slices) == 600
    assert max(slices) <= BESIDE_OTHERS.most
    desk.close()
    store.close()
