"""Two customers side by side as lines: what they have in common, what differs, what speaks for it.

    =  name          Ada Moreno                    Ada Moreno
    ≠  organization  moreno.example                lampen.example
       addresses     ada@moreno.example            ada@lampen.example

A sign stands before each line, so that nothing is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence

from console import times
from console.text import one_line, pad, wrap
from console.widgets.lean import Cell
from db.records import MatchPair, MatchSide, Reason

LABEL_CELLS = 15
BITS_CELLS = 7
HANDLES = 4
FACTS = 3

Cells = tuple[Cell, ...]


def pair_lines(pair: MatchPair, one: MatchSide, other: MatchSide, cells: int) -> list[Cells]:
    """Return a pair; the sentence first, then both sides, then each signal with its weight.

    Args:
        pair: Untrusted in every text.
        one: The side on the left.
        other: The side on the right.
        cells: Width.
    """
    share = f"{100 * pair.score:.1f} % likely one person"
    group = f" · {pair.group} records may be them" if pair.group > 2 else ""
    lines: list[Cells] = [(Cell(f" {share}{group}", "strong"),)]
    lines += [(Cell(f" {line}"),) for line in wrap(pair.sentence, max(10, cells - 2))]
    lines.append(())
    lines += _sides(one, other, cells)
    lines.append(())
    lines += reason_lines(pair.reasons, cells)
    return lines


def reason_lines(reasons: Sequence[Reason], cells: int) -> list[Cells]:
    """Return each signal with its weight; what speaks against it is marked."""
    lines: list[Cells] = []
    for reason in reasons:
        sign, style = ("+", "text") if reason.bits > 0 else ("−", "us")
        weight = f"{sign}{abs(reason.bits):.1f}"
        text = reason.text + (f" (entry {reason.entry_id})" if reason.entry_id else "")
        room = max(10, cells - BITS_CELLS - 3)
        for place, line in enumerate(wrap(text, room)):
            lead = f" {weight:>{BITS_CELLS}} " if not place else " " * (BITS_CELLS + 2)
            lines.append((Cell(lead, "muted"), Cell(line, style)))
    return lines


def _sides(one: MatchSide, other: MatchSide, cells: int) -> list[Cells]:
    room = max(8, (cells - LABEL_CELLS - 4) // 2)
    rows: list[tuple[str, Sequence[str], Sequence[str]]] = [
        ("name", one.names[:HANDLES] or (one.name,), other.names[:HANDLES] or (other.name,)),
        ("organization", _some(one.organization), _some(other.organization)),
        ("role", _some(one.title), _some(other.title)),
        ("addresses", one.handles[:HANDLES], other.handles[:HANDLES]),
        ("signatures", one.facts[:FACTS], other.facts[:FACTS]),
        ("contacts", (_contacts(one),), (_contacts(other),)),
    ]
    lines: list[Cells] = [
        _line("", "", f"customer {one.customer_id}", f"customer {other.customer_id}", room)
    ]
    for label, left, right in rows:
        known = {value.casefold() for value in left} & {value.casefold() for value in right}
        for place in range(max(len(left), len(right))):
            mine = left[place] if place < len(left) else ""
            theirs = right[place] if place < len(right) else ""
            lines.append(
                _line(_sign(label, mine, theirs, known), label if not place else "", mine, theirs,
                      room)
            )  # fmt: skip
    return lines


def _sign(label: str, mine: str, theirs: str, known: set[str]) -> str:
    if mine and mine.casefold() in known and theirs.casefold() in known:
        return "="
    return "≠" if mine and theirs and label in ("name", "organization", "role") else " "


def _line(sign: str, label: str, mine: str, theirs: str, room: int) -> Cells:
    style = {"=": "strong", "≠": "us"}.get(sign, "text")
    return (
        Cell(f" {sign or ' '} ", style),
        Cell(pad(label, LABEL_CELLS - 2), "muted"),
        Cell(pad(one_line(mine, room), room), style),
        Cell("  "),
        Cell(one_line(theirs, room), style),
    )


def _some(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _contacts(side: MatchSide) -> str:
    last = f", last {times.short_day(side.last_at)}" if side.last_at else ""
    cases = "1 case" if side.cases == 1 else f"{side.cases:,} cases"
    entries = "1 entry" if side.entries == 1 else f"{side.entries:,} entries"
    return f"{entries}, {cases}{last}"
