"""PostgreSQL: make the roles of a store, and let a person in under one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from db.errors import Refused, Unavailable
from db.schema.roles_postgres import (
    DROP_POLICIES,
    GROUPS,
    GUARD,
    LEADS_TABLES,
    MEMBERS,
    OWN_AGENT,
    OWN_POLICIES,
    OWN_TABLES,
    OWNER,
    OWNERSHIP,
    POLICIES,
    RIGHTS,
    VIEWS_ASK,
)

if TYPE_CHECKING:
    from db.engine.interface import Row
    from db.engine.postgres import PostgresEngine

_SECURED = """
select exists(select 1 from pg_class c join pg_roles r on r.oid = c.relowner
  where c.oid = to_regclass('journal') and r.rolname = :owner)
"""
_LOGINS = """
select m.rolname, g.rolname from pg_auth_members a
join pg_roles g on g.oid = a.roleid join pg_roles m on m.oid = a.member
where g.rolname in ('centric_lead', 'centric_agent', 'centric_read_only') and m.rolcanlogin
order by m.rolname, g.rolname
"""
_SELF = """
select cast(current_user as text), case when pg_has_role('centric_lead', 'member') then 'lead'
  when pg_has_role('centric_agent', 'member') then 'agent' else 'read_only' end
"""
_VIEWS = "select viewname from pg_views where schemaname = current_schema()"
_ROLE = "select rolcanlogin from pg_roles where rolname = :login"


def is_secured(engine: PostgresEngine) -> bool:
    """Say whether the tables belong to nobody who connects, so that rights mean something."""
    return bool(engine.connection().value(_SECURED, {"owner": OWNER}))


def server_says(engine: PostgresEngine) -> tuple[str, str]:
    """Return as whom one is connected and in which role; empty where anybody may say anything."""
    if not is_secured(engine):
        return "", ""
    row = engine.connection().one(_SELF)
    return (row[0], row[1]) if row else ("", "")


def logins(engine: PostgresEngine) -> tuple[tuple[str, str], ...]:
    """Return who may connect, each with the role that they have, sorted by login."""
    names = {group: role for role, group in GROUPS.items()}
    return tuple((who, names[group]) for who, group in engine.connection().all(_LOGINS))


def secure(engine: PostgresEngine) -> None:
    """Give the tables an owner whom nobody is, and each role its rights; again does no harm.

    Raises:
        Refused: Who is connected may not make roles, or does not own the tables.
    """
    raw = engine.connection().raw
    try:
        with raw.transaction():
            for script in (MEMBERS, OWNERSHIP):
                raw.execute(script.encode(), prepare=False)
            raw.execute(f"set local role {OWNER}".encode())
            apply_rights(raw)
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused(
            f"Your role on {engine.place} may not make roles ({_first_line(error)}). Connect as "
            "one that owns the tables and may create roles, such as postgres."
        ) from error
    except psycopg.Error as error:
        raise Unavailable(f"The roles could not be made ({_first_line(error)}).") from error


def apply_rights(raw: psycopg.Connection[Row]) -> None:
    """Set rights, policies and guards, as the owner of the tables."""
    schema = raw.execute("select quote_ident(current_schema())").fetchone()
    rights = RIGHTS.format(
        schema=schema[0] if schema else "public",
        leads_tables=", ".join(LEADS_TABLES),
        own_tables=", ".join(OWN_TABLES),
    )
    scripts = [DROP_POLICIES, rights, OWN_AGENT, POLICIES]
    scripts += [OWN_POLICIES.format(name=name) for name in OWN_TABLES]
    scripts += [VIEWS_ASK.format(name=name) for (name,) in raw.execute(_VIEWS).fetchall()]
    for script in (*scripts, GUARD):
        raw.execute(script.encode(), prepare=False)


def let_in(engine: PostgresEngine, login: str, role: str) -> bool:
    """Make a person a member of a role, and of no other; a role to connect with is made for them.

    Returns:
        True where a role was made: it has no password yet.

    Raises:
        Refused: Who is connected may not.
    """
    connection = engine.connection()
    found = connection.one(_ROLE, {"login": login})
    name = sql.Identifier(login)
    try:
        with connection.raw.transaction():
            if found is None:
                connection.raw.execute(sql.SQL("create role {} login").format(name))
            for other, group in GROUPS.items():
                verb = sql.SQL("grant {} to {}" if other == role else "revoke {} from {}")
                # A lead lets others in, leads too.
                extra = sql.SQL(" with admin option" if other == role == "lead" else "")
                statement = verb.format(sql.Identifier(group), name) + extra
                connection.raw.execute(statement)
    except psycopg.errors.InsufficientPrivilege as error:
        raise Refused(
            f"Your role may not let {login} in ({_first_line(error)}). Ask who made the database."
        ) from error
    except psycopg.Error as error:
        raise Unavailable(f"{login} could not be let in ({_first_line(error)}).") from error
    return found is None


def _first_line(error: psycopg.Error) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
