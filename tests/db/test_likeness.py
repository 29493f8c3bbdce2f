"""How like two written names are: persons and companies, in any order and script."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bench.identity import best, name_pairs
from db.identity.likeness import likeness

ONE = (
    ("Владимир Петров", "Vladimir Petrov"),
    ("Juergen Mueller", "Jürgen Müller"),
    ("Mohammed Al Fayed", "Muhammad al-Fayed"),
    ("Moreno, Ada", "Ada Moreno"),
    ("Dr. Ada M. Moreno", "Ada Moreno"),
    ("AdaMoreno", "Ada Moreno"),
    ("Bob Kypuros", "Robert Kypuros"),
    ("Deutsche Lampen AG", "Deutsche Lampen Aktiengesellschaft"),
    ("Moreno Lamps Ltd.", "MORENO LAMPS LIMITED"),
    ("Moreno & Sons Trading LLC", "Moreno and Sons"),
)
TWO = (
    ("Kim Jong Un", "Kim Jong Il"),
    ("Ada Moreno", "Luis Moreno"),
    ("Ada Moreno", "Ada Bergmann"),
    ("Lamp Fund II LP", "Lamp Fund III LP"),
    ("Northern Bank", "Southern Bank"),
    ("Smith", "John Smith"),
)


@pytest.mark.parametrize(("one", "other"), ONE)
def test_one_name_in_two_forms_is_one(one: str, other: str) -> None:
    assert likeness(one, other) >= 0.5


@pytest.mark.parametrize(("one", "other"), TWO)
def test_two_names_that_look_alike_are_two(one: str, other: str) -> None:
    assert likeness(one, other) < 0.5


@example("0%0%0", "00:0:0")
@given(st.text(max_size=60), st.text(max_size=60))
def test_likeness_is_the_same_from_both_sides_and_between_0_and_1(one: str, other: str) -> None:
    assert 0 <= likeness(one, other) <= 1
    assert likeness(one, other) == pytest.approx(likeness(other, one))


def test_invented_pairs_are_told_apart() -> None:
    f1, area = best([(likeness(one, other), right) for one, other, right in name_pairs(800)])
    assert f1 >= 0.95
    assert area >= 0.97
