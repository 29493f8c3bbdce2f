"""A case in one line: whose turn it is and until when, down to the narrowest pane.

    !! #1042 Ada Moreno   Invoice paid twice            us 3 h   late 2 d ben      billing vat

What is left out when the pane is narrow, in this order: presence, why the row is where it is, tags,
owner, the customer's name; then the subject shrinks. The sign, the number, whose turn and the
deadline stay.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import lru_cache

from console import times
from console.text import column, one_line
from console.widgets.lean import Cell
from db.frozen import dataclass
from db.records import NO_DEADLINE, CaseRow

SIGNS = {"urgent": "!! ", "high": "!  ", "normal": "   ", "low": "·  "}
_NO_SIGN = "   "
_SIGN_STYLES = {"urgent": "urgent", "high": "us"}

SIGN_CELLS = 3
NUMBER_CELLS = 8
TURN_CELLS = 11
DUE_CELLS = 11
OWNER_CELLS = 9
TAGS_CELLS = 16
WHY_CELLS = 14
PRESENCE_CELLS = 14
SUBJECT_LEAST = 16
COMFORT_CELLS = 20  # what subject and name want beyond the least before tags are shown
CUSTOMER_SHARE = 0.34
CUSTOMER_CELLS = (12, 26)


@dataclass(frozen=True, slots=True)
class _Columns:
    """Cells of each column; 0 where there is no room for it."""

    customer: int
    subject: int
    owner: int
    tags: int
    why: int
    presence: int


def turn(row: CaseRow) -> tuple[str, str]:
    """Return whose turn it is and since when, such as ``us 3 h``, and its style."""
    if row.status in ("resolved", "closed"):
        return row.status, "muted"
    if row.snoozed_until > times.now():
        return f"snooze {times.short_age(row.snoozed_until - times.now())}", "muted"
    name = row.waiting_on
    if name == "customer":
        name = "them"
    elif name != "us":
        name = one_line(row.waiting_name, 5) or ("3rd" if name == "third_party" else "team")
    age = times.short_age(times.now() - row.waiting_since) if row.waiting_since else ""
    return f"{name} {age}".rstrip(), "us" if row.waiting_on == "us" else "text"


def deadline(row: CaseRow) -> tuple[str, str]:
    """Return the deadline, such as ``due 3 h``, and its style; empty when none runs."""
    if not 0 < row.due_at < NO_DEADLINE:
        return "", "muted"
    return times.due(row.due_at), "late" if row.due_at < times.now() else "text"


class CaseFormat:
    """Draws case rows.

    Args:
        why: Says why a row is where it is, such as ``oldest wait``; None for no such column.
    """

    def __init__(self, why: Callable[[CaseRow], str] | None = None) -> None:
        self._why = why
        self.presence: Mapping[int, str] = {}
        """Case number to who is there, such as ``@ben writing``; replace it to change it."""
        self.deadlines = True
        """False leaves the column of deadlines out, where no row of a list has one."""

    def key(self, row: CaseRow) -> Hashable:
        """Return the case number."""
        return row.case_id

    def version(self, row: CaseRow) -> Hashable:
        """Return what raises with every change, and what else of the line is not the row's own."""
        there = self.presence.get(row.case_id, "") if self.presence else ""
        return row.revision, row.updated_at, row.snoozed_until, there, self.deadlines

    def cells(self, row: CaseRow, width: int) -> Sequence[Cell]:
        """Return the row, its columns chosen by the width."""
        room = width if self.deadlines else width + DUE_CELLS
        columns = _columns(room, self._why is not None, bool(self.presence))
        over = row.history or row.status in ("resolved", "closed")
        body = "muted" if over else "text"
        turn_text, turn_style = turn(row)
        due_text, due_style = deadline(row)
        name = f"VIP {row.customer}" if row.vip else row.customer
        out = [
            Cell(SIGNS.get(row.urgency, _NO_SIGN), _SIGN_STYLES.get(row.urgency, body)),
            Cell(f"#{row.case_id}".ljust(NUMBER_CELLS), body),
        ]
        if columns.customer:
            out.append(_column(name, columns.customer, "muted" if over else "strong"))
        out += (
            _column(row.subject or "(no subject)", columns.subject, body),
            _column(turn_text, TURN_CELLS, turn_style),
        )
        if self.deadlines:
            out.append(_column(due_text, DUE_CELLS, due_style))
        if columns.owner:
            out.append(_column(row.owner or "–", columns.owner, body))
        if columns.tags:
            out.append(_column(" ".join(row.tags), columns.tags, "muted"))
        if columns.why and self._why:
            out.append(_column(self._why(row), columns.why, "muted"))
        if columns.presence:
            out.append(_column(self.presence.get(row.case_id, ""), columns.presence, "vip"))
        return out

    def header(self, width: int) -> Sequence[Cell]:
        """Return no header: the columns speak for themselves."""
        return ()


@lru_cache(maxsize=32)
def _columns(cells: int, has_why: bool, has_presence: bool) -> _Columns:
    """Share out a width: what stays first, then the rest in the order that the module states."""
    spare = cells - SIGN_CELLS - NUMBER_CELLS - TURN_CELLS - DUE_CELLS - SUBJECT_LEAST

    def take(wanted: int) -> int:
        nonlocal spare
        if wanted > spare:
            return 0
        spare -= wanted
        return wanted

    least, most = CUSTOMER_CELLS
    customer = take(least)
    owner = take(OWNER_CELLS) if customer else 0
    tags = take(TAGS_CELLS) if owner and spare >= TAGS_CELLS + COMFORT_CELLS else 0
    why = take(WHY_CELLS) if tags and has_why else 0
    presence = take(PRESENCE_CELLS) if tags and has_presence else 0
    if customer:
        more = min(most - least, int(spare * CUSTOMER_SHARE))
        customer, spare = customer + more, spare - more
    return _Columns(customer, max(0, SUBJECT_LEAST + spare), owner, tags, why, presence)


def _column(text: str, cells: int, style: str) -> Cell:
    """Return text in a column of that width, a blank behind it."""
    return Cell(column(text, cells - 1) + " ", style)
