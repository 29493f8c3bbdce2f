"""Two customers are one person, until they are not: nothing tells afterwards that they were."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db import counters
from db.agents import agent_for
from db.commands.base import Command
from db.commands.belonging import EntryOfCustomer
from db.commands.cases import ResolveCase, SetUrgency
from db.commands.customers import EditCustomer
from db.commands.links import ChooseProfile, MergeCustomers, RejectMatch, UnmergeCustomer
from db.commands.moves import CaseOfCustomer, MoveIdentity
from db.commands.notes import AddNote
from db.errors import NotFound, Refused
from db.identity.components import members_of, settle_all
from db.identity.lookup import find_customers
from db.ingest import Arrival
from db.queries.desk import case_rows
from db.queries.sheet import cheat_sheet
from db.queries.timeline import timeline_page
from db.records import AgentRow
from db.store import Store, open_store
from tests.engines import Places

START = 1_780_000_000_000
MAIL = Recognised("mbox", "mbox mail file", "mail")
CHAT = Recognised("slack", "Slack export", "chat")
PEOPLE = ("ada", "ada.home", "adam", "bo", "cy")
SUBJECTS = ("Lamp", "Invoice", "Bulb")
# Everything that a link must not touch; what it may is left out of `customers`.
TRUTH = (
    "select id, name, named, organization_id, title, stage, vip, risk, goals, language, entries,"
    " cases, open_cases, first_at, last_inbound_at, last_outbound_at, canonical_id, face_id"
    " from customers order by id",
    "select id, kind, value, name, customer_id, state, entries, first_at, last_at from identities"
    " order by id",
    "select id, requester_id, subject, status, urgency, waiting_on, waiting_since, unresolved,"
    " resolution, merged_into, opened_at, history from cases order by id",
    "select id, identity_id, at, case_id, conversation_id, kind, direction, author, preview"
    " from entries order by id",
    "select id, case_id, subject, entries, joined_id from conversations order by id",
    "select entry_id, role, identity_id, name from entry_parties order by entry_id, role, position",
    "select identity_id, at, entry_id from entry_identities order by 1, 2, 3",
    "select customer_id, text from customer_texts order by customer_id",
    "select customer_id, text from customer_texts order by customer_id",
)


def words(number: int, author: str, subject: str = "Lamp", answers: str = "") -> Entry:
    """Return a customer's mail, or ours to them where ``author`` begins with ``to ``."""
    ours = author.startswith("to ")
    customer = f"{author.removeprefix('to ')}@customers.example"
    sender, to = ("help@desk.example", customer) if ours else (customer, "help@desk.example")
    return Entry(
        external_id=f"m{number}",
        at=START + number * 60_000,
        parties=(
            Party("from", Address("email", sender), author.removeprefix("to ").title()),
            Party("to", Address("email", to), ""),
        ),
        subject=subject,
        text=f"text {number}",
        message_id=f"m{number}@x.example",
        in_reply_to=(answers,) if answers else (),
        content_key=f"k{number}",
    )


def arrive(store: Store, *entries: Entry) -> None:
    store.sink(MAIL, "inbox", Arrival(0, live=True)).write(Batch(entries))


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    return store.ask(lambda c: c.all(sql))


def canonical(store: Store) -> dict[int, int]:
    return dict(rows(store, "select id, canonical_id from customers order by id"))


@pytest.fixture
def five(store: Store) -> Store:
    """Return a store in which five customers wrote once each."""
    furnish(store)
    return store


def furnish(store: Store) -> None:
    with store.engine.write() as connection:
        connection.run("insert into own_addresses values('email', 'help@desk.example')")
    arrive(store, *(words(number, who) for number, who in enumerate(PEOPLE, 1)))


# What one sees


