"""What an arriving message does to a case: history, work, and what agents have touched."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.counters import count_customers, recount
from db.identity.own import add_own
from db.ingest import Arrival
from db.store import Store
from db.words import UNRESOLVED, URGENCY_RANK, is_unresolved

NOON = 1_767_355_200_000
HOUR = 3_600_000
US = "support@us.example"
ADA = "ada@acme.example"
SINCE = NOON - 1
OLD = NOON - 900 * HOUR
COUNTERS = """
select 'customer', id, entries, cases, open_cases, first_at, last_inbound_at, last_outbound_at
from customers
union all select 'identity', id, entries, first_at, last_at, 0, 0, 0 from identities
union all select 'conversation', id, entries, 0, 0, 0, 0, 0 from conversations
order by 1, 2
"""


def mail(
    number: str,
    at: int,
    author: str = ADA,
    *,
    refs: str = "",
    subject: str = "Invoice",
    automatic: str = "",
    to: str = "",
) -> Entry:
    """A mail between Ada and us, unless told otherwise; ``refs`` are numbers, by spaces."""
    reader = to or (US if author != US else ADA)
    return Entry(
        external_id=number,
        at=at,
        parties=(Party("from", Address("email", author)), Party("to", Address("email", reader))),
        subject=subject,
        text=f"Text of {number}",
        message_id=number,
        references=tuple(refs.split()),
        automatic=automatic,
        content_key=number,
    )


@pytest.fixture
def ours(store: Store) -> Store:
    with store.engine.write() as connection:
        add_own(connection, US)
    return store


def take_in(store: Store, *entries: Entry, live: bool = False, since: int = SINCE) -> None:
    sink = store.sink(Recognised("mbox", "mbox", "mail"), "x", Arrival(since, live=live))
    sink.write(Batch(entries))


def the_case(store: Store, number: int = 1) -> dict[str, object]:
    columns = "status, history, worked, unresolved, waiting_on, waiting_since, snoozed_until"
    row = store.engine.connection().one(
        f"select {columns}, resolution, revision, merged_into from cases where id = :id",
        {"id": number},
    )
    assert row is not None
    names = [*columns.split(", "), "resolution", "revision", "merged_into"]
    return dict(zip(names, row, strict=True))


def case_count(store: Store) -> int:
    return int(store.engine.connection().value("select count(*) from cases"))


def touch(store: Store, **fields: object) -> None:
    """What an agent's command leaves behind on case 1."""
    fields = {"worked": 1, "history": 0, **fields}
    if "status" in fields:
        fields["unresolved"] = int(is_unresolved(str(fields["status"])))
    with store.engine.write() as connection:
        for name, value in fields.items():
            connection.run(f"update cases set {name} = :value where id = 1", {"value": value})  # type: ignore[dict-item]
        count_customers(connection, [row[0] for row in connection.all("select id from customers")])


