"""Any acts by anyone, undone, redone and replayed: no row and no counter is wrong afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db import counters, journal
from db.agents import agent_for
from db.commands.base import Command
from db.commands.belonging import EntryOfCustomer
from db.commands.bulk import Bulk
from db.commands.cases import MoveCase, ReopenCase, ResolveCase, SetStatus, SetUrgency
from db.commands.customers import EditCustomer
from db.commands.fields import SetField
from db.commands.links import (
    ChooseProfile,
    MergeCustomers,
    RejectMatch,
    UnmergeCustomer,
)
from db.commands.moves import CaseOfCustomer, MoveIdentity
from db.commands.notes import AddNote, PinNote, UnpinNote
from db.commands.organizations import SetDomainRule
from db.commands.owners import AssignCase, TakeCase
from db.commands.people import AddTeam, EditAgent, JoinTeam, LeaveTeam
from db.commands.promises import OUTCOMES, EndPromise, MakePromise
from db.commands.queues import AddQueue, EditQueue
from db.commands.registry import COMMANDS
from db.commands.tags import TagCase, UntagCase
from db.commands.threads import ForgetThreadRule, MergeCase, SplitCase
from db.commands.undo import FINAL
from db.engine.interface import Match, Words
from db.errors import Conflict, NotFound, Refused
from db.ingest import Arrival
from db.records import AgentRow
from db.store import Store
from db.words import STATUSES, URGENCIES
from tests.engines import Places, postings
from tests.replaying import assert_derived_is_right, counted, replay, truth

AddCase = Callable[..., int]


@pytest.fixture(scope="session")
def furnished(kept_places: Places, put_case: AddCase) -> str:
    """Return a kept store with three agents, seven cases of five customers, folders and a team."""
    return kept_places.kept("furnished", lambda store: furnish(store, put_case))


def furnish(store: Store, put_case: AddCase) -> None:
    """Put in what `furnished` has."""
    ana, *_ = [agent_for(store.engine, login) for login in ("ana", "ben", "kim")]
    for number, status in enumerate(("new", "new", "open", "closed", "new"), 1):
        put_case(store, customer=f"Customer {number}", status=status)
    for _ in range(2):
        put_case(store, customer_id=1)
    for command in (
        AddQueue("Refunds"),
        AddQueue("Bugs"),
        AddTeam("Billing"),
        TagCase(1, "old"),
        AddNote("An old note about muffins", 1, pinned=True),
        EditCustomer(2, "organization", "Analytical Ltd"),
    ):
        store.do(command, ana)
    with store.engine.write() as connection:
        counters.recount(connection)


@contextmanager
def copied(places: Places, kept: str) -> Iterator[Store]:
    """Open a copy of a kept store, and remove it afterwards."""
    store = places.copy(kept)
    try:
        yield store
    finally:
        places.remove(store)


# Any acts by anyone

Make = Callable[[Store, int, int], Command]


def last_note(store: Store) -> int:
    """Return the newest note's number; 0 when there is none."""
    return store.ask(lambda c: c.value("select max(id) from entries")) or 0


