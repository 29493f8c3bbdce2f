"""SQLite: files, transactions, types; the default engine.

Figures are from measurement on a 2-core machine: WAL with FULL and writers that queue on a lock
file beside the database had a worst commit of 0.15 s under 8 writers, against 4 s without the lock
file. ``BEGIN IMMEDIATE`` everywhere: a deferred transaction that upgrades fails at once with
“database is locked”, whatever the busy timeout.

The log (``-wal``) is there while somebody has the store open for writing; the last one to leave
brings everything into the one file and puts the log away. A file that says it has a log and has
none was copied while it was in use (`db.engine.sqlite_file`).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from db.engine.gate import Gate, LastAct, gate_path, last_act
from db.engine.mounts import Footing, footing_of
from db.engine.one_host import OneHost, no_locks
from db.engine.sqlite_connection import Connection
from db.engine.sqlite_errors import REPLACED, unavailable
from db.engine.sqlite_file import (
    act_is_missing,
    check_ours,
    log_is_missing,
    read_head,
)
from db.errors import StoreError, Unavailable

BUSY_MILLISECONDS = 10_000
BUSY_AFTER_QUEUE_MILLISECONDS = 500  # who waited in the queue in vain has waited long enough
CACHE_KIB = 65_536  # 64 MiB; the console of a million entries stays under 70 MiB in all
WAL_LIMIT_BYTES = 67_108_864
WAL_SECONDS = 1.0  # between two attempts to shorten a log that a reader holds
STATEMENTS_KEPT = 256

_LAST_ACT = "select seq, hash from journal order by seq desc limit 1"
_ACT = "select hash from journal where seq = ?"


class _Thread(threading.local):
    """What each thread has of its own."""

    connection: Connection | None = None
    gate: Gate | None = None
    logging: bool = False


class SqliteEngine:
    """One database file: hands out connections, runs transactions, notices changes."""

    name = "sqlite"
    types: Mapping[str, str] = {
        "big": "integer",
        "text": "text",
        "blob": "blob",
        "strict": " strict",
        "keyed": " strict, without rowid",
    }

    def __init__(self, path: Path) -> None:
        self.path = path
        self.place = str(path)
        self._log = f"{path}-wal"
        self._thread = _Thread()
        self._all: list[Connection] = []
        self._gates: list[Gate] = []
        self._lock = threading.Lock()
        self._file = (0, 0)
        self._footing: Footing | None = None
        self._one_host: OneHost | None = None
        self._shortened_at = 0.0

    def connection(self) -> Connection:
        """Return this thread's connection, opening it at its first use.

        Raises:
            NoStore: There is no file.
            Unavailable: It cannot be opened.
            WrongSchema: It is not one of ours.
        """
        found = self._thread.connection
        if found is None:
            with self._lock:
                found = self._thread.connection = self._open()
                self._all.append(found)
        return found

    def _open(self) -> Connection:
        first = self._footing is None
        if first:
            self._look()
        elif self._identity() != self._file:
            raise Unavailable(REPLACED.format(path=self.path))
        last = last_act(self.path) if first else None
        try:
            raw = connect(self.path)
            check_ours(
                self.path,
                raw.execute("pragma application_id").fetchone()[0],
                raw.execute("pragma user_version").fetchone()[0],
            )
            if last and raw.execute(_ACT, (last.seq,)).fetchone() != (last.hash,):
                raise act_is_missing(self.path, last.seq)
            if self._one_host:
                self._one_host.check(raw)
        except sqlite3.Error as error:
            if first:
                self._footing = None
            raise unavailable(self.path, error) or Unavailable(
                f"{self.path} cannot be opened: {error}."
            ) from error
        except StoreError:
            raw.close()
            self._footing = None
            raise
        return Connection(raw, self.path)

    def _look(self) -> None:
        """See what the file is and where it lies, before SQLite takes it for something else."""
        head = read_head(self.path)
        footing = footing_of(self.path)
        if not footing.locks:
            raise no_locks(self.path, footing.mount)
        if head.logged and not _has_log(self.path) and not gate_path(self.path).exists():
            raise log_is_missing(self.path)
        if head.logged and not footing.log:
            _use_journal(self.path)
        self._file = self._identity()
        self._one_host = OneHost(self.path, footing) if footing.alone else None
        self._footing = footing

    def _identity(self) -> tuple[int, int]:
        """Return what tells this file from another one of the same name."""
        try:
            found = os.stat(self.path)
        except OSError:
            return (0, 0)
        return (found.st_dev, found.st_ino)

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Read several things as of one moment; keep it short, it holds back the checkpoint.

        Raises:
            Unavailable: The disk fails, or the file is damaged.
        """
        connection = self.connection()
        raw = connection.raw
        if raw.in_transaction:
            yield connection
            return
        try:
            raw.execute("begin")
            yield connection
        except sqlite3.Error as error:
            told = unavailable(self.path, error)
            if told is None:
                raise
            raise told from error
        finally:
            _roll_back(raw)

    @contextlib.contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Run a transaction: all of it, or nothing.

        Args:
            durable: True for what is acknowledged to a person or a server: synced before return.
                False only for entries that can be fetched again.

        Raises:
            Unavailable: The disk is full, the file is read-only, was replaced or stays locked.
            WrongSchema: A newer Centric changed the schema meanwhile.
        """
        connection = self.connection()
        if self._identity() != self._file:
            raise Unavailable(REPLACED.format(path=self.path))
        raw = connection.raw
        gate = self._own_gate()
        entered = gate.enter(BUSY_MILLISECONDS / 1000)
        last = None
        try:
            self._begin(raw, durable, entered)
            try:
                yield connection
                found = raw.execute(_LAST_ACT).fetchone() if durable else None
                raw.execute("commit")
                last = LastAct(*found) if found else None
            except sqlite3.Error as error:
                _roll_back(raw)
                raise _writing_failed(self.path, error) from error
            except BaseException:
                _roll_back(raw)
                raise
            self._shorten_log(raw)
        finally:
            if entered:
                gate.leave(last)

    def _own_gate(self) -> Gate:
        gate = self._thread.gate
        if gate is None:
            gate = self._thread.gate = Gate(self.path)
            with self._lock:
                self._gates.append(gate)
        return gate

    def _begin(self, raw: sqlite3.Connection, durable: bool, entered: bool) -> None:
        patience = BUSY_MILLISECONDS if entered else BUSY_AFTER_QUEUE_MILLISECONDS
        try:
            raw.execute(f"pragma busy_timeout={patience}")
            if not self._thread.logging:
                self._use_log(raw)
            raw.execute("pragma synchronous=full" if durable else "pragma synchronous=normal")
            raw.execute("begin immediate")
        except sqlite3.Error as error:
            raise _writing_failed(self.path, error) from error
        try:
            version = raw.execute("pragma user_version").fetchone()[0]
            application = raw.execute("pragma application_id").fetchone()[0]
            check_ours(self.path, application, version)
            if self._one_host:
                self._one_host.hold(raw)
        except BaseException:
            _roll_back(raw)
            raise

    def _use_log(self, raw: sqlite3.Connection) -> None:
        """Let readers and a writer work at once; while we are in, the log stays."""
        if self._footing and self._footing.log:
            raw.execute("pragma journal_mode=wal")
        self._thread.logging = True

    def _shorten_log(self, raw: sqlite3.Connection) -> None:
        """Bring a log that a long reader let grow back to nothing, as soon as that is possible."""
        if self.log_size() <= WAL_LIMIT_BYTES:
            return
        now = time.monotonic()
        if now - self._shortened_at < WAL_SECONDS:
            return
        self._shortened_at = now
        with contextlib.suppress(sqlite3.Error):
            raw.execute("pragma busy_timeout=0")
            raw.execute("pragma wal_checkpoint(truncate)").fetchone()

    def change_mark(self) -> int:
        """Return a number that differs after another connection's commit (4 microseconds).

        Raises:
            Unavailable: The file was replaced, or cannot be read.
        """
        connection = self.connection()
        if self._identity() != self._file:
            raise Unavailable(REPLACED.format(path=self.path))
        return int(connection.value("pragma data_version"))

    def size(self) -> int:
        """Return the bytes of the file, without what still waits in its log."""
        return self.path.stat().st_size

    def log_size(self) -> int:
        """Return the bytes of the log beside the file."""
        try:
            return os.stat(self._log).st_size
        except OSError:
            return 0

    def footing(self) -> Footing:
        """Return what the store lies on."""
        return self._footing or footing_of(self.path)

    def check(self) -> tuple[str, ...]:
        """Return what is wrong with the file, in SQLite's words; empty when it is whole."""
        raw = self.connection().raw
        try:
            found = [str(row[0]) for row in raw.execute("pragma quick_check(20)").fetchall()]
        except sqlite3.DatabaseError as error:
            return (str(error),)
        return () if found == ["ok"] else tuple(found)

    def close(self) -> None:
        """Close every connection that was handed out; the last one out puts the log away."""
        with self._lock:
            connections, self._all = self._all, []
            gates, self._gates = self._gates, []
        for connection in connections[1:]:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        for connection in connections[:1]:
            with contextlib.suppress(sqlite3.Error):
                self._leave(connection.raw)
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        for gate in gates:
            gate.close()
        self._thread = _Thread()
        self._footing = None

    def _leave(self, raw: sqlite3.Connection) -> None:
        _roll_back(raw)
        if self._identity() != self._file:
            return
        if self._one_host:
            self._one_host.leave(raw)
        raw.execute("pragma busy_timeout=0")
        raw.execute("pragma journal_mode=delete").fetchone()


