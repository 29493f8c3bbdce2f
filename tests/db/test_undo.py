"""Whatever was done can be taken back, by anyone, across restarts, and done again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from db import journal
from db.commands.bulk import Bulk
from db.commands.cases import MoveCase, SetStatus, SetUrgency
from db.commands.notes import AddNote, PinNote
from db.commands.people import AddTeam, JoinTeam
from db.commands.queues import AddQueue, EditQueue
from db.commands.tags import TagCase
from db.errors import Conflict, NotFound, Refused, Unavailable
from db.records import AgentRow
from db.store import Store, open_store

AddCase = Callable[..., int]


def value(store: Store, sql: str) -> Any:
    """Return one value."""
    return store.ask(lambda c: c.value(sql))


def test_the_last_act_is_taken_back_after_a_restart(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(TagCase(case, "billing"), ana)
    store.do(SetUrgency(case, "high"), ana)
    store.close()
    again = open_store(store.url)
    assert again.undo(ana).sentence == f"Undid: Set #{case} to high"
    assert again.undo(ana).sentence == f"Undid: Tagged #{case} billing"
    with pytest.raises(Refused, match="nothing of yours"):
        again.undo(ana)
    again.close()


def test_ones_own_last_act_is_not_a_colleagues(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(TagCase(case, "mine"), ana)
    store.do(TagCase(case, "yours"), ben)
    assert store.undo(ana).sentence == f"Undid: Tagged #{case} mine"
    with pytest.raises(Refused, match="nothing of yours"):
        store.undo(ana)


def test_a_colleagues_act_is_taken_back_by_its_number(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    done = store.do(TagCase(add_case(), "billing"), ana)
    undone = store.undo(ben, done.seq)
    rows = store.ask(journal.recent)
    assert [(row.agent, row.undoes, row.undone_by) for row in rows] == [
        ("ben", done.seq, 0),
        ("ana", 0, undone.seq),
    ]
    with pytest.raises(Refused, match=f"taken back already \\(act {undone.seq}\\)"):
        store.undo(ana, done.seq)
    with pytest.raises(Refused, match="nothing of yours"):
        store.undo(ana)
    with pytest.raises(NotFound, match="no act 99"):
        store.undo(ana, 99)


def test_what_stands_in_the_way_is_named_and_nothing_is_lost(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(SetUrgency(case, "high"), ana)
    later = store.do(SetUrgency(case, "low"), ben)
    with pytest.raises(Conflict) as raised:
        store.undo(ana)
    assert str(raised.value) == (
        f"“Set #{case} to high” cannot be taken back: ben did “Set #{case} to low” since. "
        f"Take that back first (act {later.seq})."
    )
    assert value(store, "select urgency from cases") == "low"
    store.undo(ben)
    store.undo(ana)
    assert value(store, "select urgency from cases") == "normal"


def test_what_arrived_since_stands_in_the_way_too(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case(status="open")
    store.do(SetStatus(case, "pending"), ana)
    with store.engine.write() as connection:  # as a customer's answer does
        connection.run("update cases set status = 'open', waiting_on = 'us'")
    with pytest.raises(Conflict, match="the status of the case has changed since and is now “open"):
        store.undo(ana)


def test_one_part_in_the_way_keeps_the_whole_bulk_standing(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    cases = [add_case() for _ in range(3)]
    store.do(Bulk(tuple(SetUrgency(case, "high") for case in cases)), ana)
    store.do(SetUrgency(cases[1], "low"), ben)
    with pytest.raises(Conflict, match="Take that back first"):
        store.undo(ana)
    assert value(store, "select count(*) from cases where urgency = 'high'") == 2


def test_redo_is_only_for_what_was_undone_last(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    with pytest.raises(Refused, match="nothing to redo"):
        store.redo(ana)
    store.do(TagCase(case, "one"), ana)
    store.undo(ana)
    store.do(TagCase(case, "two"), ana)
    with pytest.raises(Refused, match="nothing to redo"):
        store.redo(ana)
    store.undo(ana)
    assert store.redo(ana).sentence == f"Redid: Tagged #{case} two"
    assert store.undo(ana).sentence == f"Undid: Tagged #{case} two"


def test_a_note_that_comes_back_has_its_number_and_nothing_took_it_meanwhile(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(AddNote("The first note", case), ana)
    row = store.ask(lambda c: c.one("select * from entries"))
    store.undo(ana)
    assert value(store, "select count(*) from entries") == 0
    assert value(store, "select count(*) from entry_texts") == 0
    assert value(store, "select count(*) from search('first')") == 0
    store.do(AddNote("The second note", case), ben)
    store.redo(ana)
    rows = store.ask(lambda c: c.all("select * from entries order by id"))
    assert len(rows) == 2
    assert row in rows
    assert value(store, "select count(*) from search('first')") == 1


def test_a_note_that_was_pinned_since_is_not_silently_removed(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(AddNote("Call her", case), ana)
    store.do(PinNote(value(store, "select id from entries")), ben)
    with pytest.raises(Conflict, match=f"ben did “Pinned a note on #{case}” since"):
        store.undo(ana)
    assert value(store, "select count(*) from search('call')") == 1


def test_a_folder_or_team_in_use_is_not_taken_away(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    folder, team = store.do(AddQueue("Refunds"), ana), store.do(AddTeam("Billing"), ana)
    store.do(MoveCase(case, "Refunds"), ben)
    store.do(JoinTeam("Billing", "ben"), ana)
    for act, used in ((folder, "a case belongs to it"), (team, "a member belongs to it")):
        with pytest.raises(Conflict, match=used):
            store.undo(ana, act.seq)


def test_a_name_that_was_taken_meanwhile_stands_in_the_way(store: Store, ana: AgentRow) -> None:
    store.do(AddQueue("Refunds"), ana)
    renamed = store.do(EditQueue("Refunds", "name", "Money back"), ana)
    store.do(AddQueue("Refunds"), ana)
    with pytest.raises(Conflict, match="There is a queue “Refunds” already"):
        store.undo(ana, renamed.seq)


def test_an_undo_raises_the_revision_so_that_a_reply_in_the_making_notices(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    revisions = [value(store, "select revision from cases")]
    store.do(TagCase(case, "billing"), ana)
    revisions.append(value(store, "select revision from cases"))
    store.undo(ana)
    revisions.append(value(store, "select revision from cases"))
    assert revisions == [1, 2, 3]


def test_the_place_in_the_list_by_last_change_comes_back(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    before = value(store, "select updated_at from cases")
    store.do(TagCase(case, "billing"), ana)
    assert value(store, "select updated_at from cases") > before
    store.undo(ana)
    assert value(store, "select updated_at from cases") == before


FULL_DISK = {
    "sqlite": (
        "create trigger full before insert on journal begin select raise(abort, 'full'); end",
    ),
    "postgresql": (
        "create function full_disk() returns trigger language plpgsql as"
        " $$ begin raise exception using errcode = 'disk_full', message = 'full'; end $$",
        "create trigger full_disk before insert on journal execute function full_disk()",
    ),
}


def test_a_full_disk_is_not_mistaken_for_a_refusal(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    with store.engine.write() as connection:
        for statement in FULL_DISK[store.engine.name]:
            connection.run(statement)
    with pytest.raises(Unavailable, match="nothing was changed"):
        store.do(TagCase(case, "billing"), ana)
    assert value(store, "select count(*) from case_tags") == 0
