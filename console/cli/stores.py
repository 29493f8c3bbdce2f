"""``centric store``: what a store is, and how it moves from one engine to the other."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Group, output_option, pass_session
from console.cli.session import Session, say
from console.output import emit_one
from console.text import clean
from db.frozen import dataclass
from db.words import ROLES

if TYPE_CHECKING:
    from db.keeping.move import Moved

TOLD_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a store is.

    Attributes:
        version: Of the engine, in its own words.
        size: Bytes, without what still waits in a log.
        role: As whom one is connected; empty for a file.
        logins: Who may connect, with their roles; empty where it has none.
        tables: Rows of each table.
    """

    store: str
    engine: str
    version: str
    schema_version: int
    size: int
    role: str
    logins: dict[str, str]
    tables: dict[str, int]


@click.group(cls=Group)
def store() -> None:
    """What a store is, and how it moves between a file and PostgreSQL."""


@store.command("info")
@output_option(ids=False)
@pass_session
def store_info(session: Session, form: str) -> int:
    """Tell engine, size, schema and how many rows each table has."""
    from db.keeping.facts import facts_of

    opened = session.open()
    found = StoreFacts(**facts_of(opened.engine))
    emit_one(found, form, lambda: _facts_lines(found))
    return exits.OK


def _facts_lines(found: StoreFacts) -> Iterator[str]:
    yield f"store    {clean(found.store, newlines=False)}"
    yield f"engine   {found.engine} {clean(found.version, newlines=False)}"
    yield f"schema   {found.schema_version}"
    yield f"size     {found.size:,} bytes"
    if found.role:
        yield f"role     {clean(found.role, newlines=False)}"
    for login, role in found.logins.items():
        yield f"         {clean(login, newlines=False)} is {role.replace('_', ' ')}"
    yield ""
    width = max(len(f"{rows:,}") for rows in found.tables.values())
    for name, rows in found.tables.items():
        if rows:
            yield f"{rows:>{width},}  {name}"


@store.command("secure")
@pass_session
def store_secure(session: Session) -> int:
    r"""Give a PostgreSQL store its roles: lead, agent, read_only.

    The tables then belong to nobody who works here, an act stands in the journal under the name of
    who is connected, and no row of the journal can be changed. Given again it does no harm. Connect
    as a role that owns the tables and may create roles.

    \b
    centric store secure --store postgresql://postgres@db.example/centric
    """
    from db.keeping.roles import secure_store

    secure_store(session.open())
    click.echo("The store has its roles. Let people in with: centric store allow LOGIN ROLE")
    return exits.OK


@store.command("allow")
@click.argument("login", metavar="LOGIN")
@click.argument("role", type=click.Choice(ROLES), metavar="ROLE")
@pass_session
def store_allow(session: Session, login: str, role: str) -> int:
    r"""Let a person into a PostgreSQL store as lead, agent or read_only.

    \b
    centric store allow ben agent
    centric store allow eve read_only
    """
    from db.keeping.roles import allow

    made = allow(session.open(), login, role)
    click.echo(f"{clean(login, newlines=False)} may connect as {role.replace('_', ' ')}.")
    if made:
        say(f"The server has a new role {login}. Give it a password with: \\password {login}")
    return exits.OK


@store.command("move")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@output_option(ids=False)
def store_move(source: str, target: str, form: str) -> int:
    r"""Copy a whole store from a file to PostgreSQL or back, and prove that all of it is there.

    The old store stays as it is. What was interrupted goes on where it stopped when the same
    command is given again. Close all desks before.

    \b
    centric store move team.db postgresql://db.example/centric
    centric store move postgresql://db.example/centric team.db
    """
    from db.keeping.move_store import move_store

    teller = _Teller(shown=sys.stderr.isatty())
    try:
        moved = move_store(source, target, teller)
    except KeyboardInterrupt:
        teller.end()
        say("Interrupted. The same command goes on where it stopped.")
        return exits.INTERRUPTED
    finally:
        teller.end()
    emit_one(moved, form, lambda: _moved_lines(moved))
    if form == "text":
        say("Point everyone at the new store, then set the old one aside.")
    return exits.OK


def _moved_lines(moved: Moved) -> Iterator[str]:
    rows = sum(moved.tables.values())
    yield f"{rows:,} rows are in {clean(moved.target, newlines=False)}, each compared."
    yield f"sha256 {moved.sha256}"
    yield f"{moved.acts:,} acts in its journal" + (
        f", the last {moved.anchor}" if moved.acts else ""
    )


class _Teller:
    """One line on standard error that is drawn over."""

    def __init__(self, *, shown: bool) -> None:
        self._shown = shown
        self._told_at = 0.0

    def __call__(self, what: str, done: int, total: int) -> None:
        now = time.monotonic()
        if self._shown and (now - self._told_at >= TOLD_SECONDS or done >= total):
            self._told_at = now
            share = 100 * done // total if total else 100
            click.echo(f"\r\x1b[K{what} {share} %  {done:,} of {total:,}", err=True, nl=False)

    def end(self) -> None:
        """Take the line away."""
        if self._shown:
            click.echo("\r\x1b[K", err=True, nl=False)
