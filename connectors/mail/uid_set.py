"""Sets of IMAP UIDs as sorted ranges: what was read of a folder, small however large the folder."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator

MAX_UID = 0xFFFF_FFFF
MAX_RANGES = 200_000


class UidSet:
    """A set of UIDs that holds ranges, not numbers."""

    __slots__ = ("_ranges",)

    def __init__(self, ranges: Iterable[tuple[int, int]] = ()) -> None:
        self._ranges: list[tuple[int, int]] = []
        for first, last in sorted(ranges):
            self._append(first, last)

    @classmethod
    def parse(cls, text: str) -> UidSet:
        """Read ``1:500,502`` as IMAP writes it.

        Raises:
            ValueError: It is no such set, or has more than `MAX_RANGES` ranges.
        """
        ranges = []
        parts = text.split(",") if text else []
        if len(parts) > MAX_RANGES:
            raise ValueError(f"A set of {len(parts)} ranges is too large.")
        for part in parts:
            first, _, last = part.partition(":")
            if not (first.isascii() and first.isdigit()) or (last and not last.isdigit()):
                raise ValueError(f"“{part[:40]}” is no range of UIDs.")
            low, high = sorted((int(first), int(last or first)))
            if not 1 <= low <= high <= MAX_UID:
                raise ValueError(f"“{part[:40]}” is no range of UIDs.")
            ranges.append((low, high))
        return cls(ranges)

    @classmethod
    def of(cls, uids: Iterable[int]) -> UidSet:
        """Return the set of some UIDs."""
        return cls((uid, uid) for uid in uids)

    def _append(self, first: int, last: int) -> None:
        if self._ranges and first <= self._ranges[-1][1] + 1:
            before, end = self._ranges[-1]
            self._ranges[-1] = (before, max(end, last))
        else:
            self._ranges.append((first, last))

    def add(self, first: int, last: int) -> None:
        """Add every UID from ``first`` to ``last``."""
        if first > last:
            return
        here = bisect_right(self._ranges, (first, MAX_UID + 1))
        start = here
        while start and self._ranges[start - 1][1] >= first - 1:
            start -= 1
            first = min(first, self._ranges[start][0])
            last = max(last, self._ranges[start][1])
        end = here
        while end < len(self._ranges) and self._ranges[end][0] <= last + 1:
            last = max(last, self._ranges[end][1])
            end += 1
        self._ranges[start:end] = [(first, last)]

    def minus(self, other: UidSet) -> UidSet:
        """Return what is in this set and not in the other."""
        left: list[tuple[int, int]] = []
        holes = iter(other._ranges)
        hole = next(holes, None)
        for first, last in self._ranges:
            while hole is not None and hole[0] <= last:
                if hole[1] < first:
                    hole = next(holes, None)
                    continue
                if first < hole[0]:
                    left.append((first, hole[0] - 1))
                first = hole[1] + 1
                if first > last:
                    break
                hole = next(holes, None)
            if first <= last:
                left.append((first, last))
        return UidSet(left)

    def ranges(self) -> Iterator[tuple[int, int]]:
        """Yield first and last UID of each range, the lowest first."""
        yield from self._ranges

    def newest_first(self) -> Iterator[int]:
        """Yield every UID, the highest first."""
        for first, last in reversed(self._ranges):
            yield from range(last, first - 1, -1)

    def __iter__(self) -> Iterator[int]:
        for first, last in self._ranges:
            yield from range(first, last + 1)

    def __contains__(self, uid: int) -> bool:
        here = bisect_right(self._ranges, (uid, MAX_UID + 1))
        return bool(here) and self._ranges[here - 1][1] >= uid

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self._ranges)

    def __bool__(self) -> bool:
        return bool(self._ranges)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UidSet) and self._ranges == other._ranges

    __hash__ = None  # type: ignore[assignment]  # it changes

    def __str__(self) -> str:
        return ",".join(
            str(first) if first == last else f"{first}:{last}" for first, last in self._ranges
        )

    @property
    def first(self) -> int:
        """Return the lowest UID; 0 where there is none."""
        return self._ranges[0][0] if self._ranges else 0

    @property
    def last(self) -> int:
        """Return the highest UID; 0 where there is none."""
        return self._ranges[-1][1] if self._ranges else 0
