"""Records made by `db.frozen` cannot be told from those of the standard library."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError, field
from typing import ClassVar, Generic, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.frozen import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Quick:
    """One of ours."""

    number: int
    name: str = "nobody"
    tags: tuple[str, ...] = ()
    words: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "quick"

    @property
    def shown(self) -> str:
        return f"{self.number} {self.name}"


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """The same by the standard library."""

    number: int
    name: str = "nobody"
    tags: tuple[str, ...] = ()
    words: list[str] = field(default_factory=list)
    kind: ClassVar[str] = "quick"


@dataclass(frozen=True, slots=True)
class Single(Generic[T]):
    """One field of any type."""

    value: T


@dataclass(frozen=True, slots=True)
class Nothing:
    """No field at all."""


values = st.fixed_dictionaries(
    {"number": st.integers()},
    optional={
        "name": st.text(),
        "tags": st.lists(st.text()).map(tuple),
        "words": st.lists(st.text()),
    },
)


@given(values, values)
def test_equality_order_of_fields_and_text_are_those_of_the_standard_library(one, two):
    quick, plain = Quick(**one), Plain(**one)
    assert dataclasses.asdict(quick) == dataclasses.asdict(plain)
    assert repr(quick) == repr(plain).replace("Plain", "Quick")
    assert (quick == Quick(**two)) == (plain == Plain(**two))
    assert quick != plain
    assert copy.deepcopy(quick) == quick
    assert pickle.loads(pickle.dumps(quick)) == quick


def test_equal_records_hash_alike_and_serve_as_keys():
    assert {Single(3): "a"}[Single(3)] == "a"
    assert hash(Nothing()) == hash(Nothing())
    with pytest.raises(TypeError, match="unhashable"):
        hash(Quick(1))


def test_a_record_cannot_be_changed():
    record = Quick(1)
    with pytest.raises(FrozenInstanceError):
        record.number = 2
    with pytest.raises(FrozenInstanceError):
        record.other = 2
    with pytest.raises(FrozenInstanceError):
        del record.number
    assert not hasattr(record, "__dict__")


def test_a_factory_is_called_for_each_record():
    assert Quick(1).words is not Quick(1).words


@pytest.mark.parametrize("call", [{}, {"number": 1, "colour": "red"}])
def test_missing_and_unknown_fields_are_refused(call):
    with pytest.raises(TypeError):
        Quick(**call)


def test_replace_fields_and_matching_work():
    changed = dataclasses.replace(Quick(1), name="ada")
    assert changed.shown == "1 ada"
    assert [one.name for one in dataclasses.fields(Quick)] == ["number", "name", "tags", "words"]
    match changed:
        case Quick(number, name):
            assert (number, name) == (1, "ada")
    assert Quick.kind == "quick"


def test_a_subclass_of_a_record_is_frozen_too():
    @dataclass(frozen=True, slots=True)
    class More(Quick):
        extra: int = 5

    more = More(1, extra=7)
    assert (more.number, more.extra) == (1, 7)
    with pytest.raises(FrozenInstanceError):
        more.number = 2
    with pytest.raises(TypeError, match="non-frozen"):

        @dataclasses.dataclass
        class Loose(Quick):
            extra: int = 5


def test_what_is_not_plain_is_left_to_the_standard_library():
    @dataclass(frozen=True, slots=True)
    class Checked:
        number: int
        seen: int = field(default=0, compare=False)

        def __post_init__(self) -> None:
            if self.number < 0:
                raise ValueError("negative")

    assert Checked(1, 2) == Checked(1, 3)
    with pytest.raises(ValueError, match="negative"):
        Checked(-1)

    @dataclass
    class Loose:
        number: int

    loose = Loose(1)
    loose.number = 2
    assert loose.number == 2
