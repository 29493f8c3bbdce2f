"""Make a backup while everyone works, prove it, and let the oldest ones go.

A backup is one file that any Centric of the same schema, and any SQLite, can open, with its SHA-256
beside it as ``sha256sum`` writes and checks it.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from db import clock
from db.engine.interface import Engine
from db.errors import Refused, Unavailable
from db.frozen import dataclass

HASH_BYTES = 1 << 20
HASH_SUFFIX = ".sha256"
_STAMP = "%Y%m%dT%H%M%SZ"

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made.

    Attributes:
        size: Bytes.
        acts: Rows of the journal in it.
        anchor: Hash of the last of them: kept elsewhere, it proves that nothing was rewritten.
        removed: Paths of older backups that were let go.
        same_disk: True where it lies on the same disk as the store.
    """

    path: str
    size: int
    sha256: str
    at: int
    acts: int
    anchor: str
    removed: tuple[str, ...] = ()
    same_disk: bool = False


def usual_folder(store: Path) -> Path:
    """Return where backups of a store lie when nobody says otherwise."""
    return store.with_name(f"{store.stem}-backups")


def back_up(
    engine: Engine, folder: Path | None = None, *, keep: int = 0, progress: Progress | None = None
) -> Backup:
    """Copy a store, prove the copy, and write its hash beside it.

    Args:
        engine: Of the store; others may write to it meanwhile.
        folder: Where to; made where there is none. None for `usual_folder`.
        keep: Let older backups of this store go until so many are left; 0 lets none go.
        progress: Told how many bytes are done.

    Raises:
        Refused: The store is not a file.
        Unavailable: It cannot be copied, or what was copied is damaged.
    """
    from db.engine.sqlite_copy import copy_file, examine_file, remove

    store = store_file(engine, "backup")
    folder = (folder or usual_folder(store)).expanduser()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be made: {error.strerror}.") from error
    at = clock.now()
    path = _free_name(folder, store.stem, at)
    part = path.with_name(path.name + ".part")
    remove(part)
    mode = store.stat().st_mode & 0o660
    copy_file(store, part, mode, progress)
    try:
        state = examine_file(part)
        sha256 = hash_file(part)
        _write_hash(path, sha256, mode)
        os.replace(part, path)
    except BaseException:
        remove(part)
        hash_name(path).unlink(missing_ok=True)
        raise
    removed = _let_go(folder, store.stem, keep) if keep else ()
    return Backup(
        path=str(path),
        size=path.stat().st_size,
        sha256=sha256,
        at=at,
        acts=state.acts,
        anchor=state.anchor,
        removed=removed,
        same_disk=path.stat().st_dev == store.stat().st_dev,
    )


def store_file(engine: Engine, what: str) -> Path:
    """Return the file of a store.

    Raises:
        Refused: It is in a database server, which has tools of its own.
    """
    if engine.name != "sqlite":
        tool = {
            "backup": "pg_dump --format=custom --file=centric.dump DATABASE",
            "restore": "pg_restore --clean --if-exists --dbname=DATABASE centric.dump",
        }[what]
        raise Refused(f"{engine.place} is kept by PostgreSQL, and so is its {what}: use {tool}.")
    return Path(engine.place)


def listed(folder: Path, stem: str) -> list[Path]:
    """Return the backups of a store in a folder, the oldest first."""
    pattern = re.compile(re.escape(stem) + r"-\d{8}T\d{6}Z(-\d+)?\.db")
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if pattern.fullmatch(path.name))


def hash_name(path: Path) -> Path:
    """Return where the hash of a backup stands."""
    return path.with_name(path.name + HASH_SUFFIX)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(HASH_BYTES):
            digest.update(block)
    return digest.hexdigest()


def _free_name(folder: Path, stem: str, at: int) -> Path:
    stamp = datetime.fromtimestamp(at / 1000, UTC).strftime(_STAMP)
    path = folder / f"{stem}-{stamp}.db"
    number = 2
    while path.exists():
        path = folder / f"{stem}-{stamp}-{number}.db"
        number += 1
    return path


def _write_hash(path: Path, sha256: str, mode: int) -> None:
    """Write the hash before the backup gets its name: what has the name is proved."""
    from db.engine.sqlite_copy import sync

    name = hash_name(path)
    descriptor = os.open(name, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(f"{sha256}  {path.name}\n")
    sync(name)


def _let_go(folder: Path, stem: str, keep: int) -> tuple[str, ...]:
    removed = []
    for path in listed(folder, stem)[:-keep]:
        path.unlink(missing_ok=True)
        hash_name(path).unlink(missing_ok=True)
        removed.append(str(path))
    return tuple(removed)
