"""Whole files of SQLite: copied while others write, read without trust, taken out of use.

A file is never copied with ``cp``: without its log, 0 of 500 rows were there, and
``integrity_check`` said ok. The copy is made of one snapshot: a read transaction stands behind it,
so that writers go on and it does not begin anew after each of their commits.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from db.errors import Unavailable, WrongSchema
from db.frozen import dataclass
from db.schema.version import APPLICATION_ID, SCHEMA_VERSION

COPY_PAGES = 2_048  # 8 MiB at a time: often enough to tell how far it is
FAULTS_SHOWN = 20
LOG_SUFFIXES = ("-wal", "-shm", "-journal")
_STILL = "ro&immutable=1"

Progress = Callable[[int, int], None]
"""Takes the bytes that are done, and all of them."""


@dataclass(frozen=True, slots=True)
class FileState:
    """What a file was found to be.

    Attributes:
        version: Of the schema.
        acts: Rows of the journal.
        anchor: Hash of the last of them, hexadecimal.
    """

    version: int
    acts: int
    anchor: str


def copy_file(
    source: Path, target: Path, mode: int, progress: Progress | None = None, *, still: bool = False
) -> None:
    """Copy a store into a new file that is whole by itself, synced to the disk.

    Args:
        source: May be read and written meanwhile.
        target: Must not be there; removed again where the copy fails.
        mode: Permissions of the new file.
        progress: Told now and then.
        still: The source is a backup: nobody writes it, and it may lie where nobody can.

    Raises:
        Unavailable: The source cannot be read, or the target not be written.
    """
    try:
        descriptor = os.open(target, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, mode)
        os.fchmod(descriptor, mode)
        os.close(descriptor)
    except OSError as error:
        raise Unavailable(f"{target} cannot be written: {error.strerror}.") from error
    try:
        _copy(source, target, progress, _STILL if still else "rw")
        sync(target)
        sync(target.parent)
    except (sqlite3.Error, OSError) as error:
        remove(target)
        raise Unavailable(f"{source} could not be copied to {target}: {error}.") from error
    except BaseException:
        remove(target)
        raise


def _copy(source: Path, target: Path, progress: Progress | None, how: str) -> None:
    with (
        contextlib.closing(_connect(source, how)) as reading,
        contextlib.closing(_connect(target)) as writing,
    ):
        page_bytes = int(reading.execute("pragma page_size").fetchone()[0])
        writing.execute("pragma synchronous=off")  # the whole file is synced at the end

        def tell(_status: int, left: int, total: int) -> None:
            if progress is not None:
                progress((total - left) * page_bytes, total * page_bytes)

        reading.execute("begin")
        reading.execute("select count(*) from sqlite_schema").fetchone()
        reading.backup(writing, pages=COPY_PAGES, progress=tell, sleep=0)
        reading.execute("rollback")
        # One file and nothing beside it: it can be read from a medium that takes no writes.
        writing.execute("pragma journal_mode=delete")


def examine_file(path: Path, *, deep: bool = False) -> FileState:
    """Read a whole file that nobody writes, and say what it is.

    Args:
        path: Of a file without a log.
        deep: Compare every index with its table, which takes twice as long.

    Raises:
        Unavailable: It is damaged, or cannot be read.
        WrongSchema: It is not a store, or made by a newer Centric.
    """
    check = "integrity_check" if deep else "quick_check"
    try:
        with contextlib.closing(_connect(path, _STILL)) as raw:
            application = raw.execute("pragma application_id").fetchone()[0]
            version = int(raw.execute("pragma user_version").fetchone()[0])
            if application != APPLICATION_ID:
                raise WrongSchema(f"{path} is not a Centric store.")
            if version > SCHEMA_VERSION:
                raise WrongSchema(
                    f"{path} was made by a newer Centric (schema {version}, this one knows "
                    f"{SCHEMA_VERSION}). Update Centric first."
                )
            rows = raw.execute(f"pragma {check}({FAULTS_SHOWN})").fetchall()
            faults = [str(row[0]) for row in rows if row[0] != "ok"]
            last = raw.execute("select seq, hash from journal order by seq desc limit 1").fetchone()
    except sqlite3.Error as error:
        raise Unavailable(f"{path} is damaged: {error}.") from error
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise Unavailable(f"{path} is damaged: {faults[0]}{more}.")
    return FileState(version, last[0], last[1].hex()) if last else FileState(version, 0, "")


def take_alone(path: Path) -> bool:
    """Bring everything into the one file, if nobody else has it open; say whether that was so.

    Raises:
        Unavailable: It cannot be read: it is damaged, or not a database.
    """
    try:
        with contextlib.closing(_connect(path)) as raw:
            raw.execute("pragma busy_timeout=500")
            mode = raw.execute("pragma journal_mode=delete").fetchone()[0]
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            return False
        raise Unavailable(f"{path} cannot be read: {error}.") from error
    except sqlite3.Error as error:
        raise Unavailable(f"{path} cannot be read: {error}.") from error
    return str(mode) == "delete"


def remove(path: Path) -> None:
    """Remove a file with what stands beside it, where it is there."""
    for name in (path, *(path.with_name(path.name + suffix) for suffix in LOG_SUFFIXES)):
        name.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Bring a file, or the names in a folder, to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: Path, how: str = "rw") -> sqlite3.Connection:
    name = quote(str(path.absolute()))
    return sqlite3.connect(f"file:{name}?mode={how}", uri=True, isolation_level=None, timeout=10)
