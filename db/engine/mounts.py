"""What kind of disk a store lies on, and what can be relied on there.

SQLite's log needs memory that is shared by all programs, so all on one machine; its locks must be
seen by all. On a network share neither can be taken for granted: with two machines on one such file
36 of 40 writers died, and 40 of 90 acknowledged acts were lost (tried with a file seen twice).
Whether locks hold *between* machines cannot be seen from one of them.
"""

from __future__ import annotations

import contextlib
import fcntl
import mmap
import os
import re
from pathlib import Path
from typing import Literal

from db.frozen import dataclass

Sharing = Literal["local", "shared", "unknown"]

MOUNTS = Path("/proc/self/mountinfo")
# fmt: off
_LOCAL = frozenset({
    "ext2", "ext3", "ext4", "xfs", "btrfs", "zfs", "f2fs", "tmpfs", "ramfs", "overlay", "jfs",
    "reiserfs", "bcachefs", "nilfs2",
})
_SHARED = frozenset({
    "nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "afs", "ncpfs", "coda", "9p", "ceph",
    "glusterfs", "lustre", "gpfs", "beegfs", "orangefs", "pvfs2", "ocfs2", "gfs2", "vboxsf",
    "vmhgfs", "prl_fs", "virtiofs", "davfs", "drvfs", "fakeowner",
})
# fmt: on
_PROBE_BYTES = 8192
_LOCK_AT, _LOCK_BYTES = 100, 10


@dataclass(frozen=True, slots=True)
class Mount:
    """What a path lies on.

    Attributes:
        point: Where it is mounted.
        kind: The type, as the system calls it; empty where that cannot be found out.
        source: What is mounted, such as ``server:/share``.
        sharing: Whether other machines may see it too.
    """

    point: str
    kind: str
    source: str
    sharing: Sharing


@dataclass(frozen=True, slots=True)
class Footing:
    """What a store can stand on.

    Attributes:
        memory: Memory mapped from a file is shared between programs.
        locks: A lock that one program has is seen by another.
    """

    mount: Mount
    memory: bool
    locks: bool

    @property
    def log(self) -> bool:
        """Say whether SQLite's log can be used; else it writes with a rollback journal."""
        return self.memory and self.mount.sharing == "local"

    @property
    def alone(self) -> bool:
        """Say whether only one machine at a time may use the store."""
        return self.mount.sharing != "local"


def mount_of(path: Path, table: Path = MOUNTS) -> Mount:
    """Return what a path lies on.

    Args:
        path: Need not be there; then it is where its folder is.
        table: As Linux writes ``/proc/self/mountinfo``.
    """
    place = os.path.realpath(path)
    try:
        lines = table.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:  # not Linux: the probes decide
        return Mount("/", "", "", "local")
    best = Mount("", "", "", "unknown")
    for line in lines:
        before, _, after = line.partition(" - ")
        fields, kind = before.split(" "), after.split(" ")
        if len(fields) < 5 or len(kind) < 2:
            continue
        point = _unescaped(fields[4])
        under = place == point or place.startswith(point.rstrip("/") + "/")
        if under and len(point) >= len(best.point):  # the last one covers those before it
            best = Mount(point, kind[0], _unescaped(kind[1]), _sharing(kind[0]))
    return best


def footing_of(path: Path, table: Path = MOUNTS) -> Footing:
    """Return what can be relied on where a store lies; a local disk is taken at its word.

    Args:
        path: Of the store; its folder must be there.
        table: See `mount_of`.
    """
    mount = mount_of(path, table)
    if mount.sharing == "local" and mount.kind:
        return Footing(mount, memory=True, locks=True)
    return Footing(mount, *_probe(Path(os.path.realpath(path)).parent))


def _sharing(kind: str) -> Sharing:
    if kind in _LOCAL:
        return "local"
    return "shared" if kind in _SHARED or kind.startswith("fuse") else "unknown"


def _unescaped(text: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal.group(1), 8)), text)


def _probe(folder: Path) -> tuple[bool, bool]:
    """Try shared memory and locks on a file of our own; a folder we cannot write is taken as is."""
    path = folder / f".centric-probe-{os.urandom(6).hex()}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except OSError:
        return False, True
    try:
        os.ftruncate(descriptor, _PROBE_BYTES)
        return _shares_memory(descriptor, path), _locks(descriptor, path)
    except OSError:
        return False, False
    finally:
        os.close(descriptor)
        with contextlib.suppress(OSError):
            path.unlink()


def _shares_memory(descriptor: int, path: Path) -> bool:
    """Write through one mapping and read through another."""
    try:
        other = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        try:
            with (
                mmap.mmap(descriptor, _PROBE_BYTES) as one,
                mmap.mmap(other, _PROBE_BYTES) as two,
            ):
                one[:4] = b"mark"
                return bool(two[:4] == b"mark")
        finally:
            os.close(other)
    except (OSError, ValueError):
        return False


def _locks(descriptor: int, path: Path) -> bool:
    """Lock a range and let a child try to lock it too."""
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCK_BYTES, _LOCK_AT)
    except OSError:
        return False
    child = os.fork()
    if child == 0:
        code = 2
        try:
            other = os.open(path, os.O_RDWR)
            fcntl.lockf(other, fcntl.LOCK_EX | fcntl.LOCK_NB, _LOCK_BYTES, _LOCK_AT)
        except OSError:
            code = 0  # it is seen
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0
