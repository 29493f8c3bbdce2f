"""What each agreement says, in bits: log2 of how much more often the same person agrees.

The figures begin as safe guesses and are estimated anew from the store itself: how often two
customers taken at random agree, how often those agree whom agents linked, and, by expectation and
maximisation over customers who are near each other (`db.identity.estimate`), how often those agree
who are one person though nobody said so. Guesses count as so many pairs, and none moves by more
than `SLACK` bits.
"""

from __future__ import annotations

import json
import math
import random
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from db.engine.interface import Connection
from db.identity.estimate import MISSING, Pattern, Rates, Seen
from db.identity.estimate import estimate as fit

if TYPE_CHECKING:
    from db.identity.people import Person

SLACK = 3.0
GUESSED_PAIRS = 200  # what a guess weighs against what was counted
RANDOM_PAIRS = 300
LINKED_PAIRS = 300
LEAST_CUSTOMERS = 50  # in a store of three, everyone would be suggested to be everyone

# How often two records of one person agree, and two of different people.
_GUESSES: dict[str, tuple[float, float]] = {
    "mailbox": (0.5, 0.5 / 2**17),
    "claimed": (0.5, 0.5 / 2**20),
    "phone": (0.4, 0.4 / 2**13),
    "domain": (0.4, 0.4 / 2**6),
    "company": (0.3, 0.3 / 2**4),
    "local": (0.3, 0.3 / 2**5),
    "handle": (0.3, 0.3 / 2**5),
    "thread": (0.3, 0.3 / 2**5),
    "other_domain": (0.3, 0.6),
    "both_there": (0.02, 0.32),
    "other_account": (0.01, 0.64),
}
MEASURED = ("domain", "local", "other_domain")
GROWTH = 1.5
NEAR_CUSTOMERS = 100
NAME_BITS = 5.0  # of a word, where the levels of names are told apart
# What is looked at together; the second of each is its opposite.
COLUMNS = (
    ("name", "nearly_name", "other_name"),
    ("domain", "other_domain"),
    ("local", "other_local"),
    ("phone", "other_phone"),
)
# m and u of each level, guessed.
_FIRST_RATES = (
    ([0.7, 0.25, 0.05], [0.0001, 0.003, 0.9969]),
    ([0.55, 0.45], [0.01, 0.99]),
    ([0.4, 0.6], [0.01, 0.99]),
    ([0.6, 0.4], [0.0002, 0.9998]),
)

_SETTING = "select value from settings where name = 'match.weights'"
_KEEP = """
insert into settings(name, value) values('match.weights', :value)
on conflict(name) do update set value = excluded.value
"""
_LINKS = """
select one_id, other_id from customer_links
where undone_at = 0 and made_by is not null and made_by <> 1 order by id desc limit :rows
"""
_BOUNDS = "select min(id), max(id), count(*) from customers"
_NEXT = "select min(id) from customers where id >= :id"


def guessed(kind: str) -> float:
    """Return the bits of an agreement before anything was counted."""
    same, other = _GUESSES[kind]
    return math.log2(same / other)


@dataclass(frozen=True, slots=True)
class Weights:
    """Bits for each agreement, and what it takes to begin with.

    Attributes:
        customers: How many there are.
        bits: Where the store says other than the guess.
    """

    customers: int = LEAST_CUSTOMERS
    bits: dict[str, float] = field(default_factory=dict)

    def of(self, kind: str) -> float:
        """Return the bits of an agreement."""
        return self.bits.get(kind, guessed(kind))

    @property
    def prior(self) -> float:
        """Bits before any evidence: one in so many customers is the same person."""
        return -math.log2(max(LEAST_CUSTOMERS, self.customers))

    def rarity(self, found: int) -> float:
        """Return what it says that two agree in something that so many customers have."""
        return math.log2(max(LEAST_CUSTOMERS, self.customers) / max(1, found))


def load_weights(connection: Connection) -> Weights:
    """Return the weights as they were estimated last."""
    bits = _stored(connection).get("bits", {})
    return Weights(_customers(connection), {kind: bits[kind] for kind in bits if kind in MEASURED})


def is_stale(connection: Connection) -> bool:
    """Say whether the store has grown by half since weights were estimated."""
    known = float(_stored(connection).get("customers", LEAST_CUSTOMERS / GROWTH))
    return _customers(connection) >= GROWTH * known


