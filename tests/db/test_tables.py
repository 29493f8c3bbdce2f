"""Rows of any table that are the same person: found without labels, and never by a score alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench.dirty import customers, households, organizations
from db.identity.columns import KINDS
from db.identity.estimate import MISSING, share
from db.identity.guess import guess_kinds
from db.identity.tables import Matched, Table, reasons

Row = Mapping[str, str]
PEOPLE = {
    "first_name": "first_name",
    "surname": "last_name",
    "dob": "date",
    "city": "city",
    "email": "email",
}
SITES = {"name": "company", "address": "street", "zip": "zip", "phone": "phone"}


def matched(rows: Sequence[Row], kinds: Mapping[str, str], other: Sequence[Row] = ()) -> Matched:
    table = Table(kinds)
    for row in rows:
        table.add(row)
    if other:
        table.begin_second()
    for row in other:
        table.add(row)
    return table.match()


def quality(rows: Sequence[Row], found: Matched) -> tuple[float, float]:
    """Return precision and recall of the pairs that are one person."""
    truth = Counter(row["entity"] for row in rows)
    wanted = sum(times * (times - 1) // 2 for times in truth.values())
    told = [pair for pair in found.matches if pair.zone != "apart"]
    right = sum(rows[pair.one]["entity"] == rows[pair.other]["entity"] for pair in told)
    return right / len(told), right / wanted


@pytest.mark.parametrize(
    ("rows", "kinds"),
    [(customers(600), PEOPLE), (organizations(600), SITES)],
    ids=["people", "sites"],
)
def test_dirty_rows_of_one_person_come_together(rows: Sequence[Row], kinds: dict[str, str]) -> None:
    precision, recall = quality(rows, matched(rows, kinds))
    assert precision > 0.97
    assert recall > 0.93


HOMES = {"first_name": "first_name", "surname": "last_name", "street": "street", "city": "city",
         "zip": "zip"}  # fmt: skip


@pytest.mark.parametrize("more", [{}, {"phone": "phone"}], ids=["without", "with a number"])
def test_a_family_at_one_address_is_not_one_person(more: dict[str, str]) -> None:
    rows = households(2000)
    precision, recall = quality(rows, matched(rows, {**HOMES, **more}))
    assert precision > 0.95
    assert recall > 0.9


def test_what_links_by_itself_is_right() -> None:
    rows = customers(1000, seed=7)
    linked = [pair for pair in matched(rows, PEOPLE).matches if pair.zone == "linked"]
    assert len(linked) > 100
    right = sum(rows[pair.one]["entity"] == rows[pair.other]["entity"] for pair in linked)
    assert right / len(linked) >= 0.99


def test_no_score_links_without_a_personal_key() -> None:
    rows = [row for row in organizations(400)]
    assert not [pair for pair in matched(rows, SITES).matches if pair.zone == "linked"]


def padded(rows: Sequence[Row]) -> list[Row]:
    """Return rows among enough others for their agreement to mean something."""
    return [*rows, *customers(300, seed=3)]


def zone(one: Row, other: Row) -> str:
    rows = padded([one, other])
    found = matched(rows, PEOPLE)
    return next((p.zone for p in found.matches if (p.one, p.other) == (0, 1)), "apart")


ADA = {"first_name": "Ada", "surname": "Moreno", "dob": "1990-04-01", "email": "ada@lamp.example"}


def test_one_address_and_one_name_link() -> None:
    assert zone(ADA, {**ADA, "dob": ""}) == "linked"


def test_a_mailbox_of_many_links_nobody() -> None:
    shared = {**ADA, "email": "info@lamp.example"}
    assert zone(shared, shared) == "suggested"


def test_an_address_for_an_hour_links_nobody() -> None:
    hour = {**ADA, "email": "ada@mailinator.com"}
    assert zone(hour, hour) == "suggested"


def test_an_address_of_two_people_links_neither() -> None:
    luis = {"first_name": "Luis", "surname": "Moreno", "dob": "1961-11-23",
            "email": "ada@lamp.example"}  # fmt: skip
    rows = padded([ADA, {**ADA, "dob": "1990-04-01"}, luis])
    zones = {(p.one, p.other): p.zone for p in matched(rows, PEOPLE).matches}
    assert zones.get((0, 2), "apart") != "linked"
    # Two people use it: now it says too little for the others, too.
    assert zones.get((0, 1)) == "suggested"


def test_names_in_each_others_columns_are_found() -> None:
    assert zone(ADA, {**ADA, "first_name": "Moreno", "surname": "Ada", "email": ""}) == "suggested"


def test_namesakes_stay_apart() -> None:
    born = [f"19{year}-0{year % 9 + 1}-1{year % 7}" for year in range(45, 95, 5)]
    many = [{"first_name": "John", "surname": "Smith", "dob": day} for day in born]
    found = matched([*many, *customers(600, seed=3)], PEOPLE)
    assert not [p for p in found.matches if p.other < len(many) and p.zone != "apart"]


def test_one_column_alone_suggests_what_is_nearly_the_same() -> None:
    rows = [
        {"n": f"{word}son {other}"} for word in ("ander", "bell", "carl") for other in "abcdefgh"
    ]
    rows = [{"n": name} for name in ("Ada Moreno", "Moreno Ada", "Ada Morenno", "Ken Kato")] + rows
    found = matched(rows, {"n": "name"})
    told = {(p.one, p.other) for p in found.matches if p.zone == "suggested"}
    assert {(0, 1), (0, 2)} <= told
    assert not [p for p in found.matches if 3 in (p.one, p.other) and p.zone != "apart"]
    assert not [p for p in found.matches if p.zone == "linked"]


def test_two_tables_are_matched_across_only() -> None:
    rows = customers(400)
    half = len(rows) // 2
    found = matched(rows[:half], PEOPLE, rows[half:])
    assert found.matches
    assert all(pair.one < half <= pair.other for pair in found.matches)


def test_a_table_of_nothing_matches_nothing() -> None:
    assert matched([], PEOPLE).matches == ()
    assert matched([{}], PEOPLE).clusters == (0,)
    assert matched([{}, {}], PEOPLE).clusters == (0, 1)
    assert matched([{"x": "1"}] * 3, {}).clusters == (0, 1, 2)


def test_reasons_name_the_column_the_level_and_the_weight() -> None:
    rows = padded([ADA, {**ADA, "first_name": "Ana"}])
    found = matched(rows, PEOPLE)
    pair = next(p for p in found.matches if (p.one, p.other) == (0, 1))
    text = reasons(pair, found.columns)
    assert "email same: ada@lamp.example (+" in text
    assert "ada / ana" in text
    assert share(pair.bits) > 0.99


CELL = st.one_of(st.text(max_size=20), st.sampled_from(["Ada", "Moreno", "1990-04-01", "nan", "-"]))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(CELL, min_size=len(KINDS), max_size=len(KINDS)), max_size=12))
def test_any_cells_are_compared_without_a_fault(cells: list[list[str]]) -> None:
    kinds = {kind: kind for kind in KINDS}
    rows = [dict(zip(kinds, row, strict=True)) for row in cells]
    found = matched(rows, kinds)
    assert len(found.clusters) == len(rows)
    for pair in found.matches:
        assert pair.one < pair.other
        assert all(level == MISSING or level >= 0 for level in pair.levels)


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(sorted(KINDS)), CELL, CELL)
def test_levels_are_the_same_from_both_sides(kind: str, one: str, other: str) -> None:
    of = KINDS[kind]
    left, right = of.read(one), of.read(other)
    if left and right and left != right:
        level = of.compare(left, right)
        assert level == of.compare(right, left)
        assert 1 <= level <= of.different


def test_columns_are_guessed_by_heading_and_by_value() -> None:
    rows = [
        {"RecordId": str(n), "Forename": "Ada", "e_mail": "a@b.example", "x": "m" if n % 2 else "f",
         "PLZ": "12345"} for n in range(50)
    ]  # fmt: skip
    assert guess_kinds(list(rows[0]), rows) == {
        "Forename": "first_name",
        "e_mail": "email",
        "x": "code",
        "PLZ": "zip",
    }
