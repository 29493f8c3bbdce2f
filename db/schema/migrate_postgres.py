"""Bring a PostgreSQL database to the schema of this program: one transaction, under a lock.

The lock is the writers' own: two programs that start at the same moment do not race, and a program
that is killed leaves what was there.
"""

from __future__ import annotations

from collections.abc import Sequence

from db.engine.interface import Connection
from db.engine.postgres import PostgresEngine
from db.errors import WrongSchema
from db.schema.search_postgres import SEARCH_TABLES
from db.schema.seeds import seed
from db.schema.tables import TABLES, VIEWS
from db.schema.version import SCHEMA_VERSION, UNFINISHED

_SET_VERSION = "update schema_version set version = :v"
# What leads to each version; the first makes a store.
STEPS: Sequence[tuple[str, ...]] = ((TABLES, VIEWS, SEARCH_TABLES),)


def prepare(engine: PostgresEngine, *, unfinished: bool = False) -> None:
    """Make the tables where there are none, and apply what migrations are pending.

    Args:
        engine: Of the database.
        unfinished: A new store is to be filled before anybody may open it: see `finish`.

    Raises:
        Unavailable: The server is not there, or the role may not make tables.
        WrongSchema: The database is used by something else.
    """
    with engine.write() as connection:
        version = engine.version()
        if not version:
            _refuse_strangers(engine, connection)
        for number, scripts in enumerate(STEPS, 1):
            if number > version:
                _apply(connection, scripts)
                if number == 1:
                    seed(connection)
                    connection.run("insert into schema_version(version) values(0)")
        if version < SCHEMA_VERSION:
            made = UNFINISHED if unfinished and not version else SCHEMA_VERSION
            connection.run(_SET_VERSION, {"v": made})


def finish(engine: PostgresEngine) -> None:
    """Let a store be opened that was filled."""
    with engine.write() as connection:
        connection.run(_SET_VERSION, {"v": SCHEMA_VERSION})


def _apply(connection: Connection, scripts: Sequence[str]) -> None:
    for script in scripts:
        for statement in script.format_map(dict(PostgresEngine.types)).split(";"):
            if statement.strip():
                connection.run(statement)


def _refuse_strangers(engine: PostgresEngine, connection: Connection) -> None:
    """Do not mix our tables with those of another program."""
    tables = connection.value(
        "select count(*) from pg_class where relkind = 'r'"
        " and relnamespace = current_schema()::regnamespace"
    )
    if tables:
        raise WrongSchema(
            f"{engine.place} holds tables of another program. Give Centric a database of its own: "
            "createdb centric"
        )
