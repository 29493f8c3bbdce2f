from __future__ import annotations

import csv
import io
import json
import re

from hypothesis import example, given
from hypothesis import strategies as st

from console import output
from console.output import Column, csv_cell, iso, json_text, plain, table
from console.text import width
from db.doctor import Checkup
from db.records import NO_DEADLINE, CaseLine

ANY_TEXT = st.text(st.characters(), max_size=60)
ACTS = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b]")


@given(ANY_TEXT)
def test_json_brings_back_what_went_in_and_holds_nothing_that_acts(text):
    written = json_text({"subject": text})
    assert json.loads(written) == {"subject": text}
    assert not ACTS.search(written)
    written.encode("utf-8")


@given(ANY_TEXT)
@example("\xad=1+2")
def test_no_cell_of_a_csv_is_a_formula_or_acts(text):
    cell = str(csv_cell(text))
    assert not cell.lstrip().startswith(("=", "+", "-", "@"))
    assert not cell.startswith(("\t", "\r"))
    assert not ACTS.search(cell)


@given(st.lists(ANY_TEXT, min_size=1, max_size=4))
def test_a_csv_is_read_back_by_the_reader_of_python(texts):
    line = output._csv_line([csv_cell(text) for text in texts])
    rows = list(csv.reader(io.StringIO(line, newline="")))
    assert rows in ([[str(csv_cell(text)) for text in texts]], [])


def test_numbers_stay_numbers_in_a_csv():
    assert csv_cell(-5) == -5
    assert csv_cell(True) == 1
    assert csv_cell(None) == ""
    assert csv_cell(["a", "b"]) == "a; b"


@given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT), max_size=8), st.integers(20, 120))
def test_a_table_keeps_to_its_width_and_has_a_line_for_each_row(rows, cells):
    columns = (
        Column("who", lambda row: row[0], weight=1),
        Column("what", lambda row: row[1], weight=3),
        Column("n", lambda row: "7", right=True),
    )
    lines = list(table(rows, columns, cells))
    assert len(lines) == (len(rows) + 1 if rows else 0)
    for line in lines:
        assert width(line) <= cells
        assert not ACTS.search(line)


def test_a_column_in_which_nothing_stands_is_left_out():
    columns = (
        Column("one", lambda row: str(row)),
        Column("none", lambda row: ""),
    )
    assert list(table([1, 2], columns, None)) == ["one", "1", "2"]


@given(st.integers(-(2**62), 2**62))
def test_any_time_can_be_told_or_is_none(at):
    told = iso(at)
    assert told is None or re.fullmatch(r"\d{1,4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", told)


def test_a_time_is_told_to_the_millisecond():
    assert iso(1_794_141_753_042) == "2026-11-08T12:42:33.042Z"
    assert iso(0) is None
    assert iso(NO_DEADLINE) is None
    assert output.NO_DEADLINE == NO_DEADLINE


def test_a_record_is_told_by_its_field_names_with_each_time_twice():
    found = plain(CaseLine(7, "Late", "open", "high", "us", 1_794_141_753_042, 0))
    assert found["waiting_since_iso"] == "2026-11-08T12:42:33.042Z"
    assert found["updated_at_iso"] is None
    assert list(found)[:2] == ["case_id", "subject"]


def test_a_checkup_is_sound_only_when_nothing_was_found():
    assert Checkup((), 0, 0, 5, "aa").sound
    assert not Checkup(("bad page",), 0, 0, 5, "aa").sound
    assert not Checkup((), 1, 0, 5, "aa").sound
    assert not Checkup((), 0, 3, 5, "aa").sound