def test_a_new_question_opens_a_case(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    case = the_case(ours)
    assert (case["status"], case["unresolved"], case["history"]) == ("new", 1, 0)
    assert (case["waiting_on"], case["waiting_since"]) == ("us", NOON)


def test_an_old_question_is_history(ours: Store) -> None:
    take_in(ours, mail("a", OLD))
    case = the_case(ours)
    assert (case["status"], case["unresolved"], case["history"]) == ("closed", 0, 1)


def test_an_answered_question_is_history(ours: Store) -> None:
    take_in(ours, mail("a", NOON), mail("b", NOON + 1, US, refs="a"))
    assert the_case(ours)["history"] == 1


def test_a_later_batch_that_holds_our_answer_makes_the_case_history_again(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    assert the_case(ours)["unresolved"] == 1
    take_in(ours, mail("b", NOON + 1, US, refs="a"))
    assert the_case(ours)["history"] == 1
    assert the_case(ours)["unresolved"] == 0


def test_an_answer_seen_live_leaves_the_case_open_and_waiting_for_the_customer(ours: Store) -> None:
    take_in(ours, mail("a", NOON), live=True)
    take_in(ours, mail("b", NOON + 1, US, refs="a"), live=True)
    case = the_case(ours)
    assert (case["unresolved"], case["waiting_on"]) == (1, "customer")
    assert case["waiting_since"] == NOON + 1


def call(number: str, at: int, subject: str = "Invoice") -> Entry:
    """What an agent wrote down of a call by Ada."""
    return Entry(
        external_id=number,
        at=at,
        kind="call",
        channel="phone",
        parties=(Party("author", Address("email", ADA)),),
        subject=subject,
        text="She asked about the second line of the invoice.",
        thread=f"call {number}",
        direction="inbound",
        content_key=number,
    )


def test_a_call_joins_the_open_case_of_the_same_customer_about_the_same(ours: Store) -> None:
    take_in(ours, mail("a", NOON), live=True)
    take_in(ours, mail("b", NOON + 1, US, refs="a"), live=True)
    take_in(ours, call("c", NOON + 2), live=True)
    assert case_count(ours) == 1
    assert the_case(ours)["waiting_on"] == "customer"
    cases = ours.engine.connection().all("select distinct case_id from entries")
    assert [row[0] for row in cases] == [1]


def test_a_call_about_something_else_is_history_of_its_own(ours: Store) -> None:
    take_in(ours, mail("a", NOON), live=True)
    take_in(ours, call("c", NOON + 2, "Oven"), live=True)
    assert case_count(ours) == 2
    assert the_case(ours, 2)["history"] == 1


def test_a_call_keeps_no_case_open_that_our_answer_made_history(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    take_in(ours, call("c", NOON + 1))
    take_in(ours, mail("b", NOON + 2, US, refs="a"))
    assert {the_case(ours, 1)["unresolved"], the_case(ours, 2)["unresolved"]} == {0}


def test_automatic_mail_opens_nothing_and_reopens_nothing(ours: Store) -> None:
    take_in(ours, mail("a", NOON, automatic="auto-replied"))
    assert the_case(ours)["history"] == 1
    touch(ours, status="resolved", snoozed_until=0)
    take_in(ours, mail("b", NOON + 1, refs="a", automatic="auto-replied"))
    assert the_case(ours)["status"] == "resolved"


def test_old_words_of_a_later_import_close_nothing_that_waits(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    take_in(ours, mail("b", NOON - 1, refs="a"), since=NOON + 100 * HOUR)
    assert the_case(ours)["unresolved"] == 1


@pytest.mark.parametrize("status", ["pending", "on_hold", "resolved", "open"])
def test_a_customers_words_reopen_a_case_that_was_worked(ours: Store, status: str) -> None:
    take_in(ours, mail("a", NOON), mail("b", NOON + 1, US, refs="a"))
    touch(ours, status=status, waiting_on="customer", snoozed_until=NOON * 2, resolution="answer")
    take_in(ours, mail("c", NOON + 2, refs="a b"))
    case = the_case(ours)
    assert (case["status"], case["unresolved"], case["waiting_on"]) == ("open", 1, "us")
    assert (case["snoozed_until"], case["resolution"]) == (0, "")
    assert case["waiting_since"] == NOON + 2
    assert case_count(ours) == 1


def test_it_waits_since_the_oldest_words_that_nobody_answered(ours: Store) -> None:
    take_in(ours, mail("a", NOON), mail("b", NOON + 1, US, refs="a"))
    touch(ours, status="pending")
    take_in(ours, mail("c", NOON + 2, refs="a"))
    take_in(ours, mail("d", NOON + 3, refs="a"))
    assert the_case(ours)["waiting_since"] == NOON + 2


def test_our_words_make_a_worked_case_wait_for_the_customer(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    touch(ours, status="open")
    take_in(ours, mail("b", NOON + 5, US, refs="a"))
    case = the_case(ours)
    assert (case["status"], case["waiting_on"], case["waiting_since"]) == (
        "open",
        "customer",
        NOON + 5,
    )


def test_words_on_a_closed_case_go_on_in_a_linked_follow_up(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    touch(ours, status="closed")
    take_in(ours, mail("b", NOON + 2, refs="a"))
    assert the_case(ours, 1)["status"] == "closed"
    assert the_case(ours, 2)["status"] == "new"
    links = ours.engine.connection().all("select case_id, other_id, kind from case_links")
    assert links == [(2, 1, "follow_up")]
    take_in(ours, mail("c", NOON + 3, refs="a b"))
    assert case_count(ours) == 2
    homes = ours.engine.connection().all("select case_id from entries order by at")
    assert homes == [(1,), (2,), (2,)]


def test_words_on_a_case_that_was_merged_reach_the_case_that_lives(ours: Store) -> None:
    take_in(ours, mail("a", NOON), mail("x", NOON, "bob@acme.example", subject="Other"))
    touch(ours, status="closed", merged_into=2)
    take_in(ours, mail("b", NOON + 2, refs="a"))
    where = ours.engine.connection().value(
        "select case_id from entries where at = :at", {"at": NOON + 2}
    )
    assert where == 2


def test_spam_stays_spam(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    touch(ours, spam=1, unresolved=0)
    take_in(ours, mail("b", NOON + 1, refs="a"))
    assert the_case(ours)["unresolved"] == 0


def test_the_same_customer_on_the_same_subject_joins_the_open_case(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    take_in(ours, mail("b", NOON + 1, subject="Re: invoice"))
    assert case_count(ours) == 1
    assert the_case(ours)["unresolved"] == 1


def test_an_answered_conversation_leaves_the_case_it_had_joined(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    later = NOON + 20 * 24 * HOUR  # too late for the subject alone to make them one conversation
    take_in(ours, mail("b", later))
    assert case_count(ours) == 1
    take_in(ours, mail("c", later + 1, US, refs="b"))
    found = ours.engine.connection().all(
        "select o.external_id, c.unresolved, c.history"
        " from entries e join cases c on c.id = e.case_id"
        " join origins o on o.entry_id = e.id order by 1"
    )
    assert found == [("a", 1, 0), ("b", 0, 1), ("c", 0, 1)]
    assert the_case(ours)["waiting_since"] == NOON


def test_another_customer_or_no_subject_does_not_join(ours: Store) -> None:
    take_in(
        ours,
        mail("a", NOON),
        mail("b", NOON + 1, "bob@acme.example"),
        mail("c", NOON + 2, subject=""),
        mail("d", NOON + 3, subject="Re:"),
    )
    assert case_count(ours) == 4


def test_a_case_that_nobody_touched_dissolves_into_one_that_was(ours: Store) -> None:
    take_in(ours, mail("a", NOON, refs="x"))
    touch(ours, status="open")
    take_in(ours, mail("c", NOON + 9, refs="b", subject="Else"))
    assert case_count(ours) == 2
    take_in(ours, mail("b", NOON + 5, refs="a"))
    assert case_count(ours) == 1
    assert ours.engine.connection().all("select distinct case_id from entries") == [(1,)]


def test_a_case_that_an_agent_has_looked_at_keeps_its_number_when_it_dissolves(ours: Store) -> None:
    take_in(ours, mail("a", NOON), mail("c", NOON + 9, refs="b", subject="Else"))
    with ours.engine.write() as connection:
        connection.run("insert into seen(agent_id, case_id, entry_at) values(1, 2, 1)")
    take_in(ours, mail("b", NOON + 5, refs="a"))
    gone = the_case(ours, 2)
    assert (gone["merged_into"], gone["unresolved"]) == (1, 0)


def test_two_worked_cases_that_a_mail_bridges_both_stay_and_are_linked(ours: Store) -> None:
    take_in(ours, mail("a", NOON), mail("c", NOON + 9, refs="b", subject="Else"))
    with ours.engine.write() as connection:
        connection.run("update cases set worked = 1")
    take_in(ours, mail("b", NOON + 5, refs="a"))
    assert case_count(ours) == 2
    assert ours.engine.connection().value("select kind from case_links") == "related"
    assert (
        ours.engine.connection().value("select count(distinct conversation_id) from entries") == 1
    )


def test_every_entry_raises_the_revision_of_its_case(ours: Store) -> None:
    take_in(ours, mail("a", NOON))
    before = the_case(ours)["revision"]
    take_in(ours, mail("b", NOON + 1, refs="a"), mail("c", NOON + 2, refs="a"))
    assert the_case(ours)["revision"] == int(str(before)) + 2
    take_in(ours, replace(mail("a", NOON), text="Changed", content_key="new"))
    assert the_case(ours)["revision"] == int(str(before)) + 3


@pytest.mark.parametrize("seed", range(4))
def test_counters_that_were_maintained_equal_a_recount(ours: Store, seed: int) -> None:
    dice = random.Random(seed)
    people = [f"p{number}@firm{number % 2}.example" for number in range(5)]
    for step in range(60):
        author = dice.choice([US, *people])
        refs = " ".join(f"m{dice.randrange(60)}" for _ in range(dice.randrange(3)))
        entry = mail(
            f"m{step}",
            NOON + dice.randrange(-50, 50) * HOUR + step,
            author,
            to=dice.choice(people) if author == US else US,
            refs=refs,
            subject=dice.choice(["Invoice", "Crash", ""]),
            automatic=dice.choice(["", "", "list"]),
        )
        copied = Party("cc", Address("email", dice.choice(people)))
        entry = replace(entry, parties=(*entry.parties, copied))
        take_in(ours, entry, live=dice.random() < 0.3)
        if dice.random() < 0.1:
            touch(ours, status=dice.choice(["open", "resolved", "closed"]))
    connection = ours.engine.connection()
    kept = connection.all(COUNTERS)
    with ours.engine.write() as writing:
        recount(writing)
    assert connection.all(COUNTERS) == kept
    stray = (
        "select count(*) from entries e left join cases c on c.id = e.case_id where c.id is null"
    )
    assert connection.value(stray) == 0
    lost = (
        "select count(*) from entries e left join conversations v on v.id = e.conversation_id"
        " where v.id is null or v.joined_id <> 0"
    )
    assert connection.value(lost) == 0


def test_urgency_ranks_follow_the_words() -> None:
    assert sorted(URGENCY_RANK, key=URGENCY_RANK.__getitem__) == ["urgent", "high", "normal", "low"]
    assert all(is_unresolved(status) for status in UNRESOLVED)
    assert not is_unresolved("open", spam=1)
    assert not is_unresolved("closed")
