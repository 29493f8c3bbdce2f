"""SQLite: read every page and every index, and every key that points to another row."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.engine.interface import Engine

FAULTS_SHOWN = 20


def check_all(engine: Engine) -> tuple[str, ...]:
    """Return what is wrong with the file, in SQLite's words; empty when it is whole.

    Twice the work of ``quick_check``: each index is compared with its table.
    """
    raw: sqlite3.Connection = engine.connection().raw  # type: ignore[attr-defined]  # of this engine
    try:
        found = raw.execute(f"pragma integrity_check({FAULTS_SHOWN})").fetchall()
        lost = raw.execute("pragma foreign_key_check").fetchmany(FAULTS_SHOWN)
    except sqlite3.DatabaseError as error:
        return (str(error),)
    faults = [str(row[0]) for row in found if row[0] != "ok"]
    faults += [f"A row of {table} points to a row of {parent} that is not there."
               for table, _row, parent, _key in lost]  # fmt: skip
    return tuple(faults)
