"""One machine at a time: the rule for a store on a network share.

Whether locks hold between machines cannot be seen from one of them, so each that writes says so in
the table ``sessions``, and while it does no other machine is let in.
"""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from db import clock
from db.engine.machine import host, machine, program
from db.engine.mounts import Footing, Mount
from db.errors import StoreError, Unavailable

LIVE_MILLISECONDS = 120_000
REFRESH_MILLISECONDS = 30_000

_OTHER = """
select host from sessions where machine <> :machine and seen_at > :since
order by seen_at desc limit 1
"""
_HOLD = """
insert into sessions(id, agent_id, machine, host, origin, began_at, seen_at)
values(:id, 0, :machine, :host, '', :now, :now)
on conflict(id) do update set seen_at = excluded.seen_at
"""
_LEAVE = "delete from sessions where id = :id"


def elsewhere(path: Path, host_name: str) -> str:
    """Return the sentence that tells the ways out."""
    there = f"ssh://{host_name or 'HOST'}{path}"
    return (
        f"Run the desk on the machine that has the file: centric --store {there} (it needs OpenSSH "
        "and Centric there), or keep the store in PostgreSQL: centric --store "
        "postgresql://HOST/DATABASE"
    )


def no_locks(path: Path, mount: Mount) -> StoreError:
    """Return what to say of a disk on which locks do not work."""
    return Unavailable(
        f"{path} lies on {_named(mount)}, where locks do not work: two programs would destroy the "
        f"file. {elsewhere(path, _server(mount))}"
    )


class OneHost:
    """Keeps other machines out of a store for as long as this one writes."""

    def __init__(self, path: Path, footing: Footing) -> None:
        self._path = path
        self._mount = footing.mount
        self._held_at = 0

    def check(self, raw: sqlite3.Connection) -> None:
        """Refuse a store that another machine uses.

        Raises:
            Unavailable: One does.
        """
        since = clock.now() - LIVE_MILLISECONDS
        other = raw.execute(_OTHER, {"machine": machine(), "since": since}).fetchone()
        if other is not None:
            raise Unavailable(
                f"{self._path} lies on {_named(self._mount)}, and {other[0]} works with it now: "
                f"two machines would destroy the file. {elsewhere(self._path, other[0])}"
            )

    def hold(self, raw: sqlite3.Connection) -> None:
        """Say within a transaction that this machine uses the store.

        Raises:
            Unavailable: Another machine does.
        """
        self.check(raw)
        now = clock.now()
        if now - self._held_at > REFRESH_MILLISECONDS or now < self._held_at:
            raw.execute(_HOLD, {"id": self._id, "machine": machine(), "host": host(), "now": now})
            self._held_at = now

    def leave(self, raw: sqlite3.Connection) -> None:
        """Let other machines in."""
        if self._held_at:
            self._held_at = 0
            with contextlib.suppress(sqlite3.Error):
                raw.execute("pragma busy_timeout=1000")
                raw.execute(_LEAVE, {"id": self._id})

    @property
    def _id(self) -> str:
        return f"host {program()}"


def _named(mount: Mount) -> str:
    kind = mount.kind or "a disk of an unknown kind"
    return f"{mount.point} ({kind}{f' from {mount.source}' if mount.source else ''})"


def _server(mount: Mount) -> str:
    """Return the machine that a share comes from, where its name says so."""
    name = mount.source
    if name.startswith("//"):
        return name[2:].split("/", 1)[0]
    before, colon, _ = name.rpartition(":/")
    return before.rpartition("@")[2] if colon else ""
