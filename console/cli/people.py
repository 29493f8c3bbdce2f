"""``centric own``, ``agents`` and ``teams``: who “we” are."""

from __future__ import annotations

import click

from console.cli import exits
from console.cli.base import Command, Group, output_option, pass_session
from console.cli.session import Session, say
from console.output import Column, emit
from db.frozen import dataclass
from db.records import AgentRow, TeamRow


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """An address that is ours.

    Attributes:
        kind: ``email``, ``domain``, ``phone``, ``handle`` or ``name``.
    """

    kind: str
    value: str


OWN_COLUMNS: tuple[Column[OwnAddress], ...] = (
    Column("kind", lambda row: row.kind),
    Column("address", lambda row: row.value, weight=1),
)
AGENT_COLUMNS: tuple[Column[AgentRow], ...] = (
    Column("login", lambda row: row.login, weight=1),
    Column("name", lambda row: row.name, weight=2),
    Column("role", lambda row: row.role.replace("_", " ")),
    Column("teams", lambda row: ", ".join(row.teams), weight=2),
    Column("", lambda row: "" if row.active else "not active"),
)
TEAM_COLUMNS: tuple[Column[TeamRow], ...] = (
    Column("team", lambda row: row.name, weight=1),
    Column("agents", lambda row: ", ".join(row.logins), weight=3),
)


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
def own(context: click.Context) -> None:
    """Say and list which addresses are ours: they decide who wrote to whom."""
    if context.invoked_subcommand is None:
        context.invoke(own_list, form="text")


@own.command("list")
@output_option()
@pass_session
def own_list(session: Session, form: str) -> None:
    """List our addresses, domains, numbers and chat names."""
    from db.identity.own import list_own

    store = session.open()
    rows = [OwnAddress(kind, value) for kind, value in store.ask(list_own)]
    emit(rows, form, OWN_COLUMNS, kind=OwnAddress, id_of=lambda row: row.value)
    if not rows and form == "text":
        say("Nobody is “us” yet. Say who: centric own add support@x.example")


@own.command("add")
@click.argument("addresses", nargs=-1, required=True, metavar="ADDRESS…")
@pass_session
def own_add(session: Session, addresses: tuple[str, ...]) -> int:
    """Remember addresses as ours: support@x.example, @x.example, +49 30 1234567, a chat name.

    Stored entries keep their direction; what arrives from now on is decided anew.
    """
    from console.cli.questions import check_us
    from console.jobs import remember_own

    check_us(addresses)
    store = session.open(create=True)
    remember_own(store, addresses)
    click.echo(f"Remembered: {len(addresses)} of ours.")
    return exits.OK


@click.command(cls=Command)
@output_option()
@pass_session
def agents(session: Session, form: str) -> None:
    """List who works here; leads change names and roles with centric do."""
    from db.agents import list_agents

    rows = session.open().ask(list_agents)
    emit(rows, form, AGENT_COLUMNS, kind=AgentRow, id_of=lambda row: row.login)
    if not rows and form == "text":
        say("Nobody has worked here yet; the first who does is a lead.")


@click.command(cls=Command)
@output_option()
@pass_session
def teams(session: Session, form: str) -> None:
    """List the teams and who is in them; leads change them with centric do."""
    from db.agents import list_teams

    rows = session.open().ask(list_teams)
    emit(rows, form, TEAM_COLUMNS, kind=TeamRow, id_of=lambda row: row.name)
    if not rows and form == "text":
        say("There are no teams yet.")
