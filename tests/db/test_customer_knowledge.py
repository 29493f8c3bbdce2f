"""What a team adds to what it knows of a customer: promises, own fields, whose people they are."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db import clock
from db.agents import agent_for
from db.commands.customers import EditCustomer
from db.commands.fields import SetField
from db.commands.organizations import SetDomainRule
from db.commands.promises import EndPromise, MakePromise, due_at
from db.errors import NotFound, Refused
from db.identity.lookup import find_customers
from db.ingest import Arrival
from db.mood import mood_of
from db.queries.sheet import cheat_sheet
from db.records import AgentRow, CheatSheet, Contact
from db.store import Store

MAIL = Recognised("mbox", "mbox mail file", "mail")
AddCase = Callable[..., int]
HOUR = 3_600_000
DAY = 24 * HOUR


def mail(number: int, sender: str, text: str = "Hello", at: int | None = None) -> Entry:
    return Entry(
        external_id=f"m{number}",
        at=clock.now() - number * HOUR if at is None else at,
        parties=(
            Party("from", Address("email", sender), sender.partition("@")[0].title()),
            Party("to", Address("email", "help@desk.example")),
        ),
        subject=f"Subject {number}",
        text=text,
        message_id=f"m{number}@x.example",
        content_key=f"k{number}",
    )


def bring(store: Store, *entries: Entry) -> None:
    store.sink(MAIL, "inbox", Arrival(0)).write(Batch(entries))


@pytest.fixture
def ada(store: Store) -> Store:
    with store.engine.write() as connection:
        connection.run("insert into own_addresses values('email', 'help@desk.example')")
    bring(store, mail(1, "ada@acme.example"))
    return store


@pytest.fixture
def ana(ada: Store) -> AgentRow:
    return agent_for(ada.engine, "ana")


def sheet_of(store: Store, customer_id: int = 1) -> CheatSheet:
    return store.ask(cheat_sheet, customer_id)


def test_a_promise_stands_on_the_sheet_until_it_is_kept(ada: Store, ana: AgentRow) -> None:
    ada.do(MakePromise(1, "Send the  invoice", "2d", case_id=1), ana)
    ada.do(MakePromise(1, "Call back", "2h"), ana)
    ada.do(MakePromise(1, "Some day"), ana)
    call, invoice, some_day = sheet_of(ada).promises
    assert (call.text, invoice.text, some_day.text) == ("Call back", "Send the invoice", "Some day")
    assert (invoice.case_id, invoice.agent, some_day.due_at) == (1, "ana", 0)
    done = ada.do(EndPromise(invoice.promise_id), ana)
    assert done.sentence == "The promise to Ada was kept: Send the invoice"
    assert [one.text for one in sheet_of(ada).promises] == ["Call back", "Some day"]
    ada.undo(ana)
    assert len(sheet_of(ada).promises) == 3


def test_a_promise_names_what_and_to_whom(ada: Store, ana: AgentRow, add_case: AddCase) -> None:
    other = add_case(customer="Ben")
    for command, error in (
        (MakePromise(99, "Something"), NotFound),
        (MakePromise(1, "  "), Refused),
        (MakePromise(1, "Soon", "soonish"), Refused),
        (MakePromise(1, "Theirs", case_id=other), Refused),
        (EndPromise(99), NotFound),
    ):
        with pytest.raises(error):
            ada.do(command, ana)


def test_a_time_is_written_as_people_write_it() -> None:
    assert due_at("3d", 1_000) == 1_000 + 3 * DAY
    assert due_at("", 1_000) == 0
    assert due_at("1970-01-02 00:30", 0) == DAY + HOUR // 2
    assert due_at("1970-01-01", 0) == DAY - 60_000


def test_a_field_that_the_team_named_is_set_changed_and_cleared(ada: Store, ana: AgentRow) -> None:
    ada.do(SetField(1, "Contract ", "gold"), ana)
    ada.do(SetField(1, "renewal  date", "May"), ana)
    assert sheet_of(ada).fields == (("contract", "gold"), ("renewal date", "May"))
    ada.do(SetField(1, "contract", "silver"), ana)
    ada.do(SetField(1, "renewal date"), ana)
    assert sheet_of(ada).fields == (("contract", "silver"),)
    ada.undo(ana)
    ada.undo(ana)
    assert sheet_of(ada).fields == (("contract", "gold"), ("renewal date", "May"))
    with pytest.raises(Refused):
        ada.do(SetField(1, "a:b", "c"), ana)


def test_the_success_owner_is_a_colleague(ada: Store, ana: AgentRow) -> None:
    ada.do(EditCustomer(1, "success_owner", "@ana"), ana)
    assert sheet_of(ada).success_owner == "ana"
    ada.do(EditCustomer(1, "success_owner", ""), ana)
    assert sheet_of(ada).success_owner == ""
    with pytest.raises(Refused, match="no agent"):
        ada.do(EditCustomer(1, "success_owner", "nobody"), ana)


def test_a_domain_belongs_to_an_organization_but_for_exceptions(ada: Store, ana: AgentRow) -> None:
    bring(ada, mail(2, "ben@acme.example"), mail(3, "eve@acme.example"))
    ada.do(SetDomainRule("eve@acme.example", "none"), ana)
    done = ada.do(SetDomainRule("@acme.example", "Acme Holding"), ana)
    assert done.sentence == "acme.example belongs to Acme Holding; 2 customers moved"
    bring(ada, mail(4, "kim@acme.example"))
    found = {number: sheet_of(ada, number).organization for number in (1, 2, 3, 4)}
    assert found == {1: "Acme Holding", 2: "Acme Holding", 3: "", 4: "Acme Holding"}
    assert {hit.name for hit in ada.ask(find_customers, "acme holding")} == {"Ada", "Ben", "Kim"}
    ada.undo(ana)
    assert [sheet_of(ada, number).organization for number in (1, 2)] == ["acme.example"] * 2
    for domain in ("nothing", "two words.example", ""):
        with pytest.raises(Refused):
            ada.do(SetDomainRule(domain, "Acme"), ana)


def test_an_organization_is_told_in_figures(ada: Store, ana: AgentRow) -> None:
    bring(ada, mail(2, "ben@acme.example"))
    ada.do(EditCustomer(2, "vip", "yes"), ana)
    figures = sheet_of(ada).roll_up
    assert figures is not None
    assert (figures.people, figures.open_cases, figures.vips, figures.more) == (2, 2, 1, False)


def test_how_cases_ended_is_told_with_our_answer(
    ada: Store, ana: AgentRow, add_case: AddCase
) -> None:
    fixed = add_case(customer_id=1, subject="Lamp is dark", status="resolved")
    dropped = add_case(customer_id=1, subject="Spam", status="resolved")
    with ada.engine.write() as connection:
        for case_id, how, at in ((fixed, "fix", 5), (dropped, "no_response", 9)):
            connection.run(
                "update cases set resolution = :how, resolved_at = :at where id = :id",
                {"how": how, "at": at, "id": case_id},
            )
        connection.run(
            "insert into entries(identity_id, at, id, kind, direction, channel, case_id, author,"
            " subject, preview, characters, lines) select requester_id, 5, 77, 'message',"
            " 'outbound', 'email', id, 'Ana', '', 'A new bulb', 10, 1 from cases where id = :id",
            {"id": fixed},
        )
    (one,) = sheet_of(ada).tried
    assert (one.case_id, one.subject, one.resolution, one.resolved_at, one.words) == (
        fixed,
        "Lamp is dark",
        "fix",
        5,
        "A new bulb",
    )


def test_the_activity_of_a_year_ends_now(ada: Store) -> None:
    bring(ada, mail(2, "ada@acme.example", at=clock.now() - 100 * DAY))
    bring(ada, mail(3, "ada@acme.example", at=clock.now() - 1_000 * DAY))
    activity = sheet_of(ada).activity
    assert (len(activity), activity[-1], sum(activity)) == (12, 1, 2)


def test_facts_carry_where_they_were_read(ada: Store) -> None:
    with ada.engine.write() as connection:
        connection.run(
            "insert into identity_facts(identity_id, kind, value, raw, entry_id, at)"
            " select id, 'phone', '+49301', '+49 30 1', 7, 9 from identities"
            " where value = 'ada@acme.example'"
        )
    (fact,) = sheet_of(ada).facts
    assert (fact.kind, fact.value, fact.entry_id, fact.at) == ("phone", "+49 30 1", 7, 9)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("This is the third time that I ask.", "unhappy"),
        ("Das ist eine Frechheit!", "angry"),
        ("It works now, thank you so much", "thankful"),
        ("No scam here. Where is the invoice?", ""),
        ("Could you send me the invoice?", ""),
    ],
)
def test_a_mood_is_told_only_by_words_that_say_so(text: str, word: str) -> None:
    contact = Contact(1, 1, 5, "email", "inbound", "Ada", text)
    found = mood_of([contact])
    assert (found.word if found else "") == word
    assert found is None or found.words in text
    ours = Contact(1, 1, 5, "email", "outbound", "Ana", text)
    assert mood_of([ours]) is None


def test_their_newest_mood_is_on_the_sheet(ada: Store) -> None:
    bring(ada, mail(0, "ada@acme.example", "I am very disappointed. Please answer."))
    mood = sheet_of(ada).mood
    assert mood is not None
    assert (mood.word, mood.words) == ("unhappy", "I am very disappointed.")
