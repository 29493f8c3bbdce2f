"""The cheat sheet: read over all who are linked as one person, bounded in every part."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.errors import NotFound
from db.ingest import Arrival
from db.queries.sheet import cheat_sheet
from db.records import CheatSheet
from db.store import Store

START = 1_780_000_000_000
MAIL = Recognised("mbox", "mbox mail file", "mail")
AddCase = Callable[..., int]


def words(number: int, author: str, text: str, automatic: str = "") -> Entry:
    ours = author == "desk"
    sender = "help@desk.example" if ours else f"{author}@customers.example"
    to = "ada@customers.example" if ours else "help@desk.example"
    return Entry(
        external_id=f"m{number}",
        at=START + number,
        parties=(
            Party("from", Address("email", sender), author.title()),
            Party("to", Address("email", to), ""),
        ),
        subject="Lamp",
        text=text,
        message_id=f"m{number}@x.example",
        automatic=automatic,
        content_key=f"k{number}",
    )


@pytest.fixture
def ada(store: Store) -> Store:
    with store.engine.write() as connection:
        connection.run("insert into own_addresses values('email', 'help@desk.example')")
        connection.run("insert into agents(id, login, name) values(2, 'ana', 'Ana')")
    entries = (
        words(1, "ada", "first"),
        words(2, "desk", "answer"),
        words(3, "ada", "second"),
        words(4, "ada", "third"),
        words(5, "ada", "I am away", "auto-replied"),
        words(6, "ada.home", "from home"),
    )
    assert store.sink(MAIL, "inbox", Arrival(0)).write(Batch(entries)).new == 6
    return store


def sheet_of(store: Store, customer_id: int) -> CheatSheet:
    return store.ask(cheat_sheet, customer_id)


def test_the_last_three_words_of_people_come_newest_first(ada: Store) -> None:
    found = sheet_of(ada, 1)
    assert [one.preview for one in found.contacts] == ["third", "second", "answer"]
    assert [one.direction for one in found.contacts] == ["inbound", "inbound", "outbound"]
    assert (found.last_inbound_at, found.last_outbound_at) == (START + 4, START + 2)
    assert (found.first_at, found.entries) == (START + 1, 5)


def test_linked_profiles_are_one_person(ada: Store) -> None:
    with ada.engine.write() as connection:
        connection.run("update customers set title = 'CTO', vip = 1, stage = 'former' where id = 2")
        connection.run("update customers set canonical_id = 1 where id = 2")
    found = sheet_of(ada, 2)
    assert found == sheet_of(ada, 1)
    assert found.members == (1, 2)
    assert (found.name, found.title, found.vip, found.stage) == ("Ada", "CTO", True, "active")
    assert [one.preview for one in found.contacts] == ["from home", "third", "second"]
    assert found.entries == 6
    assert [one.value for one in found.handles] == [
        "ada@customers.example",
        "ada.home@customers.example",
    ]
    assert len(found.open_cases) == 2


def test_open_cases_stand_by_urgency_and_done_ones_do_not(ada: Store, add_case: AddCase) -> None:
    first = sheet_of(ada, 1).open_cases[0].case_id
    urgent = add_case(customer_id=1, subject="Fire")
    add_case(customer_id=1, status="resolved")
    with ada.engine.write() as connection:
        connection.run(
            "update cases set urgency = 'urgent', urgency_rank = 0 where id = :id", {"id": urgent}
        )
    assert [line.case_id for line in sheet_of(ada, 1).open_cases] == [urgent, first]


def test_tags_are_counted_over_all_cases(ada: Store, add_case: AddCase) -> None:
    cases = [add_case(customer_id=1, status=status) for status in ("open", "closed", "new")]
    with ada.engine.write() as connection:
        connection.run("insert into tags(id, name, cases) values(1, 'slow', 1), (2, 'lamp', 3)")
        for case_id in cases:
            connection.run("insert into case_tags values(:id, 2)", {"id": case_id})
        connection.run("insert into case_tags values(:id, 1)", {"id": cases[0]})
    assert sheet_of(ada, 1).tags == (("lamp", 3), ("slow", 1))


def test_a_pinned_note_shows_whole(ada: Store) -> None:
    with ada.engine.write() as connection:
        connection.run("update entries set pinned = 1 where preview = 'second'")
    (note,) = sheet_of(ada, 1).notes
    assert (note.text, note.author, note.at) == ("second", "Ada", START + 3)


def test_the_profile_is_read_as_it_was_written(ada: Store) -> None:
    with ada.engine.write() as connection:
        connection.run("insert into organizations(id, name, created_at) values(99, 'Acme', 0)")
        connection.run(
            "update customers set organization_id = 99, risk = 'late', risk_at = 7, goals = 'grow',"
            " success_owner_id = 2, language = 'pt', time_zone = 'Europe/Lisbon',"
            " preferred_channel = 'phone' where id = 1"
        )
    found = sheet_of(ada, 1)
    assert (found.organization, found.risk, found.risk_at, found.goals) == (
        "Acme",
        "late",
        7,
        "grow",
    )
    assert (found.success_owner, found.language, found.time_zone, found.preferred_channel) == (
        "ana",
        "pt",
        "Europe/Lisbon",
        "phone",
    )


def test_a_customer_without_anything_has_an_empty_sheet(store: Store, add_case: AddCase) -> None:
    add_case(customer="Zoe", status="closed")
    found = sheet_of(store, 1)
    assert (found.name, found.open_cases, found.contacts, found.notes, found.tags) == (
        "Zoe",
        (),
        (),
        (),
        (),
    )


def test_a_customer_who_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(NotFound, match="77"):
        sheet_of(store, 77)
