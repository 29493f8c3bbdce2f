"""How much each level of agreement says, estimated from pairs that nobody labelled.

Fellegi and Sunter: a level says log2(m/u) bits, where m is how often records of one person agree
so, and u how often those of strangers do. Pairs are a mixture; expectation and maximisation tells
its sorts apart. Guesses count as so many pairs beside what was seen, so that a table of ten rows is
not taken at its word.

Two further sorts are no strangers and not one person. A family has a surname, an address, a number
in common, but first names and birthdays no more than anybody; one person's names rarely differ
altogether, and what exceeds that is a family. Neighbours have a place in common and nothing else:
without them town and postal code would each speak for one person, though one follows from the
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import log2

MISSING = 255  # a level that says nothing
GUESSED_PAIRS = 20.0
ROUNDS = 80
WHOLE_ROUNDS = 8
LIVE_PAIRS = 1e-4
SETTLED = 1e-3
LEAST = 1e-9
MOST_BITS = 60.0
# One or two columns cannot tell how many doubles there are: then what was assumed holds.
PRIOR_SLACK, FEW_COLUMNS_SLACK = 5.0, 1.0
FIRST_SHARE = 0.02  # of a further sort for each pair of one person, to begin with
MOST_DIFFERENT = 0.25  # of one person's pairs, at most, have names that differ altogether
LEAST_FAMILIES = 0.15  # for each pair of one person; fewer are one person with two names

Pattern = tuple[int, ...]
Rates = list[list[float]]


@dataclass(frozen=True, slots=True)
class Sort:
    """Pairs that are no strangers and not one person.

    Attributes:
        name: ``family`` or ``neighbours``.
        alone: For each column how many levels, from the first, they share no more than anybody.
    """

    name: str
    alone: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Against:
    """What speaks for one person and against another sort of pair.

    Attributes:
        prior: log2 of how many pairs of one person there are for each of that sort.
        rates: How often that sort agrees, for each column and level.
    """

    sort: Sort
    prior: float
    rates: Rates


@dataclass(frozen=True, slots=True)
class Model:
    """What was estimated.

    Attributes:
        same: m for each column and level.
        other: u for each column and level.
        prior: log2 of the odds that two rows taken at random are one person.
        expected: How many pairs are of one person.
        against: The sorts that are neither one person nor strangers.
    """

    same: Rates
    other: Rates
    prior: float
    expected: float
    against: tuple[Against, ...] = field(default=())

    def bits(self) -> Rates:
        """Return what each level says; a lower level never says less than a higher one."""
        table = []
        for same, other in zip(self.same, self.other, strict=True):
            row = [log2(m / u) for m, u in zip(same, other, strict=True)]
            for level in range(1, len(row)):
                row[level] = min(row[level], row[level - 1])
            table.append(row)
        return table

    def bits_against(self) -> list[tuple[float, Rates]]:
        """Return, for each further sort, its prior and what each level says against it."""
        return [
            (
                one.prior,
                [
                    [log2(m / k) for m, k in zip(same, rate, strict=True)]
                    for same, rate in zip(self.same, one.rates, strict=True)
                ],
            )
            for one in self.against
        ]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a table.

    Attributes:
        patterns: Levels of candidate pairs, and how many pairs have them.
        sample: The same of pairs taken at random.
        exact: For each column, how many of all pairs have the same value.
        guess: m before anything was seen.
        pairs: How many pairs there are in all, candidates or not.
        prior: log2 of the odds to begin with.
        guessed_pairs: How many pairs the guess counts as.
        sorts: Further sorts to look for.
        differs: For each column the level from which one person's values differ altogether, where
            that is rare; else 0. Empty for none.
        rounds: How often it is estimated anew, at most.
    """

    patterns: Mapping[Pattern, int]
    sample: Mapping[Pattern, int]
    exact: Sequence[float]
    guess: Rates
    pairs: float
    prior: float
    guessed_pairs: float = GUESSED_PAIRS
    sorts: tuple[Sort, ...] = ()
    differs: Sequence[int] = ()
    rounds: int = ROUNDS


def estimate(seen: Seen) -> Model:
    """Return what each level says; families are looked for, and dropped where there are few."""
    model = _fit(seen, seen.sorts)
    few = [
        one.sort
        for one in model.against
        if one.sort.name == "family" and 2**-one.prior < LEAST_FAMILIES
    ]
    if few:
        model = _fit(seen, tuple(sort for sort in seen.sorts if sort not in few))
    return model


