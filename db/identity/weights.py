"""What each agreement says, in bits: log2 of how much more often the same person agrees.

The figures begin as safe guesses and are estimated anew from the store itself: how often two
customers taken at random agree (u), and how often those agree whom agents linked (m), each counted
as so many pairs beside what was guessed. None moves by more than `SLACK` bits.
"""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from db.engine.interface import Connection

SLACK = 3.0
GUESSED_PAIRS = 200  # what a guess weighs against what was counted
RANDOM_PAIRS = 400
LINKED_PAIRS = 300
LEAST_CUSTOMERS = 50  # in a store of three, everyone would be suggested to be everyone

# How often two records of one person agree, and two of different people.
_GUESSES: dict[str, tuple[float, float]] = {
    "mailbox": (0.5, 0.5 / 2**17),
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
    customers = int(connection.one(_BOUNDS, None)[2])  # type: ignore[index]  # an aggregate has a row
    stored = connection.value(_SETTING)
    bits: dict[str, float] = json.loads(stored) if stored else {}
    return Weights(customers, {kind: bits[kind] for kind in MEASURED if kind in bits})


def estimate(connection: Connection) -> dict[str, float]:
    """Count anew in the store, and return the bits; see the module.

    Args:
        connection: Where to read.
    """
    from db.identity.evidence import agreements
    from db.identity.people import load_people

    pairs = random_pairs(connection)
    linked = [(row[0], row[1]) for row in connection.all(_LINKS, {"rows": LINKED_PAIRS})]
    people = load_people(connection, {number for pair in (*pairs, *linked) for number in pair})

    def counted(wanted: Iterable[Sequence[int]]) -> tuple[int, dict[str, int]]:
        total, times = 0, dict.fromkeys(MEASURED, 0)
        for one, other in wanted:
            if one in people and other in people:
                total += 1
                for kind in agreements(people[one], people[other]):
                    if kind in times:
                        times[kind] += 1
        return total, times

    same, same_times = counted(linked)
    others, other_times = counted(pairs)
    bits = {}
    for kind in MEASURED:
        guess_same, guess_other = _GUESSES[kind]
        m = (same_times[kind] + guess_same * GUESSED_PAIRS) / (same + GUESSED_PAIRS)
        u = (other_times[kind] + guess_other * GUESSED_PAIRS) / (others + GUESSED_PAIRS)
        away = max(-SLACK, min(SLACK, math.log2(m / u) - guessed(kind)))
        bits[kind] = guessed(kind) + away
    return bits


def keep(connection: Connection, bits: dict[str, float]) -> None:
    """Keep what was estimated; inside `Engine.write`."""
    connection.run(_KEEP, {"value": json.dumps(bits)})


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
