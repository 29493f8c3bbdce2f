"""Say who works a case: take it, give it to someone, let it go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, CaseNumber, CaseState, Command, compare
from db.commands.wording import brief, meant
from db.engine.interface import Value
from db.errors import NotFound, Refused
from db.records import AgentRow
from db.schema.seeds import SYSTEM_AGENT_ID

SeenOwner = Annotated[
    str | None, Argument("The owner that you saw; empty for nobody", kind="agent", option=True)
]

_AGENTS = "select id, login, name, role, active from agents where id <> :system order by login"


def named_agent(act: Act, written: str) -> AgentRow:
    """Return the agent of a login, in any case of letters; ``me`` is who acts.

    Raises:
        NotFound: Nobody has that login.
    """
    wanted = written.strip().removeprefix("@").casefold()
    if wanted == "me":
        return act.agent
    rows = act.connection.all(_AGENTS, {"system": SYSTEM_AGENT_ID})
    for agent_id, login, name, role, active in rows:
        if login.casefold() == wanted:
            return AgentRow(agent_id, login, name, role, bool(active))
    logins = [row[1] for row in rows]
    raise NotFound(
        f"There is no agent “{brief(written)}”{meant(written, logins)}. "
        "An agent appears here when they first start Centric on this store."
    )


@dataclass(frozen=True, slots=True)
class AssignCase(Command):
    """Give a case to an agent; the first owner of a new case opens it."""

    name: ClassVar[str] = "case.owner"
    title: ClassVar[str] = "Assign case"
    help: ClassVar[str] = "Give a case to an agent; an empty login leaves it to nobody."

    case_id: CaseNumber
    owner: Annotated[str, Argument("Login; empty for nobody", kind="agent")]
    expected: SeenOwner = None

    def apply(self, act: Act) -> str:
        """Assign it; see `Command.apply`."""
        case = act.case(self.case_id)
        if not self.owner.strip():
            return self._let_go(act, case)
        agent = named_agent(act, self.owner)
        if agent.agent_id == case.owner_id:
            return f"#{self.case_id} is already owned by {agent.login}"
        again = f"Assign it again to give it to {agent.login}."
        compare(self.case_id, case.owner, self.expected, is_="owned by {}", next_step=again)
        _own(act, case, agent)
        return f"Gave #{self.case_id} to {agent.login}"

    def _let_go(self, act: Act, case: CaseState) -> str:
        if case.owner_id is None:
            return f"#{self.case_id} is owned by nobody already"
        again = "Assign it again to leave it to nobody."
        compare(self.case_id, case.owner, self.expected, is_="owned by {}", next_step=again)
        if case.status != "new":
            raise Refused(
                f"#{self.case_id} is {case.status.replace('_', ' ')}, and only a new case may have "
                "no owner. Give it to someone, or set it to new first."
            )
        act.change("cases", self.case_id, owner_id=None)
        return f"Left #{self.case_id} to nobody"


@dataclass(frozen=True, slots=True)
class TakeCase(Command):
    """Become the owner of a case."""

    name: ClassVar[str] = "case.take"
    title: ClassVar[str] = "Take case"
    help: ClassVar[str] = "Take a case yourself."

    case_id: CaseNumber
    expected: SeenOwner = None

    def apply(self, act: Act) -> str:
        """Take it; see `Command.apply`."""
        case = act.case(self.case_id)
        if case.owner_id == act.agent.agent_id:
            return f"#{self.case_id} is already yours"
        again = "Press a again to take it over."
        compare(self.case_id, case.owner, self.expected, is_="owned by {}", next_step=again)
        _own(act, case, act.agent)
        return f"Took #{self.case_id}"


def _own(act: Act, case: CaseState, agent: AgentRow) -> None:
    """Make an agent the owner.

    Raises:
        Refused: They cannot work a case.
    """
    if not agent.active or agent.role == "read_only":
        why = "may only read" if agent.active else "is no longer active"
        raise Refused(f"{agent.login} {why} and cannot own #{case.case_id}. Name someone else.")
    values: dict[str, Value] = {"owner_id": agent.agent_id}
    if case.status == "new":
        values["status"] = "open"
    act.change("cases", case.case_id, **values)
