"""Agents appear at their first start; the first one leads."""

from __future__ import annotations

import pytest

from db.agents import agent_for, list_agents, list_teams
from db.commands.people import AddTeam, JoinTeam
from db.errors import Refused
from db.records import TeamRow
from db.store import Store


def test_the_first_person_on_a_store_leads_and_the_next_is_an_agent(store: Store) -> None:
    ana = agent_for(store.engine, "ana", "Ana Lima")
    ben = agent_for(store.engine, "ben")
    assert (ana.role, ana.name) == ("lead", "Ana Lima")
    assert (ben.role, ben.name) == ("agent", "ben")


def test_coming_back_makes_no_second_row_and_keeps_the_name(store: Store) -> None:
    first = agent_for(store.engine, "ana", "Ana Lima")
    assert agent_for(store.engine, " ana ", "Somebody Else") == first
    assert [agent.login for agent in store.ask(list_agents)] == ["ana"]


def test_centric_itself_is_not_listed_and_its_login_is_taken(store: Store) -> None:
    with pytest.raises(Refused, match="--agent"):
        agent_for(store.engine, "system")
    assert store.ask(list_agents) == ()


@pytest.mark.parametrize("login", ["", "  ", "a b", "a,b", "a\x1b[31m", "x" * 65])
def test_a_login_that_could_not_be_typed_is_refused(store: Store, login: str) -> None:
    with pytest.raises(Refused):
        agent_for(store.engine, login)


def test_teams_name_their_members_and_agents_name_their_teams(store: Store) -> None:
    ana, ben = agent_for(store.engine, "ana"), agent_for(store.engine, "ben")
    for team in ("Refunds", "Billing"):
        store.do(AddTeam(team), ana)
        store.do(JoinTeam(team, "ben"), ana)
    store.do(AddTeam("Empty"), ana)
    assert agent_for(store.engine, "ben").teams == ("Billing", "Refunds")
    assert [agent.teams for agent in store.ask(list_agents)] == [(), ("Billing", "Refunds")]
    assert store.ask(list_teams) == (
        TeamRow(2, "Billing", ("ben",)),
        TeamRow(3, "Empty"),
        TeamRow(1, "Refunds", (ben.login,)),
    )
