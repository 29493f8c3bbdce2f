"""What the status line says: where, how many, the oldest wait, what is unfinished."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from console import times
from console.text import one_line
from console.widgets.status_line import StatusLine, StatusPart

if TYPE_CHECKING:
    from console.screens.desk_shows import Shows

NAME_CELLS = 30
HINT = "? keys · : commands"


def show_desk_status(desk: Shows, line: StatusLine) -> None:
    """Say it for the desk."""
    parts = [StatusPart("where", " › ".join(_where(desk)), "strong")]
    marked = len(desk.cases.marked)
    if marked:
        parts.append(StatusPart("marked", f"{marked:,} marked", "vip"))
    queue = desk.queue
    if queue is not None:
        parts.append(StatusPart("count", f"{queue.cases:,} waiting" if queue.cases else "empty"))
        if queue.oldest_since:
            age = times.short_age(times.now() - queue.oldest_since)
            parts.append(StatusPart("oldest", f"oldest {age}"))
    status = desk.status
    if status is not None:
        if status.drafts:
            word = "draft" if status.drafts == 1 else "drafts"
            parts.append(StatusPart("drafts", f"{status.drafts} {word}", "vip"))
        if status.quarantined:
            parts.append(StatusPart("set_aside", f"{status.quarantined:,} set aside", "us"))
        if status.synced_at:
            parts.append(StatusPart("synced", f"synced {times.ago(status.synced_at)}", "muted"))
    mailroom = getattr(desk.app, "mailroom", None)
    if mailroom is not None and mailroom.state:
        parts.append(StatusPart("mail", mailroom.state, "muted"))
    parts.append(StatusPart("hint", HINT, "muted"))
    line.show(parts)


def _where(desk: Shows) -> list[str]:
    """Return the breadcrumb."""
    where = [one_line(desk.listed, NAME_CELLS) or "desk"]
    if desk.pane == "queues":
        return ["queues"]
    row = desk.cases.row
    if desk.pane in ("reading", "sheet") and desk.detail is not None:
        row = desk.detail.row
    if row is not None:
        where.append(f"#{row.case_id} {one_line(row.customer, NAME_CELLS)}")
    if desk.pane == "sheet":
        where.append("sheet")
    return where


def show_place(line: StatusLine, where: Sequence[str]) -> None:
    """Say where the agent is on another screen."""
    path = " › ".join(one_line(part, NAME_CELLS) for part in where if part)
    line.show(
        [StatusPart("where", path, "strong"), StatusPart("hint", f"q back · {HINT}", "muted")]
    )
