"""Bring a backup back: proved first, and the present file is set aside, not lost."""

from __future__ import annotations

import os
import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from db import clock
from db.engine.gate import forget_last_act
from db.engine.sqlite_copy import (
    LOG_SUFFIXES,
    FileState,
    copy_file,
    examine_file,
    remove,
    sync,
    take_alone,
)
from db.errors import Conflict, NotFound, StoreError, Unavailable
from db.frozen import dataclass
from db.keeping.backup import Progress, hash_file, hash_name

if TYPE_CHECKING:
    from db.erase.carry import Erased


@dataclass(frozen=True, slots=True)
class Restored:
    """A backup that was brought back.

    Attributes:
        backup: Its path.
        path: Where the store is.
        set_aside: Where the file is that was there before; empty where there was none.
        hashed: True where the hash beside the backup was there, and right.
        acts: Rows of the journal in it.
        anchor: Hash of the last of them.
        back_again: Customers who were erased since it was made, and are in it.
    """

    backup: str
    path: str
    set_aside: str
    hashed: bool
    acts: int
    anchor: str
    back_again: tuple[int, ...] = ()


def prove(backup: Path) -> tuple[FileState, bool]:
    """Read a backup whole; return what it is, and whether a hash stood beside it.

    Raises:
        NotFound: There is none.
        Unavailable: It is damaged, or its hash is another one.
        WrongSchema: It is not a store, or made by a newer Centric.
    """
    if not backup.is_file():
        raise NotFound(f"There is no backup at {backup}.")
    beside = hash_name(backup)
    if beside.is_file():
        wanted = beside.read_text("utf-8", "replace").split()[:1]
        if wanted != [hash_file(backup)]:
            raise Unavailable(
                f"{backup} is not what was backed up: its SHA-256 differs from {beside.name}. "
                "Take another backup."
            )
    return examine_file(backup, deep=True), beside.is_file()


def restore(
    backup: Path, store: Path, *, force: bool = False, progress: Progress | None = None
) -> Restored:
    """Put a backup in the place of a store.

    Args:
        backup: As `db.keeping.backup.back_up` made it; it stays.
        store: Where to; a file that is there is set aside under another name.
        force: Also where somebody has the store open; what they write from then on goes to the
            file that was set aside.
        progress: Told how many bytes are done.

    Raises:
        NotFound: There is no such backup.
        Unavailable: It is damaged, or cannot be copied.
        Conflict: Somebody has the store open.
    """
    backup, store = backup.expanduser(), store.expanduser()
    state, hashed = prove(backup)
    there = store.exists()
    if there and store.samefile(backup):
        raise Conflict(f"{backup} is the store itself: name a backup of it.")
    if not there:
        store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = store.with_name(store.name + ".part")
    remove(part)
    mode = store.stat().st_mode & 0o660 if there else 0o600
    erased = _erased(store) if there else None
    copy_file(backup, part, mode, progress, still=True)
    try:
        _keep_group(store, part)
        if there:
            _leave(store, force)
        set_aside = _set_aside(store) if there else None
        forget_last_act(store)
        os.replace(part, store)
    except BaseException:
        remove(part)
        raise
    sync(store.parent)
    return Restored(
        backup=str(backup),
        path=str(store),
        set_aside=str(set_aside or ""),
        hashed=hashed,
        acts=state.acts,
        anchor=state.anchor,
        back_again=_bring_in(store, erased) if erased else (),
    )


def _erased(store: Path) -> Erased | None:
    """Return what the present store knows of erases; None where it cannot be read."""
    from db.erase.carry import take_along
    from db.store import open_store

    try:
        present = open_store(str(store))
    except StoreError:
        return None
    try:
        return present.ask(take_along)
    except (StoreError, sqlite3.Error):
        return None
    finally:
        present.close()


def _bring_in(store: Path, erased: Erased) -> tuple[int, ...]:
    from db.erase.carry import bring_in
    from db.store import open_store

    restored = open_store(str(store))
    try:
        return bring_in(restored.engine, erased)
    finally:
        restored.close()


def _leave(store: Path, force: bool) -> None:
    """Make sure that nobody uses the present file; a damaged one is left as it is."""
    try:
        alone = take_alone(store)
    except Unavailable:
        return
    if not alone and not force:
        raise Conflict(
            f"Somebody has {store} open. Close every desk and import, and restore again "
            "(--force restores all the same: what they still write goes to the file set aside)."
        )


def _set_aside(store: Path) -> Path:
    """Give the present file, with its log, another name."""
    stamp = datetime.fromtimestamp(clock.now() / 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    aside, number = store.with_name(f"{store.name}.before-{stamp}"), 2
    while aside.exists():
        aside = store.with_name(f"{store.name}.before-{stamp}-{number}")
        number += 1
    # A log that stayed beside the new file would be played into it.
    for suffix in LOG_SUFFIXES:
        log = store.with_name(store.name + suffix)
        if log.exists():
            os.replace(log, aside.with_name(aside.name + suffix))
    os.link(store, aside)
    return aside


def _keep_group(store: Path, part: Path) -> None:
    if store.exists() and store.stat().st_gid != part.stat().st_gid:
        try:
            shutil.chown(part, group=store.stat().st_gid)
        except OSError:
            part.chmod(0o600)  # not readable by a group that it was not meant for
