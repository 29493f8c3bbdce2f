"""From one store's place to another's: where a move may go, and when it is through."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from db.engine.interface import Engine
from db.engine.postgres_url import is_postgres
from db.errors import Refused, Unavailable
from db.keeping.move import Moved, Progress, move
from db.store import Store, open_store

UNFINISHED = ".moving"
_BESIDE = ("-wal", "-shm", ".gate")


def move_store(source_url: str, target_url: str, progress: Progress | None = None) -> Moved:
    """Copy a whole store to a place where there is none; the old one stays as it is.

    An attempt that was interrupted is gone on with when it is made again.

    Raises:
        NoStore: There is nothing to move.
        Refused: There is a store already, or the database is used by something else.
        Unavailable: One of them fails, or somebody worked in the old store meanwhile.
    """
    source = open_store(source_url)
    try:
        if is_postgres(target_url):
            return _to_database(source, target_url, progress)
        path = Path(target_url.removeprefix("sqlite:///")).expanduser()
        return _to_file(source, path, progress)
    finally:
        source.close()


def _to_database(source: Store, url: str, progress: Progress | None) -> Moved:
    from db.store import postgres_engine

    engine = postgres_engine(url)
    from db.schema.migrate_postgres import finish, prepare

    try:
        version = engine.version()
        if version > 0:
            raise Refused(
                f"There is a store at {engine.place} already, so nothing is moved there. "
                "Name an empty database; one is made with: createdb NAME"
            )
        if not version:
            prepare(engine, unfinished=True)
        moved = _moved(source, engine, progress)
        finish(engine)
        return moved
    finally:
        engine.close()


def _to_file(source: Store, path: Path, progress: Progress | None) -> Moved:
    from db.engine.sqlite import SqliteEngine
    from db.schema.migrate import prepare

    if path.exists():
        raise Refused(f"{path} exists already, so nothing is moved there. Name another place.")
    unfinished = path.with_name(path.name + UNFINISHED)
    if not unfinished.exists():
        prepare(unfinished)
    engine = SqliteEngine(unfinished)
    try:
        moved = _moved(source, engine, progress)
    finally:
        engine.close()
    for ending in _BESIDE:
        unfinished.with_name(unfinished.name + ending).unlink(missing_ok=True)
    os.replace(unfinished, path)
    return Moved(moved.source, str(path), moved.tables, moved.sha256, moved.acts, moved.anchor)


def _moved(source: Store, target: Engine, progress: Progress | None) -> Moved:
    _open_log(source)
    source.changed()
    moved = move(source.engine, target, progress)
    if source.changed():
        raise Unavailable(
            f"Somebody worked in {moved.source} while it was moved. Close all desks and do it "
            "again: only what is new is copied then."
        )
    return moved


def _open_log(source: Store) -> None:
    """Let a file have its log, so that a long reading does not stop who writes."""
    if source.engine.name == "sqlite":
        with contextlib.suppress(Unavailable), source.engine.write(durable=False):
            pass
