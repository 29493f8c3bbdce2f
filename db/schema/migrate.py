"""Bring a store file to the schema of this program, with sqlite-utils' migrations.

The whole run is one ``BEGIN IMMEDIATE`` transaction: two programs that start at the same moment
do not race (measured: without it 10 of 15 starts failed), and a kill leaves the old file.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from db.engine.sqlite import BUSY_MILLISECONDS, Connection, SqliteEngine, create
from db.errors import Unavailable
from db.schema.search import SEARCH_TABLES
from db.schema.seeds import seed
from db.schema.tables import TABLES, VIEWS
from db.schema.version import APPLICATION_ID, SCHEMA_VERSION

migrations = Migrations("centric")


@migrations()
def m0001_store(db: Database) -> None:
    """Make the tables, views, search index and shipped queues."""
    for script in (TABLES, VIEWS, SEARCH_TABLES):
        for statement in script.format_map(dict(SqliteEngine.types)).split(";"):
            if statement.strip():
                db.conn.execute(statement)
    seed(Connection(db.conn))


def prepare(path: Path, *, team: bool = False) -> None:
    """Create the file where there is none, and apply what migrations are pending.

    Raises:
        Unavailable: The file cannot be made, opened or migrated.
    """
    if not path.exists():
        create(path, team=team)
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_MILLISECONDS / 1000)
    try:
        connection.execute("pragma journal_mode=wal")
        connection.execute("pragma synchronous=full")
        connection.execute("begin immediate")
        migrations.apply(Database(connection))
        connection.execute(f"pragma application_id={APPLICATION_ID}")
        connection.execute(f"pragma user_version={SCHEMA_VERSION}")
        connection.execute("commit")
    except sqlite3.Error as error:
        if connection.in_transaction:
            connection.execute("rollback")
        raise Unavailable(
            f"{path} could not be brought to schema {SCHEMA_VERSION}: {error}."
        ) from error
    finally:
        connection.close()
