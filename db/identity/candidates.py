"""Which rows of a table are worth comparing: those that share two pieces, or one rare piece.

Comparing each row with each would take forever. So rows are laid together under keys made of a
piece of one column and a piece of another; what lies together with too many others says too
little. Rule after rule, so that only one rule's keys are held at a time.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations

RULE_PAIRS = 12_000  # pairs that one rule may add, or as many as there are rows
BLOCK_ROWS = 400
LATER_ROWS = 40  # of a block that is kept for a wider look
JOINED_GROUPS = 6  # the most telling groups of columns, whose pieces are laid together

Pieces = Sequence[Sequence[int]]  # of each row


class Candidates:
    """Finds pairs worth comparing, the smaller row first, and more of them when asked again."""

    def __init__(self, groups: Sequence[Pieces], rows: int, first: int = 0) -> None:
        """Take a table.

        Args:
            groups: Pieces of each row for each group of columns; a piece is a number of its own.
            rows: How many rows there are.
            first: Rows of the first table, where only pairs across two tables count; 0 for one.
        """
        self._groups = groups
        self._rows = rows
        self._first = first
        self._found: set[int] = set()
        self._left: list[list[list[int]]] = []

    def look(self) -> list[tuple[int, int]]:
        """Return the pairs of the smallest blocks of every rule."""
        room = max(RULE_PAIRS, self._rows)
        for keys in _rules(self._groups):
            blocks: Iterable[list[int]] = _blocks(keys)
            if first := self._first:
                blocks = (block for block in blocks if block[0] < first <= block[-1])
            ordered = sorted((block for block in blocks if len(block) <= BLOCK_ROWS), key=len)
            left = self._lay(ordered, room, self._found)
            self._left.append([block for block in left if len(block) <= LATER_ROWS])
        return [divmod(code, self._rows) for code in self._found]

    def look_wider(self, room: int) -> list[tuple[int, int]]:
        """Return further pairs, of larger blocks, at most so many of one rule."""
        more: set[int] = set()
        for blocks in self._left:
            self._lay(blocks, room, more)
        more -= self._found
        self._found |= more
        return [divmod(code, self._rows) for code in more]

    def _lay(self, blocks: list[list[int]], room: int, found: set[int]) -> list[list[int]]:
        """Add the pairs of blocks while there is room; return the blocks that are left."""
        rows, first = self._rows, self._first
        for number, block in enumerate(blocks):
            if first:
                place = bisect_left(block, first)
                mine, theirs = block[:place], block[place:]
                room -= len(mine) * len(theirs)
                codes = [one * rows + other for one in mine for other in theirs]
            else:
                room -= len(block) * (len(block) - 1) // 2
                codes = [one * rows + other for one, other in combinations(block, 2)]
            if room < 0:
                return blocks[number:]
            found.update(codes)
        return []


def _blocks(keys: Iterable[Iterable[int]]) -> Iterable[list[int]]:
    """Return the rows under each key that more than one row has, in order."""
    alone: dict[int, int] = {}
    blocks: dict[int, list[int]] = {}
    for row, row_keys in enumerate(keys):
        for key in row_keys:
            other = alone.setdefault(key, row)
            if other != row:
                block = blocks.get(key)
                if block is None:
                    blocks[key] = [other, row]
                else:
                    block.append(row)
    return blocks.values()


def _rules(groups: Sequence[Pieces]) -> Iterator[Iterable[Iterable[int]]]:
    """Yield for each rule the keys of every row."""
    told = sorted(groups, key=_telling, reverse=True)
    for pieces in told:
        yield map(set, pieces)
    for pieces in told[:JOINED_GROUPS]:
        yield map(_within, pieces)
    for one, other in combinations(told[:JOINED_GROUPS], 2):
        yield map(_across, one, other)


def _telling(pieces: Pieces) -> int:
    """Return how many different pieces a group has: the more, the more each says."""
    return len({piece for row in pieces for piece in row})


def _within(pieces: Sequence[int]) -> Iterable[int]:
    return {
        (one << 32 | other) if one < other else (other << 32 | one)
        for one, other in combinations(pieces, 2)
    }


def _across(left: Sequence[int], right: Sequence[int]) -> Iterable[int]:
    return {one << 32 | other for one in left for other in right}
