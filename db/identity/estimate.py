"""How much each level of agreement says, estimated from pairs that nobody labelled.

Fellegi and Sunter: a level says log2(m/u) bits, where m is how often records of one person agree
so, and u how often those of different people do. Pairs are a mixture of the two; expectation and
maximisation tells them apart. Guesses count as so many pairs beside what was seen, so that a table
of ten rows is not taken at its word.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

MISSING = 255  # a level that says nothing
GUESSED_PAIRS = 20.0
ROUNDS = 25
SETTLED = 1e-3
LEAST = 1e-9
MOST_BITS = 60.0

Pattern = tuple[int, ...]
Rates = list[list[float]]


@dataclass(frozen=True, slots=True)
class Model:
    """What was estimated.

    Attributes:
        same: m for each column and level.
        other: u for each column and level.
        prior: log2 of the odds that two rows taken at random are one person.
        expected: How many pairs are of one person.
    """

    same: Rates
    other: Rates
    prior: float
    expected: float

    def bits(self) -> Rates:
        """Return what each level says; a lower level never says less than a higher one."""
        table = []
        for same, other in zip(self.same, self.other, strict=True):
            row = [log2(m / u) for m, u in zip(same, other, strict=True)]
            for level in range(1, len(row)):
                row[level] = min(row[level], row[level - 1])
            table.append(row)
        return table


def estimate(
    patterns: Mapping[Pattern, int],
    sample: Mapping[Pattern, int],
    exact: Sequence[float],
    guess: Rates,
    pairs: float,
    prior: float,
    guessed_pairs: float = GUESSED_PAIRS,
) -> Model:
    """Return what each level says.

    Args:
        patterns: Levels of candidate pairs, and how many pairs have them.
        sample: The same of pairs taken at random.
        exact: For each column, how many of all pairs have the same value.
        guess: m before anything was seen.
        pairs: How many pairs there are in all, candidates or not.
        prior: log2 of the odds to begin with.
        guessed_pairs: How many pairs the guess counts as.
    """
    same = [list(row) for row in guess]
    other = _others(patterns, sample, exact, guess, pairs, {}, {})
    expected = before = 0.0
    for _ in range(ROUNDS):
        table = Model(same, other, prior, 0).bits()
        chance = {pattern: _chance(pattern, table, prior) for pattern in patterns}
        drawn = {pattern: _chance(pattern, table, prior) for pattern in sample}
        expected = sum(chance[pattern] * times for pattern, times in patterns.items())
        same = _sames(patterns, chance, guess, guessed_pairs)
        other = _others(patterns, sample, exact, guess, pairs, chance, drawn)
        prior = log2(max(expected, 0.5) / max(1.0, pairs - expected))
        if abs(expected - before) <= SETTLED * max(1.0, expected):
            break
        before = expected
    return Model(same, other, prior, expected)


def _chance(pattern: Pattern, table: Rates, prior: float) -> float:
    bits = prior
    for row, level in zip(table, pattern, strict=True):
        if level != MISSING:
            bits += row[level]
    return 1 / (1 + 2 ** -max(-MOST_BITS, min(MOST_BITS, bits)))


def _sames(
    patterns: Mapping[Pattern, int],
    chance: Mapping[Pattern, float],
    guess: Rates,
    guessed_pairs: float,
) -> Rates:
    counts = [[guessed_pairs * m for m in row] for row in guess]
    for pattern, times in patterns.items():
        weight = chance[pattern] * times
        if weight > 1e-6:
            for row, level in zip(counts, pattern, strict=True):
                if level != MISSING:
                    row[level] += weight
    return [[max(LEAST, count / sum(row)) for count in row] for row in counts]


def _others(
    patterns: Mapping[Pattern, int],
    sample: Mapping[Pattern, int],
    exact: Sequence[float],
    guess: Rates,
    pairs: float,
    chance: Mapping[Pattern, float],
    drawn: Mapping[Pattern, float],
) -> Rates:
    """Return u: of the same value counted, of near ones from candidates or from random pairs."""
    near = [[0.0] * len(row) for row in guess]
    matched = [0.0] * len(guess)
    for pattern, times in patterns.items():
        likely = chance.get(pattern, 0.0)
        weight = (1 - likely) * times
        for column, level in enumerate(pattern):
            if level == 0:
                matched[column] += likely * times
            if level != MISSING:
                near[column][level] += weight
    random = [[0.0] * len(row) for row in guess]
    for pattern, times in sample.items():
        weight = (1 - drawn.get(pattern, 0.0)) * times
        for column, level in enumerate(pattern):
            if level != MISSING:
                random[column][level] += weight
    rates = []
    for column, row in enumerate(random):
        total = sum(row) or 1.0
        same = max(exact[column] - matched[column], 0.3 * exact[column] ** 0.5, 0.5) / pairs
        rate = [max(LEAST, same)]
        for level in range(1, len(row)):
            by_candidates = min(near[column][level] / pairs, 1.0)
            rate.append(max(row[level] / total, by_candidates, 0.5 / pairs))
        rates.append([value / sum(rate) for value in rate])
    return rates
