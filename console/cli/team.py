"""``centric team create``: a store that colleagues share, and the line that they paste."""

from __future__ import annotations

import shlex
import socket
from pathlib import Path

import click

from console.cli import exits
from console.cli.base import Group, pass_session
from console.cli.session import Session, say
from console.text import clean


@click.group(cls=Group)
def team() -> None:
    """Make a store that several people share."""


@team.command("create")
@click.argument("path", metavar="PATH")
@click.option("--group", required=True, metavar="GROUP", help="The system's group that shares it.")
@click.option("--member", "members", multiple=True, metavar="LOGIN", help="An agent; repeatable.")
@click.option(
    "--read-only", "readers", multiple=True, metavar="LOGIN", help="May look only; repeatable."
)
@click.option("--host", default="", metavar="HOST", help="This machine, as colleagues call it.")
@pass_session
def team_create(
    session: Session,
    path: str,
    group: str,
    members: tuple[str, ...],
    readers: tuple[str, ...],
    host: str,
) -> int:
    """Make a store at PATH for a group, and print the line that a colleague pastes.

    The store gets a folder of its own, which belongs to the group; you become its lead. Colleagues
    who are not named are agents from their first start.
    """
    from db.keeping.team import create_team_store

    made = create_team_store(
        Path(path), group, lead=session.login, members=members, readers=readers
    )
    who = ", ".join(f"{login} ({role.replace('_', ' ')})" for login, role in made.roles.items())
    say(f"Made {made.path} for the group {group}: {who}.")
    if made.closed:
        say(
            f"Your colleagues cannot reach it: {made.closed} is closed to them. Open it with chmod "
            f"o+x {made.closed}, or make the store below /srv."
        )
    say("A colleague pastes this, on any machine from which they reach this one with ssh:")
    url = f"ssh://{host or socket.getfqdn()}{made.path}"
    click.echo(clean(f"centric --store {shlex.quote(url)}", newlines=False))
    return exits.OK
