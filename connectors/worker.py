"""The child process in which connectors read what strangers wrote: limited, and without the store.

It reads one `wire.Request` from standard input, pulls the connector, and writes frames to what was
its standard output when it began (whatever the connector prints goes to standard error). Run by
`connectors.process`; ``python -m connectors.worker`` is the same program.

How a message that hangs or kills a parser is survived:

* A tick each second looks how long the present item has taken. Past the limit it raises
  `TookTooLong` inside the connector, which may catch it like any other parse error, quarantine the
  item and go on.
* What a tick cannot interrupt (a crash, an abort, a loop in compiled code) ends this process; the
  runner sees it and starts another one from the last checkpoint, at first with *careful* items,
  each sent as soon as it is yielded, so that it knows how many items after the checkpoint the
  culprit stands.
* A connector with an attribute ``sets_aside = True`` is then told ``settings["set_aside"]``, such
  as ``"3,17"``: yield the third and seventeenth item after the cursor (the first is 0; entries and
  quarantined items count) as `Quarantined`, unparsed. For any other connector the runner stops with
  a sentence that names the place; all before it stays committed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass, replace
from types import FrameType
from typing import TypeVar

from connectors import registry, wire
from connectors.contract import (
    Attachment,
    AuthError,
    BadFile,
    ConnectorError,
    Entry,
    Item,
    Progress,
    Quarantined,
    RateLimited,
    State,
    Transient,
)

BATCH_ENTRIES = 200
BATCH_BYTES = 4 * 1024 * 1024
BATCH_SECONDS = 0.25
PROGRESS_SECONDS = 0.1
OPEN_FILES = 256
RAW_BYTES = 50 * 1024 * 1024
TICK_SECONDS = 1.0

T = TypeVar("T")


class TookTooLong(TimeoutError):
    """Raised inside a connector whose present item has used up its time."""


class Watch:
    """Interrupts an item that takes too long, and ends an orphaned worker."""

    def __init__(self, item_seconds: float) -> None:
        self._limit = item_seconds
        self._began = 0.0
        self._parent = os.getppid()
        self.inside = False

    def start(self) -> None:
        """Begin to tick."""
        signal.signal(signal.SIGALRM, self._tick)
        signal.setitimer(signal.ITIMER_REAL, TICK_SECONDS, TICK_SECONDS)

    def enter(self) -> None:
        """Note that the connector begins with its next item."""
        self._began = time.monotonic()
        self.inside = True

    def _tick(self, _signal: int, _frame: FrameType | None) -> None:
        if os.getppid() != self._parent:
            os._exit(1)
        if self.inside and self._limit and time.monotonic() - self._began > self._limit:
            self._began = time.monotonic()
            raise TookTooLong(f"Reading it took longer than {self._limit:g} seconds.")


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


def main() -> int:
    """Serve one request; return an exit status."""
    descriptor = _private_output()
    request = wire.read_request(0)
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    watch = Watch(request.item_seconds)
    outbox = Outbox(
        descriptor,
        careful_items=request.careful_items,
        eager=request.eager,
        bare=request.context.survey,
    )
    last: wire.Done | wire.Failed = wire.Done()
    try:
        source = registry.connector(request.connector)
        _set_limits(request.memory_bytes, reads_files=bool(request.context.path))
        watch.start()
        _pump(source.pull(request.context), outbox, watch)
    except BrokenPipeError:
        return 1
    except BaseException as error:  # a parser in Rust panics past Exception, and must be told too
        watch.inside = False
        last = _failure(error)
    try:
        outbox.finish(last)
    except BrokenPipeError:
        return 1
    return 0


def _pump(items: Iterator[Item], outbox: Outbox, watch: Watch) -> None:
    """Move items from the connector to the outbox, one at a time under the watch."""
    end = object()
    while True:
        watch.enter()
        try:
            item = next(items, end)
        finally:
            watch.inside = False
        if item is end:
            return
        outbox.add(item)  # type: ignore[arg-type]  # anything but the end mark is an item


def _failure(error: BaseException) -> wire.Failed:
    """Turn what a connector raised into a frame, and leave the trace on standard error."""
    kinds: tuple[tuple[type[BaseException], wire.FailureKind], ...] = (
        (BadFile, "bad_file"),
        (AuthError, "auth"),
        (RateLimited, "rate"),
        (Transient, "transient"),
        (ConnectorError, "refused"),
        (TookTooLong, "hang"),
    )
    for known, kind in kinds:
        if isinstance(error, known):
            after = error.after_seconds if isinstance(error, RateLimited) else 0.0
            return wire.Failed(kind, _plain(str(error)), after)
    traceback.print_exception(error)
    if isinstance(error, MemoryError):
        return wire.Failed("crash", "It needed more memory than a reader is given.")
    place = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{os.path.basename(place.filename)}, line {place.lineno}"
    return wire.Failed("crash", f"The reader failed with {type(error).__name__} in {where}.")


def _plain(text: str) -> str:
    """Return text that can be encoded."""
    return text.encode("utf-8", "replace").decode("utf-8")


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


def _private_output() -> int:
    """Keep standard output for frames and send what a connector prints to standard error."""
    descriptor = os.dup(1)
    os.set_inheritable(descriptor, False)
    os.dup2(2, 1)
    return descriptor


def _set_limits(memory_bytes: int, *, reads_files: bool) -> None:
    """Take away what a reader does not need. A system that refuses a limit is left as it is."""
    try:
        import resource
    except ImportError:
        return
    limits = [
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_NOFILE, OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
    ]
    if reads_files:  # live connectors may need threads, which count as processes
        limits.append((resource.RLIMIT_NPROC, 0))
    for limit, value in limits:
        _lower(resource.getrlimit, resource.setrlimit, limit, value)


def _lower(
    get: Callable[[int], tuple[int, int]],
    put: Callable[[int, tuple[int, int]], None],
    limit: int,
    value: int,
) -> None:
    """Lower one limit, soft and hard, never raising it."""
    with contextlib.suppress(ValueError, OSError):
        hard = get(limit)[1]
        allowed = value if hard < 0 else min(value, hard)
        put(limit, (allowed, allowed))


if __name__ == "__main__":
    sys.exit(main())
