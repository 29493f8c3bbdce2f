"""Carry out a command: one transaction, one row in the journal."""

from __future__ import annotations

from db import clock, journal
from db.commands.base import Act, Command
from db.commands.bulk import lead_only
from db.engine.interface import Connection, Engine
from db.errors import NotAllowed, Refused
from db.journal import Subject
from db.records import AgentRow, Done

_AGENT = "select login, name, role, active from agents where id = :id"


def run_command(engine: Engine, command: Command, agent: AgentRow) -> Done:
    """Do what a command says; see `db.store.Store.do` for what it raises."""
    command.check()
    prepared = None
    if command.final:
        with engine.read() as connection:
            acting = allowed(connection, agent, lead=lead_only(command), what=command.name)
        prepared = command.before(engine, acting)
    with engine.write() as connection:
        acting = allowed(connection, agent, lead=lead_only(command), what=command.name)
        act = Act(connection, acting, clock.now())
        act.prepared = prepared
        sentence = command.apply(act)
        if not (act.writer.changes or command.final):
            return Done(0, sentence, shown_case(act.subjects))
        act.writer.stamp()
        act.writer.settle()
        seq = journal.append(
            connection,
            at=act.now,
            agent_id=acting.agent_id,
            command=command.name,
            sentence=sentence,
            arguments=command.told(),
            changes=act.writer.changes,
            subjects=act.subjects,
        )
    if command.final:
        command.after(engine)
    return Done(seq, sentence, shown_case(act.subjects))


def allowed(connection: Connection, agent: AgentRow, *, lead: bool, what: str) -> AgentRow:
    """Return the agent as the store knows them now, if they may act.

    Args:
        lead: Whether only a lead may.
        what: What they want to do, for the sentence.

    Raises:
        Refused: They may not.
    """
    row = connection.one(_AGENT, {"id": agent.agent_id})
    if row is None:
        raise Refused(f"{agent.login} is not an agent of this store.")
    login, name, role, active = row
    if not active:
        raise NotAllowed(f"{login} is no longer active here; ask a lead to change that.")
    if role == "read_only":
        raise NotAllowed(
            f"{login} may read but change nothing; ask a lead for the role of an agent."
        )
    if lead and role != "lead":
        raise NotAllowed(f"Only a lead may do {what}; {login} is not one. Ask a lead.")
    return AgentRow(agent.agent_id, login, name, role)


def shown_case(subjects: list[Subject] | tuple[Subject, ...]) -> int:
    """Return the case to show after an act; 0 when it is about none."""
    return next((subject_id for kind, subject_id in subjects if kind == "case"), 0)
