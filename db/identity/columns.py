"""What a column of any table means, and how two of its values are compared.

Each kind reads a value into one plain form, cuts it into pieces under which likely pairs are
found, and says on which level two values agree: 0 is the same, the last level is different. What
each level says for one person is not written here: it is estimated from the table itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from rapidfuzz.distance import OSA, JaroWinkler
from rapidfuzz.fuzz import ratio, token_set_ratio, token_sort_ratio

from db.identity.alike import forms_of
from db.identity.domains import is_free
from db.identity.lookup_keys import company_words, words_of

MISSING = frozenset(
    ["", "-", "--", "?", "n/a", "n.a.", "nan", "nat", "none", "null", "<na>", "unknown", "(null)"]
)
VALUE_CHARACTERS = 200
PIECES = 6  # of one value
_DIGITS = re.compile(r"[0-9]+")
_DATE_PARTS = re.compile(r"[0-9]+")
_VOWELS = re.compile(r"(?<=.)[aeiouyhw]+")
_TWICE = re.compile(r"(.)\1+")

Compare = Callable[[str, str], int]


@dataclass(frozen=True)
class Kind:
    """How the values of one kind of column are read, found and compared.

    Attributes:
        name: As it is written after ``=`` in ``--map``.
        says: What stands in such a column, for people.
        read: From the cell to the plain form; empty where nothing is said.
        pieces: Under which a value is found; a slip leaves at least one.
        compare: The level on which two different values agree, from 1 on.
        levels: Their names; level 0 is the same, the last is different.
        same: How often two records of one person have the same value, guessed.
        pool: Pieces of columns with one pool are found in each other: first and last names.
        personal: True where one value belongs to one person.
        alone: How many levels, from the first, a family shares no more than anybody: not a first
            name, not a birthday; 0 where it has the value in common.
        place: True where neighbours have the value in common.
        differs: The level from which one person's values differ altogether, where that is rare.
    """

    name: str
    says: str
    read: Callable[[str], str]
    pieces: Callable[[str], Iterable[str]]
    compare: Compare
    levels: tuple[str, ...]
    same: float = 0.7
    pool: str = ""
    personal: bool = False
    alone: int = 0
    differs: int = 0
    place: bool = False

    @property
    def different(self) -> int:
        """The last level."""
        return len(self.levels) - 1


def _plain(cell: str) -> str:
    cell = cell[:VALUE_CHARACTERS].strip()
    if cell.casefold() in MISSING:
        return ""
    return " ".join(words_of(cell))


def _company(cell: str) -> str:
    return " ".join(company_words(cell)) if _plain(cell) else ""


def _digits(cell: str) -> str:
    """Return digits; a number that a spreadsheet made a decimal fraction loses it."""
    cell = cell.strip()
    if cell.casefold() in MISSING:
        return ""
    return "".join(_DIGITS.findall(cell.removesuffix(".0")))


def _phone(cell: str) -> str:
    digits = _digits(cell.replace("(0)", ""))
    return digits.lstrip("0") if len(digits) > 4 else ""


def _code(cell: str) -> str:
    """Return a number or code without signs between its letters."""
    return _plain(cell.removesuffix(".0")).replace(" ", "")


def _email(cell: str) -> str:
    cell = cell.strip().strip("<>").lower()
    return cell[:VALUE_CHARACTERS] if "@" in cell and cell not in MISSING else ""


def _date(cell: str) -> str:
    """Return a date as eight digits, year first; what is no date stays digits."""
    cell = cell.strip().removesuffix(".0")
    if cell.casefold() in MISSING:
        return ""
    parts = _DATE_PARTS.findall(cell.partition("T")[0].partition(" ")[0] or cell)
    if len(parts) == 3:
        one, two, three = parts
        if len(one) == 4:
            return f"{one}{two:0>2}{three:0>2}"
        if len(three) == 4:
            first, second = (two, one) if int(two) <= 12 else (one, two)
            return f"{three}{first:0>2}{second:0>2}"
    return "".join(_DIGITS.findall(cell))


# Pieces


def _skeleton(word: str) -> str:
    """Return the sound of a word, roughly: its first letter and its consonants, none twice."""
    word = word.replace("ph", "f").replace("ck", "k").replace("c", "k").replace("z", "s")
    return _TWICE.sub(r"\1", _VOWELS.sub("", word))[:4]


def _word_pieces(value: str) -> Iterable[str]:
    for word in value.split(" ")[:3]:
        yield _skeleton(word)
        if len(word) > 3:
            yield "<" + word[-3:]


def _name_pieces(value: str) -> Iterable[str]:
    for word in value.split(" ")[:4]:
        yield _skeleton(word)
        if len(word) > 3:
            yield "<" + word[-3:]


def _text_pieces(value: str) -> Iterable[str]:
    words = sorted(set(value.split(" ")), key=len, reverse=True)
    for word in words[:3]:
        yield word[:5]


def _street_pieces(value: str) -> Iterable[str]:
    words = value.split(" ")
    yield from (word for word in words[:4] if word.isdigit())
    letters = sorted((word for word in words if not word.isdigit()), key=len, reverse=True)
    for word in letters[:2]:
        yield word[:4]


def _whole(value: str) -> Iterable[str]:
    yield value


def _halves(value: str) -> Iterable[str]:
    yield value
    if len(value) > 4:
        half = len(value) // 2
        yield value[:half] + ">"
        yield "<" + value[half:]


def _date_pieces(value: str) -> Iterable[str]:
    if len(value) != 8:
        yield value
        return
    yield value[:6]
    yield "<" + value[4:]
    yield value[:4] + "_" + value[6:]


def _email_pieces(value: str) -> Iterable[str]:
    local, _, domain = value.rpartition("@")
    yield local
    yield local[:4] + "@" + domain[:4]
    yield "<" + local[-4:] + "@" + domain[:4]


# Levels


def _first_name(one: str, other: str) -> int:
    if len(one) == 1 or len(other) == 1:
        return 3 if one[0] == other[0] else 5
    alike = JaroWinkler.normalized_similarity(one, other)
    if alike >= 0.92:
        return 1
    if _stand_for(one, other):
        return 2
    if alike >= 0.82 or ((" " in one or " " in other) and _part_of(one, other)):
        return 3
    return 4 if alike >= 0.7 else 5


def _stand_for(one: str, other: str) -> bool:
    if " " in one or " " in other:
        one, other = one.partition(" ")[0], other.partition(" ")[0]
    return one == other or other in forms_of(one) or one in forms_of(other)


def _part_of(one: str, other: str) -> bool:
    short, long = sorted((one.split(" "), other.split(" ")), key=len)
    return len(short) < len(long) and set(short) <= set(long)


def _last_name(one: str, other: str) -> int:
    alike = JaroWinkler.normalized_similarity(one, other)
    if alike >= 0.92:
        return 1
    if alike >= 0.85 or ((" " in one or " " in other) and _part_of(one, other)):
        return 2
    return 3 if alike >= 0.7 else 4


def _slips(one: str, other: str) -> int:
    """Codes and numbers: by letters that differ."""
    slips = OSA.distance(one, other, score_cutoff=2)
    return min(slips, 3)


def _zip(one: str, other: str) -> int:
    slips = OSA.distance(one, other, score_cutoff=2)
    if slips <= 1:
        return 1
    if one[:3] == other[:3]:
        return 2
    return 3 if slips == 2 else 4


def _phone_level(one: str, other: str) -> int:
    short = min(len(one), len(other))
    if short >= 7 and (one[-9:] == other[-9:] or one[-short:] == other[-short:]):
        return 1
    slips = OSA.distance(one[-10:], other[-10:], score_cutoff=2)
    if slips <= 2:
        return 2
    return 3 if short >= 7 and one[-7:] == other[-7:] else 4


def _date_level(one: str, other: str) -> int:
    slips = OSA.distance(one, other, score_cutoff=2)
    if slips == 1:
        return 1
    if len(one) != 8 or len(other) != 8:
        return 2 if slips == 2 else 5
    if one[:4] == other[:4] and (one[4:6] == other[6:] and one[6:] == other[4:6]):
        return 1
    if slips == 2 or one[4:] == other[4:]:
        return 2
    if one[:4] == other[:4]:
        return 3
    return 4 if abs(int(one[:4]) - int(other[:4])) <= 1 else 5


def _email_level(one: str, other: str) -> int:
    left, _, here = one.rpartition("@")
    right, _, there = other.rpartition("@")
    if left == right and len(left) > 3:
        return 1
    alike = JaroWinkler.normalized_similarity(left, right)
    if here == there:
        if alike >= 0.9:
            return 1
        return 2 if alike >= 0.8 else (4 if is_free(here) else 3)
    return 2 if alike >= 0.92 else 4


def _text_level(one: str, other: str) -> int:
    if token_sort_ratio(one, other) >= 92:
        return 1
    either = max(token_sort_ratio(one, other), 0.95 * token_set_ratio(one, other))
    if either >= 85:
        return 2
    if either >= 70:
        return 3
    return 4 if either >= 50 else 5


def _street_level(one: str, other: str) -> int:
    mine, theirs = set(_DIGITS.findall(one)), set(_DIGITS.findall(other))
    numbers = not mine or not theirs or bool(mine & theirs)
    alike = max(ratio(one, other), token_sort_ratio(one, other))
    if numbers and alike >= 88:
        return 1
    if alike >= 80 or (numbers and token_set_ratio(one, other) >= 90):
        return 2
    if alike >= 65:
        return 3
    return 4 if alike >= 50 else 5


def _full_name(one: str, other: str) -> int:
    if sorted(one.split(" ")) == sorted(other.split(" ")):
        return 1
    from db.identity.alike import compare

    likeness = compare(one.split(" "), other.split(" "), lambda word: 8.0)
    kinds = {pair.kind for pair in likeness.pairs}
    if likeness.whole and kinds <= {"same", "nearly"}:
        return 1 if len(one.split(" ")) == len(other.split(" ")) else 2
    if likeness.whole:
        return 2 if "like" not in kinds else 3
    if "unlike" not in kinds:
        return 3
    return 4 if likeness.share >= 0.55 else 5


def _place(one: str, other: str) -> int:
    alike = JaroWinkler.normalized_similarity(one, other)
    if alike >= 0.92 or token_set_ratio(one, other) == 100:
        return 1
    return 2 if alike >= 0.8 else 3


def _other(one: str, other: str) -> int:
    return 1


_NAME_LEVELS = ("same", "nearly the same", "alike", "similar", "different")
_TEXT_LEVELS = ("same", "nearly the same", "alike", "similar", "partly", "different")

KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind(
            "name",
            "a person's whole name, in any order",
            _plain,
            _name_pieces,
            _full_name,
            ("same", "same but for order or a slip", "a form of it", "alike", "partly",
             "different"),
            pool="name",
            alone=4,
            differs=4,
        ),
        Kind(
            "first_name",
            "first and middle names",
            _plain,
            _name_pieces,
            _first_name,
            ("same", "nearly the same", "a nickname of it", "alike", "similar", "different"),
            pool="name",
            alone=6,
            differs=4,
        ),
        Kind("last_name", "the surname", _plain, _name_pieces, _last_name, _NAME_LEVELS,
             pool="name"),
        Kind("company", "an organization's name", _company, _text_pieces, _text_level,
             _TEXT_LEVELS),
        Kind(
            "email",
            "an e-mail address",
            _email,
            _email_pieces,
            _email_level,
            ("same", "same but for a slip or the domain", "alike", "same company's", "different"),
            same=0.5,
            personal=True,
            alone=3,
        ),
        Kind(
            "phone",
            "a phone number in any notation",
            _phone,
            _halves,
            _phone_level,
            ("same", "same but for the prefix", "same but for a slip", "same end", "different"),
            same=0.5,
            personal=True,
        ),
        Kind("street", "street and number, or a whole address", _plain, _street_pieces,
             _street_level, _TEXT_LEVELS, place=True),
        Kind("house", "the number of a house or flat", _code, _whole, _slips,
             ("same", "one sign off", "two signs off", "different")),
        Kind("city", "a town, suburb or region", _plain, _word_pieces, _place,
             ("same", "nearly the same", "alike", "different"), place=True),
        Kind("zip", "a postal code", _code, _halves, _zip,
             ("same", "one sign off", "same area", "two signs off", "different"), place=True),
        Kind("date", "a date, such as of birth", _date, _date_pieces, _date_level,
             ("same", "one sign off", "two signs off", "same year", "near", "different"), alone=6),
        Kind("id", "a number that one person has", _code, _halves, _slips,
             ("same", "one sign off", "two signs off", "different"), same=0.8, personal=True,
             alone=4),
        Kind("code", "a word from a short list, such as state or sex", _code, _whole, _other,
             ("same", "different"), same=0.85, place=True),
        Kind("text", "anything else in words", _plain, _text_pieces, _text_level, _TEXT_LEVELS),
    )
}  # fmt: skip


def unique(pieces: Iterable[str]) -> Sequence[str]:
    """Return the first pieces of a value, each once."""
    return list(dict.fromkeys(piece for piece in pieces if piece))[:PIECES]
