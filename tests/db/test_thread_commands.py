"""Bringing cases together, splitting messages off, and what that teaches."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.contract import Address, Batch, Entry, Party, Recognised
from db.commands.tags import TagCase
from db.commands.threads import ForgetThreadRule, MergeCase, SplitCase
from db.errors import Conflict, NotFound, Refused
from db.identity.own import add_own
from db.ingest import Arrival
from db.records import AgentRow
from db.store import Store
from tests.replaying import assert_derived_is_right, counted, truth

NOON = 1_767_355_200_000
DAY = 86_400_000
US, ADA, OPS = "support@us.example", "ada@acme.example", "robot@tracker.example"
MAIL = Recognised("mbox", "mbox mail file", "mail")


def mail(name: str, day: int, author: str, subject: str, *refs: str, to: str = US) -> Entry:
    return Entry(
        external_id=name,
        at=NOON + day * DAY,
        parties=(
            Party("from", Address("email", author)),
            Party("to", Address("email", to)),
        ),
        subject=subject,
        text=f"Text of {name}",
        message_id=f"{name}@mail.example",
        in_reply_to=tuple(f"{one}@mail.example" for one in refs[-1:]),
        references=tuple(f"{one}@mail.example" for one in refs),
        content_key=name,
    )


@pytest.fixture
def ours(store: Store) -> Store:
    with store.engine.write() as connection:
        add_own(connection, US)
    return store


def take_in(store: Store, *mails: Entry) -> None:
    sink = store.sink(MAIL, "x", Arrival(0, live=True))
    for one in mails:
        sink.write(Batch((one,), (), None))


def value(store: Store, sql: str, **values: Any) -> Any:
    return store.ask(lambda c: c.value(sql, values))


def case_of(store: Store, name: str) -> int:
    sql = (
        "select e.case_id from entries e join origins o on o.entry_id = e.id"
        " where o.external_id = :name"
    )
    return int(value(store, sql, name=name))


def entry_of(store: Store, name: str) -> int:
    return int(value(store, "select entry_id from origins where external_id = :name", name=name))


def test_a_merged_case_brings_what_was_said_and_what_comes(ours: Store, ana: AgentRow) -> None:
    take_in(ours, mail("a", 0, ADA, "Pump"), mail("b", 1, ADA, "Invoice"))
    one, other = case_of(ours, "a"), case_of(ours, "b")
    done = ours.do(MergeCase(other, one), ana)
    assert done.sentence == f"Merged #{other} into #{one}"
    take_in(ours, mail("c", 2, ADA, "Re: Invoice", "b"))
    assert {case_of(ours, name) for name in "abc"} == {one}
    assert value(ours, "select unresolved from cases where id = :id", id=other) == 0
    assert value(ours, "select open_cases from customers") == 1
    assert_derived_is_right(ours)


def test_a_merge_is_taken_back_and_done_again(ours: Store, ana: AgentRow) -> None:
    take_in(ours, mail("a", 0, ADA, "Pump"), mail("b", 1, ADA, "Invoice"))
    before, numbers = truth(ours), counted(ours)
    ours.do(MergeCase(case_of(ours, "b"), case_of(ours, "a")), ana)
    after = truth(ours)
    ours.undo(ana)
    assert truth(ours) == before
    assert counted(ours)[:3] == numbers[:3]
    ours.redo(ana)
    assert truth(ours) == after
    assert_derived_is_right(ours)


def test_a_resolved_case_opens_when_one_that_waits_is_brought_in(
    ours: Store, ana: AgentRow
) -> None:
    take_in(ours, mail("a", 0, ADA, "Pump"), mail("b", 1, ADA, "Invoice"))
    one, other = case_of(ours, "a"), case_of(ours, "b")
    from db.commands.cases import ResolveCase

    ours.do(ResolveCase(one, "fix"), ana)
    ours.do(MergeCase(other, one), ana)
    row = ours.ask(
        lambda c: c.one("select status, waiting_on, waiting_since from cases where id = 1")
    )
    assert row == ("open", "us", NOON + DAY)


def test_a_merge_teaches_the_mark_that_both_bear(ours: Store, ana: AgentRow) -> None:
    take_in(
        ours,
        mail("a", 0, OPS, "[OPS-42] Pump reported"),
        mail("b", 1, OPS, "[OPS-42] Pump assigned"),
        mail("x", 1, OPS, "[OPS-7] Valve reported"),
    )
    assert len({case_of(ours, name) for name in "abx"}) == 3
    done = ours.do(MergeCase(case_of(ours, "b"), case_of(ours, "a")), ana)
    assert "tracker.example with OPS-42 or the like" in done.sentence
    take_in(
        ours,
        mail("c", 30, OPS, "[OPS-42] Pump closed"),
        mail("y", 30, OPS, "[OPS-9] Door reported"),
        mail("z", 40, OPS, "Re: OPS-9 Door fixed"),
        mail("e", 41, "eve@evil.example", "About OPS-42"),
    )
    assert case_of(ours, "c") == case_of(ours, "a")
    assert case_of(ours, "y") == case_of(ours, "z") != case_of(ours, "c")
    assert case_of(ours, "e") != case_of(ours, "a")


def test_a_forgotten_rule_teaches_no_more(ours: Store, ana: AgentRow) -> None:
    take_in(ours, mail("a", 0, OPS, "OPS-42 reported"), mail("b", 1, OPS, "OPS-42 assigned"))
    ours.do(MergeCase(case_of(ours, "b"), case_of(ours, "a")), ana)
    ours.do(ForgetThreadRule(1), ana)
    take_in(ours, mail("c", 30, OPS, "OPS-42 closed"))
    assert case_of(ours, "c") != case_of(ours, "a")
    ours.undo(ana)
    take_in(ours, mail("d", 31, OPS, "OPS-42 archived"))
    assert case_of(ours, "d") == case_of(ours, "a")


def test_a_message_is_split_off_with_what_followed_and_stays_apart(
    ours: Store, ana: AgentRow
) -> None:
    take_in(
        ours,
        mail("a", 0, ADA, "Pump"),
        mail("b", 1, US, "Re: Pump", "a", to=ADA),
        mail("c", 2, ADA, "By the way, a valve", "a", "b"),
        mail("d", 3, US, "Re: By the way, a valve", "a", "b", "c", to=ADA),
    )
    old = case_of(ours, "a")
    done = ours.do(SplitCase(entry_of(ours, "c")), ana)
    new = case_of(ours, "c")
    assert done.sentence == f"Split 2 messages off #{old} as #{new}"
    assert case_of(ours, "d") == new != old
    take_in(
        ours,
        mail("e", 4, ADA, "Re: By the way, a valve", "a", "b", "c", "d"),
        mail("f", 5, ADA, "Re: Pump", "a", "b"),
    )
    assert case_of(ours, "e") == new
    assert case_of(ours, "f") == old
    kinds = ours.ask(
        lambda c: c.all("select kind from case_links where case_id = :id", {"id": new})
    )
    assert kinds == [("split_from",)]
    assert value(ours, "select subject from cases where id = :id", id=new) == "By the way, a valve"
    assert_derived_is_right(ours)


def test_a_split_is_taken_back_and_done_again(ours: Store, ana: AgentRow) -> None:
    take_in(
        ours,
        mail("a", 0, ADA, "Pump"),
        mail("b", 1, ADA, "Re: Pump", "a"),
        mail("c", 2, ADA, "A valve", "a", "b"),
    )
    before, numbers = truth(ours), counted(ours)
    spoken = "select entries, last_human_at, last_human_direction from conversations where id = 1"
    heard = ours.ask(lambda c: c.all(spoken))
    ours.do(SplitCase(entry_of(ours, "b"), only=True), ana)
    after = truth(ours)
    assert case_of(ours, "a") == case_of(ours, "c") != case_of(ours, "b")
    ours.undo(ana)
    assert truth(ours) == before
    assert counted(ours)[:3] == numbers[:3]
    assert ours.ask(lambda c: c.all(spoken)) == heard
    ours.redo(ana)
    assert truth(ours) == after
    assert_derived_is_right(ours)


def test_a_split_that_mail_has_come_to_says_what_stands_in_the_way(
    ours: Store, ana: AgentRow
) -> None:
    take_in(ours, mail("a", 0, ADA, "Pump"), mail("b", 1, ADA, "A valve", "a"))
    ours.do(SplitCase(entry_of(ours, "b")), ana)
    take_in(ours, mail("c", 2, ADA, "Re: A valve", "a", "b"))
    with pytest.raises((Conflict, Refused)):
        ours.undo(ana)
    assert case_of(ours, "b") == case_of(ours, "c") != case_of(ours, "a")


def test_what_makes_no_sense_is_refused_with_a_sentence(ours: Store, ana: AgentRow) -> None:
    take_in(ours, mail("a", 0, ADA, "Pump"), mail("b", 1, ADA, "Invoice"))
    one, other = case_of(ours, "a"), case_of(ours, "b")
    with pytest.raises(Refused, match="itself"):
        ours.do(MergeCase(one, one), ana)
    with pytest.raises(Refused, match="nothing would be left"):
        ours.do(SplitCase(entry_of(ours, "a")), ana)
    with pytest.raises(NotFound, match="no entry"):
        ours.do(SplitCase(999), ana)
    with pytest.raises(NotFound, match="why-thread --rules"):
        ours.do(ForgetThreadRule(7), ana)
    ours.do(MergeCase(other, one), ana)
    with pytest.raises(Refused, match=f"was merged into #{one}"):
        ours.do(MergeCase(other, one), ana)
    ours.do(TagCase(one, "pump"), ana)
