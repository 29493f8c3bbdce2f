"""What belongs together: bring a case into another, split a message off."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.screens import choices
from console.screens.picker import Choice, Picker
from console.text import one_line
from console.times import ago
from db.commands.base import Command
from db.commands.threads import MergeCase, SplitCase
from db.engine.interface import Connection
from db.records import TimelineItem

if TYPE_CHECKING:
    from console.actions import ActingApp

OTHERS_SHOWN = 100
NUMBER = "number"

# Cases of the same person, and those about the same; open ones first, then the newest.
_OTHERS = """
select c.id, c.subject, c.status, c.updated_at, c.unresolved from cases c
join identities i on i.id = c.requester_id join customers k on k.id = i.customer_id
where c.id <> :case and c.merged_into = 0 and k.canonical_id = (
  select k.canonical_id from cases o join identities i on i.id = o.requester_id
  join customers k on k.id = i.customer_id where o.id = :case)
order by c.unresolved desc, c.updated_at desc limit :rows
"""


def others(connection: Connection, case_id: int) -> list[Choice]:
    """Return the cases that one may be merged into, the likeliest first."""
    rows = connection.all(_OTHERS, {"case": case_id, "rows": OTHERS_SHOWN})
    found = [
        Choice(str(number), f"#{number} {one_line(subject, 60)}", f"{status} · {ago(at)}")
        for number, subject, status, at, _ in rows
    ]
    return [*found, Choice(NUMBER, "another case…", "by its number")]


async def ask_merge(app: ActingApp, case_id: int) -> Command | None:
    """Ask into which case one goes; None where the agent changed their mind."""
    listed = app.reader.now(others, case_id)
    picked: str | None = await app.push_screen_wait(Picker(f"Merge #{case_id} into", listed))
    if picked == NUMBER:
        picked = await choices.ask_line(app, f"Merge #{case_id} into case number")
    digits = (picked or "").strip().removeprefix("#")
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        app.say(f"“{one_line(digits, 40)}” is no case number.")
        return None
    return MergeCase(case_id, int(digits))


async def ask_split(app: ActingApp, item: TimelineItem) -> Command | None:
    """Ask how much is split off; None where the agent changed their mind."""
    title = f"Split off #{item.case_id}: {one_line(item.author, 30)}, {ago(item.at)}"
    picked = await app.push_screen_wait(
        Picker(
            title,
            [
                Choice("rest", "this message and what followed it", "answers go with it"),
                Choice("only", "this message alone", "what followed stays"),
            ],
        )
    )
    if not picked:
        return None
    return SplitCase(item.entry_id, only=picked == "only")
