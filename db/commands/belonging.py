"""Say that one message belongs to another customer: it becomes a case of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, Command
from db.commands.links import OtherNumber
from db.commands.moves import CaseOfCustomer
from db.commands.threads import SplitCase
from db.errors import NotFound

_CASE_OF = "select case_id from entries where id = :id"
_SAID = "select count(*) from entries where case_id = :case and kind = 'message'"


@dataclass(frozen=True, slots=True)
class EntryOfCustomer(Command):
    """Give one message to another customer; it stays on the timeline of who wrote it."""

    name: ClassVar[str] = "entry.customer"
    title: ClassVar[str] = "Message belongs to…"
    help: ClassVar[str] = "Say that one message belongs to another customer, as a case of theirs."

    entry_id: Annotated[int, Argument("Entry number", kind="note")]
    other_id: OtherNumber

    def apply(self, act: Act) -> str:
        """Say so; see `Command.apply`."""
        case_id = self._case(act)
        split = ""
        if int(act.connection.value(_SAID, {"case": case_id}) or 0) > 1:
            split = SplitCase(self.entry_id, only=True).apply(act) + ". "
        return split + CaseOfCustomer(self._case(act), self.other_id).apply(act)

    def _case(self, act: Act) -> int:
        found = act.connection.value(_CASE_OF, {"id": self.entry_id})
        if found is None:
            raise NotFound(f"There is no entry {self.entry_id} in this store.")
        return int(found)
