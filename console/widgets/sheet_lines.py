"""A cheat sheet as lines: all that matters about a customer, on one screen of 80×24.

In this order: who, how sure we are that it is them, open cases with whose turn, goals, the last
contacts, how they like to be addressed, handles, tags, pinned notes, who looks after them. What is
empty is not drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

from console import times
from console.text import clean, column, fit, one_line, width, wrap
from console.widgets.lean import Cell
from db.records import CaseLine, CheatSheet, Contact, Handle

LABEL_CELLS = 10
SHORTEST = 40
"""Below that many cells the labels are left out."""

_TURNS = {"us": "us", "customer": "them", "third_party": "3rd", "team": "team"}
_ARROWS = {"inbound": "←", "outbound": "→"}
_CHANNELS = {"email": "mail", "phone": "call", "sms": "SMS"}

Cells = tuple[Cell, ...]
_Item = TypeVar("_Item")


class _Limits(NamedTuple):
    """How many lines a section may take."""

    cases: int
    goals: int
    handles: int
    notes: int
    note: int
    spaced: bool


_ROOMY = _Limits(cases=12, goals=6, handles=8, notes=5, note=4, spaced=True)
_TIGHT = _ROOMY._replace(spaced=False)
# At most 22 lines, which is what 80×24 leaves beside a title and the status line.
_SMALL = _Limits(cases=3, goals=2, handles=3, notes=1, note=1, spaced=False)


def sheet_lines(sheet: CheatSheet, cells: int, height: int) -> list[Cells]:
    """Return the sheet, as roomy as the height allows.

    Args:
        sheet: Untrusted in every text.
        cells: Width.
        height: Lines that are there; a sheet that is longer even at its smallest is scrolled.
    """
    for limits in (_ROOMY, _TIGHT):
        lines = _lines(sheet, cells, limits)
        if len(lines) <= height:
            return lines
    return _lines(sheet, cells, _SMALL)


def _lines(sheet: CheatSheet, cells: int, limits: _Limits) -> list[Cells]:
    inner = max(8, cells - LABEL_CELLS - 1 if cells >= SHORTEST else cells - 1)
    sections: list[tuple[str, list[Cells]]] = [
        ("", _who(sheet, cells - 1)),
        ("sure", _sure(sheet, inner)),
        ("open", _cases(sheet.open_cases, inner, limits.cases)),
        ("goals", _text(sheet.goals, inner, limits.goals)),
        ("contacts", [_contact(contact, inner) for contact in sheet.contacts[:3]]),
        ("address", _address(sheet, inner)),
        ("handles", _handles(sheet.handles, inner, limits.handles)),
        ("tags", _tags(sheet, inner)),
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
        out.append((Cell(fit(place, cells)),))
    if sheet.risk:
        since = f" (since {times.short_day(sheet.risk_at)})" if sheet.risk_at else ""
        reason = one_line(sheet.risk, cells - 9 - len(since))
        out.append((Cell(f"at risk: {reason}{since}", "late"),))
    return out


def _sure(sheet: CheatSheet, cells: int) -> list[Cells]:
    counts = {
        state: sum(handle.state == state for handle in sheet.handles)
        for state in ("confirmed", "observed", "suggested")
    }
    parts = [f"{count} {state}" for state, count in counts.items() if count]
    if len(sheet.members) > 1:
        parts.append(f"{len(sheet.members)} records linked as one person")
    return [(Cell(fit(" · ".join(parts), cells), "muted"),)] if parts else []


def _cases(cases: Sequence[CaseLine], cells: int, most: int) -> list[Cells]:
    def line(case: CaseLine) -> Cells:
        turn = _TURNS.get(case.waiting_on, "")
        age = times.short_age(times.now() - case.waiting_since) if case.waiting_since else ""
        sign = {"urgent": "!! ", "high": "! "}.get(case.urgency, "")
        end = f" {turn} {age}".rstrip()
        start = f"#{case.case_id} {sign}"
        room = cells - len(start) - len(end)
        subject = column(case.subject or "(no subject)", room)
        return (
            Cell(start, "urgent" if sign else "text"),
            Cell(subject),
            Cell(end, "us" if case.waiting_on == "us" else "muted"),
        )

    return _some(cases, line, most)


def _contact(contact: Contact, cells: int) -> Cells:
    channel = _CHANNELS.get(contact.channel, contact.channel)
    start = f"{times.short_day(contact.at)} {_ARROWS.get(contact.direction, '·')} "
    middle = f"{one_line(channel, 6)}  "
    words = one_line(f"{contact.author}: {contact.preview}", cells - len(start) - width(middle))
    return Cell(start, "muted"), Cell(middle, "muted"), Cell(words)


def _address(sheet: CheatSheet, cells: int) -> list[Cells]:
    here = times.zone_clock(sheet.time_zone) if sheet.time_zone else ""
    parts = [
        one_line(sheet.language, 20),
        f"{here} there" if here else "",
        f"prefers {_CHANNELS.get(sheet.preferred_channel, one_line(sheet.preferred_channel, 12))}"
        if sheet.preferred_channel
        else "",
    ]
    words = " · ".join(part for part in parts if part)
    return [(Cell(fit(words, cells)),)] if words else []


def _handles(handles: Sequence[Handle], cells: int, most: int) -> list[Cells]:
    def line(handle: Handle) -> Cells:
        doubt = "" if handle.state == "confirmed" else f" ({handle.state})"
        where = f" {one_line(handle.network, 12)}" if handle.network else ""
        end = fit(f"{where}{doubt}", max(0, cells - 8))
        value = one_line(handle.value, cells - width(end))
        return Cell(value, "link"), Cell(end, "muted")

    return _some([each for each in handles if each.state != "rejected"], line, most)


def _tags(sheet: CheatSheet, cells: int) -> list[Cells]:
    words = " · ".join(f"{one_line(name, 20)} {cases}" for name, cases in sheet.tags[:12])
    return [(Cell(fit(words, cells), "muted"),)] if words else []


def _notes(sheet: CheatSheet, cells: int, limits: _Limits) -> list[Cells]:
    out: list[Cells] = []
    for note in sheet.notes[: limits.notes]:
        by = f" – {one_line(note.author, 16)}, {times.short_day(note.at)}"
        out += _text(f"{note.text.strip()}{by}", cells, limits.note)
    if len(sheet.notes) > limits.notes:
        out.append((Cell(f"… {len(sheet.notes) - limits.notes} more", "muted"),))
    return out


def _history(sheet: CheatSheet, cells: int) -> list[Cells]:
    parts = [
        f"since {times.short_day(sheet.first_at)}" if sheet.first_at else "",
        f"{sheet.cases:,} case{'s' * (sheet.cases != 1)}",
        f"{sheet.entries:,} entries",
        f"looked after by {one_line(sheet.success_owner, 16)}" if sheet.success_owner else "",
    ]
    return [(Cell(fit(" · ".join(part for part in parts if part), cells), "muted"),)]


def _text(text: str, cells: int, most: int) -> list[Cells]:
    """Return a text wrapped into at most that many lines, the last with an ellipsis if cut."""
    lines = [line for line in wrap(clean(text.strip()), cells) if line.strip()]
    if len(lines) > most:
        lines = [*lines[: most - 1], fit(f"{lines[most - 1]} …", cells)]
    return [(Cell(line),) for line in lines]


def _some(items: Sequence[_Item], line: Callable[[_Item], Cells], most: int) -> list[Cells]:
    out = [line(item) for item in items[:most]]
    if len(items) > most:
        out.append((Cell(f"… {len(items) - most} more", "muted"),))
    return out
