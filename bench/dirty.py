"""Invented tables with many records of each person, as dirty as real ones: truth in ``entity``.

Four sorts: customers with an e-mail and a date of birth, organizations with addresses and numbers,
people of old registers with titles and changing names, and families at one address.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Iterator

from bench.names import _ENDS, _GIVEN, _STEMS

Row = dict[str, str]
_TOWNS = [f"{stem}{end}" for stem in _STEMS[:60] for end in ("ton", "bury", "ham")]
_ROADS = ("street", "st", "road", "rd", "avenue", "ave", "lane")
_TRADES = (
    "politician military writer painter bishop lawyer engineer physician actor merchant "
    "mathematician composer explorer architect journalist judge"
).split()
_SORTS = ("child care", "early learning center", "academy", "school", "head start", "community")
_FORMS = ("inc", "llc", "corp", "", "", "")
_SHORT = {
    "robert": "bob", "william": "bill", "elizabeth": "liz", "margaret": "peggy", "james": "jim",
    "john": "jack", "katherine": "kate", "thomas": "tom", "michael": "mike", "edward": "ned",
    "richard": "dick", "charles": "charlie", "susan": "sue", "samuel": "sam", "joseph": "joe",
}  # fmt: skip


class Dirt:
    """Slips of one reproducible hand."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)

    def slip(self, text: str) -> str:
        """Return a text with one letter wrong, missing, doubled or exchanged."""
        if len(text) < 3:
            return text
        at = self.dice.randrange(len(text) - 1)
        letter = self.dice.choice(string.digits if text[at].isdigit() else string.ascii_lowercase)
        return self.dice.choice(
            (
                text[:at] + letter + text[at + 1 :],
                text[:at] + text[at + 1 :],
                text[:at] + text[at] + text[at:],
                text[:at] + text[at + 1] + text[at] + text[at + 2 :],
            )
        )

    def dirty(self, text: str, slips: float, missing: float) -> str:
        """Return a text that may be missing, or have a slip or two."""
        if self.dice.random() < missing:
            return ""
        while self.dice.random() < slips:
            text = self.slip(text)
            slips /= 2
        return text

    def given(self) -> str:
        """Return a given name; some are borne by many."""
        return _GIVEN[int(len(_GIVEN) * self.dice.random() ** 1.6)]

    def surname(self) -> str:
        """Return a surname."""
        return _STEMS[int(len(_STEMS) * self.dice.random() ** 1.3)] + self.dice.choice(_ENDS)

    def date(self, since: int, until: int) -> str:
        """Return a day."""
        year = self.dice.randint(since, until)
        return f"{year}-{self.dice.randint(1, 12):02}-{self.dice.randint(1, 28):02}"


def _shuffled(dirt: Dirt, rows: list[Row]) -> list[Row]:
    dirt.dice.shuffle(rows)
    return rows


def customers(rows: int = 1000, seed: int = 1) -> list[Row]:
    """Return customers: half of all cells were touched or are missing."""
    dirt = Dirt(seed)
    dice, found = dirt.dice, list[Row]()
    while len(found) < rows:
        first, last = dirt.given(), dirt.surname()
        born, town = dirt.date(1950, 2015), _TOWNS[int(30 * dice.random() ** 2)]
        email = dice.choice((f"{first}.{last}@", f"{first[0]}{last}{dice.randint(1, 99)}@",
                             f"{last}{dice.randint(1, 999)}@")) + dice.choice(
            ("mail.example", "post.example", f"{dirt.surname()}.example")
        )  # fmt: skip
        for _ in range(dice.choice((1, 2, 3, 3, 4, 5, 6))):
            one = dirt.dirty(first, 0.2, 0.15)
            other = dirt.dirty(last, 0.2, 0.15)
            if dice.random() < 0.1:
                one, other = other, one
            day = born if dice.random() < 0.7 else _near(dirt, born)
            found.append(
                {
                    "entity": f"{first} {last} {born}",
                    "first_name": one.title(),
                    "surname": other.title(),
                    "dob": dirt.dirty(day, 0.05, 0.05),
                    "city": dirt.dirty(town, 0.25, 0.2).title(),
                    "email": dirt.dirty(email, 0.25, 0.2),
                }
            )
    return _shuffled(dirt, found[:rows])


def _near(dirt: Dirt, born: str) -> str:
    year, month, day = born.split("-")
    return dirt.dice.choice(
        (f"{year}-{day if int(day) < 13 else month}-{month}", f"{int(year) + 1}-{month}-{day}",
         f"{year}-{month}-{dirt.dice.randint(1, 28):02}", f"{year}-01-01")
    )  # fmt: skip


