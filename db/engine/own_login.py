"""Who the database itself says one is: on a server with roles that is not a matter of choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from db.engine.interface import Engine
    from db.engine.postgres import PostgresEngine


def own_login(engine: Engine) -> tuple[str, str]:
    """Return login and role; both empty where the program may say who works here."""
    if engine.name == "sqlite":
        return "", ""
    from db.engine.postgres_roles import server_says

    return server_says(cast("PostgresEngine", engine))
