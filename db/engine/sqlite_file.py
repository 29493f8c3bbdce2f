"""What a file is, read from its first bytes before SQLite opens it.

SQLite takes an empty file for a new database, and a file without its log for a whole one. A team
that lost a file, or half of it, must hear that instead.
"""

from __future__ import annotations

import struct
from pathlib import Path

from db.errors import NoStore, StoreError, Unavailable, WrongSchema
from db.frozen import dataclass
from db.schema.version import APPLICATION_ID, SCHEMA_VERSION

HEAD_BYTES = 100
_MAGIC = b"SQLite format 3\0"
_RESTORE = "Restore the last backup: centric restore BACKUP"


@dataclass(frozen=True, slots=True)
class FileHead:
    """The head of a database file (https://sqlite.org/fileformat.html).

    Attributes:
        page_bytes: Of a page.
        pages: In the file, when it was last brought up to date.
        logged: True where what is newer is in a log beside it (``-wal``).
        application: Whose file it is.
        version: Of the schema.
    """

    page_bytes: int
    pages: int
    logged: bool
    application: int
    version: int


def read_head(path: Path) -> FileHead:
    """Read what a store file is.

    Raises:
        NoStore: There is none.
        Unavailable: It cannot be read, is empty, or its end is missing.
        WrongSchema: It is something else.
    """
    try:
        with path.open("rb") as file:
            data = file.read(HEAD_BYTES)
            size = file.seek(0, 2)
    except FileNotFoundError as error:
        raise NoStore(
            f"There is no store at {path}. Create one with: centric import FILE"
        ) from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be read: {error.strerror}.") from error
    logged = log_bytes(path)
    if not data and not logged:
        raise Unavailable(
            f"{path} is empty: what was in it is gone, or it was never a store. {_RESTORE}, or "
            "remove it to begin anew."
        )
    if not data.startswith(_MAGIC) or len(data) < HEAD_BYTES:
        raise WrongSchema(f"{path} is not a Centric store. Name another one with --store.")
    page = struct.unpack_from(">H", data, 16)[0]
    pages, version, application = (struct.unpack_from(">I", data, at)[0] for at in (28, 60, 68))
    head = FileHead(65_536 if page == 1 else page, pages, data[19] == 2, application, version)
    missing = head.pages * head.page_bytes - size
    if missing > 0 and not logged:
        raise Unavailable(
            f"{path} is cut off: {missing:,} of {missing + size:,} bytes are missing. {_RESTORE}"
        )
    return head


def log_bytes(path: Path) -> int:
    """Return how large the log beside a store is; 0 where there is none."""
    try:
        return path.with_name(path.name + "-wal").stat().st_size
    except OSError:
        return 0


def check_ours(path: Path, application: int, version: int) -> None:
    """Refuse a file that is not ours, or newer than this program.

    Raises:
        WrongSchema: It is.
    """
    if application != APPLICATION_ID:
        raise WrongSchema(f"{path} is not a Centric store. Name another one with --store.")
    if version > SCHEMA_VERSION:
        raise WrongSchema(
            f"{path} was made by a newer Centric: it has schema {version}, this one knows "
            f"{SCHEMA_VERSION}. Update Centric here to one that knows schema {version}."
        )


def log_is_missing(path: Path) -> StoreError:
    """Return what to say of a file that was copied without its log."""
    return Unavailable(
        f"{path} was in use when it was copied, and its log ({path.name}-wal) is not beside it: "
        "the last acts are not in it. Copy a store with: centric backup. To go on with what is in "
        "this file: centric doctor --accept"
    )


def act_is_missing(path: Path, seq: int) -> StoreError:
    """Return what to say of a file in which an act is missing that was done on it."""
    return Unavailable(
        f"{path} is older than what was done on it, or another file: act {seq:,} is missing. Its "
        f"log ({path.name}-wal) was removed, or a copy was put in its place. Put the right file "
        "back, or go on with this one: centric doctor --accept"
    )
