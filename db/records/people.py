"""Who works here."""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class AgentRow:
    """Someone who works cases.

    Attributes:
        login: Their name on the system; unique.
        role: ``lead``, ``agent`` or ``read_only``.
        teams: Team names, sorted.
    """

    agent_id: int
    login: str
    name: str
    role: str = "agent"
    active: bool = True
    teams: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team of agents.

    Attributes:
        logins: Who is in it, sorted.
    """

    team_id: int
    name: str
    logins: tuple[str, ...] = ()
