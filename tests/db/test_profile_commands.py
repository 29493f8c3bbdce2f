"""Notes and profiles: what the team writes down about its customers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from db import journal
from db.commands.customers import EditCustomer
from db.commands.notes import AddNote, PinNote, UnpinNote
from db.errors import Conflict, NotFound, Refused
from db.records import AgentRow
from db.store import Store
from tests.engines import row_of

AddCase = Callable[..., int]


def case_of(store: Store, case_id: int) -> dict[str, Any]:
    """Return a case's columns by name."""
    return row_of(store, "cases", case_id)


def value(store: Store, sql: str) -> Any:
    """Return one value."""
    return store.ask(lambda c: c.value(sql))


# Notes


def test_a_note_is_on_the_timeline_in_the_index_and_in_the_counts(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    revision = case_of(store, case)["revision"]
    done = store.do(AddNote("Her dog is called\r\nMuffin\x1b[31m \n", case), ana)
    assert done.sentence == f"Noted on #{case}"
    row = store.ask(
        lambda c: c.one(
            "select kind, direction, author, agent_id, case_id, preview, lines, pinned from entries"
        )
    )
    assert row == (
        "note",
        "internal",
        "Ana Lima",
        ana.agent_id,
        case,
        "Her dog is called Muffin\ufffd[31m",
        2,
        0,
    )
    assert value(store, "select count(*) from search('muffin')") == 1
    assert value(store, "select entries from identities") == 1
    assert value(store, "select entries from customers") == 1
    assert case_of(store, case)["revision"] == revision + 1


def test_a_note_of_broken_characters_is_mended_and_journaled(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    store.do(AddNote("half \udcff of it", add_case()), ana)
    assert value(store, "select preview from entries") == "half \ufffd of it"
    assert store.ask(journal.verify) == 0


def test_a_note_on_a_customer_hangs_on_their_first_identity(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    add_case(customer="Ada Byron")
    add_case(customer_id=1)
    assert store.do(AddNote("Prefers mornings", customer_id=1, pinned=True), ana).sentence == (
        "Pinned a note on Ada Byron"
    )
    sql = "select identity_id, case_id, pinned from entries"
    assert store.ask(lambda c: c.one(sql)) == (1, 0, 1)
    assert [row.sentence for row in store.ask(journal.history, "customer", 1)] == [
        "Pinned a note on Ada Byron"
    ]


def test_a_note_is_pinned_and_unpinned(store: Store, ana: AgentRow, add_case: AddCase) -> None:
    case = add_case()
    store.do(AddNote("", case, marker="call_back"), ana)
    note = value(store, "select id from entries")
    assert value(store, "select subject from entries") == "Call back"
    assert store.do(UnpinNote(note), ana).seq == 0
    assert store.do(PinNote(note), ana).sentence == f"Pinned a note on #{case}"
    assert value(store, "select pinned from entries") == 1
    with pytest.raises(NotFound, match="only notes can be pinned"):
        store.do(PinNote(note + 1), ana)


@pytest.mark.parametrize(
    "note",
    [
        AddNote("x"),
        AddNote("x", 1, customer_id=1),
        AddNote("  \n ", 1),
        AddNote("é" * 50_001, 1),
        AddNote("x", 99),
        AddNote("x", customer_id=99),
        AddNote("x", 1, marker="sing"),
    ],
)
def test_a_note_without_place_or_words_or_measure_is_refused(
    store: Store, ana: AgentRow, add_case: AddCase, note: AddNote
) -> None:
    add_case()
    with pytest.raises((Refused, NotFound)):
        store.do(note, ana)
    assert value(store, "select count(*) from entries") == 0
    assert value(store, "select count(*) from entry_texts") == 0


# Customers


@pytest.mark.parametrize(
    ("field", "written", "column", "stored"),
    [
        ("name", " Augusta  King ", "name", "Augusta King"),
        ("name", "علی\u200cرضا\xa0دانا", "name", "علی\u200cرضا دانا"),
        ("title", "Countess", "title", "Countess"),
        ("stage", "At risk", "stage", "at_risk"),
        ("vip", "yes", "vip", 1),
        ("risk", "Shops around", "risk", "Shops around"),
        ("goals", "First\nSecond", "goals", "First\nSecond"),
        ("language", "pt_BR", "language", "pt-BR"),
        ("time_zone", "Europe/Lisbon", "time_zone", "Europe/Lisbon"),
        ("preferred_channel", "Phone", "preferred_channel", "phone"),
    ],
)
def test_each_field_of_a_profile_is_set_and_taken_back(
    store: Store,
    ana: AgentRow,
    add_case: AddCase,
    field: str,
    written: str,
    column: str,
    stored: object,
) -> None:
    add_case()
    sql = f"select {column} from customers"
    before = value(store, sql)
    store.do(EditCustomer(1, field, written), ana)
    assert value(store, sql) == stored
    # A risk that is confirmed later has a newer date; within the same millisecond it has not.
    again = store.do(EditCustomer(1, field, written), ana).seq
    assert again in ((0, 2) if field == "risk" else (0,))
    store.undo(ana)
    if again:
        store.undo(ana)
    assert value(store, sql) == before


def test_an_organization_is_found_by_name_or_made(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    add_case(), add_case()
    store.do(EditCustomer(1, "organization", "Analytical Ltd"), ana)
    store.do(EditCustomer(2, "organization", "analytical LTD"), ana)
    assert store.ask(lambda c: c.all("select name from organizations")) == [("Analytical Ltd",)]
    assert store.ask(lambda c: c.all("select organization_id from customers")) == [(1,), (1,)]
    assert store.do(EditCustomer(2, "organization", ""), ana).sentence == (
        "Cleared the organization of Ada Byron"
    )


def test_a_name_that_an_agent_gave_is_marked_as_given(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    add_case()
    store.do(EditCustomer(1, "name", "Augusta King"), ana)
    assert value(store, "select named from customers") == 1


def test_what_is_cleared_is_cleared_in_every_linked_profile(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    add_case(), add_case()
    with store.engine.write() as connection:
        connection.run("update customers set canonical_id = 1, vip = 1, title = 'Countess'")
    store.do(EditCustomer(2, "vip", "no"), ana)
    store.do(EditCustomer(2, "title", ""), ana)
    assert store.ask(lambda c: c.all("select vip, title from customers")) == [(0, ""), (0, "")]
    store.undo(ana)
    assert store.ask(lambda c: c.all("select title from customers")) == [("Countess",)] * 2


@pytest.mark.parametrize(
    ("field", "written", "hint"),
    [
        ("name", " ", "needs a name"),
        ("name", "x" * 201, "at most 200"),
        ("title", "half \udcff", "without control characters"),
        ("name", "Ada\x1b[2J", "without control characters"),
        ("goals", "Fi\x1brst", "without control characters"),
        ("stage", "activ", "did you mean active"),
        ("vip", "perhaps", "yes or no"),
        ("language", "German!", "de, en or pt-BR"),
        ("time_zone", "Europe/Lisbom", "did you mean Europe/Lisbon"),
        ("time_zone", "../../etc/passwd", "no time zone"),
        ("preferred_channel", "pigeon", "email, chat"),
        ("shoe_size", "38", "is one of name"),
    ],
)
def test_a_value_that_a_field_cannot_hold_is_refused_with_what_it_can(
    store: Store, ana: AgentRow, add_case: AddCase, field: str, written: str, hint: str
) -> None:
    add_case()
    with pytest.raises(Refused, match=hint):
        store.do(EditCustomer(1, field, written), ana)


def test_editing_what_a_colleague_edited_is_a_conflict(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    add_case()
    store.do(EditCustomer(1, "stage", "former", expected="active"), ana)
    with pytest.raises(Conflict, match="already “former”; you saw “active”"):
        store.do(EditCustomer(1, "stage", "at_risk", expected="active"), ben)
