"""What agents can do: each command, its sentence, its refusals, and who was first."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db import journal
from db.agents import agent_for
from db.commands.base import Command
from db.commands.bulk import BULK_COMMANDS, Bulk
from db.commands.cases import MoveCase, ReopenCase, ResolveCase, SetStatus, SetUrgency
from db.commands.owners import AssignCase, TakeCase
from db.commands.people import AddTeam, EditAgent
from db.commands.queues import AddQueue, EditQueue
from db.commands.registry import build
from db.commands.tags import TagCase, UntagCase
from db.errors import Conflict, NotFound, Refused, StoreError
from db.records import AgentRow
from db.store import Store
from db.words import STATUSES, URGENCIES, URGENCY_RANK, is_unresolved
from tests.engines import row_of

ROOT = Path(__file__).parents[2]
AddCase = Callable[..., int]


def case_of(store: Store, case_id: int) -> dict[str, Any]:
    """Return a case's columns by name."""
    return row_of(store, "cases", case_id)


def tags_of(store: Store, case_id: int) -> list[str]:
    """Return the tags of a case."""
    sql = "select tag from v_case_tag where case_number = :id order by tag"
    return [tag for (tag,) in store.ask(lambda c: c.all(sql, {"id": case_id}))]


def value(store: Store, sql: str) -> Any:
    """Return one value."""
    return store.ask(lambda c: c.value(sql))


# Tags


