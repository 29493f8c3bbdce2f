"""A store that is being filled: what checks and orders each row waits until all are there.

Indexes that are made at the end cost a fraction of those that grow with every row, and rows can be
put right in any order while no reference is checked.
"""

from __future__ import annotations

import re
import sqlite3
from typing import TYPE_CHECKING

from db.schema.tables import TABLES

if TYPE_CHECKING:
    from db.engine.interface import Connection, Engine

_INDEX = re.compile(r"create (?:unique )?index (\w+) [^;]+")
_TABLE = re.compile(r"create table (\w+)\((.*?)\n\)", re.DOTALL)
_REFERENCE = re.compile(r"^  (\w+) [^\n]*?references (\w+)\((\w+)\)", re.MULTILINE)
_FOREIGN_KEYS = """
select cast(cast(conrelid as regclass) as text), conname from pg_constraint
where contype = 'f' and connamespace = cast(current_schema() as regnamespace)
"""


def loosen(engine: Engine) -> None:
    """Take indexes and references off, so that rows go in fast and in any order."""
    connection = engine.connection()
    if engine.name == "sqlite":
        raw = _sqlite(connection)
        raw.execute("pragma foreign_keys=off")
        raw.execute("pragma cache_size=-262144")
    with engine.write(durable=False) as writing:
        for name in {**_indexes(TABLES), **_search_indexes(engine)}:
            writing.run(f"drop index if exists {name}")
        if engine.name != "sqlite":
            for table, name in writing.all(_FOREIGN_KEYS):
                writing.run(f"alter table {table} drop constraint {name}")


def tighten(engine: Engine) -> None:
    """Make indexes and references again; what is there already stays.

    Raises:
        Unavailable: A row refers to one that is not there.
    """
    _make(engine, _indexes(TABLES))
    if engine.name == "sqlite":
        _tighten_file(engine)
    else:
        _tighten_database(engine)


def tighten_search(engine: Engine) -> None:
    """Make the indexes of the search tables again."""
    _make(engine, _search_indexes(engine))
    if engine.name != "sqlite":
        engine.connection().run("analyze search_rows")


def _make(engine: Engine, indexes: dict[str, str]) -> None:
    for name, sql in indexes.items():
        with engine.write(durable=False) as writing:
            writing.run(sql.replace(f"index {name}", f"index if not exists {name}", 1))


def _tighten_file(engine: Engine) -> None:
    from db.errors import Unavailable

    raw = _sqlite(engine.connection())
    broken = raw.execute("pragma foreign_key_check").fetchone()
    if broken:
        raise Unavailable(f"A row of {broken[0]} refers to one of {broken[2]} that is not there.")
    raw.execute("pragma foreign_keys=on")
    raw.execute("pragma analysis_limit=1000")
    raw.execute("analyze")


def _tighten_database(engine: Engine) -> None:
    connection = engine.connection()
    there = {table for table, _ in connection.all(_FOREIGN_KEYS)}
    for table, body in _TABLE.findall(TABLES):
        wanted = _REFERENCE.findall(body)
        if wanted and table not in there:
            added = ", ".join(
                f"add foreign key({column}) references {other}({key})"
                for column, other, key in wanted
            )
            with engine.write(durable=False) as writing:
                writing.run(f"alter table {table} {added}")
    connection.run("analyze")


def _search_indexes(engine: Engine) -> dict[str, str]:
    if engine.name == "sqlite":
        return {}
    from db.schema.search_postgres import SEARCH_TABLES

    return _indexes(SEARCH_TABLES)


def _indexes(script: str) -> dict[str, str]:
    """Return the indexes of a schema that are not part of a table, by name."""
    return {found[1]: found[0] for found in _INDEX.finditer(script)}


def _sqlite(connection: Connection) -> sqlite3.Connection:
    raw: sqlite3.Connection = connection.raw  # type: ignore[attr-defined]  # known by its engine
    return raw
