"""An entry of a timeline as lines: rules above it, its header, its text with folds, its files.

Pure functions of records: no widget, no colour. Nothing is cut away: a fold is one line that says
how much is behind it, and what the sender wrote between two quotes is outside of folds.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from console import times
from console.text import MAX_LINE, clean, fit, one_line, width, wrap
from console.widgets.lean import Cell
from db.records import EntryText, TimelineItem

MAX_TEXT = 200_000
"""Characters of one entry that are drawn; the original, which ``v`` shows, has the rest."""

INDENT = "  "
NO_CASE = "about the customer"
_ARROWS = {"inbound": "←", "outbound": "→", "internal": "·"}
_CHANNELS = {"email": "mail", "phone": "call", "sms": "SMS"}
_KINDS = {"note": "NOTE", "call": "CALL", "survey": "SURVEY", "review": "REVIEW"}
_PREFIX = re.compile(r"(?:re|aw|fw|fwd|wg|sv|vs|antw)\s?(?:\[\d{1,3}\])?:\s?", re.IGNORECASE)


class Line(NamedTuple):
    """A line of a block.

    Attributes:
        ground: The ground of `console.theme` that it stands on.
        body: True for lines in which matches are looked for and shown.
    """

    cells: tuple[Cell, ...]
    ground: str = ""
    body: bool = False


BLANK = Line((Cell(""),))


def item_key(item: TimelineItem) -> tuple[int, int]:
    """Return what tells an item from all others: its entry, or the journal row of an event."""
    return item.entry_id, item.seq


def bare_subject(subject: str) -> str:
    """Return a subject without the prefixes of replies, for comparing."""
    subject = subject[:MAX_LINE].strip()
    while match := _PREFIX.match(subject):
        subject = subject[match.end() :]
    return " ".join(subject.split()).casefold()


def lead_lines(
    item: TimelineItem, before: TimelineItem | None, subject: str, first_new: bool, cells: int
) -> list[Line]:
    """Return the rules above an item: of its case, of its day, of what is new.

    Args:
        before: The item above it; None at the top.
        subject: Of its case.
        first_new: True for the first item that this agent has not seen.
        cells: The width.
    """
    out: list[Line] = []
    if before is None or before.case_id != item.case_id:
        number = f"#{item.case_id}" if item.case_id else NO_CASE
        title = f"{number} {one_line(subject, cells)}".rstrip()
        out.append(_rule(title, "rule", cells))
    if before is None or times.day(before.at) != times.day(item.at):
        out.append(_rule(times.day_title(item.at), "muted", cells))
    if first_new:
        out.append(_rule("new since you last looked", "marker", cells))
    return out


def _rule(title: str, style: str, cells: int) -> Line:
    text = fit(f"── {title} ", cells - 2)
    return Line((Cell(text + "─" * (cells - width(text)), style),))


def header_line(item: TimelineItem, before: TimelineItem | None, cells: int) -> Line:
    """Return who, how, when and what is special about it."""
    note = item.kind == "note"
    word = _KINDS.get(item.kind) or _CHANNELS.get(item.channel, item.channel)
    flags = _flags(item)
    author = one_line(item.author, max(8, cells // 3)) or "unknown"
    start = [
        Cell(f" {_ARROWS.get(item.direction, '·')} ", "accent"),
        Cell(author, "strong"),
        Cell(f"  {word}", "vip" if note else "muted"),
        Cell(f"  {times.clock(item.at, item.at_offset)}", "muted"),
    ]
    used = sum(width(cell.text) for cell in start) + width(flags) + 2
    changed = before is None or bare_subject(before.subject) != bare_subject(item.subject)
    if item.subject and changed and cells - used > 8:
        subject = one_line(item.subject, cells - used - 2)
        start.append(Cell(f"  {subject}"))
        used += width(subject) + 2
    if flags:
        start += (Cell(" " * max(1, cells - used)), Cell(f"{flags} ", "muted"))
    return Line(tuple(start), "note" if note else "head")


def _flags(item: TimelineItem) -> str:
    flags = []
    if item.automatic:
        flags.append(f"automatic: {one_line(item.automatic, 16)}")
    if item.attachments:
        flags.append("1 file" if item.attachments == 1 else f"{item.attachments} files")
    if item.pinned:
        flags.append("pinned")
    return " · ".join(flags)


def event_line(item: TimelineItem, cells: int) -> Line:
    """Return an event as one dim line."""
    sentence = one_line(item.preview or item.subject, cells)
    who = f"{one_line(item.author, 20)}: " if item.author else ""
    return Line((Cell(f" ∙ {times.clock(item.at)}  {who}{sentence}", "event"),))


def body_lines(text: EntryText, kind: str, cells: int, unfolded: bool) -> list[Line]:
    """Return an entry's text, its folds as one line each unless unfolded, and its files."""
    inner = cells - len(INDENT)
    out: list[Line] = []
    raw = text.text[:MAX_TEXT]
    at = 0
    for start, end, fold in sorted(text.folds):
        start, end = max(at, start), min(end, len(raw))
        if start >= end:
            continue
        out += _paragraphs(raw[at:start], "text", inner)
        if unfolded:
            out += _paragraphs(raw[start:end], "quote", inner)
        else:
            out.append(_fold(raw[start:end], fold, inner))
        at = end
    out += _paragraphs(raw[at:], "text", inner)
    if len(text.text) > MAX_TEXT:
        more = len(text.text) - MAX_TEXT
        out.append(_told(f"… {more:,} more characters; v shows the original", "fold", inner))
    if not out:
        out.append(_told("(no text)", "muted", inner))
    for number, file in enumerate(text.attachments, start=1):
        out.append(
            _told(f"[{number}] {_file(file.name, file.media_type, file.size)}", "link", inner)
        )
    out += [_told(f"mended: {defect}", "muted", inner) for defect in text.defects]
    ground = "note" if kind == "note" else ""
    return [line._replace(ground=ground) for line in out] if ground else out


def _paragraphs(raw: str, style: str, cells: int) -> list[Line]:
    text = clean(raw).strip("\n").rstrip()
    if not text.strip():
        return []
    return [Line((Cell(INDENT + line, style),), body=True) for line in wrap(text, cells)]


def _fold(raw: str, fold: str, cells: int) -> Line:
    lines = clean(raw).strip("\n").count("\n") + 1
    s = "" if lines == 1 else "s"
    words = f"signature, {lines} line{s}" if fold == "signature" else f"{lines} quoted line{s}"
    return _told(f"… {words}", "fold", cells)


def _told(sentence: str, style: str, cells: int) -> Line:
    return Line((Cell(INDENT + one_line(sentence, cells), style),))


def _file(name: str, media_type: str, size: int) -> str:
    parts = [name or "(no name)", media_type, file_size(size) if size else ""]
    return " · ".join(part for part in parts if part)


def file_size(size: int) -> str:
    """Return bytes as people say them, ``12 kB``."""
    value = float(size)
    for unit in ("bytes", "kB", "MB", "GB"):
        if value < 1_000 or unit == "GB":
            return (
                f"{value:.0f} {unit}" if value >= 10 or unit == "bytes" else f"{value:.1f} {unit}"
            )
        value /= 1_000
    return ""