def test_merged_customers_are_one_person_everywhere(five: Store, ana: AgentRow) -> None:
    done = five.do(MergeCustomers(4, 2, "She said so on the phone."), ana)
    assert done.sentence == "Merged Ada.Home with Bo"
    assert canonical(five) == {1: 1, 2: 2, 3: 3, 4: 2, 5: 5}
    sheet = five.ask(cheat_sheet, 4)
    assert (sheet.customer_id, sheet.members, sheet.entries) == (2, (2, 4), 2)
    assert len(sheet.open_cases) == 2
    page = five.ask(timeline_page, customer_id=4)
    assert [item.preview for item in page.items] == ["text 2", "text 4", done.sentence]
    assert [hit.customer_id for hit in five.ask(find_customers, "bo")] == [2]
    assert {row.customer_id for row in five.ask(case_rows, [2, 4])} == {2}


def test_the_direction_of_a_merge_does_not_matter(five: Store, ana: AgentRow) -> None:
    five.do(MergeCustomers(5, 4), ana)
    five.do(MergeCustomers(4, 1), ana)
    assert canonical(five) == {1: 1, 2: 2, 3: 3, 4: 1, 5: 1}
    assert five.do(MergeCustomers(1, 5), ana).seq == 0


def test_the_chosen_profile_speaks_first_and_the_choice_can_change(
    five: Store, ana: AgentRow
) -> None:
    five.do(EditCustomer(1, "title", "Countess"), ana)
    five.do(EditCustomer(4, "title", "Pilot"), ana)
    five.do(MergeCustomers(1, 4), ana)
    assert five.ask(cheat_sheet, 4).title == "Countess"
    five.do(ChooseProfile(4), ana)
    sheet = five.ask(cheat_sheet, 1)
    assert (sheet.customer_id, sheet.name, sheet.title) == (1, "Bo", "Pilot")
    assert {row.customer for row in five.ask(case_rows, [1, 4])} == {"Bo"}
    assert five.ask(find_customers, "ada@customers.example")[0].name == "Bo"
    five.do(EditCustomer(1, "goals", "Fly"), ana)
    assert rows(five, "select goals from customers where id = 4") == [("Fly",)]
    five.do(ChooseProfile(1), ana)
    assert five.ask(cheat_sheet, 4).name == "Ada"
    five.undo(ana)
    assert five.ask(cheat_sheet, 4).name == "Bo"


def test_a_merge_is_taken_back_after_twenty_messages_came(five: Store, ana: AgentRow) -> None:
    five.do(MergeCustomers(1, 2), ana)
    five.do(MergeCustomers(2, 4), ana)
    arrive(five, *(words(n, PEOPLE[n % 4], SUBJECTS[n % 3]) for n in range(20, 40)))
    five.do(UnmergeCustomer(2, "Two sisters."), ana)
    assert canonical(five) == {1: 1, 2: 2, 3: 3, 4: 1, 5: 5}
    for number, who in ((1, "Ada"), (2, "Ada.Home"), (4, "Bo")):
        sheet = five.ask(cheat_sheet, number)
        authors = {contact.author for contact in sheet.contacts}
        assert who in authors
        assert ("Ada.Home" in authors) is (number == 2)
        assert rows(
            five,
            "select count(*) from cases c join entries e on e.case_id = c.id"
            f" join identities i on i.id = e.identity_id where i.customer_id = {number}"
            f" and c.requester_id <> i.id",
        ) == [(0,)]
    assert five.undo(ana).sentence.startswith("Undid: Took Ada.Home out")
    assert canonical(five) == {1: 1, 2: 1, 3: 3, 4: 1, 5: 5}


def test_a_merge_under_a_later_unmerge_is_not_undone_blindly(five: Store, ana: AgentRow) -> None:
    merged = five.do(MergeCustomers(1, 2), ana)
    five.do(UnmergeCustomer(2), ana)
    with pytest.raises(Exception, match="Take that back first"):
        five.undo(ana, merged.seq)


def test_different_people_are_remembered_until_someone_says_otherwise(
    five: Store, ana: AgentRow
) -> None:
    five.do(RejectMatch(2, 1, "Two sisters."), ana)
    assert rows(five, "select one_id, other_id, reason from match_decisions") == [
        (1, 2, "Two sisters.")
    ]
    assert five.do(RejectMatch(1, 2), ana).seq == 0
    five.do(MergeCustomers(1, 2), ana)
    assert rows(five, "select * from match_decisions") == []
    with pytest.raises(Refused, match=r"centric do customer\.unmerge 2"):
        five.do(RejectMatch(1, 2), ana)
    five.undo(ana)
    assert len(rows(five, "select * from match_decisions")) == 1


