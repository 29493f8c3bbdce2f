"""The desk's questions: queues and their counts, pages that meet, headers and pickers."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

import pytest

from db.errors import NotFound
from db.language import QueryError, parse
from db.queries import desk
from db.records import CaseRow, QueueRow
from db.schema.seeds import QUEUES
from db.store import Store
from db.words import STATUSES, URGENCIES, URGENCY_RANK, WAITING_ON, is_unresolved

START = 1_760_000_000_000
NOW = START + 10_000_000
ME = 2
AddCase = Callable[..., int]


def change(store: Store, case_id: int, **columns: object) -> None:
    names = ", ".join(f"{name} = :{name}" for name in columns)
    with store.engine.write() as connection:
        connection.run(
            "update cases set " + names + " where id = :id",
            {**columns, "id": case_id},  # type: ignore[arg-type]
        )


def numbers(rows: tuple[CaseRow, ...]) -> list[int]:
    return [row.case_id for row in rows]


def asked(store: Store, query: str, **more: object) -> list[int]:
    page = store.ask(desk.case_page, query, ME, NOW, **more)  # type: ignore[arg-type]
    return numbers(page.rows)


@pytest.fixture
def team(store: Store) -> Store:
    with store.engine.write() as connection:
        connection.run("insert into agents(id, login, name) values(2, 'ana', 'Ana')")
        connection.run("insert into agents(id, login, name) values(3, 'ben', 'Ben')")
        connection.run(
            "insert into queues(id, name, position, query, folder) values(50, 'Billing', 50, '', 1)"
        )
        connection.run("insert into tags(id, name, cases) values(1, 'refund', 9), (2, 'slow', 4)")
    return store


@pytest.fixture
def crowd(team: Store, add_case: AddCase) -> Store:
    """Sixty cases of all sorts."""
    draw = random.Random(3)
    for _ in range(60):
        status, urgency = draw.choice(STATUSES), draw.choice(URGENCIES)
        spam, history = int(draw.random() < 0.1), int(draw.random() < 0.1)
        case_id = add_case(status=status, owner_id=draw.choice((None, 2, 3)))
        change(
            team,
            case_id,
            urgency=urgency,
            urgency_rank=URGENCY_RANK[urgency],
            waiting_on=draw.choice(WAITING_ON),
            waiting_since=START + draw.randrange(20) * 1000,
            due_at=draw.choice((1 << 52, START + draw.randrange(5))),
            snoozed_until=draw.choice((0, 0, 0, NOW + 1)),
            queue_id=draw.choice((None, 50)),
            spam=spam,
            history=history,
            unresolved=int(is_unresolved(status, spam=spam, history=history)),
        )
    return team


def all_pages(store: Store, queue: QueueRow | str, limit: int, sort: str = "") -> list[int]:
    found: list[int] = []
    after = None
    for _ in count():
        page = store.ask(desk.case_page, queue, ME, NOW, after, limit, sort)
        found += numbers(page.rows)
        after = page.after
        if after is None:
            return found
        assert len(page.rows) == limit
    raise AssertionError


@pytest.mark.parametrize("sort", desk.ORDERS)
@pytest.mark.parametrize("limit", [1, 7, 100])
def test_pages_meet_without_a_gap_or_an_overlap(crowd: Store, sort: str, limit: int) -> None:
    pieces = all_pages(crowd, "", limit, sort)
    whole = all_pages(crowd, "", 200, sort)
    assert pieces == whole
    assert len(set(pieces)) == len(pieces)


def test_a_count_is_what_the_list_holds(crowd: Store) -> None:
    for queue in crowd.ask(desk.queues, ME, NOW):
        page = crowd.ask(desk.case_page, queue, ME, NOW, None, 200)
        assert queue.cases == len(page.rows), queue.name
        ours = [row.waiting_since for row in page.rows if row.waiting_on == "us"]
        assert queue.oldest_since == min(ours, default=0), queue.name
    assert sum(queue.cases for queue in crowd.ask(desk.queues, ME, NOW)) > 60


def test_shipped_queues_cover_every_unresolved_case(crowd: Store) -> None:
    shipped = {name for name, *_ in QUEUES}
    covered: set[int] = set()
    for queue in crowd.ask(desk.queues, ME, NOW):
        if queue.name in shipped:
            covered |= set(all_pages(crowd, queue, 200))
    unresolved = {
        row[0] for row in crowd.engine.connection().all("select id from cases where unresolved = 1")
    }
    assert covered == unresolved


def test_the_most_urgent_comes_first_then_who_waits_longest(crowd: Store) -> None:
    rows = crowd.ask(desk.case_page, "", ME, NOW, None, 200).rows
    keys = [(URGENCY_RANK[row.urgency], row.waiting_since, row.case_id) for row in rows]
    assert keys == sorted(keys)


def test_the_last_changed_comes_first_when_asked(crowd: Store) -> None:
    rows = crowd.ask(desk.case_page, "", ME, NOW, None, 200, "updated").rows
    keys = [(row.updated_at, row.case_id) for row in rows]
    assert keys == sorted(keys, reverse=True)


def test_a_snoozed_case_shows_only_where_it_is_asked_for(team: Store, add_case: AddCase) -> None:
    asleep, awake = add_case(), add_case()
    change(team, asleep, snoozed_until=NOW + 1)
    assert asked(team, "") == [awake]
    assert asked(team, "is:snoozed") == [asleep]
    assert asked(team, "-is:snoozed") == [awake]
    page = team.ask(desk.case_page, "", ME, NOW + 1)
    assert numbers(page.rows) == [asleep, awake]


def test_done_cases_show_only_where_they_are_asked_for(team: Store, add_case: AddCase) -> None:
    done, work = add_case(status="resolved"), add_case()
    junk = add_case()
    change(team, junk, spam=1, unresolved=0)
    assert asked(team, "") == [work]
    assert asked(team, "is:resolved") == [done]
    assert asked(team, "status:new,resolved") == [done, work]
    assert asked(team, "is:junk") == [junk]
    assert asked(team, f"#{junk}") == [junk]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("owner:me", {1}),
        ("owner:ben", {2}),
        ("owner:none", {3, 4}),
        ("-owner:me", {2, 3, 4}),
        ("owner:me,none", {1, 3, 4}),
        ("tag:refund", {1, 2}),
        ("-tag:refund", {3, 4}),
        ("tag:refund,slow", {1, 2, 3}),
        ("has:tag -tag:slow", {1, 2}),
        ("queue:billing", {2}),
        ("waiting:them", {3}),
        ("urgency:high", {4}),
        ("type:task", {4}),
        ("is:vip", {1}),
        ("is:incomplete", {4}),
        ("org:acm", {1}),
        ("org:acme.example", {1}),
        ("customer:1", {1}),
        ("number:2,3", {2, 3}),
        ("before:1h", {1, 2, 3, 4}),
        ("after:1h", set()),
        ("status:open", {4}),
    ],
)
def test_a_property_finds_its_cases(
    team: Store, add_case: AddCase, query: str, found: set[int]
) -> None:
    for owner in (2, 3, None, None):
        add_case(owner_id=owner)
    with team.engine.write() as connection:
        connection.run("insert into case_tags(case_id, tag_id) values(1, 1), (2, 1), (3, 2)")
        connection.run(
            "insert into organizations(id, name, domain, created_at)"
            " values(1, 'Acme Tools', 'acme.example', 0)"
        )
        connection.run("update customers set vip = 1, organization_id = 1 where id = 1")
    change(team, 2, queue_id=50)
    change(team, 3, waiting_on="customer")
    change(team, 4, urgency="high", urgency_rank=1, status="open", type="task")
    assert set(asked(team, query)) == found


def test_a_vip_stays_one_under_every_address_and_link(team: Store, add_case: AddCase) -> None:
    one, other = add_case(), add_case()
    with team.engine.write() as connection:
        connection.run("update customers set vip = 1 where id = 2")
        connection.run("update customers set canonical_id = 1 where id = 2")
    assert asked(team, "is:vip") == [one, other]
    assert [row.vip for row in team.ask(desk.case_rows, [other])] == [True]


def test_a_line_says_who_and_whose_turn(team: Store, add_case: AddCase) -> None:
    case_id = add_case(customer="Mira Sol", subject="Broken lamp", owner_id=2)
    change(team, case_id, queue_id=50, waiting_on="third_party", waiting_name="bank")
    with team.engine.write() as connection:
        connection.run(
            "insert into case_tags(case_id, tag_id) values(:id, 2), (:id, 1)", {"id": case_id}
        )
    (row,) = team.ask(desk.case_rows, [case_id])
    assert (row.customer, row.subject, row.owner, row.queue) == (
        "Mira Sol",
        "Broken lamp",
        "ana",
        "Billing",
    )
    assert (row.waiting_on, row.waiting_name, row.tags) == (
        "third_party",
        "bank",
        ("refund", "slow"),
    )


def test_rows_come_in_the_order_asked_for_without_gone_ones(team: Store, add_case: AddCase) -> None:
    first, second = add_case(), add_case()
    assert numbers(team.ask(desk.case_rows, [second, 999, first])) == [second, first]


def test_an_order_that_is_not_known_is_refused_in_words(team: Store) -> None:
    with pytest.raises(QueryError, match="waiting"):
        team.ask(desk.case_page, "", ME, NOW, None, 10, "colour")


def test_a_queue_with_a_broken_query_does_not_hide_the_others(team: Store) -> None:
    with team.engine.write() as connection:
        connection.run(
            "insert into queues(id, name, position, query) values(60, 'Odd', 60, 'nope:1')"
        )
    names = [queue.name for queue in team.ask(desk.queues, ME, NOW)]
    assert "Odd" in names
    assert "All open" in names


def test_a_header_names_what_else_is_open_and_linked(team: Store, add_case: AddCase) -> None:
    one = add_case(customer="Mira Sol")
    other = add_case(customer_id=1)
    done = add_case(customer_id=1, status="resolved")
    follow_up = add_case(customer="Someone Else")
    with team.engine.write() as connection:
        connection.run(
            "insert into case_links(case_id, other_id, kind) values(:f, :o, 'follow_up')",
            {"f": follow_up, "o": one},
        )
        connection.run(
            "insert into seen(agent_id, case_id, entry_at) values(2, :id, 77)", {"id": one}
        )
    detail = team.ask(desk.case_detail, one, ME)
    assert [line.case_id for line in detail.also_open] == [other]
    assert done not in [line.case_id for line in detail.also_open]
    assert detail.linked == (("followed_by", follow_up),)
    assert detail.seen_at == 77
    assert team.ask(desk.case_detail, follow_up, ME).linked == (("follow_up", one),)


def test_a_case_that_is_not_there_is_named(team: Store) -> None:
    with pytest.raises(NotFound, match="#404"):
        team.ask(desk.case_detail, 404, ME)


def test_tags_on_the_marked_cases_come_first(team: Store, add_case: AddCase) -> None:
    one, two = add_case(), add_case()
    with team.engine.write() as connection:
        connection.run(
            "insert into case_tags(case_id, tag_id) values(:one, 2), (:two, 2)",
            {"one": one, "two": two},
        )
    assert team.ask(desk.tags, [one, two]) == (("slow", 2, 4), ("refund", 0, 9))
    assert team.ask(desk.tags) == (("refund", 0, 9), ("slow", 0, 4))


def test_the_system_is_not_among_the_agents(team: Store) -> None:
    assert [agent.login for agent in team.ask(desk.agents)] == ["ana", "ben"]


def test_the_totals_count_the_store(team: Store, add_case: AddCase) -> None:
    add_case()
    add_case(status="closed")
    found = team.ask(desk.totals)
    assert (found.cases, found.unresolved, found.customers) == (2, 1, 2)


def test_the_status_line_says_what_is_set_aside_and_when_it_synced(team: Store) -> None:
    found = team.ask(desk.status, ME)
    assert (found.drafts, found.quarantined, found.synced_at) == (0, 0, 0)


@pytest.mark.engine("sqlite")  # the plans of the other follow its statistics
def test_counts_are_read_from_the_indexes_alone(crowd: Store) -> None:
    connection = crowd.engine.connection()
    for queue in crowd.ask(desk.queues, ME, NOW):
        folder = 50 if queue.folder else 0
        where = desk._condition(connection, parse(queue.query), folder, ME, NOW, "p")
        plan = connection.all(
            "explain query plan " + desk._COUNT.format(number=1, where=where.sql), where.params
        )
        assert "COVERING INDEX" in plan[0][3], (queue.name, plan)
    turns = connection.all("explain query plan " + desk._COUNT_TURNS, {"now": NOW})
    assert [row[3] for row in turns] == ["SCAN c USING COVERING INDEX cases_turn"]
