"""PostgreSQL: connections, transactions, types, change feed; for a team on several machines.

Writers queue on an advisory lock, in the order of their coming, and hold it until they have
committed. So a transaction sees all that was committed before it, as on SQLite: the journal's chain
has no fork, an id is given once, and what a command compares has not changed when it writes.
Readers never wait. A commit tells every desk by ``NOTIFY``.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import psycopg
from psycopg import errors, pq
from psycopg.conninfo import conninfo_to_dict

from db.engine.interface import Params, Row
from db.engine.postgres_feed import CHANNEL, Feed
from db.engine.postgres_search import PostgresCustomerKeys, PostgresFullText
from db.engine.postgres_types import register
from db.engine.postgres_url import redacted
from db.engine.statements import Statement, statement
from db.errors import NoStore, Unavailable, WrongSchema
from db.schema.version import SCHEMA_VERSION, UNFINISHED

LOCK_SECONDS = 10
CONNECT_SECONDS = 10
# A server that vanished is noticed after a quarter of a minute; the URL may say otherwise.
_CONNECTING: Mapping[str, Any] = {  # libpq's own options, numbers and words
    "connect_timeout": CONNECT_SECONDS,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "application_name": "centric",
}
# Compiling a question takes longer than answering any of ours.
_SETTINGS = "set jit = off"
WRITERS_LOCK = 0x43454E54  # an advisory lock is per database; a database holds one store

_BEGIN_WRITE = (
    f"begin isolation level read committed; set local lock_timeout = '{LOCK_SECONDS}s';"
    f" select pg_advisory_xact_lock({WRITERS_LOCK})"
)
# A power cut may cost the last half second of it; nothing else can.
_UNSYNCED = "; set local synchronous_commit = off"
_BEGIN_READ = "begin isolation level repeatable read, read only"
_TOLD_COMMIT = f"notify {CHANNEL}; commit"
_VERSION = "select version from schema_version"


class Connection:
    """One thread's connection: named parameters in, tuples out.

    Outside a transaction each statement stands alone, and a connection that was lost is opened
    again once.
    """

    __slots__ = (
        *("_engine", "began", "changed", "customer_keys"),
        *("full_text", "in_transaction", "raw"),
    )

    refusals: tuple[type[Exception], ...] = (psycopg.DataError, psycopg.IntegrityError)

    def __init__(self, engine: PostgresEngine, raw: psycopg.Connection[Row]) -> None:
        self._engine = engine
        self.raw = raw
        self.in_transaction = False
        self.began = 0
        self.changed = False
        self.full_text = PostgresFullText(self)
        self.customer_keys = PostgresCustomerKeys(self)

    def all(self, sql: str, params: Params | None = None) -> list[Row]:
        """Return every row of a query."""
        return self.raw_all(sql, params or {})

    def one(self, sql: str, params: Params | None = None) -> Row | None:
        """Return the first row of a query, or None."""
        return self._execute(statement(sql), params or {}).fetchone()

    def value(self, sql: str, params: Params | None = None) -> Any:  # one column of any type
        """Return the first column of the first row, or None."""
        row = self.one(sql, params)
        return row[0] if row else None

    def run(self, sql: str, params: Params | None = None) -> int:
        """Execute a write and return how many rows it touched."""
        return self.raw_run(sql, params or {})

    def raw_all(self, sql: str, params: Mapping[str, object]) -> list[Row]:
        """Return every row of a query of this engine, whose parameters may be lists."""
        return self._execute(statement(sql), params).fetchall()

    def raw_run(self, sql: str, params: Mapping[str, object]) -> int:
        """Execute a write of this engine, whose parameters may be lists."""
        return self._execute(statement(sql), params).rowcount

    def many(self, sql: str, rows: Iterable[Params]) -> None:
        """Execute a write once for each set of parameters, in one round trip."""
        wanted = list(rows)
        if len(wanted) == 1:
            self.run(sql, wanted[0])
        elif wanted:
            with self.raw.cursor() as cursor:
                cursor.executemany(statement(sql).text, wanted)
            self.changed = True

    def copy(self, sql: str, rows: Iterable[tuple[object, ...]]) -> None:
        """Insert rows by ``copy … from stdin``: the fastest way, from a few rows on."""
        with self.raw.cursor() as cursor, cursor.copy(sql.encode()) as copy:
            for row in rows:
                copy.write_row(row)
        self.changed = True

    def _execute(self, one: Statement, params: Mapping[str, object]) -> psycopg.Cursor[Row]:
        try:
            return self._tried(one, params)
        except psycopg.OperationalError as error:
            if self.in_transaction:
                raise
            if not self.raw.broken and not self.raw.closed:
                raise Unavailable(_reading_failed(self._engine.place, error)) from error
        self.reopen()
        return self._tried(one, params)

    def _tried(self, one: Statement, params: Mapping[str, object]) -> psycopg.Cursor[Row]:
        cursor = self.raw.cursor()
        cursor.execute(one.text, params, prepare=one.prepared)
        self.changed |= one.writes and cursor.rowcount > 0
        return cursor

    def script(self, sql: str) -> None:
        """Execute statements without parameters in one round trip."""
        self.raw.execute(sql, prepare=False)

    def reopen(self) -> None:
        """Take a new connection in place of one that was lost.

        Raises:
            Unavailable: The server is not there.
        """
        with contextlib.suppress(psycopg.Error):
            self.raw.close()
        self.raw = self._engine.connect()

    def interrupt(self) -> None:
        """Stop the query that another thread runs on this connection."""
        with contextlib.suppress(psycopg.Error):
            self.raw.cancel_safe(timeout=CONNECT_SECONDS)

    def close(self) -> None:
        """Close it."""
        self.raw.close()


class PostgresEngine:
    """One database of a server: hands out connections, runs transactions, notices changes."""

    name = "postgresql"
    types: Mapping[str, str] = {
        "big": "bigint",
        "text": 'text collate "C"',
        "blob": "bytea",
        "strict": "",
        "keyed": "",
    }

    def __init__(self, url: str) -> None:
        """Remember where the server is; the first connection is opened when it is needed.

        Args:
            url: As libpq takes it. It may name several hosts; a password is better kept in
                ``~/.pgpass`` or a service file, where no list of processes shows it.
        """
        self.place = redacted(url)
        self._url = url
        self._local = threading.local()
        self._all: list[Connection] = []
        self._lock = threading.Lock()
        self._feed: Feed | None = None

    def connect(self) -> psycopg.Connection[Row]:
        """Return a new connection of the driver.

        Raises:
            Unavailable: The server is not there, or refuses.
        """
        try:
            told = conninfo_to_dict(self._url)
            options = {**_CONNECTING, **told, "client_encoding": "utf-8"}
            raw = psycopg.connect(autocommit=True, **options)
            raw.execute(_SETTINGS, prepare=False)
        except psycopg.Error as error:
            raise Unavailable(_connecting_failed(self.place, error)) from error
        register(raw)
        return raw

    def connection(self) -> Connection:
        """Return this thread's connection, opening it at its first use.

        Raises:
            Unavailable: The server is not there, or refuses.
        """
        found: Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = Connection(self, self.connect())
            with self._lock:
                self._all.append(found)
        return found

    def version(self) -> int:
        """Return the version of the schema; 0 where the database holds no store."""
        connection = self.connection()
        if connection.value("select to_regclass('schema_version') is null"):
            return 0
        return int(connection.value(_VERSION) or 0)

    def check_version(self) -> None:
        """Refuse a database that is not a store, or newer than this program.

        Raises:
            NoStore: There is none.
            WrongSchema: It is newer.
        """
        version = self.version()
        if version == UNFINISHED:
            raise NoStore(
                f"A store is being moved to {self.place}, and is not all there. Go on with: "
                f"centric store move FROM {self.place}"
            )
        if not version:
            raise NoStore(
                f"There is no store at {self.place}. Create one with: "
                f"centric --store {self.place} import FILE"
            )
        if version > SCHEMA_VERSION:
            raise WrongSchema(
                f"{self.place} was made by a newer Centric (schema {version}, this one knows "
                f"{SCHEMA_VERSION}). Update Centric and open it again."
            )

    @contextlib.contextmanager
    def read(self) -> Iterator[Connection]:
        """Read several things as of one moment; keep it short, it holds back the vacuum.

        Raises:
            Unavailable: The server is not there, or was lost.
        """
        connection = self.connection()
        if connection.in_transaction:
            yield connection
            return
        self._begin(connection, _BEGIN_READ)
        try:
            yield connection
        except psycopg.OperationalError as error:
            raise Unavailable(_reading_failed(self.place, error)) from error
        finally:
            _end(connection, "rollback")

    @contextlib.contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Run a transaction: all of it, or nothing.

        Args:
            durable: True for what is acknowledged to a person or a server: synced before return.
                False only for what can be fetched or typed again.

        Raises:
            Unavailable: The server is not there, was lost, or another writer holds the lock.
        """
        connection = self.connection()
        self._begin(connection, _BEGIN_WRITE + ("" if durable else _UNSYNCED))
        connection.changed = False
        try:
            yield connection
        except psycopg.Error as error:
            _end(connection, "rollback")
            raise Unavailable(_writing_failed(self.place, error)) from error
        except BaseException:
            _end(connection, "rollback")
            raise
        self._commit(connection)

    def _begin(self, connection: Connection, script: str) -> None:
        try:
            try:
                connection.script(script)
            except psycopg.OperationalError:
                if not connection.raw.broken and not connection.raw.closed:
                    raise
                connection.reopen()
                connection.script(script)
        except psycopg.Error as error:
            _end(connection, "rollback")
            failed = _reading_failed if script == _BEGIN_READ else _writing_failed
            raise Unavailable(failed(self.place, error)) from error
        connection.in_transaction = True
        connection.began += 1

    def _commit(self, connection: Connection) -> None:
        try:
            connection.script(_TOLD_COMMIT if connection.changed else "commit")
        except psycopg.Error as error:
            lost = connection.raw.broken or connection.raw.closed
            _end(connection, "rollback")
            if lost:
                raise Unavailable(
                    f"The connection to {self.place} was lost while your change was being saved: "
                    "it may or may not be there. Look before you do it again."
                ) from error
            raise Unavailable(_writing_failed(self.place, error)) from error
        connection.in_transaction = False

    def change_mark(self) -> int:
        """Return a number that differs after another connection's commit; asks no server.

        Raises:
            Unavailable: The server is gone; it is being looked for.
        """
        if self._feed is None:
            self._feed = Feed(self.connect)
        own: Connection | None = getattr(self._local, "connection", None)
        here = own.raw.info.backend_pid if own and not own.raw.closed else 0
        return self._feed.mark(here)

    def size(self) -> int:
        """Return the bytes of the database."""
        return int(self.connection().value("select pg_database_size(current_database())"))

    def check(self) -> tuple[str, ...]:
        """Return what the server knows to be wrong: broken indexes, checksums that failed."""
        connection = self.connection()
        invalid = connection.all(
            "select cast(cast(indexrelid as regclass) as text) from pg_index where not indisvalid"
        )
        failed = connection.value(
            "select coalesce(checksum_failures, 0) from pg_stat_database"
            " where datname = current_database()"
        )
        faults = [f"The index {name} is not valid." for (name,) in invalid]
        if failed:
            faults.append(f"{failed} pages have a wrong checksum.")
        return tuple(faults)

    def close(self) -> None:
        """Close every connection that was handed out."""
        with self._lock:
            for connection in self._all:
                with contextlib.suppress(psycopg.Error):
                    connection.close()
            self._all.clear()
        if self._feed is not None:
            self._feed.stop()
            self._feed = None
        self._local = threading.local()


