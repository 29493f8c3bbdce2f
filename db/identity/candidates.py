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
JOINED_GROUPS = 6  # the most telling groups of columns, whose pieces are laid together

Pieces = Sequence[Sequence[int]]  # of each row


def candidates(
    groups: Sequence[Pieces], rows: int, first: int = 0, room: int = 0
) -> list[tuple[int, int]]:
    """Return pairs worth comparing, the smaller row first.

    Args:
        groups: Pieces of each row for each group of columns; a piece is a number of its own.
        rows: How many rows there are.
        first: Rows of the first table, where only pairs across two tables count; 0 for one table.
        room: Pairs that one rule may add; 0 for `RULE_PAIRS`, or as many as there are rows.
    """
    found: set[int] = set()
    for keys in _rules(groups):
        _lay(_blocks(keys), rows, first, room or max(RULE_PAIRS, rows), found)
    return [divmod(code, rows) for code in found]


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


def _lay(blocks: Iterable[list[int]], rows: int, first: int, room: int, found: set[int]) -> None:
    """Add the pairs of the smallest blocks, as many as one rule may."""
    if first:
        blocks = (block for block in blocks if block[0] < first <= block[-1])
    for block in sorted((block for block in blocks if len(block) <= BLOCK_ROWS), key=len):
        if first:
            place = bisect_left(block, first)
            mine, theirs = block[:place], block[place:]
            room -= len(mine) * len(theirs)
            codes = [one * rows + other for one in mine for other in theirs]
        else:
            room -= len(block) * (len(block) - 1) // 2
            codes = [one * rows + other for one, other in combinations(block, 2)]
        if room < 0:
            break
        found.update(codes)
