"""What a store is: its engine, its size, its schema, how much is in it."""

from __future__ import annotations

from typing import Any

from db.engine.interface import Connection, Engine
from db.schema.catalogue import tables
from db.schema.version import SCHEMA_VERSION

_VERSIONS = {"sqlite": "select sqlite_version()", "postgresql": "show server_version"}


def facts_of(engine: Engine) -> dict[str, Any]:  # values of several types, named as they are told
    """Return what there is to say; counts every row."""
    with engine.read() as connection:
        return {
            "store": engine.place,
            "engine": engine.name,
            "version": str(connection.value(_VERSIONS[engine.name])),
            "schema_version": SCHEMA_VERSION,
            "size": engine.size(),
            "role": _role(engine, connection),
            "logins": _logins(engine),
            "tables": {
                name: int(connection.value(f"select count(*) from {name}"))  # noqa: S608  # ours
                for name in tables()
            },
        }


def _role(engine: Engine, connection: Connection) -> str:
    return "" if engine.name == "sqlite" else str(connection.value("select current_user"))


def _logins(engine: Engine) -> dict[str, str]:
    from db.keeping.roles import roles_of

    return roles_of(engine)
