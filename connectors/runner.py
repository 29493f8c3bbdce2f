"""Read a source through a worker and hand it to a sink, batch by batch.

At-least-once delivery: a batch and the cursor after it are committed together by the sink, and a
worker that is lost is started again from the last cursor. With a sink that upserts on
``(source, external_id)`` the effect is exactly once.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from types import FrameType

from connectors import registry, wire
from connectors.contract import (
    Batch,
    ConnectorError,
    Context,
    Outcome,
    Progress,
    RateLimited,
    Recognised,
    Sink,
    Transient,
)
from connectors.process import Worker, WorkerLost
from connectors.recovery import Broken, Reached, failure

POLL_SECONDS = 0.2

OnProgress = Callable[[Progress, Outcome], None]
Stop = Callable[[], bool]


class ReaderFailed(ConnectorError):
    """The reader itself broke on something in the source; all before it is committed."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a worker may use, and how patient the runner is.

    Attributes:
        memory_bytes: Address space of a worker.
        item_seconds: Time for one item of a file; live sources keep their own time.
        live_silence_seconds: How long a live source may send nothing.
        tries: How often in a row something transient is tried again.
        back_off_seconds: First wait; it doubles each time.
        longest_wait_seconds: A longer wait than this is not waited for but reported.
        culprits: How many items that kill a worker are set aside before the import stops.
        breakdowns: How many workers may be lost before the import stops.
    """

    memory_bytes: int = 2 * 1024**3
    item_seconds: float = 60.0
    live_silence_seconds: float = 900.0
    tries: int = 5
    back_off_seconds: float = 1.0
    longest_wait_seconds: float = 300.0
    culprits: int = 50
    breakdowns: int = 200


def run(
    recognised: Recognised,
    context: Context,
    sink: Sink,
    *,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
    limits: Limits = Limits(),
) -> Outcome:
    """Pull a source to its end, from where the sink says it was left.

    Args:
        recognised: What `registry.recognise` returned, or the like for a live source.
        context: What the connector is given; ``cursor`` empty means: ask the sink.
        sink: Where batches go, called in this thread only.
        on_progress: Called in this thread after each batch and each report of the connector.
        stop: Asked between batches; True ends the run there.
        limits: For tests and small machines.

    Returns:
        The sum of the sink's outcomes, also when stopped.

    Raises:
        ConnectorError: One of the contract's errors, or `ReaderFailed`; what was committed stays.
        KeyboardInterrupt: Ctrl-C was pressed; raised at the end of a batch, not inside it.
    """
    return _Run(recognised, context, sink, on_progress, stop, limits).to_the_end()


def survey(
    recognised: Recognised,
    context: Context,
    see: Callable[[Batch], None],
    *,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
    limits: Limits = Limits(),
) -> Outcome:
    """Read a source for a preview: batches go to ``see``, nothing is stored, no cursor is used."""
    preview = replace(context, survey=True, cursor="")
    return run(
        recognised, preview, _Onlooker(see), on_progress=on_progress, stop=stop, limits=limits
    )


class _Onlooker:
    """A sink that stores nothing."""

    def __init__(self, see: Callable[[Batch], None]) -> None:
        self._see = see

    def cursor(self) -> str:
        """Return no cursor: a preview begins at the beginning."""
        return ""

    def write(self, batch: Batch) -> Outcome:
        """Show a batch and count it."""
        self._see(batch)
        return Outcome(new=len(batch.entries), quarantined=len(batch.quarantined))


class _Stopped(Exception):
    """Somebody asked to stop."""


class _Run:
    """One run: the place reached, and what went wrong on the way."""

    def __init__(
        self,
        recognised: Recognised,
        context: Context,
        sink: Sink,
        on_progress: OnProgress | None,
        stop: Stop | None,
        limits: Limits,
    ) -> None:
        self._recognised = recognised
        self._context = _absolute(recognised, context)
        self._sink = sink
        self._on_progress = on_progress
        self._stop = stop
        self._limits = limits
        self._outcome = Outcome()
        self._progress = Progress(0, recognised.size)
        self._reached = Reached(context.cursor or sink.cursor())
        self._counted = 0
        self._interrupted = False

    def to_the_end(self) -> Outcome:
        """Run workers until one is done."""
        tries, counted = 0, -1
        with self._interrupts_wait():
            while True:
                try:
                    self._read()
                    return self._outcome
                except _Stopped:
                    return self._stopped()
                except (Transient, RateLimited) as error:
                    tries = 1 if self._counted > counted else tries + 1
                    counted = self._counted
                    seconds = self._back_off_seconds(error, tries)
                    if tries >= self._limits.tries or seconds > self._limits.longest_wait_seconds:
                        raise
                    if not self._wait(seconds):
                        return self._stopped()
                except Broken as broken:
                    if not self._can_go_on(broken):
                        raise ReaderFailed(self._where_it_broke(broken)) from None

    def _read(self) -> None:
        """Run one worker from the cursor to its end."""
        self._reached.begin()
        with Worker(self._request()) as worker:
            while True:
                if self._asked_to_stop():
                    raise _Stopped
                frame = self._next_frame(worker)
                if isinstance(frame, wire.Items):
                    self._write(frame)
                elif isinstance(frame, wire.Working):
                    self._progress = frame.progress
                    self._report()
                elif isinstance(frame, wire.Failed):
                    raise failure(frame)
                elif isinstance(frame, wire.Done):
                    return

    def _next_frame(self, worker: Worker) -> wire.Frame | None:
        """Return a frame, or None after a short wait; notice a worker that is lost."""
        careful = self._reached.is_careful()
        try:
            frame = worker.next_frame(POLL_SECONDS)
        except WorkerLost as lost:
            raise Broken(lost.reason, exact=careful) from None
        if frame is None and worker.silent_seconds() > self._silence_seconds():
            raise Broken("stopped answering", exact=careful, certain=careful)
        return frame

    def _write(self, items: wire.Items) -> None:
        """Hand what came to the sink, in batches; the cursor goes with the last of them."""
        for batch in self._reached.batches(items):
            outcome = self._sink.write(batch)
            if self._reached.committed(batch):
                self._outcome += outcome
                self._counted += len(batch.entries) + len(batch.quarantined)
            self._report()
            if self._asked_to_stop():
                raise _Stopped

    def _can_go_on(self, broken: Broken) -> bool:
        """Tell whether another worker may get past what broke the last one."""
        connector = registry.connector(self._recognised.connector)
        return self._reached.break_down(
            broken,
            can_skip=bool(getattr(connector, "sets_aside", False)),
            culprits=self._limits.culprits,
            losses=self._limits.breakdowns,
        )

    def _where_it_broke(self, broken: Broken) -> str:
        """Return the sentence for a reader that cannot get past something."""
        what = self._context.path or self._recognised.title
        return (
            f"Reading {what} stopped at {self._reached.words()}: "
            f"the reader {broken.reason}. What came before it is kept."
        )

    def _request(self) -> wire.Request:
        """Return what the next worker is asked."""
        settings = dict(self._context.settings)
        settings.setdefault("source", self._recognised.source)
        settings.setdefault("network", self._recognised.network)
        is_file = bool(self._context.path)
        return wire.Request(
            connector=self._recognised.connector,
            context=replace(self._context, cursor=self._reached.cursor, settings=settings),
            item_seconds=self._limits.item_seconds if is_file else 0.0,
            memory_bytes=self._limits.memory_bytes,
            careful_items=self._reached.careful_items,
            set_aside=tuple(sorted(self._reached.set_aside)),
            eager=not is_file,
        )

    def _silence_seconds(self) -> float:
        """Return how long a worker may send nothing: a hung item has two chances to say so."""
        if not self._context.path:
            return self._limits.live_silence_seconds
        return 2 * self._limits.item_seconds + 15.0

    def _back_off_seconds(self, error: ConnectorError, tries: int) -> float:
        """Return how long to wait before the next try: doubling, or what the source asked for."""
        asked_for = error.after_seconds if isinstance(error, RateLimited) else 0.0
        return max(asked_for, self._limits.back_off_seconds * 2.0 ** (tries - 1))

    def _wait(self, seconds: float) -> bool:
        """Wait; return False where somebody asked to stop meanwhile."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self._asked_to_stop():
                return False
            time.sleep(min(POLL_SECONDS, left))
        return True

    def _stopped(self) -> Outcome:
        """Return what was done until somebody asked to stop, or pass Ctrl-C on."""
        if self._interrupted:
            raise KeyboardInterrupt
        return self._outcome

    def _report(self) -> None:
        if self._on_progress is not None:
            self._on_progress(self._progress, self._outcome)

    def _asked_to_stop(self) -> bool:
        return self._interrupted or (self._stop is not None and self._stop())

    @contextmanager
    def _interrupts_wait(self) -> Iterator[None]:
        """Let Ctrl-C take effect between batches, where this is the main thread."""
        main = threading.current_thread() is threading.main_thread()
        if not main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
            yield
            return

        def interrupt(_signal: int, _frame: FrameType | None) -> None:
            self._interrupted = True

        signal.signal(signal.SIGINT, interrupt)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _absolute(recognised: Recognised, context: Context) -> Context:
    """Return a context that means the same from any working directory."""
    return replace(context, path=os.path.abspath(context.path)) if context.path else context
