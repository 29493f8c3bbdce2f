from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console import times
from console.text import clean, width
from console.theme import Palette
from console.widgets.case_format import CaseFormat, deadline, turn
from console.widgets.lean import draw
from db.records import NO_DEADLINE, CaseRow

NOON = 1_793_620_800_000
ESCAPE = "\x1b]52;c;ZXZpbA==\x07[/] \u202eabc\x9b31m\ud800\ttab\nnext"

ROW = CaseRow(
    case_id=1042,
    customer_id=5,
    customer="Ada Moreno",
    organization="Acme",
    subject="Invoice paid twice",
    channel="email",
    status="open",
    urgency="urgent",
    owner="ben",
    waiting_on="us",
    waiting_name="",
    waiting_since=NOON - 3 * times.HOUR,
    snoozed_until=0,
    due_at=NOON - 2 * times.DAY,
    queue="",
    vip=True,
    history=False,
    updated_at=NOON,
    revision=3,
    tags=("billing", "vat"),
)


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(times, "now", lambda: NOON)


def line(row: CaseRow, cells: int, look: CaseFormat | None = None) -> str:
    segments = draw((look or CaseFormat()).cells(row, cells), cells, Palette({}, "plain"))
    text = "".join(segment.text for segment in segments)
    assert width(text) == cells
    return text.rstrip()


def test_a_wide_row_says_all_of_it_in_the_written_order() -> None:
    look = CaseFormat(why=lambda row: "oldest wait")
    look.presence = {1042: "@kim writing"}
    assert line(ROW, 150, look).split() == [
        *("!!", "#1042", "VIP", "Ada", "Moreno", "Invoice", "paid", "twice", "us", "3", "h"),
        *("late", "2", "d", "ben", "billing", "vat", "oldest", "wait", "@kim", "writing"),
    ]


def test_narrow_rows_lose_their_parts_in_the_written_order() -> None:
    look = CaseFormat(why=lambda row: "oldest wait")
    look.presence = {1042: "@kim"}
    order = ["@kim", "oldest", "billing", "ben", "Ada", "Invoice"]
    kept = [
        [part for part in order if part in line(ROW, cells, look)] for cells in range(150, 32, -1)
    ]
    for parts in kept:
        assert parts == order[len(order) - len(parts) :]
    assert kept[0] == order
    assert kept[-1] == []


@pytest.mark.parametrize("cells", [34, 40, 60, 78, 118])
def test_sign_number_turn_and_deadline_stay_at_every_width(cells: int) -> None:
    text = line(ROW, cells)
    assert text.startswith("!! #1042")
    assert "us 3 h" in text
    assert "late 2 d" in text


def test_without_deadlines_the_subject_gets_their_room() -> None:
    look = CaseFormat()
    long = replace(ROW, subject="word " * 30, tags=())
    with_column = line(long, 90, look).count("word")
    look.deadlines = False
    assert line(long, 90, look).count("word") > with_column
    assert "late" not in line(long, 90, look)


def test_what_is_not_the_rows_own_redraws_it_too() -> None:
    look = CaseFormat()
    before = look.version(ROW)
    look.presence = {1042: "@kim"}
    assert look.version(ROW) != before
    look.presence = {}
    look.deadlines = False
    assert look.version(ROW) != before


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "us 3 h"),
        ({"waiting_on": "customer"}, "them 3 h"),
        ({"waiting_on": "third_party", "waiting_name": "bank"}, "bank 3 h"),
        ({"waiting_on": "third_party"}, "3rd 3 h"),
        ({"waiting_on": "team"}, "team 3 h"),
        ({"snoozed_until": NOON + 2 * times.DAY}, "snooze 2 d"),
        ({"status": "resolved"}, "resolved"),
        ({"waiting_since": 0}, "us"),
    ],
)
def test_whose_turn_it_is_is_a_word(changes: dict[str, object], said: str) -> None:
    assert turn(replace(ROW, **changes))[0] == said  # type: ignore[arg-type]


def test_a_deadline_that_does_not_run_is_not_shown() -> None:
    assert deadline(replace(ROW, due_at=NO_DEADLINE)) == ("", "muted")
    assert deadline(replace(ROW, due_at=NOON + times.HOUR)) == ("due 1 h", "text")
    assert deadline(ROW) == ("late 2 d", "late")


@given(st.text(st.characters(exclude_categories=()), max_size=50), st.integers(1, 170))
@settings(deadline=None, max_examples=60)
def test_whatever_strangers_wrote_a_row_keeps_its_width(text: str, cells: int) -> None:
    hostile = text + ESCAPE
    row = replace(
        ROW, customer=hostile, subject=hostile, owner=hostile, tags=(hostile,),
        waiting_on="team", waiting_name=hostile,
    )  # fmt: skip
    shown = line(row, cells)
    assert clean(shown, newlines=False) == shown
