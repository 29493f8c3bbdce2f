"""Make a store file, or bring an old one to the schema of this program, with sqlite-utils.

A new file is made whole under another name and then given its own: who kills us leaves no half of a
store. An old one is changed in one ``BEGIN IMMEDIATE`` transaction, with a backup before it: two
programs that start at the same moment do not race (measured: without it 10 of 15 starts failed),
and a kill leaves the old file, so that the next start begins again.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from pathlib import Path

from sqlite_utils import Database, Migrations

from db.engine.gate import Gate
from db.engine.machine import program
from db.engine.sqlite import BUSY_MILLISECONDS, SqliteEngine, connect, create
from db.engine.sqlite_connection import Connection
from db.engine.sqlite_copy import copy_file, examine_file, remove, sync
from db.engine.sqlite_errors import unavailable
from db.engine.sqlite_file import check_ours
from db.errors import StoreError, Unavailable
from db.keeping.backup import usual_folder
from db.schema.search import SEARCH_TABLES
from db.schema.seeds import seed
from db.schema.tables import TABLES, VIEWS
from db.schema.version import APPLICATION_ID, SCHEMA_VERSION

LEFT_OVER_SECONDS = 3600.0

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
        WrongSchema: It is not ours, or newer.
    """
    if path.exists():
        _migrate(path)
    else:
        _make(path, team)


def _make(path: Path, team: bool) -> None:
    """Make a store under another name, bring it to the disk, and give it its name."""
    fresh = path.with_name(f".{path.name}.new-{program()}")
    _clear_left_overs(path)
    create(fresh, team=team)
    try:
        with contextlib.closing(connect(fresh)) as raw:
            raw.execute("begin immediate")
            _apply(raw)
            raw.execute("commit")
        sync(fresh)
        try:
            os.link(fresh, path)
        except FileExistsError:
            return  # another program was first; its store is as good
        except OSError:  # a disk without hard links
            os.rename(fresh, path)
        sync(path.parent)
    except sqlite3.Error as error:
        raise unavailable(path, error) or _failed(path, error) from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be created: {error.strerror}.") from error
    finally:
        remove(fresh)


def _clear_left_overs(path: Path) -> None:
    """Remove what a killed program left when it made this store."""
    with contextlib.suppress(OSError):
        for left in path.parent.glob(f".{path.name}.new-*"):
            if time.time() - left.stat().st_mtime > LEFT_OVER_SECONDS:
                left.unlink(missing_ok=True)


def _migrate(path: Path) -> None:
    """Change an old store; other writers wait, and find it changed."""
    gate = Gate(path)
    entered = gate.enter(BUSY_MILLISECONDS / 1000)
    try:
        with contextlib.closing(connect(path)) as raw:
            raw.execute("begin immediate")
            version = raw.execute("pragma user_version").fetchone()[0]
            check_ours(path, raw.execute("pragma application_id").fetchone()[0], version)
            if version < SCHEMA_VERSION:
                _keep_copy(path, version)
                _apply(raw)
            raw.execute("commit")
    except sqlite3.Error as error:
        raise unavailable(path, error) or _failed(path, error) from error
    except StoreError as error:
        raise type(error)(f"{error} The store was not changed.") from error
    finally:
        if entered:
            gate.leave()
        gate.close()


def _apply(raw: sqlite3.Connection) -> None:
    migrations.apply(Database(raw))
    raw.execute(f"pragma application_id={APPLICATION_ID}")
    raw.execute(f"pragma user_version={SCHEMA_VERSION}")


def _keep_copy(path: Path, version: int) -> None:
    """Copy the store as it is, proved, before it is changed; one copy for each schema."""
    folder = usual_folder(path)
    kept = folder / f"{path.stem}-schema-{version}.db"
    part = kept.with_name(kept.name + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be made: {error.strerror}.") from error
    remove(part)
    copy_file(path, part, path.stat().st_mode & 0o660)
    try:
        examine_file(part)
        os.replace(part, kept)
    except BaseException:
        remove(part)
        raise
    sync(folder)


def _failed(path: Path, error: sqlite3.Error) -> Unavailable:
    return Unavailable(f"{path} could not be brought to schema {SCHEMA_VERSION}: {error}.")
