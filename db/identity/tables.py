"""Which rows of any table are the same person: found, compared, weighed, and put together.

No store is needed. Nobody labels anything: what agreement says is estimated from the table itself
(`db.identity.estimate`), and the weight of the same value follows from how many rows have it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from math import log2

from db.identity.candidates import RULE_PAIRS, Candidates, Pieces
from db.identity.clusters import Gatherer, Match
from db.identity.columns import KINDS, Kind, unique
from db.identity.domains import is_disposable
from db.identity.estimate import (
    MISSING,
    ROUNDS,
    Model,
    Pattern,
    Seen,
    Sort,
    either,
    estimate,
)
from db.identity.normalise import Key, is_role

RANDOM_PAIRS = 15_000
ROUGHLY = 8  # one of so many pairs is looked at, to know how many doubles there are
REMEMBERED_VALUES = 1_500  # of a column: with so few, pairs of values come again
LINKING = ("email", "id")  # kinds of which one value is one person's
CERTAIN_BITS = 10.0  # no row links by itself below a thousand to one
ALONE_BITS = {0: 3.0, 1: 1.5, 2: 0.5}  # odds of a level where there is one column
CONTRADICTION_BITS = -2.0
LEAST_HOLDERS = 0.3  # a value that nobody else has could yet be someone's

Pair = tuple[int, int]


@dataclass(slots=True)
class Column:
    """One column of all rows.

    Attributes:
        values: Number of each row's value; 0 where it is missing.
        texts: What each number stands for.
        times: How many rows have each value.
    """

    name: str
    kind: Kind
    values: list[int] = field(default_factory=list)
    texts: list[str] = field(default_factory=lambda: [""])
    times: list[int] = field(default_factory=lambda: [0])
    _numbers: dict[str, int] = field(default_factory=lambda: {"": 0})
    _cells: dict[str, int] = field(default_factory=dict)

    def add(self, cell: str) -> None:
        """Read one more cell."""
        number = self._cells.get(cell)
        if number is None:
            text = self.kind.read(cell)
            number = self._numbers.get(text)
            if number is None:
                number = self._numbers[text] = len(self.texts)
                self.texts.append(text)
                self.times.append(0)
            self._cells[cell] = number
        self.values.append(number)
        self.times[number] += 1

    def levels(self, pairs: Sequence[Pair]) -> bytearray:
        """Return the levels on which many pairs of rows agree."""
        values, texts, compare = self.values, self.texts, self.kind.compare
        memo: dict[Pair, int] | None = {} if len(texts) <= REMEMBERED_VALUES else None
        found = bytearray(len(pairs))
        for place, (one, other) in enumerate(pairs):
            left, right = values[one], values[other]
            if left == right:
                if not left:
                    found[place] = MISSING
            elif not left or not right:
                found[place] = MISSING
            elif memo is None:
                found[place] = compare(texts[left], texts[right])
            else:
                key = (left, right)
                level = memo.get(key)
                if level is None:
                    level = memo[key] = compare(texts[left], texts[right])
                found[place] = level
        return found

    def pieces(self, numbers: dict[tuple[str, str], int]) -> list[tuple[int, ...]]:
        """Return the pieces of each value as numbers, which are handed out as they are met."""
        pool = self.kind.pool or self.name
        cut = self.kind.pieces
        return [
            tuple(numbers.setdefault((pool, piece), len(numbers)) for piece in unique(cut(text)))
            if text
            else ()
            for text in self.texts
        ]


@dataclass(frozen=True, slots=True)
class Matched:
    """What came out.

    Attributes:
        matches: Those of one person, likeliest first; then those that stay apart.
        clusters: For each row the smallest number of the rows that are the same person.
        columns: What was compared.
        model: What was estimated.
    """

    matches: tuple[Match, ...]
    clusters: tuple[int, ...]
    columns: tuple[Column, ...]
    model: Model


class Table:
    """Rows to be matched, of one table or of two."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        """Make an empty one.

        Args:
            kinds: Column to the name of its kind (`db.identity.columns.KINDS`).
        """
        self.columns = tuple(Column(name, KINDS[kind]) for name, kind in kinds.items())
        self.rows = 0
        self.first = 0
        self._drawn: Counter[Pattern] = Counter()

    def add(self, row: Mapping[str, str]) -> None:
        """Add a row; missing columns say nothing."""
        for column in self.columns:
            column.add(row.get(column.name) or "")
        self.rows += 1

    def begin_second(self) -> None:
        """Take the rows that follow as another table: only pairs across the two count."""
        self.first = self.rows

    def match(self, least_bits: float = 0.0) -> Matched:
        """Say who is who, and show the pairs that stay apart from ``least_bits`` on."""
        if self.rows < 2 or not self.columns:
            return Matched((), tuple(range(self.rows)), self.columns, Model([], [], 0.0, 0.0))
        found = Candidates(self._groups(), self.rows, self.first)
        pairs = found.look()
        levels = self._levels(pairs)
        some = [column[::ROUGHLY] for column in levels]
        doubles = ROUGHLY * self._estimate(some, rough=True).expected
        if doubles > 2 * self.rows:
            # Many records of each person: what lies together in larger blocks is worth a look.
            more = found.look_wider(max(RULE_PAIRS, int(doubles)))
            pairs += more
            for column, further in zip(levels, self._levels(more), strict=True):
                column.extend(further)
        del found
        model = self._estimate(levels) if len(self.columns) > 1 else self._assumed()
        scorer = _Scorer(self, model)
        scored = scorer.score(pairs, levels, min(least_bits, 0.0))
        matches, clusters = Gatherer(scored, self.rows, self.first, scorer.one_pair).gather()
        return Matched(matches, clusters, self.columns, model)

    def _levels(self, pairs: Sequence[Pair]) -> list[bytearray]:
        """Return the levels on which pairs agree, for each column."""
        levels = [column.levels(pairs) for column in self.columns]
        self._cross(pairs, levels)
        return levels

    def _groups(self) -> list[Pieces]:
        """Return the pieces of each row for each group of columns that can tell people apart."""
        numbers: dict[tuple[str, str], int] = {}
        pools: dict[str, list[Column]] = {}
        for column in self.columns:
            pools.setdefault(column.kind.pool or column.name, []).append(column)
        telling = {
            pool: columns
            for pool, columns in pools.items()
            if any(column.kind.levels != ("same", "different") for column in columns)
        }
        return [self._group(columns, numbers) for columns in (telling or pools).values()]

    def _group(self, columns: Sequence[Column], numbers: dict[tuple[str, str], int]) -> Pieces:
        cut = [column.pieces(numbers) for column in columns]
        if len(columns) == 1:
            return [cut[0][value] for value in columns[0].values]
        rows = zip(*(column.values for column in columns), strict=True)
        return [
            tuple(piece for part, value in zip(cut, row, strict=True) for piece in part[value])
            for row in rows
        ]

    def _cross(self, pairs: Sequence[Pair], levels: Sequence[bytearray]) -> None:
        """Mend the levels of pairs in which first and last name stand in each other's column."""
        places = {column.kind.name: place for place, column in enumerate(self.columns)}
        if not {"first_name", "last_name"} <= places.keys():
            return
        first, last = places["first_name"], places["last_name"]
        mine, theirs = self.columns[first], self.columns[last]
        bad = mine.kind.different - 2
        for place, (one, other) in enumerate(pairs):
            if bad <= levels[first][place] and theirs.kind.different - 1 <= levels[last][place]:
                level = _crossed(mine, theirs, one, other)
                if level is not None:
                    levels[first][place] = levels[last][place] = level

    # Estimates

    @property
    def all_pairs(self) -> float:
        """How many pairs there are in all."""
        if self.first:
            return float(self.first * (self.rows - self.first))
        return self.rows * (self.rows - 1) / 2

    def same_pairs(self, column: Column) -> float:
        """Return how many of all pairs have the same value."""
        if not self.first:
            return sum(times * (times - 1) / 2 for times in column.times[1:])
        there = Counter(column.values[self.first :])
        here = Counter(column.values[: self.first])
        return float(sum(times * there[value] for value, times in here.items() if value))

    def known(self, column: Column) -> float:
        """Return the share of pairs in which both rows say something."""
        return max((1 - column.values.count(0) / self.rows) ** 2, 1e-6)

    def _sample(self) -> list[Pair]:
        dice = random.Random(self.rows)
        times = range(min(RANDOM_PAIRS, int(2 * self.all_pairs)))
        if self.first:
            return [
                (dice.randrange(self.first), dice.randrange(self.first, self.rows)) for _ in times
            ]
        ends = ((dice.randrange(self.rows), dice.randrange(self.rows)) for _ in times)
        return [(one, other) for one, other in ends if one != other]

    def _estimate(self, levels: Sequence[bytearray], *, rough: bool = False) -> Model:
        """Return what levels say; a rough answer tells how many doubles there are."""
        if not self._drawn:
            sample = self._sample()
            drawn = [column.levels(sample) for column in self.columns]
            self._drawn = Counter(zip(*drawn, strict=True))
        smaller = min(self.first, self.rows - self.first) if self.first else self.rows
        larger = self.rows - smaller if self.first else self.rows
        return estimate(
            Seen(
                Counter(zip(*levels, strict=True)),
                self._drawn,
                [self.same_pairs(column) / self.known(column) for column in self.columns],
                [_guess(column.kind) for column in self.columns],
                self.all_pairs,
                -log2(max(2, larger)),
                sorts=() if rough else self._sorts(),
                rounds=5 if rough else ROUNDS,
                differs=[column.kind.differs for column in self.columns],
            )
        )

    def _assumed(self) -> Model:
        """Return what is taken for granted where one column is all there is.

        One column cannot tell how often a person's values differ. So the same value speaks for one
        person, the less the more rows have it; nearly the same a little; all else against it.
        """
        prior = -log2(max(2, self.rows))
        kind = self.columns[0].kind
        wanted = [
            ALONE_BITS.get(level, -ALONE_BITS[0]) - prior for level in range(len(kind.levels))
        ]
        same = _guess(kind)
        other = [m / 2**bits for m, bits in zip(same, wanted, strict=True)]
        return Model([same], [other], prior, 0.0)

    def _sorts(self) -> tuple[Sort, ...]:
        """Return the further sorts that these columns can tell from one person."""
        kinds = [column.kind for column in self.columns]
        sorts = []
        if any(kind.differs for kind in kinds) and not all(kind.alone for kind in kinds):
            sorts.append(Sort("family", tuple(kind.alone for kind in kinds)))
        places = [kind.place for kind in kinds]
        if sum(places) > 1 and not all(places):
            alone = (0 if kind.place else len(kind.levels) for kind in kinds)
            sorts.append(Sort("neighbours", tuple(alone)))
        return tuple(sorts)


