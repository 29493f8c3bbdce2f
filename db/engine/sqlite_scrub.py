"""SQLite: leave no copy of what was deleted in the file, its search index and its log."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from db.errors import Unavailable

if TYPE_CHECKING:
    from db.engine.interface import Engine

MERGE_PAGES = 64  # for each transaction: a few milliseconds, so that agents do not wait
LOG_SECONDS = 10.0  # that readers are waited for
_INDEXES = ("search", "customer_keys")


def merge_index(engine: Engine) -> None:
    """Merge the segments of each index into one, in short transactions.

    What was deleted is dropped when the segment that holds it is merged with the one that deletes
    it; a merge of negative size merges everything (FTS5, section 6.8).
    """
    for table in _INDEXES:
        pages = -MERGE_PAGES
        while _merge_some(engine, table, pages):
            pages = MERGE_PAGES


def _merge_some(engine: Engine, table: str, pages: int) -> bool:
    with engine.write() as connection:
        raw: sqlite3.Connection = connection.raw  # type: ignore[attr-defined]  # of this engine
        before = raw.total_changes
        # The name is one of the two above.
        connection.run(
            f"insert into {table}({table}, rank) values('merge', :pages)",
            {"pages": pages},
        )
        return raw.total_changes - before >= 2


def write_anew(engine: Engine) -> bool:
    """Write the whole file anew, without what lies in its gaps; others wait meanwhile.

    Returns:
        False where somebody else had it locked.
    """
    raw: sqlite3.Connection = engine.connection().raw  # type: ignore[attr-defined]  # of this engine
    try:
        raw.execute("vacuum")
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            return False
        raise Unavailable(f"{engine.place} could not be written anew: {error}.") from error
    return True


def empty_log(engine: Engine) -> bool:
    """Bring the log into the file and cut it to nothing; say whether no reader held it."""
    raw: sqlite3.Connection = engine.connection().raw  # type: ignore[attr-defined]  # of this engine
    patience = raw.execute("pragma busy_timeout").fetchone()[0]
    raw.execute(f"pragma busy_timeout={int(LOG_SECONDS * 1000)}")
    try:
        busy = raw.execute("pragma wal_checkpoint(truncate)").fetchone()[0]
    finally:
        raw.execute(f"pragma busy_timeout={patience}")
    return not busy
