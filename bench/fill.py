"""Stores for the benches: the large demo store, kept in ``bench/data`` or a PostgreSQL database."""

from __future__ import annotations

import time
from pathlib import Path

from console.demo.large import build_large
from db.store import Store, open_store

NOW = 1_780_000_000_000  # UTC milliseconds: in May 2026
SEED = 1


def filled(place: str, entries: int) -> Store:
    """Return a store with that many entries, filling it where there is none.

    Args:
        place: A path, or the URL of a database.
        entries: How many.
    """
    if "://" not in place:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
    store = open_store(place, create=True)
    if store.ask(lambda connection: connection.value("select 1 from entries limit 1")):
        return store
    began, began_cpu = time.perf_counter(), time.process_time()
    build_large(store, entries, SEED, NOW)
    print(
        f"{store.engine.name}, {entries:,} entries: filled in {time.perf_counter() - began:.0f} s,"
        f" {time.process_time() - began_cpu:.0f} s CPU, {store.engine.size() >> 20} MB",
        flush=True,
    )
    return store
