"""Who works here: agents appear at their first start, teams are made by a lead."""

from __future__ import annotations

from db import ids
from db.engine.interface import Connection, Engine
from db.engine.own_login import own_login
from db.errors import Refused
from db.records import AgentRow, TeamRow
from db.schema.seeds import SYSTEM_AGENT_ID

LOGIN_CHARACTERS = 64
NAME_CHARACTERS = 120

_BY_LOGIN = "select id, login, name, role, active from agents where login = :login"
_ALL = "select id, login, name, role, active from agents where id <> :system order by login"
_TEAMS_OF = """
select t.name from team_agents m join teams t on t.id = m.team_id
where m.agent_id = :agent order by t.name
"""
_MEMBERS = """
select t.id, t.name, coalesce(a.login, '') from teams t
left join team_agents m on m.team_id = t.id left join agents a on a.id = m.agent_id
order by t.name, t.id, a.login
"""
_MEMBERSHIPS = """
select m.agent_id, t.name from team_agents m join teams t on t.id = m.team_id order by t.name
"""
_HUMANS = "select count(*) from agents where id <> :system"
_INSERT = "insert into agents(id, login, name, role) values(:id, :login, :name, :role)"


def agent_for(engine: Engine, login: str, name: str = "") -> AgentRow:
    """Return the agent of a login, making the row at their first start.

    The first person on a store is its lead; everyone after is an agent until a lead says otherwise.
    On a server with roles one is who one is connected as, in the role that one has there.

    Args:
        login: Their name on the system.
        name: Full name for a new row; the login when empty.

    Raises:
        Refused: The login is empty, too long, or Centric's own.
    """
    told, role = own_login(engine)
    login = told or login.strip()
    _check(login)
    found = _found(engine.connection(), login)
    if found is not None:
        return found
    if role == "read_only":
        raise Refused(
            f"{login} may only read here and is not known yet. Ask a lead for: "
            f"centric store allow {login} read_only"
        )
    with engine.write() as connection:
        return add_agent(connection, login, name, role)


def add_agent(connection: Connection, login: str, name: str = "", role: str = "") -> AgentRow:
    """Return the agent of a login, making the row where there is none.

    Args:
        connection: Inside `Engine.write`.
        role: Of a new row; empty makes the first person a lead and everyone else an agent.

    Raises:
        Refused: The login cannot be one.
    """
    _check(login)
    found = _found(connection, login)  # another process may have been first
    if found is not None:
        return found
    first = not connection.value(_HUMANS, {"system": SYSTEM_AGENT_ID})
    shown = " ".join(name.split())[:NAME_CHARACTERS] or login
    role = role or ("lead" if first else "agent")
    row = AgentRow(ids.take(connection, "agents"), login, shown, role)
    connection.run(_INSERT, {"id": row.agent_id, "login": login, "name": shown, "role": row.role})
    return row


def list_agents(connection: Connection) -> tuple[AgentRow, ...]:
    """Return everyone, sorted by login; Centric itself is not among them."""
    teams: dict[int, list[str]] = {}
    for agent_id, team in connection.all(_MEMBERSHIPS):
        teams.setdefault(agent_id, []).append(team)
    return tuple(
        AgentRow(agent_id, login, name, role, bool(active), tuple(teams.get(agent_id, ())))
        for agent_id, login, name, role, active in connection.all(_ALL, {"system": SYSTEM_AGENT_ID})
    )


def list_teams(connection: Connection) -> tuple[TeamRow, ...]:
    """Return every team with the logins in it, sorted by name."""
    members: dict[tuple[int, str], list[str]] = {}
    for team_id, name, login in connection.all(_MEMBERS):
        members.setdefault((team_id, name), []).extend([login] if login else [])
    return tuple(TeamRow(team_id, name, tuple(who)) for (team_id, name), who in members.items())


def _found(connection: Connection, login: str) -> AgentRow | None:
    row = connection.one(_BY_LOGIN, {"login": login})
    if row is None:
        return None
    agent_id, login, name, role, active = row
    teams = tuple(team for (team,) in connection.all(_TEAMS_OF, {"agent": agent_id}))
    return AgentRow(agent_id, login, name, role, bool(active), teams)


def _check(login: str) -> None:
    if login == "system":
        raise Refused("“system” is Centric itself; use another login: --agent LOGIN")
    printable = login.isprintable() and " " not in login and "," not in login
    if not login or len(login) > LOGIN_CHARACTERS or not printable:
        raise Refused(
            f"A login is 1 to {LOGIN_CHARACTERS} characters without spaces or commas: --agent LOGIN"
        )