def connect(path: Path) -> sqlite3.Connection:
    """Open a file that is there, with our settings."""
    raw = sqlite3.connect(
        f"file:{_quoted(path)}?mode=rw",
        uri=True,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=STATEMENTS_KEPT,
        timeout=BUSY_MILLISECONDS / 1000,
    )
    try:
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "foreign_keys=on",
            "trusted_schema=off",
            "secure_delete=on",
            f"cache_size=-{CACHE_KIB}",
            "temp_store=memory",
            "mmap_size=0",
            f"journal_size_limit={WAL_LIMIT_BYTES}",
            "synchronous=full",
        ):
            raw.execute(f"pragma {pragma}")
    except BaseException:
        raw.close()
        raise
    return raw


def _has_log(path: Path) -> bool:
    return path.with_name(path.name + "-wal").exists()


def _use_journal(path: Path) -> None:
    """Bring the log into the file where none can be used; needs no memory shared with others.

    Raises:
        Unavailable: Somebody else has it open.
    """
    try:
        with contextlib.closing(connect(path)) as raw:
            raw.execute("pragma locking_mode=exclusive")
            raw.execute("pragma journal_mode=delete").fetchone()
    except sqlite3.Error as error:
        raise _writing_failed(path, error) from error


def _quoted(path: Path) -> str:
    """Return a path for a ``file:`` URI."""
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _roll_back(raw: sqlite3.Connection) -> None:
    with contextlib.suppress(sqlite3.Error):
        if raw.in_transaction:
            raw.execute("rollback")


def _writing_failed(path: Path, error: sqlite3.Error) -> Unavailable:
    return unavailable(path, error) or Unavailable(
        f"{path} could not be written ({error}); nothing was changed."
    )


def create(path: Path, *, team: bool = False) -> None:
    """Create an empty store file with our mode, before SQLite can choose its own.

    Args:
        path: Where; folders above it are made, private to the user.
        team: True for a file that the group shares (0660); False for 0600.

    Raises:
        StoreError: Something stands there already, or it cannot be made.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = 0o660 if team else 0o600
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, mode)
        os.fchmod(descriptor, mode)
        os.close(descriptor)
    except FileExistsError as error:
        raise StoreError(f"{path} exists already.") from error
    except OSError as error:
        raise Unavailable(f"{path} cannot be created: {error.strerror}.") from error
