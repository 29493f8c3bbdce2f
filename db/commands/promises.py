"""Promise a customer something by a time, and say what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, Command
from db.commands.wording import brief
from db.errors import NotFound, Refused

OUTCOMES = ("kept", "broken", "withdrawn", "open")
WHEN_CHARACTERS = 40

_UNITS = {"m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 7 * 86_400_000}
_SPAN = re.compile(r"([0-9]{1,4})\s*([mhdw])")
_CUSTOMER = "select canonical_id, name from customers where id = :id"
_CASE_CUSTOMER = """
select i.customer_id from cases c join identities i on i.id = c.requester_id where c.id = :id
"""
_PROMISE = """
select p.customer_id, p.case_id, p.text, p.state, k.name, k.canonical_id
from promises p join customers k on k.id = p.customer_id where p.id = :id
"""


@dataclass(frozen=True, slots=True)
class MakePromise(Command):
    """Write down what was promised."""

    name: ClassVar[str] = "promise.make"
    title: ClassVar[str] = "Promise"
    help: ClassVar[str] = "Write down what a customer was promised, and by when."

    customer_id: Annotated[int, Argument("Customer number", kind="customer")]
    text: Annotated[str, Argument("What was promised")]
    due: Annotated[
        str,
        Argument(
            "By when: 2h, 3d, 1w, 2026-11-30, 2026-11-30 17:00 (UTC)", characters=WHEN_CHARACTERS
        ),
    ] = ""
    case_id: Annotated[int, Argument("The case it is about", kind="case", option=True)] = 0

    def apply(self, act: Act) -> str:
        """Write it down; see `Command.apply`."""
        row = act.connection.one(_CUSTOMER, {"id": self.customer_id})
        if row is None:
            raise NotFound(f"There is no customer {self.customer_id} in this store.")
        text = " ".join(self.text.split())
        if not text:
            raise Refused("The promise is empty: say what was promised.")
        if self.case_id:
            self._check_case(act, int(row[0]))
        act.subjects.append(("customer", row[0]))
        promise_id = ids.take(act.connection, "promises")
        act.insert(
            "promises",
            promise_id,
            {
                "customer_id": self.customer_id,
                "case_id": self.case_id,
                "agent_id": act.agent.agent_id,
                "text": text,
                "due_at": due_at(self.due, act.now),
                "state": "open",
                "made_at": act.now,
                "ended_at": 0,
            },
        )
        return f"Promised {row[1]}: {brief(text)} (promise {promise_id})"

    def _check_case(self, act: Act, canonical_id: int) -> None:
        act.case(self.case_id)
        customer_id = act.connection.value(_CASE_CUSTOMER, {"id": self.case_id})
        asker = act.connection.one(_CUSTOMER, {"id": customer_id}) if customer_id else None
        if asker is None or asker[0] != canonical_id:
            raise Refused(f"#{self.case_id} is not a case of this customer.")


@dataclass(frozen=True, slots=True)
class EndPromise(Command):
    """Say what became of a promise."""

    name: ClassVar[str] = "promise.end"
    title: ClassVar[str] = "Promise kept, broken, withdrawn"
    help: ClassVar[str] = "Say that a promise was kept, broken or withdrawn, or is open after all."

    promise_id: Annotated[int, Argument("Promise number", kind="number")]
    outcome: Annotated[str, Argument("What became of it", kind="choice", choices=OUTCOMES)] = "kept"

    def apply(self, act: Act) -> str:
        """End it; see `Command.apply`."""
        row = act.connection.one(_PROMISE, {"id": self.promise_id})
        if row is None:
            raise NotFound(f"There is no promise {self.promise_id} in this store.")
        _, case_id, text, state, name, canonical_id = row
        act.subjects.append(("customer", canonical_id))
        if case_id:
            act.subjects.append(("case", case_id))
        ended = 0 if self.outcome == "open" else act.now
        if state == self.outcome:
            return f"The promise to {name} is {state} already"
        act.change("promises", self.promise_id, state=self.outcome, ended_at=ended)
        verb = "is open again" if self.outcome == "open" else f"was {self.outcome}"
        return f"The promise to {name} {verb}: {brief(text)}"


def due_at(written: str, now: int) -> int:
    """Return when something is due, in UTC milliseconds; 0 where nothing is said.

    Raises:
        Refused: It is no time.
    """
    written = written.strip().lower()
    if not written:
        return 0
    span = _SPAN.fullmatch(written)
    if span:
        return now + int(span[1]) * _UNITS[span[2]]
    for form in ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dt%H:%M"):
        try:
            moment = datetime.strptime(written, form).replace(tzinfo=UTC)
        except ValueError:
            continue
        if form == "%Y-%m-%d":
            moment += timedelta(hours=23, minutes=59)
        return int(moment.timestamp() * 1000)
    raise Refused(
        f"“{brief(written)}” is no time; write 2h, 3d, 1w, 2026-11-30 or 2026-11-30 17:00."
    )
