"""The page ``docs/schema.md``: views and tables, read from a new store."""

from __future__ import annotations

import sqlite3

from db.engine.sqlite import SqliteEngine
from db.schema.search import SEARCH_TABLES
from db.schema.tables import TABLES, VIEWS
from db.schema.version import SCHEMA_VERSION

_INTRODUCTION = f"""# The store, version {SCHEMA_VERSION}

*Generated from the schema; do not edit. `make docs` writes it anew.*

A store is one SQLite file. It can be read with anything that reads SQLite, also while desks are
open on it: `sqlite-utils`, Datasette, DuckDB, the `sqlite3` shell. The **views** are a public
interface and stay; the **tables** may change with a migration. Times are UTC milliseconds,
booleans 0 or 1, enumerations the words of the product. Texts are kept apart from their rows, and
long ones compressed (`entry_texts`); `centric find` and `centric show` print them.

Read as you like; write only through `centric do`, which keeps counters, search index and journal
right.
"""


def _connection() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for script in (TABLES, VIEWS, SEARCH_TABLES):
        connection.executescript(script.format_map(dict(SqliteEngine.types)))
    return connection


def reference() -> str:
    """Return the page."""
    connection = _connection()
    rows = connection.execute(
        "select type, name, sql from sqlite_master where sql is not null"
        " and name not like 'search\\_%' escape '\\' order by rowid"
    ).fetchall()
    parts = [_INTRODUCTION, "\n## Views\n"]
    for kind, name, _ in rows:
        if kind == "view":
            columns = [row[0] for row in connection.execute(f'select * from "{name}"').description]  # noqa: S608  # a name of our own schema
            parts.append(
                f"\n### {name}\n\n" + ", ".join(f"`{column}`" for column in columns) + "\n"
            )
    parts.append("\n## Tables\n")
    for kind, _, sql in rows:
        if kind == "table":
            parts.append(f"\n```sql\n{sql};\n```\n")
    parts.append("\n## Indexes\n\n```sql\n")
    parts.extend(f"{sql};\n" for kind, _, sql in rows if kind == "index")
    parts.append("```\n")
    return "".join(parts)
