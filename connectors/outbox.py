"""Groups what a connector yields into frames that are each worth a transaction."""

from __future__ import annotations

import time
from dataclasses import fields, is_dataclass, replace
from typing import TypeVar

from connectors import wire
from connectors.contract import Attachment, Entry, Item, Progress, Quarantined, State

# Large: a transaction of 1,000 entries costs half as much an entry as one of 30. The sink cuts
# them smaller while anyone else writes.
BATCH_ENTRIES = 1_000
BATCH_BYTES = 4 * 1024 * 1024
BATCH_SECONDS = 0.5
PROGRESS_SECONDS = 0.1
RAW_BYTES = 50 * 1024 * 1024

T = TypeVar("T")


class Outbox:
    """Groups items and sends them, so that each frame is worth a transaction.

    A group is cut at a checkpoint once it is full enough; a checkpoint in the middle of it is kept
    back, and what came after it goes in a frame of its own.
    """

    def __init__(self, descriptor: int, *, careful_items: int, eager: bool, bare: bool) -> None:
        self._descriptor = descriptor
        self._careful = careful_items
        self._eager = eager
        self._bare = bare
        self._entries: list[Entry] = []
        self._quarantined: list[Quarantined] = []
        self._bytes = 0
        self._cursor: str | None = None
        self._before_cursor = (0, 0)
        self._flushed_at = time.monotonic()
        self._progress_at = 0.0

    def add(self, item: Item) -> None:
        """Take one item; send what is ready."""
        if isinstance(item, Entry):
            entry = _bare(item) if self._bare else item
            self._entries.append(entry)
            self._bytes += _weight(entry)
            self._careful -= 1
        elif isinstance(item, Quarantined):
            self._quarantined.append(replace(item, raw=item.raw[:RAW_BYTES]))
            self._bytes += min(len(item.raw), RAW_BYTES)
            self._careful -= 1
        elif isinstance(item, State):
            self._cursor = item.cursor
            self._before_cursor = (len(self._entries), len(self._quarantined))
            if self._eager:
                self.flush()
        elif isinstance(item, Progress):
            self._working(item)
        else:
            raise TypeError(f"A connector yielded {type(item).__name__}, which is not an item.")
        if self._full():
            self.flush()

    def flush(self) -> None:
        """Send all that is held."""
        entries, quarantined = self._before_cursor
        if self._cursor is not None:
            self._items(self._entries[:entries], self._quarantined[:quarantined], self._cursor)
        else:
            entries = quarantined = 0
        if self._entries[entries:] or self._quarantined[quarantined:]:
            self._items(self._entries[entries:], self._quarantined[quarantined:], None)
        self._entries, self._quarantined, self._bytes = [], [], 0
        self._cursor, self._before_cursor = None, (0, 0)
        self._flushed_at = time.monotonic()

    def finish(self, last: wire.Done | wire.Failed) -> None:
        """Send all that is held, and the end."""
        self.flush()
        wire.send(self._descriptor, wire.encode(last))

    def _full(self) -> bool:
        return (
            self._careful >= 0
            or len(self._entries) + len(self._quarantined) >= BATCH_ENTRIES
            or self._bytes >= BATCH_BYTES
            or time.monotonic() - self._flushed_at >= BATCH_SECONDS
        )

    def _working(self, progress: Progress) -> None:
        now = time.monotonic()
        if now - self._progress_at >= PROGRESS_SECONDS:
            self._progress_at = now
            wire.send(self._descriptor, wire.encode(wire.Working(progress)))

    def _items(self, entries: list[Entry], aside: list[Quarantined], cursor: str | None) -> None:
        """Send a frame; where it cannot be encoded, mend its text or send it item by item."""
        try:
            encoded = wire.encode(wire.Items(tuple(entries), tuple(aside), cursor))
        except UnicodeEncodeError:
            encoded = wire.encode(
                wire.Items(
                    _without_surrogates(tuple(entries)), _without_surrogates(tuple(aside)), cursor
                )
            )
        except wire.BadFrame:
            self._one_by_one(entries, aside, cursor)
            return
        wire.send(self._descriptor, encoded)

    def _one_by_one(
        self, entries: list[Entry], aside: list[Quarantined], cursor: str | None
    ) -> None:
        """Send items that are too large together; set aside what is too large by itself."""
        if len(entries) + len(aside) > 1:
            for entry in entries:
                self._items([entry], [], None)
            for item in aside:
                self._items([], [item], None)
            self._items([], [], cursor)
            return
        for entry in entries:
            large = Quarantined(entry.external_id, "", "It is too large to be read.")
            self._items([], [large], cursor)


def _bare(entry: Entry) -> Entry:
    """Return an entry for a preview: without the bytes that would only be thrown away."""
    if entry.original or any(file.data for file in entry.attachments):
        files = tuple(replace(file, data=b"") for file in entry.attachments)
        return replace(entry, original=b"", attachments=files)
    return entry


def _weight(entry: Entry) -> int:
    """Return about how many bytes an entry takes in a frame."""
    return len(entry.original) + len(entry.text) + sum(map(_data_bytes, entry.attachments))


def _data_bytes(file: Attachment) -> int:
    return len(file.data)


def _without_surrogates(value: T) -> T:
    """Return ``value`` with lone surrogates replaced in every text in it."""
    mended: object = value
    if isinstance(value, str):
        mended = value.encode("utf-8", "replace").decode("utf-8")
    elif isinstance(value, tuple):
        mended = tuple(_without_surrogates(part) for part in value)
    elif is_dataclass(value) and not isinstance(value, type):
        parts = {field.name: getattr(value, field.name) for field in fields(value)}
        mended = type(value)(**{name: _without_surrogates(part) for name, part in parts.items()})
    return mended  # type: ignore[return-value]  # each branch keeps the type