def _stored(connection: Connection) -> dict[str, Any]:
    stored = connection.value(_SETTING)
    return json.loads(stored) if stored else {}


def _customers(connection: Connection) -> int:
    return int(connection.value("select count(*) from customers"))


def estimate(connection: Connection) -> tuple[dict[str, float], int]:
    """Estimate anew from the store; see the module.

    Returns:
        Bits by kind of agreement, and how many customers they were estimated from.
    """
    from db.identity.nearby import Nearby
    from db.identity.people import load_people

    drawn = random_pairs(connection)
    linked = [(row[0], row[1]) for row in connection.all(_LINKS, {"rows": LINKED_PAIRS})]
    some = load_people(connection, [pair[0] for pair in drawn[:NEAR_CUSTOMERS]])
    nearby = Nearby(connection)
    near = [(one, other) for one, person in some.items() for other in nearby.of(person)]
    people = load_people(connection, {end for pair in (*drawn, *linked, *near) for end in pair})

    def patterns(pairs: Iterable[tuple[int, int]]) -> Counter[Pattern]:
        return Counter(
            _pattern(people[one], people[other])
            for one, other in pairs
            if one in people and other in people
        )

    same, other = _guesses(patterns(linked), patterns(drawn))
    customers = _customers(connection)
    every = customers * (customers - 1) / 2
    prior = -math.log2(max(LEAST_CUSTOMERS, customers))
    exact = [row[0] * every for row in other]
    guessed_pairs = GUESSED_PAIRS + len(linked)
    model = fit(Seen(patterns(near), patterns(drawn), exact, same, every, prior, guessed_pairs))
    found = {}
    for column, row in zip(COLUMNS, model.bits(), strict=True):
        for kind, bits in zip(column, row, strict=True):
            if kind in MEASURED:
                away = max(-SLACK, min(SLACK, bits - guessed(kind)))
                found[kind] = guessed(kind) + away
    return found, customers


def _pattern(one: Person, other: Person) -> Pattern:
    """Return the levels on which two customers agree, for each of `COLUMNS`."""
    from db.identity.evidence import agreements, best_names

    found = agreements(one, other)
    name = best_names(one, other, lambda word: NAME_BITS)[0].bits
    levels = [0 if name > NAME_BITS else 1 if name > 0 else 2 if name < 0 else MISSING]
    for column in COLUMNS[1:]:
        agrees, differs = column
        both = {"local": one.emails and other.emails, "phone": one.phones and other.phones}
        if agrees in found:
            levels.append(0)
        else:
            levels.append(1 if differs in found or both.get(agrees) else MISSING)
    return tuple(levels)


def _guesses(linked: Counter[Pattern], drawn: Counter[Pattern]) -> tuple[Rates, Rates]:
    """Return m and u of each level, guessed and then counted."""
    rates: tuple[Rates, Rates] = ([], [])
    for column, first in enumerate(_FIRST_RATES):
        for side, counted in enumerate((linked, drawn)):
            row = [rate * GUESSED_PAIRS for rate in first[side]]
            for pattern, times in counted.items():
                if pattern[column] != MISSING:
                    row[pattern[column]] += times
            rates[side].append([value / sum(row) for value in row])
    return rates


def keep(connection: Connection, bits: dict[str, float], customers: int) -> None:
    """Keep what was estimated; inside `Engine.write`."""
    connection.run(_KEEP, {"value": json.dumps({"customers": customers, "bits": bits})})


def random_pairs(connection: Connection) -> list[tuple[int, int]]:
    """Return pairs of customers, the same ones each time in the same store."""
    bounds = connection.one(_BOUNDS)
    if bounds is None or not bounds[2] or bounds[2] < 2:
        return []
    dice = random.Random(bounds[2])  # a sample, not a secret
    pairs = []
    for _ in range(min(RANDOM_PAIRS, bounds[2] * 2)):
        ends = [
            connection.value(_NEXT, {"id": dice.randint(bounds[0], bounds[1])}) for _ in range(2)
        ]
        if ends[0] != ends[1]:
            pairs.append((int(ends[0]), int(ends[1])))
    return pairs
