"""A timeline that is read backwards, a page at a time, and the texts of what is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from textual.cache import LRUCache

from console.widgets.entry_lines import item_key
from console.widgets.pages import SourceFailed
from db.records import EntryText, TimelineItem, TimelineKey, TimelinePage

KEPT_TEXTS = 400
NO_TEXT = "The text could not be read."


class TimelineSource(Protocol):
    """Where a timeline comes from."""

    def older(self, before: TimelineKey | None) -> TimelinePage:
        """Return the page before a place, oldest first; the newest page for None.

        Raises:
            SourceFailed: It could not be read.
        """
        ...

    def text(self, entry_ids: Sequence[int]) -> Mapping[int, EntryText]:
        """Return the texts of entries.

        Raises:
            SourceFailed: They could not be read.
        """
        ...


class Stream:
    """The items of a timeline that were read so far, oldest first.

    Attributes:
        shown: Those that are drawn: all, or all but events.
        subjects: Case number to subject.
        problem: Why reading stopped; empty while it works.
    """

    def __init__(self, source: TimelineSource, *, events: bool = True) -> None:
        self.source = source
        self.shown: list[TimelineItem] = []
        self.subjects: dict[int, str] = {}
        self.problem = ""
        self._items: list[TimelineItem] = []
        self._before: TimelineKey | None = None
        self._begun = False
        self._events = events
        self._texts: LRUCache[tuple[int, int], EntryText] = LRUCache(KEPT_TEXTS)
        self._sums: list[int] = [0]

    @property
    def complete(self) -> bool:
        """Whether the oldest item has been met."""
        return self._begun and self._before is None

    @property
    def read(self) -> int:
        """How many items were read, events included."""
        return len(self._items)

    def read_older(self) -> int:
        """Read on until something more is shown; return how many items were put before the rest."""
        added = 0
        while not added and not self.complete and not self.problem:
            try:
                page = self.source.older(self._before)
            except SourceFailed as failure:
                self.problem = str(failure)
                break
            self._begun = True
            self._before = page.before
            self.subjects.update(page.subjects)
            self._items[:0] = page.items
            more = [item for item in page.items if self._events or item.kind != "event"]
            self.shown[:0] = more
            added = len(more)
        if added:
            self._measure()
        return added

    def show_events(self, shown: bool) -> None:
        """Show events among the rest, or leave them out."""
        self._events = shown
        self.shown = [item for item in self._items if shown or item.kind != "event"]
        self._measure()

    def find(self, key: tuple[int, int]) -> int | None:
        """Return the place of an item among those shown."""
        for index in range(len(self.shown) - 1, -1, -1):
            if item_key(self.shown[index]) == key:
                return index
        return None

    def nearest(self, at: int) -> int:
        """Return the place of the last shown item that is not later than a time."""
        for index in range(len(self.shown) - 1, -1, -1):
            if self.shown[index].at <= at:
                return index
        return 0

    def text(self, index: int, ahead: int = 0) -> EntryText:
        """Return the text of a shown item.

        Args:
            index: Its place.
            ahead: Lines that will be shown from there on: the texts of what follows within them
                are read in the same call.
        """
        item = self.shown[index]
        found = self._texts.get((item.entry_id, item.revision))
        if found is not None:
            return found
        wanted: list[TimelineItem] = []
        for later in self.shown[index : index + 40]:
            if later.entry_id and (later.entry_id, later.revision) not in self._texts:
                wanted.append(later)
            ahead -= later.lines + 2
            if ahead <= 0:
                break
        try:
            texts = self.source.text([each.entry_id for each in wanted])
        except SourceFailed as failure:
            return EntryText(item.entry_id, str(failure), (), (), ())
        for each in wanted:
            missing = EntryText(each.entry_id, NO_TEXT, (), (), ())
            self._texts[each.entry_id, each.revision] = texts.get(each.entry_id, missing)
        return self._texts.get((item.entry_id, item.revision)) or EntryText(
            item.entry_id, NO_TEXT, (), (), ()
        )

    def keep_texts_of(self, other: Stream) -> None:
        """Take over the texts that another reading of the same timeline has at hand."""
        self._texts = other._texts

    def lines_before(self, index: int) -> int:
        """Return about how many lines stand before an item, for the scroll bar."""
        return self._sums[min(index, len(self._sums) - 1)]

    def _measure(self) -> None:
        total = 0
        self._sums = [0]
        for item in self.shown:
            # Header, blank line and what wraps; one for an event.
            total += 1 if item.kind == "event" else 2 + max(item.lines, item.characters // 80)
            self._sums.append(total)
