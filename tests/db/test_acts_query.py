"""What was done is found by case, customer, agent and time, and page by page without a gap."""

from __future__ import annotations

from collections.abc import Callable

from db import clock, journal
from db.commands.cases import SetUrgency
from db.commands.customers import EditCustomer
from db.commands.links import MergeCustomers
from db.commands.tags import TagCase
from db.queries.acts import acts_page, is_anchored
from db.records import AgentRow
from db.store import Store
from tests.engines import alter

AddCase = Callable[..., int]
NOON = 1_767_355_200_000


def numbers(store: Store, **wanted: object) -> list[int]:
    return [row.seq for row in store.ask(acts_page, **wanted)]  # type: ignore[arg-type]


def test_acts_are_found_by_case_customer_agent_and_time(
    store: Store, ana: AgentRow, ben: AgentRow, add_case: AddCase
) -> None:
    one, other = add_case(customer="Ada Byron"), add_case(customer="Bob Stone")
    acts = (
        (TagCase(one, "billing"), ana),
        (SetUrgency(other, "high"), ben),
        (EditCustomer(1, "goals", "Peace"), ben),
        (MergeCustomers(1, 2), ana),
        (TagCase(other, "late"), ana),
    )
    for hour, (command, agent) in enumerate(acts):
        with clock.stopped(NOON + hour * 3_600_000):
            store.do(command, agent)
    assert numbers(store) == [5, 4, 3, 2, 1]
    assert numbers(store, case_id=one) == [1]
    assert numbers(store, customer_id=2) == numbers(store, customer_id=1) == [5, 4, 3, 2, 1]
    assert numbers(store, login="ben") == [3, 2]
    assert numbers(store, login="ana", case_id=other) == [5]
    assert numbers(store, since=NOON + 3_600_000, until=NOON + 3 * 3_600_000) == [3, 2]
    assert numbers(store, login="nobody") == numbers(store, customer_id=99) == []
    assert numbers(store, limit=2) + numbers(store, before_seq=4, limit=9) == [5, 4, 3, 2, 1]


def test_only_those_of_an_unlinked_customer_are_theirs(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    one, other = add_case(customer="Ada Byron"), add_case(customer="Bob Stone")
    store.do(TagCase(one, "billing"), ana)
    store.do(TagCase(other, "billing"), ana)
    assert numbers(store, customer_id=1) == [1]
    assert numbers(store, customer_id=2) == [2]


def test_an_anchor_shows_that_the_end_was_cut_off(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    store.do(TagCase(case, "billing"), ana)
    store.do(TagCase(case, "late"), ana)
    seq, anchor = store.ask(journal.head)
    store.do(TagCase(case, "more"), ana)
    assert store.ask(is_anchored, seq, anchor)
    assert store.ask(is_anchored, seq, anchor.upper())
    assert not store.ask(is_anchored, 1, anchor)
    alter(store, "delete from journal_subjects where seq > 1")
    alter(store, "delete from journal where seq > 1")
    assert store.ask(journal.verify) == 0
    assert not store.ask(is_anchored, seq, anchor)
