"""Take an act back, and do it again, through the same door as the act itself.

What takes an act back is an act: journaled as ``undo``, with ``undoes`` naming the row that it took
back and that row's ``undone_by`` naming it. Taking back an ``undo`` is a ``redo``. A row is taken
back at most once, so the links form chains, and what stands is the newest end of each.
"""

from __future__ import annotations

from db import clock, journal
from db.commands.changes import Change, InTheWay, Writer
from db.commands.rows import TABLES
from db.commands.run import allowed, shown_case
from db.engine.interface import Connection, Engine
from db.errors import Conflict, NotAllowed, NotFound, Refused
from db.records import AgentRow, Done

UNDO = "undo"
REDO = "redo"
FINAL = frozenset({"customer.erase"})
"""Commands of which the journal keeps nothing to take back; a test compares it."""

# What only a lead may change, only a lead may take back.
LEAD_TABLES = frozenset({"queues", "agents", "teams", "team_agents"})
LATER_ROWS = 50

# What was erased, and the erase itself, is passed over: what is below it can still be taken back.
_LAST_STANDING = """
select seq from journal
where agent_id = :agent and command <> 'undo' and command <> 'customer.erase' and undone_by = 0
  and payload <> ''
order by seq desc limit 1
"""
# Only while nothing but undo and redo followed: else “again” would mean something else.
_LAST_UNDO = """
select seq from journal
where agent_id = :agent and command = 'undo' and undone_by = 0 and payload <> ''
and seq > coalesce((
  select max(seq) from journal
  where agent_id = :agent and command <> 'undo' and command <> 'redo'), 0)
order by seq desc limit 1
"""
_LATER = """
select j.seq, a.login from journal_subjects s
join journal j on j.seq = s.seq join agents a on a.id = j.agent_id
where s.kind = :kind and s.id = :id and s.seq > :seq order by s.seq desc limit :limit
"""


def undo(engine: Engine, agent: AgentRow, seq: int = 0) -> Done:
    """Take back an act: the agent's last one that stands, or row ``seq`` of the journal."""
    with engine.write() as connection:
        acting = allowed(connection, agent, lead=False, what=UNDO)
        if not seq:
            last = connection.value(_LAST_STANDING, {"agent": acting.agent_id})
            if last is None:
                raise Refused("There is nothing of yours to undo.")
            seq = int(last)
        return _take_back(connection, acting, seq)


def redo(engine: Engine, agent: AgentRow) -> Done:
    """Do again what the agent took back last, if they did nothing else since."""
    with engine.write() as connection:
        acting = allowed(connection, agent, lead=False, what=REDO)
        last = connection.value(_LAST_UNDO, {"agent": acting.agent_id})
        if last is None:
            raise Refused("There is nothing to redo: your last act was not an undo.")
        return _take_back(connection, acting, int(last))


def _take_back(connection: Connection, agent: AgentRow, seq: int) -> Done:
    act = _standing(connection, seq)
    if agent.role != "lead" and not _own_name_only(act.changes, agent):
        raise NotAllowed(f"Only a lead may take this back: {act.sentence}.")
    writer = Writer(connection, clock.now())
    writer.touched.update(subject_id for kind, subject_id in act.subjects if kind == "case")
    for change in reversed(act.changes):
        try:
            writer.carry_out(change.inverse())
        except InTheWay as conflict:
            raise _explained(connection, act, conflict) from conflict
        except Refused as refusal:
            raise Conflict(f"“{act.sentence}” cannot be taken back. {refusal}") from refusal
    writer.settle()
    command, sentence = _said(act)
    new = journal.append(
        connection,
        at=writer.now,
        agent_id=agent.agent_id,
        command=command,
        sentence=sentence,
        arguments={"seq": seq},
        changes=writer.changes,
        subjects=act.subjects,
        undoes=seq,
    )
    return Done(new, sentence, shown_case(act.subjects))


def _standing(connection: Connection, seq: int) -> journal.Act:
    act = journal.act(connection, seq)
    if act is None:
        raise NotFound(f"The journal has no act {seq}.")
    if act.erased:
        raise Refused(f"Act {seq} was erased; nothing is left to take back.")
    if act.command in FINAL:
        raise Refused(f"“{act.sentence}” cannot be taken back: nothing of it was kept.")
    if act.undone_by:
        raise Refused(f"“{act.sentence}” was taken back already (act {act.undone_by}).")
    return act


def _said(act: journal.Act) -> tuple[str, str]:
    """Return the name and the sentence of what takes an act back."""
    sentence = act.sentence
    for prefix in ("Undid: ", "Redid: "):
        sentence = sentence.removeprefix(prefix)
    if act.command == UNDO:
        return REDO, f"Redid: {sentence}"
    return UNDO, f"Undid: {sentence}"


def _own_name_only(changes: tuple[Change, ...], agent: AgentRow) -> bool:
    """Say whether anyone may take these changes back who may act at all."""
    return all(
        change.table not in LEAD_TABLES
        or (
            change.table == "agents"
            and change.key["id"] == agent.agent_id
            and change.before is not None
            and tuple(change.before) == ("name",)
        )
        for change in changes
    )


def _explained(connection: Connection, act: journal.Act, conflict: InTheWay) -> Conflict:
    """Return the conflict with whose act stands in the way, where one does."""
    change, column = conflict.change, conflict.column
    for kind, subject_id in act.subjects:
        params = {"kind": kind, "id": subject_id, "seq": act.seq, "limit": LATER_ROWS}
        for seq, login in connection.all(_LATER, params):
            later = journal.act(connection, seq)
            if later is not None and not later.undone_by and _touches(later, change, column):
                return Conflict(
                    f"“{act.sentence}” cannot be taken back: {login} did “{later.sentence}” "
                    f"since. Take that back first (act {seq}).",
                    conflict.expected,
                    conflict.found,
                )
    what = str(conflict)
    if column and change.table in TABLES and not column.endswith(("_id", "_at", "_since")):
        what += f" and is now “{conflict.found}”"
    return Conflict(
        f"“{act.sentence}” cannot be taken back: {what}.", conflict.expected, conflict.found
    )


def _touches(later: journal.Act, change: Change, column: str) -> bool:
    for other in later.changes:
        if other.table == change.table and other.key == change.key:
            named = {**(other.before or {}), **(other.after or {})}
            if not column or column in named:
                return True
    return False