def _guess(kind: Kind) -> list[float]:
    """Return how often records of one person agree on each level, before any was seen."""
    row, left = [kind.same], 1 - kind.same
    for _ in range(kind.different - 1):
        left /= 2
        row.append(left)
    return [*row, left]


def _crossed(mine: Column, theirs: Column, one: int, other: int) -> int | None:
    """Return the level on which two names agree crosswise; None where they do not."""
    left = mine.texts[mine.values[one]], theirs.texts[theirs.values[one]]
    right = theirs.texts[theirs.values[other]], mine.texts[mine.values[other]]
    if not all(left) or not all(right):
        return None
    if left[0][0] != right[0][0] and left[1][0] != right[1][0]:
        return None
    worst = 0
    for here, there in zip(left, right, strict=True):
        worst = max(worst, 0 if here == there else mine.kind.compare(here, there))
    return 1 if worst <= 1 else None


class _Scorer:
    """Weighs pairs by what was estimated, and by how rare the values are that they share."""

    def __init__(self, table: Table, model: Model) -> None:
        self._table = table
        self._columns = table.columns
        self._model = model
        self._bits = model.bits()
        self._against = model.bits_against()
        self._rare = [
            self._rarities(column, same[0], row[0])
            for column, same, row in zip(self._columns, model.same, self._bits, strict=True)
        ]
        self._shared: set[tuple[int, int]] = set()

    def _rarities(self, column: Column, same: float, bits: float) -> list[float]:
        """Return what each value says where two rows share it."""
        if len(self._columns) == 1:
            return [0.0] + [bits - log2(max(1, times - 1)) for times in column.times[1:]]
        known = self._table.known(column)
        seen = self._table.same_pairs(column) / known / self._table.all_pairs
        by_chance = same / 2**bits
        # The share of those who have the same value that are different people.
        strangers = min(1.0, by_chance / seen) if seen else 1.0
        holders = len(column.values) * known**0.5
        return [0.0] + [
            log2(same * holders / max((times - 1) * strangers, LEAST_HOLDERS))
            for times in column.times[1:]
        ]

    def score(
        self, pairs: Sequence[Pair], levels: Sequence[bytearray], least: float
    ) -> list[Match]:
        """Return the pairs that reach so many bits, likeliest first."""
        rough: dict[Pattern, float] = {}
        divided = self._divided()
        highest = [max(row) - bits[0] for row, bits in zip(self._rare, self._bits, strict=True)]
        found = []
        for pair, pattern in zip(pairs, zip(*levels, strict=True), strict=True):
            bits = rough.get(pattern)
            if bits is None:
                bits = rough[pattern] = self._rough(pattern) + sum(
                    more for more, level in zip(highest, pattern, strict=True) if not level
                )
            if divided(pattern):
                self._shared.update(self._personal(pair[0], pattern))
            if bits >= least:
                weights, exact = self._weigh(pair[0], pattern)
                if exact >= least:
                    found.append((exact, pair, pattern, weights))
        found.sort(key=lambda row: (-row[0], row[1]))
        return [
            Match(*pair, bits, self._zone(pair[0], bits, pattern, weights), pattern, weights)
            for bits, pair, pattern, weights in found
        ]

    def one_pair(self, one: int, other: int) -> Match:
        """Return a pair that was no candidate."""
        pairs = [(one, other)]
        pattern = tuple(column.levels(pairs)[0] for column in self._columns)
        weights, bits = self._weigh(one, pattern)
        return Match(one, other, bits, self._zone(one, bits, pattern, weights), pattern, weights)

    def _rough(self, pattern: Pattern) -> float:
        bits = self._model.prior
        for row, level in zip(self._bits, pattern, strict=True):
            if level != MISSING:
                bits += row[level]
        return bits

    def _weights(self, one: int, pattern: Pattern) -> tuple[float, ...]:
        weights = []
        for place, level in enumerate(pattern):
            if level == 0:
                weights.append(self._rare[place][self._columns[place].values[one]])
            else:
                weights.append(0.0 if level == MISSING else self._bits[place][level])
        return tuple(weights)

    def _weigh(self, one: int, pattern: Pattern) -> tuple[tuple[float, ...], float]:
        """Return what each column says, and the odds of one person against all others.

        Where it is likeliest, but for one person, that two are of one family or neighbours, what a
        column says is what it says against that.
        """
        weights = self._weights(one, pattern)
        total = nearest = self._model.prior + sum(weights)
        for prior, rates in self._against:
            said = tuple(
                0.0 if level == MISSING else row[level]
                for row, level in zip(rates, pattern, strict=True)
            )
            bits = prior + sum(said)
            total = either(total, bits)
            if bits < nearest:
                weights, nearest = said, bits
        return weights, total

    def _personal(self, one: int, pattern: Pattern) -> Iterator[tuple[int, int]]:
        """Yield column and value of each key that belongs to one person and that both have."""
        for place, (column, level) in enumerate(zip(self._columns, pattern, strict=True)):
            if level == 0 and column.kind.name in LINKING:
                yield place, column.values[one]

    def _divided(self) -> Callable[[Pattern], bool]:
        """Return whether a pattern shows one key under two people's names."""
        keys = [at for at, one in enumerate(self._columns) if one.kind.name in LINKING]
        names = [at for at, one in enumerate(self._columns) if one.kind.pool == "name"]
        names = names or [at for at in range(len(self._columns)) if at not in keys]
        bits = self._bits

        @cache
        def divided(pattern: Pattern) -> bool:
            return any(pattern[key] == 0 for key in keys) and any(
                pattern[name] != MISSING and bits[name][pattern[name]] <= CONTRADICTION_BITS
                for name in names
            )

        return divided

    def _zone(self, one: int, bits: float, pattern: Pattern, weights: tuple[float, ...]) -> str:
        """Return the zone: no score alone links two rows; a personal key does, uncontradicted."""
        if bits < 0:
            return "apart"
        if bits < CERTAIN_BITS or min(weights) <= CONTRADICTION_BITS:
            return "suggested"
        for place, value in self._personal(one, pattern):
            text = self._columns[place].texts[value]
            role = is_role(Key("email", "", text)) or is_disposable(text.rpartition("@")[2])
            if not role and (place, value) not in self._shared and self._vouched(place, pattern):
                return "linked"
        return "suggested"

    def _vouched(self, key: int, pattern: Pattern) -> bool:
        """Say whether something beside the key agrees, where there is something beside it."""
        others = [
            level
            for place, level in enumerate(pattern)
            if place != key and level != MISSING and self._columns[place].kind.name != "code"
        ]
        return not others or min(others) <= 2


def reasons(match: Match, columns: Sequence[Column]) -> str:
    """Return what speaks for and against a pair, the strongest first, each with its bits."""
    told = []
    for column, level, weight in zip(columns, match.levels, match.weights, strict=True):
        if level == MISSING:
            continue
        one, other = column.values[match.one], column.values[match.other]
        values = column.texts[one] if level == 0 else f"{column.texts[one]} / {column.texts[other]}"
        told.append(
            (weight, f"{column.name} {column.kind.levels[level]}: {values} ({weight:+.1f})")
        )
    told.sort(key=lambda item: -abs(item[0]))
    if match.through:
        told.insert(0, (0.0, "through other rows of the same person"))
    return "; ".join(text for _, text in told)