def test_tagging_makes_the_tag_and_counts_it(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    done = store.do(TagCase(case, "  #Late Refund "), ana)
    assert (done.sentence, done.case_id) == (f"Tagged #{case} late-refund", case)
    assert tags_of(store, case) == ["late-refund"]
    assert value(store, "select cases from tags where name = 'late-refund'") == 1


def test_tagging_twice_changes_nothing_and_leaves_no_row(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(TagCase(case, "billing"), ana)
    done = store.do(TagCase(case, "BILLING"), ben)
    assert (done.seq, done.sentence) == (0, f"#{case} is already tagged billing")
    assert store.ask(journal.head)[0] == 1


def test_untagging_says_when_there_is_nothing_to_take_off(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case, other = add_case(), add_case()
    store.do(TagCase(other, "billing"), ana)
    assert store.do(UntagCase(case, "billing"), ana).sentence == f"#{case} is not tagged billing"
    assert store.do(UntagCase(other, "billing"), ana).sentence == f"Untagged #{other} billing"
    with pytest.raises(NotFound, match="no tag “nope”"):
        store.do(UntagCase(case, "nope"), ana)


@pytest.mark.parametrize("tag", ["", " # ", "a,b", "x" * 61, "a\x1bb", "a\udcffb", "a\x9bb"])
def test_a_tag_that_a_query_could_not_name_is_refused(
    store: Store, ana: AgentRow, add_case: AddCase, tag: str
) -> None:
    with pytest.raises(Refused):
        store.do(TagCase(add_case(), tag), ana)
    assert value(store, "select count(*) from tags") == 0


# Status


def test_resolving_takes_the_case_off_the_work_and_reopening_brings_it_back(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(TakeCase(case), ana)
    done = store.do(ResolveCase(case, "workaround"), ana)
    assert done.sentence == f"Resolved #{case}: workaround"
    row = case_of(store, case)
    assert (row["status"], row["resolution"], row["unresolved"]) == ("resolved", "workaround", 0)
    assert row["resolved_at"] > 0
    assert value(store, "select open_cases from customers") == 0
    store.do(ReopenCase(case), ana)
    row = case_of(store, case)
    assert (row["status"], row["resolution"], row["resolved_at"]) == ("open", "", 0)
    assert value(store, "select open_cases from customers") == 1


def test_a_case_that_nobody_owns_is_reopened_as_new(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case(status="closed")
    assert store.do(ReopenCase(case), ana).sentence == f"Reopened #{case}"
    assert case_of(store, case)["status"] == "new"


def test_pending_waits_for_the_customer_and_on_hold_for_someone_else(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case(status="open")
    turns = []
    for status in ("pending", "on_hold", "open"):
        store.do(SetStatus(case, status), ana)
        turns.append(case_of(store, case)["waiting_on"])
    assert turns == ["customer", "third_party", "us"]


def test_taking_up_an_old_case_makes_it_work(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case(status="closed")
    with store.engine.write() as connection:
        connection.run("update cases set history = 1 where id = :id", {"id": case})
    store.do(ReopenCase(case), ana)
    row = case_of(store, case)
    assert (row["history"], row["unresolved"], row["worked"]) == (0, 1, 1)


def test_a_merged_case_is_not_reopened(store: Store, ana: AgentRow, add_case: AddCase) -> None:
    kept, case = add_case(), add_case(status="closed")
    with store.engine.write() as connection:
        connection.run(
            "update cases set merged_into = :to where id = :id", {"to": kept, "id": case}
        )
    with pytest.raises(Refused, match=f"merged into #{kept}"):
        store.do(ReopenCase(case), ana)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("urgency", URGENCIES)
def test_rank_and_work_follow_the_vocabulary(
    store: Store, ana: AgentRow, add_case: AddCase, status: str, urgency: str
) -> None:
    case = add_case(status="pending" if status != "pending" else "open")
    store.do(Bulk((SetStatus(case, status), SetUrgency(case, urgency))), ana)
    row = case_of(store, case)
    assert row["urgency_rank"] == URGENCY_RANK[urgency]
    assert row["unresolved"] == int(is_unresolved(status))


# Queues


def test_a_folder_is_found_whatever_the_case_of_its_letters(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(AddQueue("Late Refunds"), ana)
    assert store.do(MoveCase(case, "late  refunds"), ana).sentence == (
        f"Moved #{case} to Late Refunds"
    )
    assert store.do(MoveCase(case, "LATE REFUNDS"), ana).seq == 0
    assert store.do(MoveCase(case, ""), ana).sentence == f"Moved #{case} out of Late Refunds"
    assert case_of(store, case)["queue_id"] is None


def test_an_unknown_folder_names_the_near_one_and_a_query_queue_says_why_not(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    with pytest.raises(NotFound, match="no folder yet; make one"):
        store.do(MoveCase(case, "Refunds"), ana)
    store.do(AddQueue("Refunds"), ana)
    with pytest.raises(NotFound, match="did you mean Refunds"):
        store.do(MoveCase(case, "refnds"), ana)
    with pytest.raises(Refused, match=r"fills itself by its query \(owner:me\)"):
        store.do(MoveCase(case, "mine"), ana)


def test_a_key_belongs_to_one_queue_at_a_time(store: Store, ana: AgentRow) -> None:
    store.do(AddQueue("Big", "urgency:urgent", pin=1), ana)
    assert value(store, "select name from queues where pin = 1") == "Big"
    store.undo(ana)
    assert value(store, "select name from queues where pin = 1") == "Mine"


def test_a_queue_takes_only_a_query_that_the_language_takes(store: Store, ana: AgentRow) -> None:
    with pytest.raises(StoreError):
        store.do(AddQueue("Odd", "status:perhaps"), ana)
    with pytest.raises(Refused, match="its query stays"):
        store.do(EditQueue("All open", "query", "tag:x"), ana)
    store.do(AddQueue("Vip", "is:vip"), ana)
    store.do(EditQueue("vip", "query", "is:vip urgency:high,urgent"), ana)
    store.do(EditQueue("vip", "name", "Important"), ana)
    assert value(store, "select query from queues where name = 'Important'") == (
        "is:vip urgency:high,urgent"
    )
    with pytest.raises(Refused, match="already"):
        store.do(EditQueue("Important", "name", "mine"), ana)


# Owners


def test_the_first_owner_opens_a_new_case(store: Store, ben: AgentRow, add_case: AddCase) -> None:
    case = add_case()
    assert store.do(AssignCase(case, "Ben"), ben).sentence == f"Gave #{case} to ben"
    row = case_of(store, case)
    assert (row["status"], row["owner_id"]) == ("open", ben.agent_id)
    assert store.do(TakeCase(case), ben).sentence == f"#{case} is already yours"


def test_only_a_new_case_may_have_no_owner(store: Store, ben: AgentRow, add_case: AddCase) -> None:
    case = add_case()
    store.do(TakeCase(case), ben)
    with pytest.raises(Refused, match="only a new case may have no owner"):
        store.do(AssignCase(case, ""), ben)
    store.do(SetStatus(case, "new"), ben)
    assert store.do(AssignCase(case, ""), ben).sentence == f"Left #{case} to nobody"
    assert case_of(store, case)["owner_id"] is None


def test_a_case_goes_to_nobody_who_cannot_work_it(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    with pytest.raises(NotFound, match="did you mean ben"):
        store.do(AssignCase(case, "bem"), ana)
    with pytest.raises(NotFound):
        store.do(AssignCase(case, "system"), ana)
    store.do(EditAgent("ben", "role", "read_only"), ana)
    with pytest.raises(Refused, match="may only read"):
        store.do(AssignCase(case, "ben"), ana)


# Who was first


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (
            TakeCase(1, expected=""),
            TakeCase(1, expected=""),
            "#1 is already owned by ben; you saw nobody. Press a again to take it over.",
        ),
        (
            SetUrgency(1, "urgent"),
            SetUrgency(1, "low", expected="normal"),
            "#1 is already urgent; you saw normal. Set it again to make it low.",
        ),
        (
            SetStatus(1, "on_hold"),
            ResolveCase(1, expected="new"),
            "#1 is already on hold; you saw new. Do it again to change it anyway.",
        ),
        (
            AssignCase(1, "ben"),
            AssignCase(1, "ana", expected=""),
            "#1 is already owned by ben; you saw nobody. Assign it again to give it to ana.",
        ),
    ],
)
def test_a_lost_race_names_what_stands_there_and_what_was_seen(
    store: Store,
    ana: AgentRow,
    ben: AgentRow,
    add_case: AddCase,
    first: Command,
    second: Command,
    sentence: str,
) -> None:
    add_case()
    store.do(first, ben)
    before = case_of(store, 1)
    with pytest.raises(Conflict) as raised:
        store.do(second, ana)
    assert str(raised.value) == sentence
    assert case_of(store, 1) == before


def test_moving_out_of_a_folder_that_it_left_is_a_conflict(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    for name in ("Refunds", "Bugs"):
        store.do(AddQueue(name), ana)
    store.do(MoveCase(case, "Refunds", expected=""), ana)
    with pytest.raises(Conflict, match="already in Refunds; you saw no folder"):
        store.do(MoveCase(case, "Bugs", expected=""), ben)
    store.do(MoveCase(case, "Bugs", expected="refunds"), ben)


def test_who_wanted_the_same_as_the_winner_has_no_conflict(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(SetUrgency(case, "high", expected="normal"), ben)
    done = store.do(SetUrgency(case, "high", expected="normal"), ana)
    assert (done.seq, done.sentence) == (0, f"#{case} is already high")


# Roles


def test_who_may_only_read_changes_nothing(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(EditAgent("ben", "role", "read-only"), ana)
    for attempt in (
        lambda: store.do(TagCase(case, "x"), ben),
        lambda: store.undo(ben, 1),
        lambda: store.redo(ben),
    ):
        with pytest.raises(Refused, match="may read but change nothing"):
            attempt()
    store.do(EditAgent("ben", "role", "agent"), ana)
    store.do(EditAgent("ben", "active", "no"), ana)
    with pytest.raises(Refused, match="no longer active"):
        store.do(TagCase(case, "x"), ben)


def test_queues_and_teams_are_for_leads_and_so_is_their_undo(
    store: Store, ana: AgentRow, ben: AgentRow
) -> None:
    for command in (AddQueue("Refunds"), AddTeam("Billing"), Bulk((AddTeam("Billing"),))):
        with pytest.raises(Refused, match="Only a lead"):
            store.do(command, ben)
    with pytest.raises(Refused, match="Only a lead"):
        store.do(EditAgent("ana", "name", "A"), ben)
    assert store.do(EditAgent("me", "name", "Benedict"), ben).seq
    assert store.undo(ben).sentence == "Undid: Set the name of ben to Benedict"
    done = store.do(AddTeam("Billing"), ana)
    with pytest.raises(Refused, match="Only a lead"):
        store.undo(ben, done.seq)


def test_a_team_never_loses_its_last_lead(store: Store, ana: AgentRow, ben: AgentRow) -> None:
    with pytest.raises(Refused, match="at least one active lead"):
        store.do(EditAgent("ana", "role", "agent"), ana)
    with pytest.raises(Refused, match="at least one active lead"):
        store.do(EditAgent("ana", "active", "no"), ana)
    promoted = store.do(EditAgent("ben", "role", "lead"), ana)
    store.do(EditAgent("ana", "role", "agent"), ana)
    with pytest.raises(StoreError, match="at least one active lead"):
        store.undo(ben, promoted.seq)


# Several at once


def test_several_cases_are_one_act_with_one_sentence(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    cases = [add_case() for _ in range(6)]
    store.do(TagCase(2, "billing"), ana)
    done = store.do(build("case.tag", ["1,2,#3", "billing"]), ana)
    assert (done.seq, done.sentence) == (2, "Tagged #1 and #3 billing")
    done = store.do(build("case.urgency", [",".join(map(str, cases)), "high"]), ana)
    assert done.sentence == "Set each of 6 cases to high"
    store.undo(ana)
    assert value(store, "select count(*) from cases where urgency = 'normal'") == 6


def test_all_or_none_of_several_are_done(store: Store, ana: AgentRow, add_case: AddCase) -> None:
    add_case()
    with pytest.raises(NotFound, match="no case #99"):
        store.do(build("case.tag", ["1,99", "billing"]), ana)
    assert tags_of(store, 1) == []
    with pytest.raises(Refused, match="at most 1,000"):
        store.do(Bulk(tuple(TagCase(1, "x") for _ in range(BULK_COMMANDS + 1))), ana)
    with pytest.raises(Refused, match="nothing to do"):
        store.do(Bulk(()), ana)


def test_several_that_change_nothing_leave_no_row(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    add_case(), add_case()
    command = build("case.tag", ["1,2", "billing"])
    store.do(command, ana)
    assert store.do(command, ana).seq == 0


# Two desks


CLAIM = """
import random, sys
from db.agents import agent_for
from db.commands.owners import TakeCase
from db.errors import Conflict
from db.store import open_store

store = open_store(sys.argv[1])
agent = agent_for(store.engine, sys.argv[2])
cases = list(range(1, 61))
random.Random(sys.argv[2]).shuffle(cases)
print("ready", flush=True)
sys.stdin.readline()
won, lost = [], 0
for case in cases:
    try:
        store.do(TakeCase(case, expected=""), agent)
        won.append(case)
    except Conflict:
        lost += 1
print(lost, *won, flush=True)
"""


def test_four_desks_claim_sixty_cases_and_each_is_won_once(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    for _ in range(60):
        add_case()
    logins = ["kim", "lee", "mia", "noa"]
    for login in logins:
        agent_for(store.engine, login)
    desks = [
        subprocess.Popen(
            [sys.executable, "-c", CLAIM, store.url, login],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for login in logins
    ]
    for desk in desks:
        assert desk.stdout is not None
        assert desk.stdout.readline() == "ready\n"
    for desk in desks:
        assert desk.stdin is not None
        desk.stdin.write("\n")
        desk.stdin.flush()
    won: dict[str, list[int]] = {}
    for login, desk in zip(logins, desks, strict=True):
        lost, *cases = map(int, desk.communicate(timeout=60)[0].split())
        assert desk.returncode == 0
        assert lost + len(cases) == 60
        won[login] = cases
    assert sorted(case for cases in won.values() for case in cases) == list(range(1, 61))
    owners = store.ask(
        lambda c: c.all("select c.id, a.login from cases c join agents a on a.id = c.owner_id")
    )
    assert dict(owners) == {case: login for login, cases in won.items() for case in cases}
    assert store.ask(journal.verify) == 0
    assert store.ask(journal.head)[0] == 60
