"""The journal says who did what, and shows when somebody rewrote it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db import clock, counters, journal
from db.agents import agent_for
from db.commands.cases import SetUrgency
from db.commands.changes import Change
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.records import AgentRow, JournalRow
from db.store import Store, open_store
from tests.engines import alter

ROOT = Path(__file__).parents[2]
AddCase = Callable[..., int]
START = 1_760_000_000_000


@pytest.fixture
def told(store: Store, ana: AgentRow, add_case: AddCase) -> Store:
    """Return a store with eight acts in its journal, one undone, one redone."""
    case = add_case()
    for command in (
        TagCase(case, "billing"),
        AddNote("Rang twice; she is “away”, \x00 she says — день\n", case),
        SetUrgency(case, "high"),
        TagCase(case, "vip"),
    ):
        store.do(command, ana)
    store.undo(ana)
    store.undo(ana)
    store.redo(ana)
    store.do(AddNote("x" * 5000, case), ana)
    return store


def test_an_empty_journal_verifies(store: Store) -> None:
    assert store.ask(journal.verify) == 0
    assert store.ask(journal.head) == (0, "00" * 32)


def test_an_untouched_journal_verifies_and_has_an_anchor(told: Store) -> None:
    assert told.ask(journal.verify) == 0
    seq, digest = told.ask(journal.head)
    assert (seq, len(digest)) == (8, 64)


@pytest.mark.parametrize(
    "column", ["at", "agent_id", "command", "sentence", "payload", "salt", "digest", "hash"]
)
@pytest.mark.parametrize("seq", [1, 5, 8])
def test_a_changed_column_is_found_at_its_row(told: Store, column: str, seq: int) -> None:
    old = told.ask(
        lambda c: c.value(f"select {column} from journal where seq = :seq", {"seq": seq})
    )
    if isinstance(old, int):
        new: Any = old + 1
    elif isinstance(old, bytes):
        new = bytes([old[0] ^ 1]) + old[1:]
    else:
        new = old[:-1] + ("x" if old[-1] != "x" else "y")
    assert alter(told, f"update journal set {column} = ? where seq = ?", new, seq) == 1
    assert told.ask(journal.verify) == seq


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seq=st.integers(1, 8), place=st.integers(0, 10_000), bit=st.integers(0, 6))
def test_any_altered_bit_of_a_payload_is_found(told: Store, seq: int, place: int, bit: int) -> None:
    read = "select payload from journal where seq = :seq"
    payload = told.ask(lambda c: c.value(read, {"seq": seq})).encode("utf-8")
    altered = bytearray(payload)
    altered[place % len(altered)] ^= 1 << bit
    try:
        text = altered.decode("utf-8")
    except UnicodeDecodeError:
        return
    if "\0" in text and told.engine.name == "postgresql":
        return  # it keeps no such text
    alter(told, "update journal set payload = ? where seq = ?", text, seq)
    assert told.ask(journal.verify) == seq
    alter(told, "update journal set payload = ? where seq = ?", payload.decode("utf-8"), seq)
    assert told.ask(journal.verify) == 0


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("delete from journal where seq = 3", 4),
        ("delete from journal where seq = 1", 2),
        ("update journal set undone_by = 0 where seq = 4", 5),
        ("update journal set undone_by = 2 where seq = 1", 1),
        ("update journal set undoes = 2 where seq = 5", 5),
        ("update journal set seq = seq + 100 where seq = 8", 108),
        (
            "insert into journal select 9, at, agent_id, command, sentence, payload, salt, digest,"
            " hash, 0, 0 from journal where seq = 8",
            9,
        ),
    ],
)
def test_a_removed_added_or_relinked_row_is_found(told: Store, sql: str, found: int) -> None:
    assert alter(told, sql) == 1
    assert told.ask(journal.verify) == found


def test_what_was_cut_off_at_the_end_is_shown_by_an_anchor_kept_elsewhere(told: Store) -> None:
    anchor = told.ask(journal.head)
    alter(told, "delete from journal where seq = 8")
    assert told.ask(journal.verify) == 0
    assert told.ask(journal.head) != anchor


def test_an_erased_row_keeps_the_chain_and_cannot_be_undone(told: Store) -> None:
    alter(told, "update journal set payload = '', sentence = '', salt = ? where seq = 2", b"")
    assert told.ask(journal.verify) == 0
    act = told.ask(journal.act, 2)
    assert act is not None
    assert (act.erased, act.changes) == (True, ())


def test_a_half_erased_row_is_an_altered_one(told: Store) -> None:
    alter(told, "update journal set payload = '' where seq = 2")
    assert told.ask(journal.verify) == 2


def test_what_was_done_to_a_case_is_read_newest_first_and_by_pages(told: Store) -> None:
    rows = told.ask(journal.history, "case", 1, 3)
    assert [row.seq for row in rows] == [8, 7, 6]
    assert [row.seq for row in told.ask(journal.history, "case", 1, 3, rows[-1].seq)] == [5, 4, 3]
    assert [row.seq for row in told.ask(journal.history, "identity", 1)] == [8, 7, 6, 5, 4, 3, 2, 1]
    assert told.ask(journal.history, "case", 2) == []
    at = told.ask(lambda c: c.value("select at from journal where seq = 4"))
    assert told.ask(journal.history, "case", 1, 1, 5) == [
        JournalRow(4, at, "ana", "case.tag", "Tagged #1 vip", 0, 5)
    ]


def test_an_agents_own_acts_are_read_apart(told: Store) -> None:
    ben = agent_for(told.engine, "ben")
    told.do(TagCase(1, "late"), ben)
    assert [row.sentence for row in told.ask(journal.recent, ben.agent_id)] == ["Tagged #1 late"]
    assert told.ask(journal.recent, limit=1)[0].agent == "ben"
    assert len(told.ask(journal.recent)) == 9


SCALARS = (
    st.none()
    | st.integers(-(2**63), 2**63 - 1)
    | st.binary(max_size=40)
    | st.text(st.characters(exclude_categories=("Cs",)), max_size=40)
)
FIELDS = st.dictionaries(st.sampled_from(("name", "title", "base64", "ключ")), SCALARS)


@given(before=st.none() | FIELDS, after=st.none() | FIELDS)
def test_what_is_written_down_is_read_back_exactly(before: Any, after: Any) -> None:
    change = Change("customers", {"id": 1}, before, after)
    payload = journal._encode({"x": 1}, [change], [("case", 1)])
    assert journal.decode(payload) == (change,)


KILLED = """
import sys
from db.agents import agent_for
from db.commands.cases import SetUrgency
from db.commands.notes import AddNote
from db.commands.tags import TagCase
from db.errors import Conflict
from db.store import open_store