@pytest.mark.parametrize(
    ("command", "error"),
    [
        (MergeCustomers(1, 1), Refused),
        (MergeCustomers(1, 99), NotFound),
        (UnmergeCustomer(99), NotFound),
        (MoveIdentity("nobody@x.example", 1), NotFound),
        (MoveIdentity("help@desk.example", 1), Refused),
        (CaseOfCustomer(1, 99), NotFound),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    five: Store, ana: AgentRow, command: Command, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"\.$"):
        five.do(command, ana)


# Belongs to another customer


def test_an_address_moves_with_everything_on_its_timeline(five: Store, ana: AgentRow) -> None:
    arrive(five, words(7, "adam", "Bulb"))
    before = [rows(five, sql) for sql in TRUTH]
    done = five.do(MoveIdentity("ADAM@customers.example", 4), ana)
    assert done.sentence == "Gave adam@customers.example to Bo"
    sheet = five.ask(cheat_sheet, 4)
    assert [handle.value for handle in sheet.handles] == [
        "adam@customers.example",
        "bo@customers.example",
    ]
    assert (sheet.entries, len(sheet.open_cases)) == (3, 3)
    assert five.ask(find_customers, "adam")[0].customer_id == 4
    assert rows(five, "select one_id, other_id from match_decisions") == [(3, 4)]
    five.undo(ana)
    assert [rows(five, sql) for sql in TRUTH] == before
    five.redo(ana)
    arrive(five, words(8, "adam", "Bulb"))
    assert five.ask(cheat_sheet, 4).entries == 4
    five.undo(ana)
    assert five.ask(cheat_sheet, 3).entries == 3


def test_an_address_that_two_people_use_is_split_off_into_a_new_customer(
    five: Store, ana: AgentRow
) -> None:
    five.do(MoveIdentity("bo@customers.example", 5), ana)
    done = five.do(MoveIdentity("bo@customers.example"), ana)
    assert done.sentence == "Gave bo@customers.example to Bo"
    assert rows(five, "select id, canonical_id, name, entries from customers where id > 5") == [
        (6, 6, "Bo", 1)
    ]
    assert five.do(MoveIdentity("bo@customers.example"), ana).seq == 0
    five.undo(ana)
    assert rows(five, "select id from customers where id > 5") == []
    assert five.ask(find_customers, "bo@customers.example")[0].customer_id == 5


def test_a_case_belongs_to_another_customer_and_comes_back(five: Store, ana: AgentRow) -> None:
    five.do(CaseOfCustomer(1, 5), ana)
    assert [row.customer for row in five.ask(case_rows, [1])] == ["Cy"]
    assert rows(five, "select id, cases, open_cases from customers where id in (1, 5)") == [
        (1, 0, 0),
        (5, 2, 2),
    ]
    arrive(five, words(9, "ada", answers="m1@x.example"))
    assert [row.customer for row in five.ask(case_rows, [1])] == ["Cy"]
    five.undo(ana)
    assert [row.customer for row in five.ask(case_rows, [1])] == ["Ada"]


def test_a_message_belongs_to_another_customer_and_comes_back(five: Store, ana: AgentRow) -> None:
    arrive(five, words(20, "ada", "Lamp", "m1"), words(21, "ada", "Lamp", "m1"))
    whose = (
        "select e.id, i.customer_id, e.identity_id from entries e join cases c on c.id = e.case_id"
        " join identities i on i.id = c.requester_id order by e.id"
    )
    before = [rows(five, sql) for sql in TRUTH]
    (first, middle, last) = [row for row in rows(five, whose) if row[1] == 1]
    done = five.do(EntryOfCustomer(middle[0], 4), ana)
    assert done.sentence.endswith(" to Bo")
    after = {row[0]: row[1] for row in rows(five, whose)}
    assert (after[first[0]], after[middle[0]], after[last[0]]) == (1, 4, 1)
    assert dict((row[0], row[2]) for row in rows(five, whose))[middle[0]] == middle[2]
    five.undo(ana)
    assert [rows(five, sql) for sql in TRUTH[:5]] == before[:5]
    (only,) = [row for row in rows(five, whose) if row[1] == 5]
    five.do(EntryOfCustomer(only[0], 1), ana)
    assert {row[0]: row[1] for row in rows(five, whose)}[only[0]] == 1
    with pytest.raises(NotFound, match="no entry 999"):
        five.do(EntryOfCustomer(999, 1), ana)


def test_a_source_links_no_pair_that_a_person_told_apart(five: Store, ana: AgentRow) -> None:
    def vouched(number: int) -> Entry:
        party = Party(
            "author",
            Address("email", "cy@customers.example"),
            "Cy",
            same_as=(Address("email", "bo@customers.example"),),
        )
        return Entry(
            external_id=f"c{number}",
            at=START + number,
            channel="chat",
            parties=(party,),
            text="hello",
            content_key=f"{number}",
        )

    sink = five.sink(CHAT, "chat", Arrival(0))
    sink.write(Batch((vouched(1),)))
    assert canonical(five)[5] == 4
    five.do(UnmergeCustomer(5), ana)
    sink.write(Batch((vouched(2),)))
    assert canonical(five)[5] == 5


# Any history


@contextmanager
def opened(file: Path, folder: Path, name: str) -> Iterator[Store]:
    path = folder / f"{name}.db"
    for old in folder.glob(f"{name}.db*"):
        old.unlink()
    shutil.copy(file, path)
    store = open_store(str(path))
    try:
        yield store
    finally:
        store.close()


@pytest.fixture(scope="session")
def five_file(tmp_path_factory: pytest.TempPathFactory, empty_file: Path) -> Path:
    folder = tmp_path_factory.mktemp("five")
    with opened(empty_file, folder, "five") as store:
        furnish(store)
    return folder / "five.db"


STEPS = st.one_of(
    st.tuples(st.just("merge"), st.integers(1, 5), st.integers(1, 5)),
    st.tuples(st.just("unmerge"), st.integers(1, 5), st.just(0)),
    st.tuples(st.just("choose"), st.integers(1, 5), st.just(0)),
    st.tuples(st.just("mail"), st.sampled_from(PEOPLE), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("answer"), st.sampled_from(PEOPLE), st.sampled_from(SUBJECTS)),
    st.tuples(st.just("thread"), st.sampled_from(PEOPLE), st.integers(1, 5)),
    st.tuples(st.just("edit"), st.integers(1, 5), st.sampled_from(("Fly", "Land", ""))),
    st.tuples(st.just("note"), st.integers(1, 5), st.integers(0, 1)),
    st.tuples(st.just("case"), st.integers(1, 5), st.sampled_from(("urgent", "low", "resolve"))),
)
Step = tuple[str, Any, Any]
LINKS: dict[str, Callable[[int, int], Command]] = {
    "merge": MergeCustomers,
    "unmerge": lambda one, _: UnmergeCustomer(one),
    "choose": lambda one, _: ChooseProfile(one),
}


def entry_of(number: int, step: Step) -> Entry | None:
    what, one, other = step
    if what == "mail":
        return words(number, one, other)
    if what == "answer":
        return words(number, f"to {one}", other)
    return words(number, one, "Re: Lamp", f"m{other}@x.example") if what == "thread" else None


def acts_of(store: Store, step: Step) -> list[Command]:
    """Return what an edit, a note or an act means in a store without links: row by row."""
    what, one, other = step
    if what == "case":
        return [ResolveCase(one) if other == "resolve" else SetUrgency(one, other)]
    if what == "note":
        return [AddNote("Kept", customer_id=one) if other else AddNote("Kept", one)]
    if what != "edit":
        return []
    # The profile that shows is edited; what is cleared is cleared wherever it could show.
    members = store.ask(members_of, one)
    face = rows(store, f"select face_id, canonical_id from customers where id = {one}")[0]
    edited = members if not other else (face[0] or face[1],)
    return [EditCustomer(number, "goals", other) for number in edited]


def run(store: Store, plain: Store, agents: tuple[AgentRow, AgentRow], steps: list[Step]) -> None:
    """Live a history in a store, and the same without links in another."""
    for number, step in enumerate(steps, 10):
        entry = entry_of(number, step)
        if entry is not None:
            arrive(store, entry)
            arrive(plain, entry)
            continue
        plainly = acts_of(store, step)
        what, one, other = step
        try:
            if what in LINKS:
                store.do(LINKS[what](one, other), agents[0])
            elif what == "edit":
                store.do(EditCustomer(one, "goals", other), agents[0])
            else:
                store.do(plainly[0], agents[0])
        except Refused:
            continue
        for command in plainly:
            plain.do(command, agents[1])


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=2, max_size=30), data=st.data())
def test_any_history_with_links_taken_back_equals_the_one_without(
    five_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[Step],
    data: st.DataObject,
) -> None:
    monkeypatch.setattr("db.clock.now", lambda: START + 10_000_000)
    with opened(five_file, tmp_path, "one") as store, opened(five_file, tmp_path, "two") as plain:
        take_back(store, plain, steps, data.draw(st.permutations(range(1, 6))))


