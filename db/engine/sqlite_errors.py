"""What SQLite could not do, as a sentence with the next step."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from db.errors import Unavailable

_READONLY_MOVED = sqlite3.SQLITE_READONLY_DBMOVED


def primary_code(error: sqlite3.Error) -> int:
    """Return the class of an error; 0 where the driver itself raised it."""
    return int(getattr(error, "sqlite_errorcode", 0) or 0) & 0xFF


def unavailable(path: Path, error: sqlite3.Error) -> Unavailable | None:
    """Return what to say of an error of the file, the disk or a lock; None for a mistake of ours.

    Args:
        path: Of the store.
        error: As SQLite raised it.
    """
    sentence = _SENTENCES.get(primary_code(error))
    if getattr(error, "sqlite_errorcode", 0) == _READONLY_MOVED:
        sentence = REPLACED
    return Unavailable(sentence.format(path=path, error=error)) if sentence else None


REPLACED = (
    "{path} was replaced, moved or removed while it was open; nothing more is written. Leave, "
    "and open it again."
)
_DAMAGED = (
    "{path} is damaged ({error}). Leave every desk, keep the file, look at it with: centric "
    "doctor, and go back to the last backup: centric restore BACKUP"
)
_SENTENCES: dict[int, str] = {
    sqlite3.SQLITE_FULL: (
        "The disk that holds {path} is full; nothing was changed. Free some space and try again."
    ),
    sqlite3.SQLITE_READONLY: (
        "{path} cannot be written: the file, its folder or its disk is read-only for you. Ask who "
        "owns it; the members of its group may write where it was made with: centric team create"
    ),
    sqlite3.SQLITE_BUSY: (
        "{path} stayed locked by another program for 10 seconds; nothing was changed. Try again."
    ),
    sqlite3.SQLITE_LOCKED: "{path} is locked; nothing was changed. Try again.",
    sqlite3.SQLITE_PROTOCOL: "{path} is being locked over and over; try again.",
    sqlite3.SQLITE_IOERR: (
        "The disk that holds {path} failed ({error}); nothing was changed. Look at the disk, make "
        "a backup elsewhere, and try again."
    ),
    sqlite3.SQLITE_CANTOPEN: (
        "{path} cannot be opened: it or its folder is not readable and writable for you, or no "
        "more files can be opened."
    ),
    sqlite3.SQLITE_PERM: "{path} may not be opened by you.",
    sqlite3.SQLITE_NOMEM: "There is not enough memory for {path}; nothing was changed.",
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}
