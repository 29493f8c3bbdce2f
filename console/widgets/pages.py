"""Rows of a list that is too long to hold, read by key, a page at a time, in order."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any, Generic, Protocol, TypeVar

Row = TypeVar("Row")
Row_co = TypeVar("Row_co", covariant=True)

KEPT_PAGES = 20
"""Pages of 200 rows that stay in memory; others are read again from their key."""


class SourceFailed(Exception):
    """The rows could not be read; ``str()`` is a sentence for the agent, shown in the list."""


class RowSource(Protocol[Row_co]):
    """Where rows come from."""

    def fetch(self, after_key: Any) -> tuple[Sequence[Row_co], Any]:  # keys are the source's own
        """Return the page after a key and the key for the next page.

        Args:
            after_key: None for the first page, else a key that this method returned.

        Returns:
            Rows, in order; and None where they are the last.

        Raises:
            SourceFailed: They could not be read.
        """
        ...


class Pages(Generic[Row]):
    """An index over pages: which row is the n-th, as far as the list has been read.

    Attributes:
        problem: Why reading stopped; empty while it works.
    """

    def __init__(self, source: RowSource[Row]) -> None:
        self.source = source
        self.problem = ""
        self._keys: list[Any] = [None]  # keys are the source's own; where page n begins
        self._starts: list[int] = [0]
        self._rows: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._complete = False

    @property
    def known(self) -> int:
        """How many rows have been met so far."""
        return self._starts[-1]

    @property
    def complete(self) -> bool:
        """Whether the end of the list has been met."""
        return self._complete

    def row(self, index: int) -> Row | None:
        """Return the n-th row, reading on as far as needed; None behind the end."""
        while True:
            if index >= self.known:
                if not self.read_on():
                    return None
                continue
            page = bisect_right(self._starts, index) - 1
            rows = self._rows.get(page)
            if rows is None:
                rows = self._read(page)
                if rows is None:
                    return None
            offset = index - self._starts[page]
            # A page that was read again may be shorter than it was: then the index lies behind it.
            if offset < len(rows):
                return rows[offset]

    def read_on(self) -> bool:
        """Read the next page; return False when there is none."""
        if self._complete or self.problem:
            return False
        return self._read(len(self._keys) - 1) is not None

    def page_of(self, index: int) -> range:
        """Return the indexes of the page that holds a known row."""
        page = bisect_right(self._starts, index) - 1
        if not 0 <= page < len(self._starts) - 1:
            return range(0)
        return range(self._starts[page], self._starts[page + 1])

    def forget_rows(self) -> None:
        """Drop all rows but keep where pages begin: each is read again when it is next seen."""
        self.problem = ""
        self._rows.clear()
        if self._complete:
            # The last page may have grown: it is the open end of the list again.
            self._complete = False
            self._starts.pop()

    def _read(self, page: int) -> Sequence[Row] | None:
        try:
            rows, after = self.source.fetch(self._keys[page])
        except SourceFailed as failure:
            self.problem = str(failure)
            return None
        if not rows:
            after = None
        self._rows[page] = rows
        while len(self._rows) > KEPT_PAGES:
            self._rows.popitem(last=False)
        end = self._starts[page] + len(rows)
        follows = [] if after is None else [after]
        if self._starts[page + 1 : page + 2] != [end] or self._keys[page + 1 : page + 2] != follows:
            # New ground, or the rows have moved since: what was known of later pages is void.
            for later in [number for number in self._rows if number > page]:
                del self._rows[later]
            self._starts[page + 1 :] = [end]
            self._keys[page + 1 :] = follows
            self._complete = after is None
        return rows
