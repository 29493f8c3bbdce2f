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
  culprit stands. It believes so only when a second worker dies at the same place.
* A connector that asks `connectors.culprit` yields that item as `Quarantined`, unparsed, and goes
  on. For any other the runner stops with a sentence that names the place; all before it stays
  committed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from types import FrameType

from connectors import culprit, registry, wire
from connectors.contract import (
    AuthError,
    BadFile,
    ConnectorError,
    Entry,
    Item,
    Quarantined,
    RateLimited,
    Transient,
)
from connectors.outbox import Outbox

OPEN_FILES = 256
TICK_SECONDS = 1.0


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
        _pump(source.pull(request.context), outbox, watch, frozenset(request.set_aside))
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


def _pump(items: Iterator[Item], outbox: Outbox, watch: Watch, culprits: frozenset[int]) -> None:
    """Move items from the connector to the outbox, one at a time under the watch."""
    number = 0
    while True:
        culprit.announce(number in culprits)
        watch.enter()
        try:
            item = next(items, None)
        finally:
            watch.inside = False
        if item is None:
            return
        number += isinstance(item, Entry | Quarantined)
        outbox.add(item)


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
