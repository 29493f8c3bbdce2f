"""The lock file on which writers queue, and which remembers the last act that was done.

``STORE.gate`` lies beside the store. Writers queue on it in the order of their coming: the kernel
wakes them one by one, where SQLite alone lets them sleep and try again, and the unlucky wait for
seconds. It is a courtesy, not a condition: who skips it is still correct, only less fair.

It also holds the number and the hash of the last act. A store in which that act is missing was
replaced by an older copy, or lost its log: SQLite itself would say that all is well.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import threading
from pathlib import Path

from db.frozen import dataclass

SUFFIX = ".gate"
_MARK = struct.Struct(">4sQ32s")
_MAGIC = b"CGT1"


@dataclass(frozen=True, slots=True)
class LastAct:
    """The last act that was done on a store.

    Attributes:
        seq: Its number in the journal.
        hash: Of that row: 32 bytes.
    """

    seq: int
    hash: bytes


def gate_path(store: Path) -> Path:
    """Return where the lock file of a store is."""
    return store.with_name(store.name + SUFFIX)


class Gate:
    """One thread's place in the queue of a store."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._descriptor = -1
        self._turn: _Turn | None = None

    def enter(self, seconds: float) -> bool:
        """Wait for the turn; False where there is no lock file, or the time was up.

        Args:
            seconds: A program that was stopped in its turn must not stop all the others.
        """
        if self._descriptor < 0:
            self._descriptor = _opened(self._store)
        if self._descriptor < 0:
            return False
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            return self._wait(seconds)
        except OSError:  # a file system without this kind of lock
            return False

    def _wait(self, seconds: float) -> bool:
        """Queue in a thread: the kernel's queue is fair, and knows no time limit."""
        if self._turn is None:
            self._turn = _Turn(self._descriptor)
        came = self._turn.wait(seconds)
        if self._turn.over:  # the thread closes the file when its turn comes
            self._turn, self._descriptor = None, -1
        return came

    def leave(self, last: LastAct | None = None) -> None:
        """Let the next one in.

        Args:
            last: The act that was just done, and is on the disk.
        """
        if last is not None:
            with contextlib.suppress(OSError):  # a full disk; the one before still stands
                os.pwrite(self._descriptor, _MARK.pack(_MAGIC, last.seq, last.hash), 0)
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Give the descriptor back."""
        if self._turn is not None:
            self._turn.end()
            self._turn = None
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class _Turn:
    """Waits for the lock in a thread of its own, so that a wait can be given up.

    Attributes:
        over: A wait was given up, or the file system has no such lock: of no more use.
    """

    def __init__(self, descriptor: int) -> None:
        self.over = False
        self._descriptor = descriptor
        self._asked, self._come = threading.Lock(), threading.Lock()
        self._asked.acquire()
        self._come.acquire()
        self._deciding = threading.Lock()
        self._ended = False
        threading.Thread(target=self._queue, name="gate", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Say whether the turn came in time."""
        self._asked.release()
        if self._come.acquire(timeout=seconds):
            return not self.over
        with self._deciding:
            if self._come.acquire(blocking=False):  # in just this moment
                return not self.over
            self.over = True
        return False

    def end(self) -> None:
        """Let the thread end; only while nobody waits."""
        self._ended = True
        self._asked.release()

    def _queue(self) -> None:
        while True:
            self._asked.acquire()
            if self._ended:
                return
            failed = False
            try:
                fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            except OSError:
                failed = True
            with self._deciding:
                given_up = self.over
                if given_up or failed:
                    os.close(self._descriptor)
                self.over = given_up or failed
                if not given_up:
                    self._come.release()
            if self.over:
                return


def last_act(store: Path) -> LastAct | None:
    """Return the last act that was done on the store of this name, where that is known."""
    try:
        data = gate_path(store).read_bytes()
    except OSError:
        return None
    if len(data) < _MARK.size:
        return None
    magic, seq, digest = _MARK.unpack_from(data)
    return LastAct(seq, digest) if magic == _MAGIC and seq else None


def forget_last_act(store: Path) -> None:
    """Take a store as it is now, whatever was done on the file that had its name before."""
    with contextlib.suppress(FileNotFoundError):
        os.truncate(gate_path(store), 0)


def accept_file(store: Path) -> None:
    """Use the file that is there from now on, though acts may be missing in it."""
    forget_last_act(store)
    descriptor = _opened(store)
    if descriptor >= 0:
        os.close(descriptor)


def _opened(store: Path) -> int:
    """Open the lock file, made with the permissions of the store; -1 where that is impossible."""
    path = gate_path(store)
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags)
    except FileNotFoundError:
        pass
    except OSError:
        return -1
    try:
        mode = store.stat().st_mode & 0o660
        descriptor = os.open(path, flags | os.O_CREAT, mode)
        with contextlib.suppress(OSError):  # made by a colleague in just this moment
            os.fchmod(descriptor, mode)
        return descriptor
    except OSError:
        return -1
