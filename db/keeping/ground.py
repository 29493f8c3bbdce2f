"""What a store stands on: the disk, the size of its log, and who may read and write it."""

from __future__ import annotations

import stat
from pathlib import Path

from db.engine.gate import gate_path
from db.engine.interface import Engine
from db.engine.mounts import Footing
from db.engine.sqlite_file import log_bytes
from db.frozen import dataclass

LARGE_LOG_BYTES = 64 << 20


@dataclass(frozen=True, slots=True)
class Ground:
    """What was found around a store.

    Attributes:
        place: Where the disk is mounted and what it is; empty for a database server.
        log: Bytes that wait in the log beside the file.
        mode: Permissions as ``ls`` writes them; empty for a database server.
        concerns: What should not be as it is, in sentences.
    """

    place: str = ""
    log: int = 0
    mode: str = ""
    concerns: tuple[str, ...] = ()


NO_GROUND = Ground()


def survey(engine: Engine) -> Ground:
    """Look around a store; a database server looks after itself."""
    if engine.name != "sqlite":
        return NO_GROUND
    from db.engine.mounts import footing_of

    path = Path(engine.place)
    footing, log = footing_of(path), log_bytes(path)
    found = path.stat().st_mode
    concerns = (*_of_disk(footing), *_of_log(log), *_of_modes(path, found))
    kind = footing.mount.kind or "unknown kind"
    return Ground(f"{footing.mount.point} ({kind})", log, stat.filemode(found), concerns)


def _of_disk(footing: Footing) -> tuple[str, ...]:
    if footing.log:
        return ()
    return (
        f"{footing.mount.point} may be seen by other machines: only one at a time may use the "
        "store, and it is slower than on a disk of its own.",
    )


def _of_log(log: int) -> tuple[str, ...]:
    if log <= LARGE_LOG_BYTES:
        return ()
    return (
        f"The log has grown to {log:,} bytes: a program has been reading for a long time. It "
        "shrinks with the next act after that one is closed.",
    )


def _of_modes(path: Path, mode: int) -> tuple[str, ...]:
    concerns = []
    folder = path.parent.stat().st_mode
    if mode & stat.S_IRWXO:
        concerns.append(f"Everybody on this machine may open the store: chmod o= {path}")
    if folder & stat.S_IWOTH and not folder & stat.S_ISVTX:
        concerns.append(f"Everybody may replace the store: chmod o-w {path.parent}")
    if mode & stat.S_IWGRP:
        if not (folder & stat.S_ISGID and folder & stat.S_IWGRP):
            concerns.append(
                "The group may write the store but what lies beside it gets another group: "
                f"chmod g+rwxs {path.parent}"
            )
        gate = gate_path(path)
        if gate.exists() and not gate.stat().st_mode & stat.S_IWGRP:
            concerns.append(f"The group cannot queue for its turn: chmod g+rw {gate}")
    return tuple(concerns)
