"""Two people on one login are asked once who they are.

A shared machine often has one login for everybody. While one of them has a desk open and another
one comes from elsewhere under the same name, what both do would stand under one name in the
journal; so the second is asked, and their answer is kept for the place they come from.
"""

from __future__ import annotations

from collections.abc import Callable

import click

from console.cli.known_people import keep_people, known_people, origin, seat
from console.cli.session import Session, say
from console.times import stamp
from db.agents import agent_for
from db.errors import Refused
from db.records import AgentRow
from db.sessions import OpenDesk, elsewhere
from db.store import Store


def asker(session: Session) -> Callable[[Store, AgentRow], AgentRow]:
    """Return what the desk calls, before it draws, to know who sits here."""

    def who(store: Store, agent: AgentRow) -> AgentRow:
        if session.agent_option or session.config.agent or store.engine.name != "sqlite":
            return agent  # said already; a database server has a login for each
        known, here = known_people(), seat(session.store_path, session.system_login)
        others = () if here in known else store.ask(elsewhere, agent, origin())
        if not others:
            return agent
        session.splash.leave()
        found = _asked(store, agent, others[0])
        if not keep_people({**known, here: found.login}):
            say("Your answer could not be kept; you will be asked again.")
        return found

    return who


def _asked(store: Store, agent: AgentRow, other: OpenDesk) -> AgentRow:
    say(
        f"Somebody works here as “{agent.login}” already, from {other.origin or other.host}, since "
        f"{stamp(other.began_at)}. So that the journal says who did what: who are you? You are "
        "asked this once."
    )
    while True:
        login: str = click.prompt(
            f"Your own login; or enter, if it is you who works there as {agent.login}",
            default=agent.login,
            show_default=False,
            err=True,
        )
        try:
            return agent_for(store.engine, login)
        except Refused as error:
            say(str(error))
