"""What agents did, and what they are typing."""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Done:
    """What a command did.

    Attributes:
        seq: Its row in the journal; 0 when nothing had to change.
        sentence: For people: ``Tagged #42 billing``.
        case_id: The case to show afterwards; 0 when none.
    """

    seq: int
    sentence: str
    case_id: int = 0


@dataclass(frozen=True, slots=True)
class JournalRow:
    """One act.

    Attributes:
        agent: Login; ``system`` for rules, ingest and timers.
        undoes: The act that this one took back; 0 when none.
        undone_by: The act that took this one back; 0 when none did.
    """

    seq: int
    at: int
    agent: str
    command: str
    sentence: str
    undoes: int
    undone_by: int


@dataclass(frozen=True, slots=True)
class DraftRow:
    """What an agent was typing.

    Attributes:
        kind: ``note`` or ``reply``.
        case_revision: What the case was when the draft was begun.
    """

    case_id: int
    agent_id: int
    kind: str
    text: str
    cursor: tuple[int, int]
    case_revision: int
    updated_at: int
