"""The fictional store: believable, whole, and the same every time."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from console.demo.build import build_demo
from db.queries.sheet import cheat_sheet
from db.store import open_store

NOON = 1_767_441_600_000  # 3 January 2026, 12:00 UTC

CONTENT = (
    "select identity_id, at, id, kind, direction, channel, case_id, author, preview from entries",
    "select id, subject, status, urgency, owner_id, queue_id, waiting_on, waiting_since from cases",
    "select id, name, title, stage, entries, cases, open_cases from customers",
    "select kind, network, value, customer_id from identities",
    "select seq, at, agent_id, command, sentence from journal",
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "demo.db"
    build_demo(path, 7, login="ada", now=NOON)
    return path


def ask(path: Path, sql: str) -> list[tuple]:
    connection = sqlite3.connect(path)
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def test_it_is_large_enough_to_believe(demo):
    [(customers,)] = ask(demo, "select count(*) from customers where entries > 0")
    [(organizations,)] = ask(
        demo, "select count(distinct organization_id) from customers where entries > 0"
    )
    [(cases,)] = ask(demo, "select count(*) from cases")
    [(entries,)] = ask(demo, "select count(*) from entries")
    assert customers >= 40
    assert organizations >= 12
    assert cases >= 300
    assert entries >= 2000


def test_every_channel_and_many_scripts_are_in_it(demo):
    kinds = {row[0] for row in ask(demo, "select distinct kind from entries")}
    assert {"message", "note", "call"} <= kinds
    sources = {row[0].split(":")[0] for row in ask(demo, "select name from sources")}
    assert sources == {"mail", "slack", "whatsapp", "calls"}
    subjects = " ".join(row[0] for row in ask(demo, "select subject from cases"))
    for word in ("予約", "Λάθος", "استفسار", "微信", "сповіщення", "Réservation"):
        assert word in subjects


def test_one_seed_gives_one_store(demo, tmp_path):
    again = tmp_path / "again.db"
    build_demo(again, 7, login="ada", now=NOON)
    for sql in CONTENT:
        assert ask(demo, sql + " order by 1, 2, 3") == ask(again, sql + " order by 1, 2, 3")


def test_ada_is_one_customer_on_every_channel(demo):
    store = open_store(str(demo))
    [(customer_id,)] = ask(
        demo, "select min(canonical_id) from customers where name = 'Ada Moreno'"
    )
    sheet = store.ask(cheat_sheet, customer_id)
    store.close()
    assert sheet.vip
    assert sheet.organization == "Casa Moreno"
    assert {"email", "phone", "handle"} <= {handle.kind for handle in sheet.handles}
    assert sheet.open_cases
    assert sheet.notes
    [(channels,)] = ask(
        demo,
        "select count(distinct e.channel) from entries e join identities i on i.id = e.identity_id"
        f" join customers k on k.id = i.customer_id where k.canonical_id = {customer_id}",
    )
    assert channels == 3


def test_a_case_crosses_channels(demo):
    rows = ask(
        demo,
        "select case_id from entries where kind = 'message' group by case_id"
        " having count(distinct channel) > 1",
    )
    assert len(rows) >= 3