WORDS = ("billing", "vip", "old", "late")
MAKERS: dict[str, Make] = {
    "case.tag": lambda s, c, n: TagCase(c, WORDS[n % 4]),
    "case.untag": lambda s, c, n: UntagCase(c, WORDS[n % 4]),
    "case.status": lambda s, c, n: SetStatus(c, STATUSES[n % 6]),
    "case.resolve": lambda s, c, n: ResolveCase(c, ("answer", "fix")[n % 2]),
    "case.reopen": lambda s, c, n: ReopenCase(c),
    "case.urgency": lambda s, c, n: SetUrgency(c, URGENCIES[n % 4]),
    "case.move": lambda s, c, n: MoveCase(c, ("Refunds", "Bugs", "", "Renamed")[n % 4]),
    "case.owner": lambda s, c, n: AssignCase(c, ("ana", "ben", "kim", "")[n % 4]),
    "case.take": lambda s, c, n: TakeCase(c),
    "note.add": lambda s, c, n: (
        AddNote(f"Muffin number {n}", c, pinned=n % 3 == 0)
        if n % 2
        else AddNote(f"About a customer {n}", customer_id=c % 5 + 1, marker="more_info")
    ),
    "note.pin": lambda s, c, n: PinNote(last_note(s)),
    "note.unpin": lambda s, c, n: UnpinNote(last_note(s)),
    "customer.edit": lambda s, c, n: EditCustomer(
        c % 5 + 1,
        ("name", "organization", "vip", "stage", "organization")[n % 5],
        ("Augusta King", "Difference Ltd", "yes", "at_risk", "")[n % 5],
    ),
    "customer.merge": lambda s, c, n: MergeCustomers(c % 5 + 1, n % 5 + 1),
    "customer.unmerge": lambda s, c, n: UnmergeCustomer(c % 5 + 1),
    "customer.choose": lambda s, c, n: ChooseProfile(c % 5 + 1),
    "customer.field": lambda s, c, n: SetField(
        c % 5 + 1, ("contract", "renewal")[n % 2], ("gold", "silver", "")[n % 3]
    ),
    "promise.make": lambda s, c, n: MakePromise(c % 5 + 1, f"Call back {n}", "2d"),
    "promise.end": lambda s, c, n: EndPromise(n % 3 + 1, OUTCOMES[n % 4]),
    "organization.domain": lambda s, c, n: SetDomainRule(
        ("customers.example", "x@customers.example")[n % 2],
        ("Difference Ltd", "none", "Acme")[n % 3],
    ),
    "match.reject": lambda s, c, n: RejectMatch(c % 5 + 1, n % 5 + 1),
    "identity.move": lambda s, c, n: MoveIdentity(str(c), n % 6),
    "case.customer": lambda s, c, n: CaseOfCustomer(c, n % 5 + 1),
    "entry.customer": lambda s, c, n: EntryOfCustomer(c, n % 5 + 1),
    "case.merge": lambda s, c, n: MergeCase(c, n % 7 + 1),
    "case.split": lambda s, c, n: SplitCase(last_note(s)),
    "thread.forget": lambda s, c, n: ForgetThreadRule(1),
    "queue.add": lambda s, c, n: AddQueue(("Loud", "Renamed")[n % 2], "urgency:urgent", pin=n % 4),
    "queue.edit": lambda s, c, n: EditQueue(
        "Bugs", ("name", "pin", "position")[n % 3], ("Renamed", "4", "2")[n % 3]
    ),
    "agent.edit": lambda s, c, n: EditAgent("ben", "name", ("Ben", "Benedict")[n % 2]),
    "team.add": lambda s, c, n: AddTeam(("Billing", "Night")[n % 2]),
    "team.join": lambda s, c, n: JoinTeam(("Billing", "Night")[n % 2], ("ben", "kim")[c % 2]),
    "team.leave": lambda s, c, n: LeaveTeam("Billing", ("ben", "kim")[c % 2]),
    "bulk": lambda s, c, n: Bulk(
        (
            TagCase(c, WORDS[n % 4]),
            TagCase(c % 7 + 1, WORDS[n % 4]),
            AddNote(f"Both {n}", c),
            SetUrgency(c, URGENCIES[n % 4]),
            SetStatus(c, STATUSES[n % 6]),
            SetUrgency(c, URGENCIES[(n + 1) % 4]),
        )
    ),
}
ACTS = st.tuples(
    st.sampled_from(("do",)),
    st.integers(0, 2),
    st.sampled_from(sorted(MAKERS)),
    st.integers(1, 7),
    st.integers(0, 11),
)
TURNS = st.tuples(
    st.sampled_from(("do", "do", "do", "undo", "undo", "redo", "seq")),
    st.integers(0, 2),
    st.sampled_from(sorted(MAKERS)),
    st.integers(1, 7),
    st.integers(0, 11),
)
Turn = tuple[str, int, str, int, int]


def take_turn(store: Store, agents: list[AgentRow], turn: Turn) -> None:
    """Do what a turn says; a refusal is an answer, a broken store is not."""
    what, who, maker, case, number = turn
    agent = agents[who]
    try:
        if what == "do":
            store.do(MAKERS[maker](store, case, number), agent)
        elif what == "undo":
            store.undo(agent)
        elif what == "redo":
            store.redo(agent)
        else:
            store.undo(agent, max(1, store.ask(journal.head)[0] - number))
    except (Conflict, NotFound, Refused):
        pass


def agents_of(store: Store) -> list[AgentRow]:
    """Return the three agents."""
    return [agent_for(store.engine, login) for login in ("ana", "ben", "kim")]


def test_the_acts_tried_below_are_all_there_are() -> None:
    final = {name for name, command in COMMANDS.items() if command.final}
    assert set(MAKERS) == {*COMMANDS, "bulk"} - final
    assert final == FINAL


LIGHT = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@LIGHT
@given(turns=st.lists(ACTS, min_size=1, max_size=14))
def test_undoing_everything_brings_back_every_row(
    furnished: str, places: Places, turns: list[Turn]
) -> None:
    with copied(places, furnished) as store:
        agents = agents_of(store)
        start, before = store.ask(journal.head)[0], truth(store)
        numbers, index = counted(store), postings(store)
        for turn in turns:
            take_turn(store, agents, turn)
        for seq in range(store.ask(journal.head)[0], start, -1):
            store.undo(agents[0], seq)
        assert truth(store) == before
        assert postings(store) == index
        alive = counted(store)
        alive[2] = [row for row in alive[2] if row in numbers[2]]
        assert alive == numbers
        assert_derived_is_right(store)
        assert store.ask(journal.verify) == 0


