"""Both engines for the tests of the store: empty stores, copies of a store, a look from outside."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Protocol

from db.engine.interface import Connection
from db.store import Store, open_store
from tests.servers.postgres import PostgresServer

ENGINES = ("sqlite", "postgresql")


class Places(Protocol):
    """Where an engine's stores are made."""

    name: str

    def empty(self) -> Store:
        """Return an empty store of its own."""
        ...

    def kept(self, key: str, fill: Callable[[Store], None]) -> str:
        """Return a place to copy from, filled once for each key."""
        ...

    def copy(self, kept: str) -> Store:
        """Return a store that is a copy of what is kept there."""
        ...

    def look(self, kept: str) -> Store:
        """Open what is kept there, for tests that only read; the caller closes it."""
        ...

    def remove(self, store: Store) -> None:
        """Remove a store that was handed out, before the test ends."""
        ...

    def close(self) -> None:
        """Remove everything that was handed out."""
        ...


class Files:
    """SQLite stores in a folder."""

    name = "sqlite"

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._numbers = count(1)
        self._made: list[Store] = []
        self._kept: dict[str, str] = {}

    def empty(self) -> Store:
        """Copy an empty file: it saves the migrations (50 ms)."""
        return self.copy(self.kept("empty", lambda store: None))

    def kept(self, key: str, fill: Callable[[Store], None]) -> str:
        """Fill a file once."""
        if key not in self._kept:
            path = self._folder / f"kept-{len(self._kept)}.db"
            store = open_store(str(path), create=True)
            fill(store)
            store.close()
            self._kept[key] = str(path)
        return self._kept[key]

    def copy(self, kept: str) -> Store:
        """Copy a file; nobody has it open."""
        folder = self._folder / str(next(self._numbers))
        folder.mkdir()
        shutil.copy(kept, folder / "centric.db")
        store = open_store(str(folder / "centric.db"))
        self._made.append(store)
        return store

    def look(self, kept: str) -> Store:
        """Open the file itself."""
        return open_store(kept)

    def remove(self, store: Store) -> None:
        """Close a store and remove its file."""
        store.close()
        self._made.remove(store)
        shutil.rmtree(Path(store.url).parent)

    def close(self) -> None:
        """Close the stores that were handed out; pytest removes the files."""
        for store in self._made:
            store.close()
        self._made.clear()


class Databases:
    """PostgreSQL stores, each a database."""

    name = "postgresql"

    def __init__(self, server: PostgresServer) -> None:
        self._server = server
        self._made: list[Store] = []

    def empty(self) -> Store:
        """Copy an empty database."""
        return self.copy(self.kept("empty", lambda store: None))

    def kept(self, key: str, fill: Callable[[Store], None]) -> str:
        """Fill a database once."""

        def make(url: str) -> None:
            store = open_store(url, create=True)
            fill(store)
            store.close()

        return self._server.template(key, make)

    def copy(self, kept: str) -> Store:
        """Copy a database; nobody is connected to it."""
        store = open_store(self._server.database(kept))
        self._made.append(store)
        return store

    def look(self, kept: str) -> Store:
        """Open the database itself; while it is open nobody can copy it."""
        return open_store(self._server.url(kept))

    def remove(self, store: Store) -> None:
        """Close a store and drop its database."""
        store.close()
        self._made.remove(store)
        self._server.drop(store.url)

    def close(self) -> None:
        """Remove the databases that were handed out."""
        for store in list(self._made):
            self.remove(store)


def columns_of(store: Store, table: str) -> list[str]:
    """Return the names of a table's columns, in order."""
    if store.engine.name == "sqlite":
        rows = store.ask(lambda c: c.all(f"pragma table_info({table})"))
        return [row[1] for row in rows]
    rows = store.ask(
        lambda c: c.all(
            "select column_name from information_schema.columns where table_name = :table"
            " order by ordinal_position",
            {"table": table},
        )
    )
    return [row[0] for row in rows]


def row_of(store: Store, table: str, number: int) -> dict[str, Any]:
    """Return a row by its id, with the names of its columns."""
    row = store.ask(lambda c: c.one(f"select * from {table} where id = :id", {"id": number}))
    assert row is not None
    return dict(zip(columns_of(store, table), row, strict=True))


def postings(store: Store) -> list[tuple[Any, ...]]:
    """Return everything in the search index: every word with its places."""
    if store.engine.name != "sqlite":
        return store.ask(
            lambda c: c.all("select id, cast(words as text) from search_rows order by id")
        )
    connection = sqlite3.connect(store.url)
    connection.execute("create virtual table temp.postings using fts5vocab(main, search, instance)")
    rows = connection.execute("select term, doc, col, offset from temp.postings").fetchall()
    connection.close()
    return sorted(rows)


def keys_of(store: Store) -> list[tuple[Any, ...]]:
    """Return every key of the customer finder with who stands under it."""
    if store.engine.name != "sqlite":
        sql = (
            "select unnest(tsvector_to_array(keys)) as key, customer_id from customer_keys"
            " order by 1, 2"
        )
        return store.ask(lambda c: c.all(sql))
    connection = sqlite3.connect(store.url)
    connection.execute(
        "create virtual table temp.kept using fts5vocab(main, customer_keys, instance)"
    )
    rows = connection.execute("select term, doc from temp.kept").fetchall()
    connection.close()
    return sorted(rows)


def writes_so_far(store: Store, connection: Connection) -> Any:
    """Return what differs after a connection has written a row in its transaction."""
    if store.engine.name == "sqlite":
        return connection.value("select total_changes()")
    return connection.value("select pg_current_xact_id_if_assigned()")


def alter(store: Store, sql: str, *params: Any) -> int:
    """Write past every door, as an intruder would; return how many rows that touched."""
    if store.engine.name == "sqlite":
        connection = sqlite3.connect(store.url)
        touched = connection.execute(sql, params).rowcount
        connection.commit()
        connection.close()
        return touched
    import psycopg

    with psycopg.connect(store.url) as other:
        return other.execute(sql.replace("?", "%s").encode(), params).rowcount