store = open_store(sys.argv[1])
agent = agent_for(store.engine, sys.argv[2])
for number in range(100_000):
    case = number % 5 + 1
    store.do(TagCase(case, f"tag-{sys.argv[2]}-{number}"), agent)
    store.do(AddNote(f"Note {number}", case), agent)
    done = store.do(SetUrgency(case, ("high", "low")[number // 5 % 2]), agent)
    try:
        store.undo(agent)
    except Conflict:
        pass  # the other desk acted on the case meanwhile
    print(number, flush=True)
"""


def test_killing_desks_in_the_middle_of_acts_loses_nothing_acknowledged(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    for _ in range(5):
        add_case()
    with store.engine.write() as connection:
        counters.recount(connection)
    logins = ("kim", "lee")
    desks = [
        subprocess.Popen(
            [sys.executable, "-c", KILLED, store.url, login],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for login in logins
    ]
    acknowledged = {}
    for login, desk in zip(logins, desks, strict=True):
        assert desk.stdout is not None
        for _ in range(12):
            line = desk.stdout.readline()
        os.kill(desk.pid, signal.SIGKILL)
        rest = [one for one in desk.stdout.read().split("\n") if one]
        acknowledged[login] = int((rest or [line])[-1])
        desk.stdout.close()
        desk.wait()
    store.close()
    again = open_store(store.url)
    assert again.ask(journal.verify) == 0
    assert again.engine.check() == ()
    for login, number in acknowledged.items():
        tags = again.ask(
            lambda c, login=login: c.value(
                "select count(*) from case_tags t join tags g on g.id = t.tag_id "
                "where g.name like :pattern",
                {"pattern": f"tag-{login}-%"},
            )
        )
        assert tags in (number + 1, number + 2)
    counts = "select id, entries, open_cases from customers"
    before = again.ask(lambda c: c.all(counts))
    with again.engine.write() as connection:
        counters.recount(connection)
    assert again.ask(lambda c: c.all(counts)) == before
    again.close()


def test_no_act_is_dated_before_the_one_it_follows(
    store: Store, ana: AgentRow, add_case: AddCase
) -> None:
    case = add_case()
    for at in (START + 5_000, START + 2_000, START + 9_000):  # another machine's clock is behind
        with clock.stopped(at):
            store.do(TagCase(case, f"at-{at}"), ana)
    found = [row.at for row in reversed(store.ask(journal.recent))]
    assert found == [START + 5_000, START + 5_000, START + 9_000]
    assert store.ask(journal.verify) == 0