@LIGHT
@given(turns=st.lists(TURNS, min_size=1, max_size=24))
def test_acts_undo_and_redo_in_any_order_leave_no_counter_wrong_and_replay(
    furnished: str, places: Places, turns: list[Turn]
) -> None:
    with copied(places, furnished) as store:
        agents = agents_of(store)
        start = store.ask(journal.head)[0]
        for turn in turns:
            take_turn(store, agents, turn)
        end = store.ask(journal.head)[0]
        acts = [store.ask(journal.act, seq) for seq in range(start + 1, end + 1)]
        assert_derived_is_right(store)
        assert store.ask(journal.verify) == 0
        with copied(places, furnished) as other:
            replay(other, [act for act in acts if act])
            assert truth(other, alive=False) == truth(store, alive=False)
            assert counted(other) == counted(store)
            assert postings(other) == postings(store)


@LIGHT
@given(turns=st.lists(ACTS, min_size=1, max_size=10))
def test_redo_brings_back_what_undo_took(furnished: str, places: Places, turns: list[Turn]) -> None:
    with copied(places, furnished) as store:
        ana = agents_of(store)[0]
        for turn in turns:
            take_turn(store, [ana] * 3, turn)
        after, index = truth(store), postings(store)
        undone = 0
        while True:
            try:
                store.undo(ana)
            except Refused:
                break
            undone += 1
        for _ in range(undone):
            store.redo(ana)
        assert truth(store) == after
        assert postings(store) == index


def value(store: Store, sql: str) -> Any:
    """Return one value."""
    return store.ask(lambda c: c.value(sql))


# What arrives meanwhile

MAIL = Recognised("mbox", "mbox mail file", "mail")


def receive(store: Store, number: int, at: int, text: str, *, answers: str = "") -> None:
    """Let a customer's mail arrive, as a pull does."""
    writer = Party("from", Address("email", "ada@customers.example"), "Ada Byron")
    us = Party("to", Address("email", "support@us.example"))
    entry = Entry(
        external_id=f"<{number}@customers.example>",
        message_id=f"{number}@customers.example",
        in_reply_to=(answers,) if answers else (),
        at=at,
        direction="inbound",
        parties=(writer, us),
        subject="Invoice 17 is wrong",
        text=text,
        content_key=text,
    )
    store.sink(MAIL, "test", Arrival(work_since=0, live=True)).write(Batch((entry,), cursor="1"))


def test_acts_on_what_arrived_keep_its_counters_and_give_way_to_what_arrives_next(
    store: Store, ana: AgentRow
) -> None:
    receive(store, 1, 1_760_000_000_000, "The invoice is wrong")
    case = value(store, "select id from cases")
    store.do(AddNote("Ask the bank about it", case, pinned=True), ana)
    store.do(SetStatus(case, "pending"), ana)
    assert_derived_is_right(store)
    receive(store, 2, 1_760_000_100_000, "Any news?", answers="1@customers.example")
    assert store.ask(lambda c: c.all("select id, status, unresolved from cases")) == [
        (case, "open", 1)
    ]
    with pytest.raises(Conflict, match="the status of the case has changed since"):
        store.undo(ana)
    note = store.ask(journal.recent)[-1]
    store.undo(ana, note.seq)
    assert value(store, "select count(*) from entries") == 2
    bank = Match((Words(("bank",)),))
    assert store.ask(lambda c: c.full_text.newest(bank, 1 << 62, 1)) == []
    assert_derived_is_right(store)


def test_a_case_that_was_resolved_by_hand_is_reopened_by_a_customers_words(
    store: Store, ana: AgentRow
) -> None:
    receive(store, 1, 1_760_000_000_000, "The invoice is wrong")
    case = value(store, "select id from cases")
    store.do(ResolveCase(case, "fix"), ana)
    assert value(store, "select open_cases from customers") == 0
    receive(store, 2, 1_760_000_100_000, "It still is", answers="1@customers.example")
    assert value(store, "select status || resolution from cases") == "open"
    assert value(store, "select open_cases from customers") == 1
    assert_derived_is_right(store)


def test_a_case_reopened_by_hand_waits_since_the_words_that_nobody_answered(
    store: Store, ana: AgentRow
) -> None:
    receive(store, 1, 1_760_000_000_000, "The invoice is wrong")
    case = value(store, "select id from cases")
    store.do(SetStatus(case, "pending"), ana)
    store.do(SetStatus(case, "open"), ana)
    assert value(store, "select waiting_since from cases") == 1_760_000_000_000
