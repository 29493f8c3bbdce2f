"""A cheat sheet as lines: all that matters about a customer, on one screen of 80×24.

In this order: who, how sure we are that it is them, open promises, open cases with whose turn,
goals, what was tried and how it ended, the last contacts, how they like to be addressed, their
mood, handles, what was read in messages, the team's own fields, tags, pinned notes, who looks after
them. What is empty is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from console import sheet_words as words
from console import times
from console.text import clean, column, fit, one_line, width, wrap
from console.widgets.lean import Cell
from db.records import CaseLine, CheatSheet, Contact, Fact, Handle, PromiseLine, Tried

LABEL_CELLS = 10
SHORTEST = 40
"""Below that many cells the labels are left out."""

_TURNS = {"us": "us", "customer": "them", "third_party": "3rd", "team": "team"}
_ARROWS = {"inbound": "←", "outbound": "→"}
_CHANNELS = {"email": "mail", "phone": "call", "sms": "SMS"}

Cells = tuple[Cell, ...]
_Item = TypeVar("_Item")


class _Limits(NamedTuple):
    """How many lines a section may take.

    Attributes:
        counted: True where a line of its own says how many more there are.
    """

    promises: int
    cases: int
    goals: int
    tried: int
    handles: int
    facts: int
    tags: int
    notes: int
    note: int
    spaced: bool
    counted: bool = True


_ROOMY = _Limits(
    promises=6, cases=12, goals=6, tried=4, handles=8, facts=5, tags=1, notes=5, note=4, spaced=True
)
_TIGHT = _ROOMY._replace(spaced=False)
_SHORT = _Limits(
    promises=3, cases=5, goals=2, tried=2, handles=3, facts=2, tags=1, notes=2, note=1,
    spaced=False, counted=False,
)  # fmt: skip
# At most 22 lines, which is what 80×24 leaves beside a title and the status line.
_SMALL = _Limits(
    promises=2, cases=3, goals=1, tried=1, handles=2, facts=1, tags=0, notes=1, note=1,
    spaced=False, counted=False,
)  # fmt: skip


def sheet_lines(sheet: CheatSheet, cells: int, height: int) -> list[Cells]:
    """Return the sheet, as roomy as the height allows.

    Args:
        sheet: Untrusted in every text.
        cells: Width.
        height: Lines that are there; a sheet that is longer even at its smallest is scrolled.
    """
    for limits in (_ROOMY, _TIGHT, _SHORT):
        lines = _lines(sheet, cells, limits)
        if len(lines) <= height:
            return lines
    return _lines(sheet, cells, _SMALL)


def _lines(sheet: CheatSheet, cells: int, limits: _Limits) -> list[Cells]:
    inner = max(8, cells - LABEL_CELLS - 1 if cells >= SHORTEST else cells - 1)
    sections: list[tuple[str, list[Cells]]] = [
        ("", _who(sheet, cells - 1)),
        ("sure", _line(words.certainty(sheet), inner)),
        ("promised", _promises(sheet.promises, inner, limits)),
        ("open", _cases(sheet.open_cases, inner, limits)),
        ("goals", _text(sheet.goals, inner, limits.goals)),
        ("tried", _tried(sheet.tried, inner, limits)),
        ("contacts", [_contact(contact, inner) for contact in sheet.contacts[:3]]),
        ("address", _line(words.address_words(sheet), inner, "text")),
        ("mood", _mood(sheet, inner)),
        ("handles", _handles(sheet.handles, inner, limits)),
        ("read", _facts(sheet, inner, limits)),
        ("fields", _line(words.field_words(sheet.fields), inner, "text")),
        ("tags", _tags(sheet, inner)[: limits.tags]),
        ("notes", _notes(sheet, inner, limits)),
        ("history", _history(sheet, inner)),
    ]
    out: list[Cells] = []
    for label, lines in sections:
        if lines and out and limits.spaced:
            out.append(())
        for number, line in enumerate(lines):
            if label and cells >= SHORTEST:
                shown = label if number == 0 else ""
                line = (Cell(shown.ljust(LABEL_CELLS), "accent"), *line)
            out.append((Cell(" "), *line))
    return out


def _who(sheet: CheatSheet, cells: int) -> list[Cells]:
    marks = [Cell("  VIP", "vip")] if sheet.vip else []
    if sheet.stage:
        marks.append(Cell(f"  {one_line(sheet.stage.replace('_', ' '), 14)}", "muted"))
    room = cells - sum(width(mark.text) for mark in marks)
    out: list[Cells] = [
        (Cell(one_line(sheet.name, room) or fit("(no name)", room), "strong"), *marks)
    ]
    place = ", ".join(one_line(part, cells) for part in (sheet.title, sheet.organization) if part)
    if place:
        figures = words.company_words(sheet.roll_up) if sheet.roll_up else ""
        figures = f"  {figures}" if figures and width(figures) < cells // 2 else ""
        out.append((Cell(fit(place, cells - width(figures))), Cell(figures, "muted")))
    if sheet.risk:
        since = f" (since {times.short_day(sheet.risk_at)})" if sheet.risk_at else ""
        reason = one_line(sheet.risk, cells - 9 - len(since))
        out.append((Cell(f"at risk: {reason}{since}", "late"),))
    return out


def _line(text: str, cells: int, role: str = "muted") -> list[Cells]:
    return [(Cell(one_line(text, cells), role),)] if text else []


def _promises(promises: Sequence[PromiseLine], cells: int, limits: _Limits) -> list[Cells]:
    def line(promise: PromiseLine, room: int) -> Cells:
        due = words.promise_due(promise)
        end = f" {due}" if due else ""
        late = promise.due_at and promise.due_at < times.now()
        text = column(words.promise_words(promise), room - width(end))
        return Cell(text), Cell(end, "late" if late else "muted")

    return _some(promises, line, cells, limits.promises, limits.counted)


def _tried(tried: Sequence[Tried], cells: int, limits: _Limits) -> list[Cells]:
    def line(one: Tried, room: int) -> Cells:
        role = "text" if one.resolution in words.WORKED else "muted"
        return (Cell(one_line(words.tried_words(one), room), role),)

    return _some(tried, line, cells, limits.tried, limits.counted)


def _mood(sheet: CheatSheet, cells: int) -> list[Cells]:
    if sheet.mood is None:
        return []
    role = "late" if sheet.mood.word in ("angry", "unhappy") else "text"
    return _line(words.mood_words(sheet.mood), cells, role)


def _facts(sheet: CheatSheet, cells: int, limits: _Limits) -> list[Cells]:
    def line(fact: Fact, room: int) -> Cells:
        return (Cell(one_line(words.fact_words(fact), room)),)

    return _some(sheet.facts, line, cells, limits.facts, limits.counted)


def _cases(cases: Sequence[CaseLine], cells: int, limits: _Limits) -> list[Cells]:
    def line(case: CaseLine, room: int) -> Cells:
        turn = _TURNS.get(case.waiting_on, "")
        age = times.short_age(times.now() - case.waiting_since) if case.waiting_since else ""
        sign = {"urgent": "!! ", "high": "! "}.get(case.urgency, "")
        end = f" {turn} {age}".rstrip()
        start = f"#{case.case_id} {sign}"
        subject = column(case.subject or "(no subject)", room - len(start) - len(end))
        return (
            Cell(start, "urgent" if sign else "text"),
            Cell(subject),
            Cell(end, "us" if case.waiting_on == "us" else "muted"),
        )

    return _some(cases, line, cells, limits.cases, limits.counted)


def _contact(contact: Contact, cells: int) -> Cells:
    channel = _CHANNELS.get(contact.channel, contact.channel)
    start = f"{times.short_day(contact.at)} {_ARROWS.get(contact.direction, '·')} "
    middle = f"{one_line(channel, 6)}  "
    said = one_line(f"{contact.author}: {contact.preview}", cells - len(start) - width(middle))
    return Cell(start, "muted"), Cell(middle, "muted"), Cell(said)


def _handles(handles: Sequence[Handle], cells: int, limits: _Limits) -> list[Cells]:
    def line(handle: Handle, room: int) -> Cells:
        doubt = f" ({words.doubt(handle)})" if words.doubt(handle) else ""
        where = f" {one_line(handle.network, 12)}" if handle.network else ""
        end = fit(f"{where}{doubt}", max(0, room - 8))
        return Cell(one_line(handle.value, room - width(end)), "link"), Cell(end, "muted")

    shown = [each for each in handles if each.state != "rejected"]
    return _some(shown, line, cells, limits.handles, limits.counted)


def _tags(sheet: CheatSheet, cells: int) -> list[Cells]:
    return _line(
        " · ".join(f"{one_line(name, 20)} {cases}" for name, cases in sheet.tags[:12]), cells
    )


def _notes(sheet: CheatSheet, cells: int, limits: _Limits) -> list[Cells]:
    out: list[Cells] = []
    for note in sheet.notes[: limits.notes]:
        by = f" – {one_line(note.author, 16)}, {times.short_day(note.at)}"
        out += _text(f"{note.text.strip()}{by}", cells, limits.note)
    if len(sheet.notes) > limits.notes and limits.counted:
        out.append((Cell(f"… {len(sheet.notes) - limits.notes} more", "muted"),))
    return out


def _history(sheet: CheatSheet, cells: int) -> list[Cells]:
    bars = words.strip(sheet.activity)
    parts = [
        bars,
        f"looked after by {one_line(sheet.success_owner, 16)}" if sheet.success_owner else "",
        f"{sheet.cases:,} case{'s' * (sheet.cases != 1)}",
        f"{sheet.entries:,} {'entry' if sheet.entries == 1 else 'entries'}",
        f"since {times.short_day(sheet.first_at)}" if sheet.first_at else "",
    ]
    return _line(" · ".join(part for part in parts if part), cells)


def _text(text: str, cells: int, most: int) -> list[Cells]:
    """Return a text wrapped into at most that many lines, the last with an ellipsis if cut."""
    lines = [line for line in wrap(clean(text.strip()), cells) if line.strip()]
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(f"{lines[most - 1]} …", cells)]
    return [(Cell(line),) for line in lines]


def _some(
    items: Sequence[_Item],
    line: Callable[[_Item, int], Cells],
    cells: int,
    most: int,
    counted: bool,
) -> list[Cells]:
    """Return the first items, and how many more there are: on a line of its own, or at the end."""
    more = len(items) - most
    if more > 0 and not counted:
        end = f" +{more}"
        last = (*line(items[most - 1], max(1, cells - len(end))), Cell(end, "muted"))
        return [*(line(item, cells) for item in items[: most - 1]), last]
    out = [line(item, cells) for item in items[:most]]
    if more > 0:
        out.append((Cell(f"… {more} more", "muted"),))
    return out
