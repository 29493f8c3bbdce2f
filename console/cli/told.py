"""How a case, a customer and an entry read as plain text: whole words, one thing after another.

This is also the screen reader's way in: no boxes, no columns that only an eye can follow.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Protocol

from console import sheet_words as words
from console.output import line_width
from console.text import clean, one_line, wrap
from console.times import ago, due, now, short_age, stamp
from db.records import NO_DEADLINE

if TYPE_CHECKING:
    from db.records import (
        AttachmentRow,
        CaseDetail,
        CaseLine,
        CaseRow,
        CheatSheet,
        Contact,
        EntryText,
        Fact,
        Handle,
        PromiseLine,
        TimelineItem,
    )

LINE_CHARACTERS = 4_000
TEXT_WIDTH = 100  # prose is not wrapped wider than it is read
NO_WRAP = 1_000_000
_SIGNS = {"urgent": "!!", "high": "!", "low": "·"}
_TURNS = {"us": "us", "customer": "them", "third_party": "third party", "team": "team"}


class WithText(Protocol):
    """An entry of a timeline and its text."""

    @property
    def entry(self) -> TimelineItem:
        """What stands in the list."""
        ...

    @property
    def text(self) -> EntryText | None:
        """What was said; None for events."""
        ...


def urgency_sign(urgency: str) -> str:
    """Return the sign of an urgency; nothing for the normal one."""
    return _SIGNS.get(urgency, "")


def turn(row: CaseRow) -> str:
    """Return whose turn it is and since when: ``us 3 h``, ``bank 5 d``."""
    if row.status in ("resolved", "closed"):
        return ""
    if row.snoozed_until > now():
        return f"snoozed {short_age(row.snoozed_until - now())}"
    who = one_line(row.waiting_name, 20) or _TURNS.get(row.waiting_on, row.waiting_on)
    return f"{who} {short_age(now() - row.waiting_since)}" if row.waiting_since else who


def deadline(row: CaseRow) -> str:
    """Return the deadline: ``due 3 h``, ``late 2 d``; nothing when none runs."""
    return due(row.due_at) if 0 < row.due_at < NO_DEADLINE else ""


def line(text: str) -> str:
    """Return strangers' text on one line."""
    return one_line(text, LINE_CHARACTERS)


def case_lines(case: CaseDetail, entries: Sequence[WithText], more: bool) -> Iterator[str]:
    """Yield a case: header, then its entries, oldest first."""
    yield from _case_header(case)
    if more:
        yield ""
        yield "Older entries are left out; -n 0 shows all."
    for shown in entries:
        yield ""
        yield from entry_lines(shown.entry, shown.text)


def _case_header(case: CaseDetail) -> Iterator[str]:
    row = case.row
    yield f"#{row.case_id}  {line(row.subject) or '(no subject)'}"
    company = f", {line(row.organization)}" if row.organization else ""
    vip = " (VIP)" if row.vip else ""
    yield f"customer  {line(row.customer)}{company}{vip}, number {row.customer_id}"
    facts = [row.status.replace("_", " "), f"urgency {row.urgency}", row.channel]
    if case.resolution:
        facts.append(f"resolved as {case.resolution.replace('_', ' ')}")
    if row.history:
        facts.append("history")
    yield f"status    {', '.join(facts)}"
    yield f"owner     {line(row.owner) or 'nobody'}" + (
        f", in {line(row.queue)}" if row.queue else ""
    )
    whose = turn(row)
    if whose:
        end = deadline(row)
        yield f"turn      {whose}" + (f", {end}" if end else "")
    if row.tags:
        yield f"tags      {line(', '.join(row.tags))}"
    yield f"opened    {stamp(case.opened_at)}, last changed {ago(row.updated_at)}"
    if case.merged_into:
        yield f"merged    into #{case.merged_into}"
    for kind, other in case.linked:
        yield f"linked    {kind.replace('_', ' ')} #{other}"
    for other_case in case.also_open:
        yield f"also open {case_in_a_line(other_case)}"


def case_in_a_line(case: CaseLine) -> str:
    """Return a case of a sheet in one line."""
    who = _TURNS.get(case.waiting_on, case.waiting_on)
    sign = f" {_SIGNS[case.urgency]}" if case.urgency in _SIGNS else ""
    age = f" {short_age(now() - case.waiting_since)}" if case.waiting_since else ""
    return f"#{case.case_id}{sign}  {line(case.subject)} ({who}{age})"


def entry_lines(item: TimelineItem, text: EntryText | None) -> Iterator[str]:
    """Yield an entry: a heading, its text with folded quotes, its attachments."""
    if item.kind == "event":
        yield f"{stamp(item.at)}  {line(item.preview)}"
        return
    kind = item.kind if item.kind != "message" else item.channel
    facts = [kind, item.direction]
    if item.automatic:
        facts.append(f"automatic: {line(item.automatic)}")
    if item.pinned:
        facts.append("pinned")
    yield f"{stamp(item.at)}  {line(item.author)} ({', '.join(facts)})"
    if item.subject:
        yield f"  Subject: {line(item.subject)}"
    if text is None:
        return
    for paragraph in _folded(text):
        yield f"  {paragraph}".rstrip()
    for attachment in text.attachments:
        yield f"  Attachment: {_attachment(attachment)}"
    for defect in text.defects:
        yield f"  Mended: {line(defect)}"


