"""What agents were typing, and how far they have read.

A draft is stored as it is typed and survives ``kill -9`` of the program: the write is handed to the
system before it returns. It is not synced to the disk at each keystroke, so a power cut may cost
the last seconds. Neither drafts nor marks are acts: they are not journaled.
"""

from __future__ import annotations

from db import clock
from db.engine.interface import Connection, Engine
from db.errors import Refused
from db.records import DraftRow

DRAFT_CHARACTERS = 1_000_000
"""More than anybody types; a pasted file is an attachment."""

PAGE_ROWS = 200
_COLUMNS = "case_id, agent_id, kind, text, cursor_line, cursor_column, case_revision, updated_at"
_SAVE = """
insert into drafts(case_id, agent_id, kind, text, cursor_line, cursor_column, case_revision,
  updated_at)
values(:case, :agent, :kind, :text, :line, :column, :revision, :at)
on conflict(case_id, agent_id, kind) do update set text = excluded.text,
  cursor_line = excluded.cursor_line, cursor_column = excluded.cursor_column,
  case_revision = excluded.case_revision, updated_at = excluded.updated_at
"""
_LOAD = f"""
select {_COLUMNS} from drafts where case_id = :case and agent_id = :agent and kind = :kind
"""  # noqa: S608 the columns are the constant above
_DROP = "delete from drafts where case_id = :case and agent_id = :agent and kind = :kind"
_LIST = f"""
select {_COLUMNS} from drafts where agent_id = :agent
order by updated_at desc, case_id, kind limit :limit
"""  # noqa: S608 the columns are the constant above
_SEEN = """
insert into seen(agent_id, case_id, entry_at) values(:agent, :case, :at)
on conflict(agent_id, case_id) do update set entry_at = excluded.entry_at
where excluded.entry_at > seen.entry_at
"""
_SEEN_AT = "select entry_at from seen where agent_id = :agent and case_id = :case"


def save_draft(engine: Engine, draft: DraftRow) -> None:
    """Keep a draft in place of the one of the same case, agent and kind.

    Args:
        draft: ``updated_at`` 0 means now.

    Raises:
        Refused: It is longer than `DRAFT_CHARACTERS`.
        Unavailable: The store cannot be written.
    """
    if len(draft.text) > DRAFT_CHARACTERS:
        raise Refused(
            f"A draft holds at most {DRAFT_CHARACTERS:,} characters; attach longer text as a file."
        )
    with engine.write(durable=False) as connection:
        connection.run(
            _SAVE,
            {
                "case": draft.case_id,
                "agent": draft.agent_id,
                "kind": draft.kind,
                "text": draft.text.encode("utf-8", "replace").decode("utf-8"),
                "line": draft.cursor[0],
                "column": draft.cursor[1],
                "revision": draft.case_revision,
                "at": draft.updated_at or clock.now(),
            },
        )


def load_draft(connection: Connection, case_id: int, agent_id: int, kind: str) -> DraftRow | None:
    """Return the draft of a case, agent and kind, or None."""
    row = connection.one(_LOAD, {"case": case_id, "agent": agent_id, "kind": kind})
    return None if row is None else _draft(*row)


def drop_draft(engine: Engine, case_id: int, agent_id: int, kind: str) -> bool:
    """Forget a draft; say whether there was one."""
    with engine.write(durable=False) as connection:
        return bool(connection.run(_DROP, {"case": case_id, "agent": agent_id, "kind": kind}))


def list_drafts(connection: Connection, agent_id: int, limit: int = PAGE_ROWS) -> list[DraftRow]:
    """Return an agent's drafts, newest first."""
    limit = max(1, min(limit, PAGE_ROWS))
    return [_draft(*row) for row in connection.all(_LIST, {"agent": agent_id, "limit": limit})]


def mark_seen(engine: Engine, agent_id: int, case_id: int, at: int) -> None:
    """Remember that an agent has seen a case's timeline up to ``at``; it never goes back."""
    params = {"agent": agent_id, "case": case_id, "at": at}
    seen_at = engine.connection().value(_SEEN_AT, params)
    if seen_at is not None and seen_at >= at:
        return  # moving over a list marks the same cases again and again: no write for that
    with engine.write(durable=False) as connection:
        connection.run(_SEEN, params)


def _draft(
    case_id: int,
    agent_id: int,
    kind: str,
    text: str,
    line: int,
    column: int,
    case_revision: int,
    updated_at: int,
) -> DraftRow:
    return DraftRow(case_id, agent_id, kind, text, (line, column), case_revision, updated_at)
