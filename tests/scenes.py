"""What a program does while the power is cut: ``python tests/scenes.py SCENE STORE TOLD``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

from connectors.contract import Address, Batch, Entry, Party, Recognised  # noqa: E402
from db.agents import agent_for  # noqa: E402
from db.commands.base import Command  # noqa: E402
from db.commands.erase import EraseCustomer  # noqa: E402
from db.commands.notes import AddNote  # noqa: E402
from db.commands.owners import TakeCase  # noqa: E402
from db.commands.tags import TagCase  # noqa: E402
from db.ingest import Arrival  # noqa: E402
from db.schema import migrate  # noqa: E402
from db.schema.version import SCHEMA_VERSION  # noqa: E402
from db.store import Store, open_store  # noqa: E402

MAIL = Recognised("mbox", "mbox mail file", "mail")
NEXT = SCHEMA_VERSION + 1
NAME = "Zebrafona Quince"
COMMANDS: tuple[Command, ...] = (
    TagCase(1, "billing"),
    AddNote("The bank has confirmed it", 1),
    TakeCase(1),
)
Tell = Callable[[str], None]


def batch(number: int) -> Batch:
    """Return mails of a person and of others."""
    entries = []
    for place in range(6):
        key = number * 100 + place
        name = NAME if place == 0 else f"Customer {key}"
        address = f"{name.split()[0].lower()}{key if place else ''}@customers.example"
        entries.append(
            Entry(
                external_id=f"<{key}@customers.example>",
                message_id=f"{key}@customers.example",
                at=1_760_000_000_000 + key * 1000,
                direction="inbound",
                parties=(
                    Party("from", Address("email", address), name),
                    Party("to", Address("email", "support@us.example")),
                ),
                subject=f"Order {key}",
                text=f"Where is my parcel {key}? {name} asks.",
                content_key=str(key),
            )
        )
    return Batch(tuple(entries), cursor=str(number))


def take_in(store: Store, tell: Tell = lambda _: None) -> None:
    """Import two batches, each told when it is in."""
    sink = store.sink(MAIL, "scene", Arrival(work_since=0))
    for number in (1, 2):
        sink.write(batch(number))
        tell(f"batch {number}")


def furnish(path: Path) -> None:
    """Make a store with people, mails and a case."""
    store = open_store(str(path), create=True)
    agent_for(store.engine, "ana")
    take_in(store)
    store.close()


def command(path: Path, tell: Tell) -> None:
    """Do three things; each is told with its number."""
    store = open_store(str(path))
    ana = agent_for(store.engine, "ana")
    for one in COMMANDS:
        tell(str(store.do(one, ana).seq))
    store.close()


def make(path: Path, tell: Tell) -> None:
    """Make a new store."""
    open_store(str(path), create=True).close()
    tell("made")


def imported(path: Path, tell: Tell) -> None:
    """Import into a store that has nothing yet."""
    store = open_store(str(path))
    take_in(store, tell)
    store.close()


def newer_program() -> None:
    """Make this process a Centric that knows one schema more."""
    from sqlite_utils import Database, Migrations

    from db.engine import sqlite_copy, sqlite_file

    steps = Migrations("centric")
    for step in migrate.migrations.pending(Database(memory=True)):
        steps(name=step.name)(step.fn)

    @steps()
    def m9999_colour(db: Database) -> None:
        db.conn.execute("alter table cases add column colour text not null default ''")
        db.conn.execute("update cases set colour = 'blue'")
        db.conn.execute("create index cases_colour on cases(colour)")

    migrate.migrations = steps
    for module in (migrate, sqlite_file, sqlite_copy):
        module.SCHEMA_VERSION = NEXT  # type: ignore[attr-defined]  # each has its own name for it


def migration(path: Path, tell: Tell) -> None:
    """Bring a store to a newer schema."""
    newer_program()
    migrate.prepare(path)
    tell("migrated")


def erasing(store: Store) -> EraseCustomer:
    """Return the command that takes the person out."""
    number = store.ask(
        lambda c: c.value("select id from customers where name = :name", {"name": NAME})
    )
    return EraseCustomer(number or 0, "remove", NAME)


def erase(path: Path, tell: Tell) -> None:
    """Take a person out for good."""
    store = open_store(str(path))
    store.do(erasing(store), agent_for(store.engine, "ana"))
    tell("erased")
    store.close()


SCENES: dict[str, Callable[[Path, Tell], None]] = {
    "command": command,
    "make": make,
    "import": imported,
    "migration": migration,
    "erase": erase,
}


def main(scene: str, path: str, told: str) -> None:
    """Play a scene."""
    out = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    SCENES[scene](Path(path), lambda text: (os.write(out, f"{text}\n".encode()), None)[1])


if __name__ == "__main__":
    main(*sys.argv[1:])
