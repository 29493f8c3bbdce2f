"""Make a queue, and change what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, Command
from db.commands.wording import brief, has_controls, meant
from db.engine.interface import Row, Value
from db.errors import NotFound, Refused
from db.words import QUEUE_SORTS

QUEUE_CHARACTERS = 60
PINS = 9
FIELDS = ("name", "query", "sort", "pin", "position")

QueueName = Annotated[str, Argument("Name", kind="queue", characters=QUEUE_CHARACTERS)]
Sort = Annotated[str, Argument("Order", kind="choice", choices=QUEUE_SORTS, option=True)]

_QUEUES = "select id, name, folder, shipped from queues order by position, id"
_LAST = "select coalesce(max(position), 0) from queues"
_PINNED = "select id from queues where pin = :pin and id <> :id"


@dataclass(frozen=True, slots=True)
class AddQueue(Command):
    """Make a queue: one with a query fills itself, one without is a folder."""

    name: ClassVar[str] = "queue.add"
    title: ClassVar[str] = "Add queue"
    help: ClassVar[str] = "Make a queue; without a query it is a folder that cases are moved to."
    lead_only: ClassVar[bool] = True

    queue: QueueName
    query: Annotated[str, Argument("Query; empty for a folder")] = ""
    sort: Sort = "urgency"
    pin: Annotated[int, Argument("Number key, 1 to 9", kind="number", option=True)] = 0

    def apply(self, act: Act) -> str:
        """Make it; see `Command.apply`."""
        name = _name(self.queue)
        _free(act, name)
        query = _query(self.query)
        queue_id = ids.take(act.connection, "queues")
        position = int(act.connection.value(_LAST)) + 1
        row: dict[str, Value] = {
            "name": name,
            "position": position,
            "pin": _pin(act, self.pin, queue_id),
            "query": query,
            "sort": self.sort,
            "folder": int(not query),
            "shipped": 0,
        }
        act.insert("queues", queue_id, row)
        return f"Added the {'queue' if query else 'folder'} {name}"


@dataclass(frozen=True, slots=True)
class EditQueue(Command):
    """Set one field of a queue."""

    name: ClassVar[str] = "queue.edit"
    title: ClassVar[str] = "Edit queue"
    help: ClassVar[str] = "Rename, reorder, pin or redefine a queue."
    lead_only: ClassVar[bool] = True

    queue: QueueName
    field: Annotated[str, Argument("What to set", kind="choice", choices=FIELDS)]
    value: Annotated[str, Argument("The new value")]

    def apply(self, act: Act) -> str:
        """Set it; see `Command.apply`."""
        queue_id, name, folder, shipped = _found(act, self.queue)
        value: Value
        if self.field == "name":
            value = _name(self.value)
            if value.casefold() != name.casefold():
                _free(act, value)
        elif self.field == "query":
            value = self._query(name, bool(folder), bool(shipped))
        elif self.field == "sort":
            value = self.value.strip().lower()
            if value not in QUEUE_SORTS:
                raise Refused(f"A queue is sorted by {', '.join(QUEUE_SORTS)}.")
        else:
            number = _number(self.field, self.value)
            value = _pin(act, number, queue_id) if self.field == "pin" else number
        if not act.change("queues", queue_id, **{self.field: value}):
            return f"The {self.field} of {name} is that already"
        if self.field == "name":
            return f"Renamed the queue {name} to {value!s}"
        return f"Set the {self.field} of the queue {name} to {value!s}"

    def _query(self, name: str, folder: bool, shipped: bool) -> str:
        if shipped:
            raise Refused(
                f"“{name}” is one of the queues that together show every unresolved case; "
                "its query stays. Make another with: centric do queue.add NAME QUERY"
            )
        if folder:
            raise Refused(f"“{name}” is a folder: cases are put there by hand, not by a query.")
        query = _query(self.value)
        if not query:
            raise Refused("A queue that is no folder needs a query, such as tag:billing.")
        return query


def _found(act: Act, written: str) -> Row:
    rows = act.connection.all(_QUEUES)
    wanted = " ".join(written.split()).casefold()
    for row in rows:
        if row[1].casefold() == wanted:
            return row
    names = [row[1] for row in rows]
    raise NotFound(f"There is no queue “{brief(written)}”{meant(written, names)}.")


def _free(act: Act, name: str) -> None:
    for row in act.connection.all(_QUEUES):
        if row[1].casefold() == name.casefold():
            raise Refused(f"There is a queue “{row[1]}” already; choose another name.")


def _name(written: str) -> str:
    name = " ".join(written.split())
    if not name or len(name) > QUEUE_CHARACTERS or has_controls(name):
        raise Refused(f"A queue's name is 1 to {QUEUE_CHARACTERS} characters on one line.")
    return name


def _query(written: str) -> str:
    """Return a query that the language takes.

    Raises:
        StoreError: It does not.
    """
    query = " ".join(written.split())
    if query:
        from db.language import parse

        parse(query)
    return query


def _number(field: str, written: str) -> int:
    digits = written.strip()
    if not (digits.isascii() and digits.isdigit()) or len(digits) > 6:
        raise Refused(f"The {field} of a queue is a number; “{brief(written)}” is none.")
    return int(digits)


def _pin(act: Act, pin: int, queue_id: int) -> int:
    """Return a number key, taken from the queue that had it."""
    if not 0 <= pin <= PINS:
        raise Refused(f"A queue is pinned to a key from 1 to {PINS}; 0 takes the key away.")
    if pin:
        for (other,) in act.connection.all(_PINNED, {"pin": pin, "id": queue_id}):
            act.change("queues", other, pin=0)
    return pin
