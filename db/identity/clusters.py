"""From pairs to persons: likeliest pairs first, and no chain that its ends contradict."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import NamedTuple

LOOKED_AT = 6  # members of a group that are compared with another group
TOLD_PAIRS = 900  # between two groups that become one; more are told through others
MOST_BITS = 15.0
AGREED_BITS = -1.0
SURE_BITS = 5.0
DOUBLES = 0.02  # of a table's rows may have a double before it counts as one without


class Match(NamedTuple):
    """Two rows that may be one person.

    Attributes:
        one: Number of a row, from 0; those of a second table follow those of the first.
        other: Of another, greater.
        bits: log2 of the odds that they are; through others where ``through`` is true.
        zone: ``linked``, ``suggested`` or ``apart``.
        levels: On which they agree in each column; 255 where one says nothing.
        weights: Bits that each column says.
        through: True where rows between them say more than they do themselves.
    """

    one: int
    other: int
    bits: float
    zone: str
    levels: tuple[int, ...]
    weights: tuple[float, ...]
    through: bool = False


class Gatherer:
    """Puts rows together, likeliest pair first."""

    def __init__(
        self, pairs: Sequence[Match], rows: int, first: int, score: Callable[[int, int], Match]
    ) -> None:
        """Begin with everyone alone.

        Args:
            pairs: Likeliest first.
            rows: How many rows there are.
            first: Rows of the first of two tables; 0 where there is one.
            score: Weighs a pair that is not among ``pairs``.
        """
        self._all = pairs
        self._first = first
        self._score = score
        self._pairs = _best_of_each(pairs) if first and _has_no_doubles(pairs) else pairs
        self._known = {(pair.one, pair.other): pair for pair in pairs}
        self._members: dict[int, list[int]] = {}
        self._home = list(range(rows))
        self._told: list[Match] = []

    def gather(self) -> tuple[tuple[Match, ...], tuple[int, ...]]:
        """Return all pairs, likeliest first, and for each row the smallest of its person's rows."""
        for pair in self._pairs:
            if pair.bits < 0:
                break
            here, there = self._home[pair.one], self._home[pair.other]
            if here == there:
                continue
            left, right = self._members.get(here, [here]), self._members.get(there, [there])
            if len(left) + len(right) == 2 or self._agree(left, right):
                self._tell(left, right, pair)
                self._join(here, there, left, right)
        together = {(pair.one, pair.other) for pair in self._told}
        apart = (
            pair._replace(zone="apart")
            for pair in self._all
            if (pair.one, pair.other) not in together
        )
        found = [*self._told, *apart]
        found.sort(key=lambda pair: (pair.zone == "apart", -pair.bits, pair.one, pair.other))
        return tuple(found), tuple(self._home)

    def _pair(self, one: int, other: int) -> Match | None:
        """Return a pair, weighed where it was no candidate; None inside one of two tables."""
        low, high = (one, other) if one < other else (other, one)
        if self._first and not low < self._first <= high:
            return None
        pair = self._known.get((low, high))
        if pair is None:
            pair = self._known[low, high] = self._score(low, high)
        return pair

    def _agree(self, left: Sequence[int], right: Sequence[int]) -> bool:
        """Say whether two groups agree on the whole."""
        bits = [
            max(-MOST_BITS, min(MOST_BITS, pair.bits))
            for one in left[:LOOKED_AT]
            for other in right[:LOOKED_AT]
            if (pair := self._pair(one, other)) is not None
        ]
        return not bits or sum(bits) / len(bits) >= AGREED_BITS

    def _tell(self, left: Sequence[int], right: Sequence[int], by: Match) -> None:
        """Note the pairs between two groups that become one."""
        every = len(left) * len(right) <= TOLD_PAIRS
        for one in left:
            for other in right:
                key = (one, other) if one < other else (other, one)
                if not every and key not in self._known:
                    continue
                pair = self._pair(one, other)
                if pair is None:
                    continue
                if pair.bits < by.bits and pair.zone != "linked":
                    pair = pair._replace(bits=by.bits, zone="suggested", through=True)
                self._told.append(pair)

    def _join(self, here: int, there: int, left: list[int], right: list[int]) -> None:
        keep, gone = min(here, there), max(here, there)
        for row in right if gone == there else left:
            self._home[row] = keep
        self._members[keep] = left + right
        self._members.pop(gone, None)


def _has_no_doubles(pairs: Sequence[Match]) -> bool:
    """Say whether hardly a row has two good partners: then each has one at most."""
    sure = [pair for pair in pairs if pair.bits >= SURE_BITS]
    return bool(sure) and all(
        sum(times > 1 for times in counted.values()) <= DOUBLES * len(counted)
        for counted in (Counter(pair.one for pair in sure), Counter(pair.other for pair in sure))
    )


def _best_of_each(pairs: Sequence[Match]) -> list[Match]:
    """Return pairs, likeliest first, each row once."""
    taken: set[int] = set()
    kept = []
    for pair in pairs:
        if pair.one not in taken and pair.other not in taken:
            taken.update((pair.one, pair.other))
            kept.append(pair)
    return kept
