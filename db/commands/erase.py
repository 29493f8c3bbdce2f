"""Erase a customer: the one act that cannot be taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

from db.commands.base import Act, Argument, Command
from db.errors import Conflict, Refused

if TYPE_CHECKING:
    from db.engine.interface import Engine
    from db.erase.act import Prepared
    from db.erase.person import Person
    from db.records import AgentRow

MODES = ("anonymise", "replace", "remove")
_SAID = {
    "anonymise": "masked",
    "replace": "emptied",
    "remove": "removed",
}


@dataclass(frozen=True, slots=True)
class EraseCustomer(Command):
    """Take a person out of the store for good."""

    name: ClassVar[str] = "customer.erase"
    title: ClassVar[str] = "Erase customer"
    help: ClassVar[str] = (
        "Take a customer out of the store for good: anonymise, replace or remove what they said."
    )
    lead_only: ClassVar[bool] = True
    final: ClassVar[bool] = True

    customer_id: Annotated[int, Argument("Customer number", kind="customer")]
    mode: Annotated[str, Argument("What becomes of it", kind="choice", choices=MODES)]
    confirm: Annotated[str, Argument("The customer's name as it is shown, to confirm")]
    also: Annotated[str, Argument("Further words that name them, by commas", option=True)] = ""
    leave: Annotated[
        str, Argument("Words of their names that shall stay, by commas", option=True)
    ] = ""

    def told(self) -> dict[str, object]:
        """Return the arguments for the journal: none that names the person."""
        return {"customer_id": self.customer_id, "mode": self.mode}

    def before(self, engine: Engine, agent: AgentRow) -> Prepared:
        """Take the person out of every entry; see `Command.before`.

        Raises:
            NotFound: There is no such customer.
            Conflict: They are called otherwise.
        """
        from db.erase.act import prepare

        return prepare(
            engine,
            agent,
            self.customer_id,
            self.mode,
            self._confirmed,
            _words(self.also),
            _words(self.leave),
        )

    def _confirmed(self, person: Person) -> None:
        if " ".join(self.confirm.split()).casefold() != " ".join(person.name.split()).casefold():
            raise Conflict(
                f"Customer {person.customer_id} is called “{person.name}”; give that name to "
                "erase them. This cannot be undone.",
                self.confirm,
                person.name,
            )

    def apply(self, act: Act) -> str:
        """Take out the rest; see `Command.apply`."""
        from db.erase.act import Prepared, complete

        if not isinstance(act.prepared, Prepared):
            raise Refused("Customers are erased one at a time.")
        done = complete(act.connection, act.prepared, self.mode)
        act.subjects.append(("customer", done.customer_id))
        return (
            f"Erased customer {done.customer_id}: {_SAID[self.mode]} "
            f"{_counted(done.entries, 'entry', 'entries')}, masked "
            f"{_counted(done.others, 'entry', 'entries')} of others"
        )

    def after(self, engine: Engine) -> None:
        """Rewrite the bytes; see `Command.after`."""
        from db.erase.act import finish

        finish(engine)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for part in text.split(",") if (word := part.strip()))


def _counted(number: int, one: str, many: str) -> str:
    return f"{number:,} {one if number == 1 else many}"