def _folded(text: EntryText) -> Iterator[str]:
    """Yield the lines of a text; quotes and signatures are one line that says how long they are."""
    place = 0
    for start, end, kind in (*text.folds, (len(text.text), len(text.text), "")):
        yield from _wrapped(text.text[place:start])
        hidden = text.text[start:end].strip("\n")
        if hidden and kind == "quote":
            lines = hidden.count("\n") + 1
            yield f"… {lines} quoted {'line' if lines == 1 else 'lines'}"
        place = end


def _wrapped(text: str) -> Iterator[str]:
    cleaned = clean(text).strip("\n")
    if not cleaned.strip():
        return
    width = line_width()
    yield from wrap(cleaned, NO_WRAP if width is None else min(TEXT_WIDTH, width - 2))


def _attachment(row: AttachmentRow) -> str:
    size = f", {row.size:,} bytes" if row.size else ""
    return f"{line(row.name) or '(no name)'} ({line(row.media_type)}{size})"


def sheet_lines(sheet: CheatSheet) -> Iterator[str]:
    """Yield a cheat sheet in the order of the desk; empty sections are left out."""
    yield from _who(sheet)
    for title, lines in sheet_sections(sheet):
        if lines:
            yield ""
            yield title
            yield from (f"  {shown}" for shown in lines)


def sheet_sections(sheet: CheatSheet) -> Iterator[tuple[str, list[str]]]:
    """Yield the parts of a cheat sheet under their titles, each in lines; some may be empty."""
    certainty = words.certainty(sheet)
    yield "How sure we are", [certainty] if certainty else []
    yield "Open promises", [line(_promise(promise)) for promise in sheet.promises]
    yield "Open cases", [case_in_a_line(case) for case in sheet.open_cases]
    yield "Goals", [line(paragraph) for paragraph in sheet.goals.splitlines() if paragraph.strip()]
    yield "What was tried", [line(words.tried_words(one)) for one in sheet.tried]
    yield "Last contacts", [_contact(contact) for contact in sheet.contacts]
    address = words.address_words(sheet)
    yield "How they like to be addressed", [line(address)] if address else []
    yield "Mood of their last words", [line(words.mood_words(sheet.mood))] if sheet.mood else []
    yield "Reached by", [_handle(handle) for handle in sheet.handles]
    yield "Read in their messages", [_fact(fact) for fact in sheet.facts]
    yield "Fields", [f"{line(name)}: {line(value)}" for name, value in sheet.fields]
    yield (
        "Pinned notes",
        [
            shown
            for note in sheet.notes
            for shown in (f"{stamp(note.at)}  {line(note.author)}", *_indented(note.text))
        ],
    )


def _promise(promise: PromiseLine) -> str:
    due_words = words.promise_due(promise)
    by = f", by {promise.agent}" if promise.agent else ""
    end = f" ({due_words})" if due_words else ""
    return f"{promise.promise_id}: {words.promise_words(promise)}{end}{by}"


def _contact(contact: Contact) -> str:
    place = f" in #{contact.case_id}" if contact.case_id else ""
    return (
        f"{stamp(contact.at)}  {contact.channel} {contact.direction}{place}: "
        f"{line(contact.author)}: {line(contact.preview)}"
    )


def _handle(handle: Handle) -> str:
    network = f" on {line(handle.network)}" if handle.network else ""
    doubt = words.doubt(handle)
    sure = f" ({doubt})" if doubt else ""
    return f"{handle.kind} {line(handle.value)}{network}{sure}, {handle.entries:,} entries"


def _fact(fact: Fact) -> str:
    where = f" in entry {fact.entry_id} of {stamp(fact.at)}" if fact.entry_id else ""
    return f"{fact.kind} {line(fact.value)}{where}"


def _indented(text: str) -> Iterator[str]:
    yield from (f"  {paragraph}" for paragraph in _wrapped(text))


def _who(sheet: CheatSheet) -> Iterator[str]:
    company = f", {line(sheet.organization)}" if sheet.organization else ""
    title = f", {line(sheet.title)}" if sheet.title else ""
    yield f"{line(sheet.name)}{company}{title}{' (VIP)' if sheet.vip else ''}"
    yield f"number {sheet.customer_id}, {sheet.stage.replace('_', ' ')}"
    if sheet.risk:
        yield f"at risk since {stamp(sheet.risk_at)}: {line(sheet.risk)}"
    if sheet.roll_up is not None and (figures := words.company_words(sheet.roll_up)):
        yield f"{line(sheet.organization)}: {figures}"
    if sheet.success_owner:
        yield f"success owner {line(sheet.success_owner)}"
    since = f" since {stamp(sheet.first_at)}" if sheet.first_at else ""
    yield (
        f"{sheet.entries:,} entries in {sheet.cases:,} cases{since}; "
        f"wrote last {ago(sheet.last_inbound_at)}, we wrote last {ago(sheet.last_outbound_at)}"
    )
    if sheet.activity:
        yield f"activity of a year, month by month: {' '.join(map(str, sheet.activity))}"
    if sheet.tags:
        yield f"tags {line(', '.join(f'{name} ({cases})' for name, cases in sheet.tags))}"
