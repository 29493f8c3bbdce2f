"""The few lines above a timeline: the case, what else is open, and the customer in two lines."""

from __future__ import annotations

from textual.content import Content

from console import times
from console.text import one_line
from console.widgets.case_format import deadline, turn
from db.records import CaseDetail, CaseLine, CheatSheet

ALSO_NAMED = 3
TAGS_CELLS = 40
NAME_CELLS = 40
MAX_SUBJECT_CELLS = 200

Piece = tuple[str, str]


def case_head(detail: CaseDetail, *, named: bool = True) -> Content:
    """Return two lines: number and subject; whose turn, urgency, owner, tags, what else is open.

    Args:
        detail: The case.
        named: False where the customer's name stands right above.
    """
    row = detail.row
    subject = one_line(row.subject, MAX_SUBJECT_CELLS) or "(no subject)"
    first: list[Piece] = [(f"#{row.case_id} ", "bold $primary"), (f"{subject}\n", "bold")]
    facts = [fact for fact in _facts(detail, named=named) if fact[0]]
    parts: list[Piece] = []
    for number, fact in enumerate(facts):
        if number:
            parts.append((" · ", "$secondary"))
        parts.append(fact)
    return Content.assemble(*first, *parts)


def _facts(detail: CaseDetail, *, named: bool) -> list[Piece]:
    row = detail.row
    turn_words, turn_style = turn(row)
    due_words, due_style = deadline(row)
    styles = {"us": "bold $text-warning", "late": "bold $text-error", "muted": "$secondary"}
    return [
        (one_line(row.customer, NAME_CELLS) if named else "", ""),
        (turn_words, styles.get(turn_style, "")),
        (due_words, styles.get(due_style, "")),
        (_urgency(row.urgency), "bold $text-error"),
        (f"@{one_line(row.owner, 20)}" if row.owner else "nobody’s", "" if row.owner else "bold"),
        (f"in {one_line(row.queue, 24)}" if row.queue else "", ""),
        (_outcome(detail), "$secondary"),
        (one_line(" ".join(f"+{tag}" for tag in row.tags), TAGS_CELLS), "$text-accent"),
        (also_open(row.subject, detail.also_open), "$secondary"),
    ]


def _urgency(urgency: str) -> str:
    return {"urgent": "!! urgent", "high": "! high", "low": "low"}.get(urgency, "")


def _outcome(detail: CaseDetail) -> str:
    if detail.row.status not in ("resolved", "closed") or not detail.resolution:
        return ""
    return f"{detail.resolution.replace('_', ' ')} {times.ago(detail.resolved_at)}"


def also_open(subject: str, others: tuple[CaseLine, ...]) -> str:
    """Return what else is open for the same customer: ``also open #38 (same subject), #40``."""
    if not others:
        return ""
    own = _bare(subject)
    named = [
        f"#{other.case_id}" + (" (same subject)" if _bare(other.subject) == own else "")
        for other in others[:ALSO_NAMED]
    ]
    more = f" and {len(others) - ALSO_NAMED} more" if len(others) > ALSO_NAMED else ""
    return f"also open {', '.join(named)}{more}"


def _bare(subject: str) -> str:
    from console.widgets.entry_lines import bare_subject

    return bare_subject(subject)


def strip(sheet: CheatSheet) -> Content:
    """Return the customer in two lines: who they are; when they were last in touch."""
    name = one_line(sheet.name, NAME_CELLS)
    parts: list[Piece] = [(name, "bold")]
    if sheet.vip:
        parts.append(("  VIP", "bold $text-accent"))
    if sheet.title or sheet.organization:
        place = ", ".join(one_line(part, 30) for part in (sheet.title, sheet.organization) if part)
        parts.append((f"  {place}", ""))
    if sheet.risk:
        parts.append((f"  at risk: {one_line(sheet.risk, 40)}", "bold $text-error"))
    parts.append(("\n", ""))
    parts.append((_in_touch(sheet), "$secondary"))
    return Content.assemble(*parts)


def _in_touch(sheet: CheatSheet) -> str:
    words = []
    if sheet.contacts:
        last = sheet.contacts[0]
        words.append(f"last {last.channel} {times.ago(last.at)}")
    unresolved = len(sheet.open_cases)
    words.append(f"{unresolved} open of {sheet.cases}" if sheet.cases else "no cases")
    if sheet.first_at:
        words.append(f"since {times.local(sheet.first_at).year}")
    return " · ".join(words)
