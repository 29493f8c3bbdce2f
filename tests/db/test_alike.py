"""How like two names are, in what they say for one person and for people to read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.identity.alike import compare, pair_of
from db.identity.lookup_keys import words_of

COMMON, RARE = 5.0, 10.0


def rarity(word: str) -> float:
    return COMMON if word in ("smith", "john", "mary") else RARE


def bits(one: str, other: str) -> float:
    return compare(words_of(one), words_of(other), rarity).bits


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Moreno", "ada moreno"),
        ("Ada Moreno", "Moreno, Ada"),
        ("Ada Moreno", "Ada Morneo"),
        ("Ada Moreno", "A. Moreno"),
        ("Robert Kypuros", "Bob Kypuros"),
        ("Юлия Петрова", "Yuliya Petrova"),
        ("Ada Maria Moreno", "Ada Moreno"),
        ("AdaMoreno", "Ada Moreno"),
    ],
)
def test_forms_of_one_name_speak_for_one_person(one: str, other: str) -> None:
    assert bits(one, other) > 5


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ada Moreno", "Luis Moreno"),
        ("Ada Moreno", "Ada Bergmann"),
        ("Ada Moreno", "Ken Watanabe"),
        ("John Smith", "Mary Smith"),
    ],
)
def test_a_family_and_namesakes_are_different_people(one: str, other: str) -> None:
    assert bits(one, other) < 0


def test_a_rare_name_says_more_than_a_common_one() -> None:
    assert bits("Ada Kypuros", "Ada Kypuros") > bits("John Smith", "John Smith") > 0


def test_a_first_name_alone_says_little() -> None:
    assert 0 < bits("Ada", "Ada Moreno") <= 4


def test_how_words_were_aligned_is_told() -> None:
    likeness = compare(words_of("Bob Moreno"), words_of("Moreno Robert"), rarity)
    assert [(p.one, p.other, p.kind) for p in likeness.pairs] == [
        ("bob", "robert", "nickname"),
        ("moreno", "moreno", "same"),
    ]
    assert likeness.whole


@given(st.text("abcdeilmnor ", max_size=30), st.text("abcdeilmnor ", max_size=30))
def test_order_does_not_matter(one: str, other: str) -> None:
    left, right = words_of(one), words_of(other)
    there, back = compare(left, right, rarity), compare(right, left, rarity)
    assert there.bits == pytest.approx(back.bits)
    assert 0 <= there.share <= 1


def test_words_of_one_letter_are_initials() -> None:
    assert pair_of("a", "ada").kind == "initial"
    assert pair_of("a", "bo").kind == "unlike"
