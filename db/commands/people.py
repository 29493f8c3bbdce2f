"""Edit agents, make teams, and say who is in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, Command
from db.commands.owners import named_agent
from db.commands.wording import brief, has_controls, listed, meant
from db.engine.interface import Value
from db.errors import NotAllowed, NotFound, Refused
from db.words import ROLES

NAME_CHARACTERS = 120
TEAM_CHARACTERS = 60
FIELDS = ("name", "role", "active")

Login = Annotated[str, Argument("Login", kind="agent")]
TeamName = Annotated[str, Argument("Team", kind="team", characters=TEAM_CHARACTERS)]

_TEAMS = "select id, name from teams order by name"
_MEMBER = "select 1 from team_agents where team_id = :team and agent_id = :agent"


@dataclass(frozen=True, slots=True)
class EditAgent(Command):
    """Set an agent's name or role, or whether they work here; their own name anyone may set."""

    name: ClassVar[str] = "agent.edit"
    title: ClassVar[str] = "Edit agent"
    help: ClassVar[str] = "Set the name or role of an agent, or whether they are active."

    login: Login
    field: Annotated[str, Argument("What to set", kind="choice", choices=FIELDS)]
    value: Annotated[str, Argument("The new value")]

    def apply(self, act: Act) -> str:
        """Set it; see `Command.apply`."""
        agent = named_agent(act, self.login)
        own_name = self.field == "name" and agent.agent_id == act.agent.agent_id
        if act.agent.role != "lead" and not own_name:
            raise NotAllowed(
                "Only a lead may edit other agents, roles or who is active. Ask a lead."
            )
        value = self._value()
        if not act.change("agents", agent.agent_id, **{self.field: value}):
            return f"The {self.field} of {agent.login} is that already"
        if self.field == "active":
            return f"{'Welcomed' if value else 'Retired'} {agent.login}"
        return f"Set the {self.field} of {agent.login} to {value!s}"

    def _value(self) -> Value:
        written = " ".join(self.value.split())
        if self.field == "name":
            if not written or len(written) > NAME_CHARACTERS or has_controls(written):
                raise Refused(f"A name is 1 to {NAME_CHARACTERS} characters on one line.")
            return written
        word = written.casefold().replace(" ", "_").replace("-", "_")
        if self.field == "role":
            if word not in ROLES:
                raise Refused(f"A role is {listed(ROLES)}; “{brief(written)}” is none.")
            return word
        if word not in ("yes", "no", "1", "0", "true", "false"):
            raise Refused(f"Active is yes or no; “{brief(written)}” is neither.")
        return int(word in ("yes", "1", "true"))


@dataclass(frozen=True, slots=True)
class AddTeam(Command):
    """Make a team."""

    name: ClassVar[str] = "team.add"
    title: ClassVar[str] = "Add team"
    help: ClassVar[str] = "Make a team."
    lead_only: ClassVar[bool] = True

    team: TeamName

    def apply(self, act: Act) -> str:
        """Make it; see `Command.apply`."""
        team = " ".join(self.team.split())
        if not team:
            raise Refused("A team needs a name.")
        for _, name in act.connection.all(_TEAMS):
            if name.casefold() == team.casefold():
                return f"There is a team {name} already"
        act.insert("teams", ids.take(act.connection, "teams"), {"name": team})
        return f"Added the team {team}"


@dataclass(frozen=True, slots=True)
class JoinTeam(Command):
    """Put an agent into a team."""

    name: ClassVar[str] = "team.join"
    title: ClassVar[str] = "Add to team"
    help: ClassVar[str] = "Put an agent into a team."
    lead_only: ClassVar[bool] = True

    team: TeamName
    login: Login

    def apply(self, act: Act) -> str:
        """Put them in; see `Command.apply`."""
        team_id, team = _team(act, self.team)
        agent = named_agent(act, self.login)
        key = {"team_id": team_id, "agent_id": agent.agent_id}
        if act.connection.value(_MEMBER, {"team": team_id, "agent": agent.agent_id}):
            return f"{agent.login} is in {team} already"
        act.insert("team_agents", key, {})
        return f"Put {agent.login} into {team}"


@dataclass(frozen=True, slots=True)
class LeaveTeam(Command):
    """Take an agent out of a team."""

    name: ClassVar[str] = "team.leave"
    title: ClassVar[str] = "Remove from team"
    help: ClassVar[str] = "Take an agent out of a team."
    lead_only: ClassVar[bool] = True

    team: TeamName
    login: Login

    def apply(self, act: Act) -> str:
        """Take them out; see `Command.apply`."""
        team_id, team = _team(act, self.team)
        agent = named_agent(act, self.login)
        if not act.connection.value(_MEMBER, {"team": team_id, "agent": agent.agent_id}):
            return f"{agent.login} is not in {team}"
        act.delete("team_agents", {"team_id": team_id, "agent_id": agent.agent_id})
        return f"Took {agent.login} out of {team}"


def _team(act: Act, written: str) -> tuple[int, str]:
    rows = act.connection.all(_TEAMS)
    wanted = " ".join(written.split()).casefold()
    for team_id, name in rows:
        if name.casefold() == wanted:
            return team_id, name
    names = [name for _, name in rows]
    raise NotFound(
        f"There is no team “{brief(written)}”{meant(written, names)}. "
        "Make it with: centric do team.add NAME"
    )