def _fit(seen: Seen, sorts: tuple[Sort, ...]) -> Model:
    families = any(sort.name == "family" for sort in sorts)
    other = _others(seen, {}, {})
    against = tuple(
        Against(sort, -log2(FIRST_SHARE), _mixed(seen.guess, other, sort)) for sort in sorts
    )
    model = Model([list(row) for row in seen.guess], other, seen.prior, 0.0, against)
    before: list[float] = []
    live: Mapping[Pattern, int] = seen.patterns
    for number in range(seen.rounds):
        whole = number % WHOLE_ROUNDS == 0
        chances = _chances(seen.patterns if whole else live, model)
        if whole:
            # Most patterns are of strangers and stay so: they are looked at again now and then.
            live = {
                pattern: times
                for pattern, times in seen.patterns.items()
                if any(one[pattern] * times > LIVE_PAIRS for one in chances)
            }
            other = _others(seen, chances[0], _chances(seen.sample, model)[0])
        counts = [sum(one[p] * times for p, times in live.items()) for one in chances]
        expected = max(counts[0], 0.5)
        same = _sames(seen, live, chances[0])
        if families:
            same = [_capped(row, level) for row, level in zip(same, seen.differs, strict=True)]
        against = tuple(
            Against(
                sort,
                log2(expected / max(found, FIRST_SHARE * expected)),
                _mixed(_sames(seen, live, chance), other, sort),
            )
            for sort, found, chance in zip(sorts, counts[1:], chances[1:], strict=True)
        )
        prior = log2(expected / max(1.0, seen.pairs - expected))
        prior = max(prior, seen.prior - (FEW_COLUMNS_SLACK if len(same) < 3 else PRIOR_SLACK))
        model = Model(same, other, prior, counts[0], against)
        if before and all(
            abs(now - then) <= SETTLED * expected for now, then in zip(counts, before, strict=True)
        ):
            break
        before = counts
    return model


def _mixed(shared: Rates, other: Rates, sort: Sort) -> Rates:
    """Return how often a sort agrees: no more than anybody on its first levels."""
    rates = []
    for free, u, level in zip(shared, other, sort.alone, strict=True):
        rest, left = sum(free[level:]) or 1.0, 1 - sum(u[:level])
        rates.append(u[:level] + [max(LEAST, value * left / rest) for value in free[level:]])
    return rates


def _capped(row: list[float], level: int) -> list[float]:
    """Return how often one person's values agree, where they rarely differ altogether."""
    differ = sum(row[level:]) if level > 0 else 0.0
    if differ <= MOST_DIFFERENT:
        return row
    less, more = MOST_DIFFERENT / differ, (1 - MOST_DIFFERENT) / (1 - differ)
    return [value * (less if at >= level else more) for at, value in enumerate(row)]


def _chances(patterns: Iterable[Pattern], model: Model) -> list[dict[Pattern, float]]:
    """Return how likely each pattern is of one person, and of each further sort."""
    table, against = model.bits(), model.bits_against()
    found: list[dict[Pattern, float]] = [{} for _ in range(1 + len(against))]
    for pattern in patterns:
        each = [sum_of(pattern, rates, prior) for prior, rates in against]
        one = share(either(sum_of(pattern, table, model.prior), *each))
        found[0][pattern] = one
        for place, bits in enumerate(each, 1):
            # The odds of a sort are those of one person, less what speaks against the sort.
            found[place][pattern] = one * 2 ** max(-MOST_BITS, min(MOST_BITS, -bits))
    return found


def sum_of(pattern: Pattern, table: Rates, first: float) -> float:
    """Return the bits of a pattern, and what there was to begin with."""
    for row, level in zip(table, pattern, strict=True):
        if level != MISSING:
            first += row[level]
    return first


def either(first: float, *others: float) -> float:
    """Return the log2 of the odds against all of some things, from those against each."""
    for bits in others:
        low, high = min(first, bits), max(first, bits)
        first = low - log2(1 + 2 ** max(-MOST_BITS, low - high))
    return first


def share(bits: float) -> float:
    """Return log2 of odds as a probability."""
    return 1 / (1 + 2 ** -max(-MOST_BITS, min(MOST_BITS, bits)))


def _sames(seen: Seen, live: Mapping[Pattern, int], chance: Mapping[Pattern, float]) -> Rates:
    counts = [[seen.guessed_pairs * m for m in row] for row in seen.guess]
    for pattern, times in live.items():
        weight = chance[pattern] * times
        if weight > LIVE_PAIRS:
            for row, level in zip(counts, pattern, strict=True):
                if level != MISSING:
                    row[level] += weight
    return [[max(LEAST, count / sum(row)) for count in row] for row in counts]


def _others(seen: Seen, chance: Mapping[Pattern, float], drawn: Mapping[Pattern, float]) -> Rates:
    """Return u: of the same value counted, of near ones from candidates or from random pairs."""
    pairs = seen.pairs
    near = [[0.0] * len(row) for row in seen.guess]
    matched = [0.0] * len(seen.guess)
    for pattern, times in seen.patterns.items():
        likely = chance.get(pattern, 0.0)
        weight = (1 - likely) * times
        for column, level in enumerate(pattern):
            if level == 0:
                matched[column] += likely * times
            if level != MISSING:
                near[column][level] += weight
    random = [[0.0] * len(row) for row in seen.guess]
    for pattern, times in seen.sample.items():
        weight = (1 - drawn.get(pattern, 0.0)) * times
        for column, level in enumerate(pattern):
            if level != MISSING:
                random[column][level] += weight
    rates = []
    for column, row in enumerate(random):
        total = sum(row) or 1.0
        exact = seen.exact[column]
        same = max(exact - matched[column], 0.3 * exact**0.5, 0.5) / pairs
        rate = [max(LEAST, same)]
        for level in range(1, len(row)):
            by_candidates = min(near[column][level] / pairs, 1.0)
            rate.append(max(row[level] / total, by_candidates, 0.5 / pairs))
        rates.append([value / sum(rate) for value in rate])
    return rates
