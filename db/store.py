"""The store: what the console and the jobs hold in their hands.

::

    store = open_store("/path/centric.db")
    store.ask(desk.case_page, queue=queue)           a question: a function of `db.queries`
    store.do(TagCase(42, "billing"), agent)          a command of `db.commands`
    store.undo(agent)                                the last act of this agent, taken back
    sink = store.sink(recognised, scope, arrival)    where a runner writes (see `db.ingest`)
    store.changed()                                  has anyone else committed since I last asked?
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from db.engine.postgres_url import is_postgres
from db.engine.sqlite import SqliteEngine
from db.errors import StoreError

if TYPE_CHECKING:
    from connectors.contract import Recognised, Sink
    from db.commands.base import Command
    from db.engine.interface import Connection, Engine
    from db.engine.postgres import PostgresEngine
    from db.ingest import Arrival
    from db.records import AgentRow, Done

P = ParamSpec("P")
R = TypeVar("R")


class Store:
    """One team's memory. Each thread that uses it gets a connection of its own."""

    def __init__(self, engine: Engine, url: str) -> None:
        self.engine = engine
        self.url = url
        self._mark = -1

    def ask(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Answer a question as of one moment.

        Raises:
            StoreError: What the question raises.
        """
        with self.engine.read() as connection:
            return question(connection, *args, **kwargs)

    def do(self, command: Command, agent: AgentRow) -> Done:
        """Carry out a command in one transaction, with its row in the journal.

        Raises:
            Conflict: What it would overwrite has changed since it was decided on.
            Refused: It makes no sense here, or this role may not give it.
            NotFound: It names something that is not there.
            Unavailable: The store cannot be written.
        """
        from db.commands.run import run_command

        return run_command(self.engine, command, agent)

    def undo(self, agent: AgentRow, seq: int = 0) -> Done:
        """Take back an act: this agent's last one that stands, or row ``seq`` of the journal.

        Raises:
            Refused: There is none, or it cannot be taken back.
            Conflict: Something newer stands on it.
        """
        from db.commands.undo import undo

        return undo(self.engine, agent, seq)

    def redo(self, agent: AgentRow) -> Done:
        """Do again what this agent took back last.

        Raises:
            Refused: There is none, or something was done since.
        """
        from db.commands.undo import redo

        return redo(self.engine, agent)

    def sink(self, recognised: Recognised, scope: str, arrival: Arrival) -> Sink:
        """Return where a runner writes what it reads.

        Args:
            recognised: The file or server that is read.
            scope: What the cursor belongs to, such as a file's name and first bytes.
            arrival: Who “we” are and since when a message is work.
        """
        from db.ingest import StoreSink

        return StoreSink(self.engine, recognised, scope, arrival)

    def changed(self) -> bool:
        """Say whether another connection committed since this was last asked (3 microseconds)."""
        mark = self.engine.change_mark()
        changed, self._mark = mark != self._mark, mark
        return changed

    def close(self) -> None:
        """Close all connections."""
        self.engine.close()


def open_store(url: str, *, create: bool = False, team: bool = False) -> Store:
    """Open a store.

    Args:
        url: A path, ``sqlite:///path``, or ``postgresql://user@host/database``.
        create: Make it where there is none.
        team: A new file is readable and writable by the group.

    Raises:
        NoStore: There is none and ``create`` is false.
        WrongSchema: It is something else, or newer than this program.
        StoreError: The engine is not known, or the file cannot be opened.
    """
    if is_postgres(url):
        return _open_postgres(url, create=create)
    if "://" in url and not url.startswith("sqlite:///"):
        engine_name = url.split("://", 1)[0]
        raise StoreError(
            f"There is no engine “{engine_name}”. Name a file, or a database: "
            "--store postgresql://HOST/DATABASE"
        )
    path = Path(url.removeprefix("sqlite:///")).expanduser()
    if create and not path.exists():
        from db.schema.migrate import prepare

        prepare(path, team=team)
    engine = SqliteEngine(path)
    if engine.connection().value("pragma user_version") < _schema_version():
        engine.close()
        from db.schema.migrate import prepare

        prepare(path)
        engine = SqliteEngine(path)
    return Store(engine, url)


def postgres_engine(url: str) -> PostgresEngine:
    """Return the engine of a database, whatever is in it.

    Raises:
        StoreError: The driver is not installed.
    """
    try:
        from db.engine.postgres import PostgresEngine
    except ImportError as error:
        raise StoreError(
            "A PostgreSQL store needs the driver psycopg: pip install 'centric[postgres]'"
        ) from error
    return PostgresEngine(url)


def _open_postgres(url: str, *, create: bool) -> Store:
    engine = postgres_engine(url)
    try:
        version = engine.version()
        if 0 <= version < _schema_version() and (version or create):
            from db.schema.migrate_postgres import prepare

            prepare(engine)
        engine.check_version()
    except StoreError:
        engine.close()
        raise
    return Store(engine, url)


def _schema_version() -> int:
    from db.schema.version import SCHEMA_VERSION

    return SCHEMA_VERSION