def take_back(store: Store, plain: Store, steps: list[Step], order: list[int]) -> None:
    """Live a history, take every link back, and find the store that never had one."""
    agents = agent_for(store.engine, "ana"), agent_for(plain.engine, "ana")
    run(store, plain, agents, steps)
    for number in order:
        store.do(UnmergeCustomer(number), agents[0])
    for sql in TRUTH:
        assert rows(store, sql) == rows(plain, sql)
    with store.engine.write() as connection:
        before = connection.all(TRUTH[0])
        counters.recount(connection)
        assert settle_all(connection) == 0
        assert connection.all(TRUTH[0]) == before


@pytest.mark.engine("postgresql")
@settings(
    max_examples=4,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=2, max_size=20), data=st.data())
def test_any_history_on_a_server_is_taken_back_too(
    kept_places: Places, monkeypatch: pytest.MonkeyPatch, steps: list[Step], data: st.DataObject
) -> None:
    monkeypatch.setattr("db.clock.now", lambda: START + 10_000_000)
    kept = kept_places.kept("five", furnish)
    store, plain = kept_places.copy(kept), kept_places.copy(kept)
    try:
        take_back(store, plain, steps, data.draw(st.permutations(range(1, 6))))
    finally:
        kept_places.remove(store)
        kept_places.remove(plain)


