"""PostgreSQL: let the server drop the versions of rows that nobody sees any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from db.engine.interface import Engine


def vacuum(engine: Engine, *, whole: bool) -> bool:
    """Vacuum the database; say whether this role might.

    Args:
        engine: Of the store.
        whole: Write every table anew, which locks one after the other; else only drop what is dead.
    """
    connection = engine.connection()
    raw: psycopg.Connection[tuple[object, ...]] = connection.raw  # type: ignore[attr-defined]
    notices: list[str] = []

    def listen(notice: psycopg.errors.Diagnostic) -> None:
        notices.append(notice.severity_nonlocalized or "")

    raw.add_notice_handler(listen)
    try:
        raw.execute("vacuum full" if whole else "vacuum", prepare=False)
    except psycopg.Error:
        return False
    finally:
        raw.remove_notice_handler(listen)
    return "WARNING" not in notices