def _end(connection: Connection, how: str) -> None:
    connection.in_transaction = False
    with contextlib.suppress(psycopg.Error):
        if connection.raw.info.transaction_status != pq.TransactionStatus.IDLE:
            connection.script(how)


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _connecting_failed(place: str, error: psycopg.Error) -> str:
    words = _first_line(error)
    if "does not exist" in str(error) and "database" in str(error):
        return f"The server of {place} has no such database. Make it there with: createdb NAME"
    return f"{place} cannot be reached: {words}. Is the server running, and may you connect to it?"


def _reading_failed(place: str, error: psycopg.Error) -> str:
    if isinstance(error, errors.QueryCanceled):
        return "The question was stopped before it was answered."
    return f"The connection to {place} was lost ({_first_line(error)}). Try again."


def _writing_failed(place: str, error: psycopg.Error) -> str:
    if isinstance(error, errors.LockNotAvailable):
        return (
            f"{place} stayed locked by another writer for {LOCK_SECONDS} seconds; "
            "nothing was changed."
        )
    if isinstance(error, errors.DiskFull):
        return f"The disk of {place} is full; nothing was changed. Free some space and retry."
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return (
            f"{place} takes no writes: it is a standby, or read-only for you. Nothing was changed."
        )
    if isinstance(error, errors.InsufficientPrivilege):
        return f"Your role on {place} may not do that ({_first_line(error)}); nothing was changed."
    return f"{place} could not be written ({_first_line(error)}); nothing was changed."