def registers(rows: int = 20_000, seed: int = 2) -> list[Row]:
    """Return people of old registers: titles, nicknames, years for dates, moved postcodes."""
    dirt = Dirt(seed)
    dice, found = dirt.dice, list[Row]()
    while len(found) < rows:
        first, last = dirt.given(), dirt.surname()
        middle = dirt.given() if dice.random() < 0.4 else ""
        born, town = dirt.date(1700, 1950), dice.choice(_TOWNS)
        code = f"{town[:2]}{dice.randint(1, 20)} {dice.randint(1, 9)}{dice.choice('ab')}x"
        sex, trade = dice.choice(("male", "female")), dice.choice(_TRADES)
        for _ in range(dice.choice((1, 3, 5, 8, 12, 15))):
            called = first if dice.random() < 0.8 else _SHORT.get(first, first)
            if middle and dice.random() < 0.4:
                called = f"{called} {middle}" if dice.random() < 0.7 else middle
            title = dice.choice(("sir ", "lord ", "rev ", "")) if dice.random() < 0.1 else ""
            called = dirt.dirty(title + called, 0.15, 0.02)
            family = dirt.dirty(last, 0.2, 0.05)
            if dice.random() < 0.04:
                family = dirt.surname()
            day = born if dice.random() < 0.6 else f"{born[:4]}-01-01"
            found.append(
                {
                    "entity": f"{first} {last} {born}",
                    "full_name": f"{called} {family}".strip(),
                    "first_name": called,
                    "surname": family,
                    "dob": dirt.dirty(day, 0.1, 0.25),
                    "birth_place": dirt.dirty(town, 0.1, 0.3),
                    "postcode_fake": code if dice.random() < 0.5 else dirt.dirty(code, 0.5, 0.3),
                    "gender": sex if dice.random() < 0.9 else "",
                    "occupation": trade if dice.random() < 0.6 else "",
                }
            )
    return _shuffled(dirt, found[:rows])


def organizations(rows: int = 3000, seed: int = 3) -> list[Row]:
    """Return sites of organizations: one name at many addresses, one address under many names."""
    dirt = Dirt(seed)
    dice, found = dirt.dice, list[Row]()
    brands = [f"{dirt.surname()} {dice.choice(_SORTS)}" for _ in range(rows // 12)]
    while len(found) < rows:
        name = dice.choice(brands) if dice.random() < 0.5 else f"{dirt.surname()} {dirt.given()}"
        name = f"{name} {dice.choice(_SORTS)}" if dice.random() < 0.4 else name
        number, road = dice.randint(100, 9900), dirt.surname()
        code, phone = (
            f"606{dice.randint(1, 60):02}",
            f"{dice.randint(200, 999)}55{dice.randint(10000, 99999)}",
        )
        second = f"{dice.randint(200, 999)}55{dice.randint(10000, 99999)}"
        for _ in range(dice.choice((1, 2, 3, 5, 8))):
            called = f"{name} {dice.choice(_FORMS)}".strip()
            if dice.random() < 0.3:
                called = f"{dice.choice((dirt.surname(), 'the', 'city of'))} {called}"
            if dice.random() < 0.2:
                called = " ".join(called.split()[:2])
            found.append(
                {
                    "entity": f"{name} {number} {road}",
                    "name": dirt.dirty(called, 0.15, 0.0),
                    "address": dirt.dirty(f"{number} {dice.choice(('n ', 's ', ''))}{road} "
                                          f"{dice.choice(_ROADS)}", 0.15, 0.02),
                    "zip": dirt.dirty(code, 0.03, 0.35),
                    "phone": dirt.dirty(phone if dice.random() < 0.85 else second, 0.03, 0.15),
                }
            )  # fmt: skip
    return _shuffled(dirt, found[:rows])


def households(rows: int = 4000, seed: int = 9) -> list[Row]:
    """Return families: one surname, address and often one number, and several first names."""
    dirt = Dirt(seed)
    dice, found = dirt.dice, list[Row]()
    while len(found) < rows:
        last, place = dirt.surname(), dice.randrange(80)
        street = f"{dice.randint(1, 150)} {dirt.surname()} {dice.choice(_ROADS)}"
        number = f"0{dice.randint(200, 999)} {dice.randint(100000, 999999)}"
        for _ in range(dice.choice((1, 1, 2, 2, 3, 4))):
            first = dirt.given()
            own = f"0{dice.randint(200, 999)} {dice.randint(100000, 999999)}"
            phone = number if dice.random() < 0.7 else own
            for _ in range(dice.choice((1, 1, 2, 3))):
                found.append(
                    {
                        "entity": f"{first} {last} {street}",
                        "first_name": dirt.dirty(first, 0.12, 0.03).title(),
                        "surname": dirt.dirty(last, 0.1, 0.02).title(),
                        "street": dirt.dirty(street, 0.15, 0.08),
                        "city": dirt.dirty(_TOWNS[place], 0.1, 0.1),
                        "zip": dirt.dirty(f"{10000 + 97 * place}", 0.05, 0.15),
                        "phone": dirt.dirty(phone, 0.05, 0.3),
                    }
                )
    return _shuffled(dirt, found[:rows])


def made() -> Iterator[tuple[str, Callable[[], list[Row]]]]:
    """Yield the name of each table and what makes it."""
    yield "customers", customers
    yield "registers", registers
    yield "organizations", organizations
    yield "households", households
