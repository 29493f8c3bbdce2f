"""Roles that mean something: on a server they are rights, on a file only a guard rail."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from db.agents import add_agent, agent_for, list_agents
from db.engine.interface import Engine
from db.errors import Refused

if TYPE_CHECKING:
    from db.engine.postgres import PostgresEngine
    from db.store import Store

_SET_ROLE = "update agents set role = :role, active = 1 where id = :id"


def secure_store(store: Store) -> None:
    """Make the roles of a store on a server, and set what each may do.

    Raises:
        Refused: It is a file, or who is connected may not.
    """
    from db.engine.postgres_roles import secure

    secure(_server(store.engine))


def allow(store: Store, login: str, role: str) -> bool:
    """Let a person in under a role.

    Returns:
        True where the server had no such login yet; it has no password.

    Raises:
        Refused: It is a file, has no roles, or who is connected may not.
    """
    from db.commands.people import EditAgent
    from db.engine.postgres_roles import is_secured, let_in

    engine = _server(store.engine)
    if not is_secured(engine):
        raise Refused("This store has no roles yet. Make them with: centric store secure")
    made = let_in(engine, login, role)
    with engine.write() as connection:
        person = add_agent(connection, login, role=role)
    if person.role != role or not person.active:
        known = {one.login for one in store.ask(list_agents) if one.role == "lead"}
        me = agent_for(engine, "") if _connected_as(engine) in known else None
        if me is None:  # who made the database is none of the team
            with engine.write() as connection:
                connection.run(_SET_ROLE, {"role": role, "id": person.agent_id})
        else:
            store.do(EditAgent(login, "role", role), me)
    return made


def roles_of(engine: Engine) -> dict[str, str]:
    """Return who may connect, with their roles; empty for a file or where there are none."""
    if engine.name == "sqlite":
        return {}
    from db.engine.postgres_roles import is_secured, logins

    server = _server(engine)
    return dict(logins(server)) if is_secured(server) else {}


def _connected_as(engine: Engine) -> str:
    from db.engine.own_login import own_login

    return own_login(engine)[0]


def _server(engine: Engine) -> PostgresEngine:
    if engine.name == "sqlite":
        raise Refused(
            "On a file the roles are guard rails: who can write the file can write all of it. "
            "Roles that the database enforces need PostgreSQL: centric store move FILE postgresql://…"
        )
    return cast("PostgresEngine", engine)
