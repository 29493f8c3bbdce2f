"""Roles on a server are rights: it refuses what one may not do, whatever the program says."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db import journal
from db.agents import agent_for
from db.commands.erase import EraseCustomer
from db.commands.notes import AddNote
from db.commands.people import AddTeam
from db.commands.tags import TagCase
from db.drafts import mark_seen, save_draft
from db.errors import NotAllowed, Refused, Unavailable
from db.ingest import Arrival
from db.keeping.facts import facts_of
from db.keeping.roles import allow, roles_of, secure_store
from db.queries import desk
from db.records import AgentRow, DraftRow
from db.store import Store, open_store
from tests.servers.postgres import PostgresServer

As = Callable[[str], Store]

NOT_THEIRS = (
    "update journal set sentence = 'nothing' where seq = 1",
    "update journal set agent_id = 1 where seq = 1",
    "delete from journal where seq = 1",
    "truncate journal",
    "update agents set role = 'lead' where login = 'ben'",
    "update schema_version set version = 9",
    "drop table journal",
    "alter table journal disable trigger guard_journal",
    "create table mine(x int)",
    "delete from teams",
)
READS_ONLY = (
    *NOT_THEIRS,
    "insert into tags(id, name) values(99, 'x')",
    "update cases set subject = 'x'",
    "delete from entries",
    "update id_blocks set next = 9",
    "truncate search_rows",
)


@pytest.fixture
def team(postgres_server: PostgresServer, put_case: Callable[..., int]) -> Iterator[As]:
    """Return a function that opens a store with roles as ana (lead), ben, or eve (reads only)."""

    def make(url: str) -> None:
        store = open_store(url, create=True)
        put_case(store)
        put_case(store, customer="Blaise Pascal")
        secure_store(store)
        secure_store(store)
        for login, role in (("ana", "lead"), ("ben", "agent"), ("eve", "read_only")):
            allow(store, login, role)
        store.close()

    url = postgres_server.database(postgres_server.template("roles", make))
    opened: list[Store] = []

    def as_(login: str) -> Store:
        store = open_store(url.replace("centric@", f"{login}@"))
        opened.append(store)
        return store

    yield as_
    for store in opened:
        store.close()
    postgres_server.drop(url)


def me(store: Store) -> AgentRow:
    """Return the agent; the name that is asked for does not matter."""
    return agent_for(store.engine, "somebody")


def tries(store: Store, sql: str) -> None:
    """Write past every door of the program."""
    with psycopg.connect(store.url) as raw:
        raw.execute(sql.encode())


def test_everyone_is_who_they_are_connected_as_and_acts_under_that_name(team: As) -> None:
    ana, ben = team("ana"), team("ben")
    assert (me(ana).login, me(ana).role) == ("ana", "lead")
    assert (me(ben).login, me(ben).role) == ("ben", "agent")
    ben.do(TagCase(1, "billing"), me(ben))
    ben.do(AddNote("Seen", 1), me(ben))
    ben.undo(me(ben))
    ana.do(TagCase(1, "vat"), me(ana))
    ana.undo(me(ana), 1)
    assert [row.agent for row in ana.ask(journal.recent)] == ["ana", "ana", "ben", "ben", "ben"]
    assert ana.ask(journal.verify) == 0
    with pytest.raises(Unavailable, match="row-level security"):
        ben.do(TagCase(2, "forged"), me(ana))
    assert ben.ask(desk.case_rows, [2])[0].tags == ()


def test_an_agent_cannot_rewrite_the_journal_or_the_rights(team: As) -> None:
    ben = team("ben")
    ben.do(TagCase(1, "billing"), me(ben))
    for sql in NOT_THEIRS:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tries(ben, sql)


def test_not_even_a_lead_changes_what_was_done(team: As) -> None:
    ana = team("ana")
    ana.do(TagCase(1, "billing"), me(ana))
    for sql in (
        "update journal set sentence = 'nothing' where seq = 1",
        "update journal set payload = '', sentence = 'x' where seq = 1",
        "update journal set undone_by = 5 where seq = 1; "
        "update journal set undone_by = 0 where seq = 1",
        "delete from journal where seq = 1",
        "truncate journal",
        "drop trigger guard_journal on journal",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tries(ana, sql)
    tries(ana, "update journal set payload = '', sentence = '', salt = ''")  # as an erase does
    assert ana.ask(journal.verify) == 0


def test_who_only_reads_cannot_write(team: As) -> None:
    eve = team("eve")
    for sql in READS_ONLY:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            tries(eve, sql)


def test_who_only_reads_sees_everything_and_keeps_their_place(team: As) -> None:
    eve, ben = team("eve"), team("ben")
    agent = me(eve)
    assert len(eve.ask(desk.case_page, "status:new", agent.agent_id, 0).rows) == 2
    mark_seen(eve.engine, agent.agent_id, 1, 17)
    save_draft(eve.engine, DraftRow(1, agent.agent_id, "note", "for myself", (0, 0), 1, 0))
    with pytest.raises(NotAllowed, match="may read but change nothing"):
        eve.do(TagCase(1, "x"), agent)
    with pytest.raises(Unavailable, match="row-level security"):
        mark_seen(eve.engine, me(ben).agent_id, 1, 17)
    assert agent.login == "eve"


def test_a_commands_own_refusal_comes_before_the_servers(team: As) -> None:
    ben, ana = team("ben"), team("ana")
    with pytest.raises(NotAllowed, match="lead"):
        ben.do(AddTeam("Billing"), me(ben))
    ana.do(AddTeam("Billing"), me(ana))


def test_an_agent_can_import_and_rebuild(team: As) -> None:
    ben = team("ben")
    entry = Entry(
        external_id="m1",
        at=1_767_355_200_000,
        parties=(
            Party("from", Address("email", "zoe@north.example"), "Zoe"),
            Party("to", Address("email", "us@ours.example"), "Us"),
        ),
        subject="Lamp",
        text="It does not glow.",
        message_id="m1@mail.example",
        content_key="1",
    )
    sink = ben.sink(Recognised("mbox", "mbox mail file", "mail"), "inbox", Arrival(0))
    sink.write(Batch((entry,)))
    from db.doctor import examine

    assert examine(ben.engine, rebuild=True).indexed == 1


def test_a_lead_lets_people_in_and_changes_what_they_may(
    team: As, postgres_server: PostgresServer
) -> None:
    ana = team("ana")
    me(ana)
    postgres_server.execute("drop role if exists kim; create role kim login")
    assert not allow(ana, "kim", "read_only")
    kim = team("kim")
    with pytest.raises(NotAllowed):
        kim.do(TagCase(1, "x"), me(kim))
    allow(ana, "kim", "agent")
    kim.do(TagCase(1, "x"), me(kim))
    assert roles_of(ana.engine)["kim"] == "agent"
    assert facts_of(ana.engine)["role"] == "ana"
    assert [row.sentence for row in ana.ask(journal.recent)][1] == "Set the role of kim to agent"
    with pytest.raises(Refused, match="may not let kim in"):
        allow(team("ben"), "kim", "lead")


def test_everyone_has_the_rights_that_their_role_needs(team: As) -> None:
    """The tables that each command may write are open to the role that may give it."""
    from db.commands.rows import TABLES
    from db.schema.roles_postgres import LEADS_TABLES

    leads: set[str] = set(LEADS_TABLES)
    ana = team("ana")
    for table in TABLES:
        for login, may in (("ana", True), ("ben", table not in leads), ("eve", False)):
            found: Any = ana.ask(
                lambda c, login=login, table=table: c.value(
                    "select has_table_privilege(:login, :table, 'insert')",
                    {"login": login, "table": table},
                )
            )
            assert found is (may and (login, table) != ("eve", "drafts")), (login, table)


@pytest.mark.engine("sqlite")
def test_on_a_file_it_is_said_that_roles_are_guard_rails(store: Store) -> None:
    with pytest.raises(Refused, match="guard rails"):
        secure_store(store)
    assert roles_of(store.engine) == {}


@pytest.mark.engine("postgresql")
def test_without_roles_the_way_to_make_them_is_said(store: Store) -> None:
    with pytest.raises(Refused, match="centric store secure"):
        allow(store, "ben", "agent")


def test_a_lead_erases_a_customer_and_an_agent_may_not(team: As) -> None:
    ana, ben = team("ana"), team("ben")
    name = ana.ask(lambda c: c.value("select name from customers where id = 1"))
    with pytest.raises(NotAllowed):
        ben.do(EraseCustomer(1, "remove", name), me(ben))
    ana.do(TagCase(1, "x"), me(ana))
    ana.do(EraseCustomer(1, "remove", name), me(ana))
    assert ana.ask(lambda c: c.value("select count(*) from customers where id = 1")) == 0
    assert ana.ask(journal.verify) == 0