@pytest.mark.soak
@settings(
    max_examples=int(os.environ.get("CENTRIC_HISTORIES", "2000")),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(steps=st.lists(STEPS, min_size=2, max_size=30), data=st.data())
def test_thousands_of_histories_are_taken_back(
    five_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    steps: list[Step],
    data: st.DataObject,
) -> None:
    monkeypatch.setattr("db.clock.now", lambda: START + 10_000_000)
    with opened(five_file, tmp_path, "one") as store, opened(five_file, tmp_path, "two") as plain:
        take_back(store, plain, steps, data.draw(st.permutations(range(1, 6))))


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=st.lists(STEPS, min_size=2, max_size=16))
def test_links_alone_change_nothing_but_who_is_one_person(
    five_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: list[Step]
) -> None:
    monkeypatch.setattr("db.clock.now", lambda: START + 10_000_000)
    with opened(five_file, tmp_path, "one") as store, opened(five_file, tmp_path, "two") as plain:
        agents = agent_for(store.engine, "ana"), agent_for(plain.engine, "ana")
        run(store, plain, agents, steps)
        for sql in TRUTH[1:]:
            assert rows(store, sql) == rows(plain, sql)
        components: dict[int, set[int]] = {}
        for number, head in canonical(store).items():
            components.setdefault(head, set()).add(number)
        linked: dict[int, set[int]] = {number: {number} for number in range(1, 6)}
        for one, other in rows(
            store, "select one_id, other_id from customer_links where undone_at = 0"
        ):
            both = linked[one] | linked[other]
            for number in both:
                linked[number] = both
        assert components == {min(group): group for group in linked.values()}
