"""Units of work done by processes of their own, limited, with the answers in order.

A process that dies costs the unit on which it died, which is done again message by message, each
in a process of its own, so that one message is left out and no other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from types import FrameType

from connectors.mail.inspection import Unit

MEMORY_BYTES = 2 * 1024**3
MESSAGE_SECONDS = 60.0
_WAITING = 3  # units given out for each process, so that none waits for the writer

Work = Callable[[Unit], bytes]


class TookTooLong(TimeoutError):
    """Raised inside a reader whose message has used up its time."""


def in_order(
    units: Iterable[Unit], work: Work, lost: Callable[[Unit], bytes], processes: int
) -> Iterator[bytes]:
    """Yield what ``work`` makes of each unit, in their order.

    Args:
        units: What is to be done.
        work: A function at the top of a module; runs in another process.
        lost: What stands for a message on which its process died; runs here.
        processes: At most so many at a time.
    """
    coming = iter(units)
    doing: deque[tuple[Unit, Future[bytes]]] = deque()
    pool = _pool(processes)
    try:
        while True:
            while len(doing) < processes * _WAITING:
                unit = next(coming, None)
                if unit is None:
                    break
                doing.append((unit, pool.submit(work, unit)))
            if not doing:
                return
            unit, answer = doing[0]
            try:
                yield answer.result()
                doing.popleft()
            except BrokenProcessPool:
                pool.shutdown(wait=False, cancel_futures=True)
                yield from _carefully(unit, work, lost)
                doing.popleft()
                pool = _pool(processes)
                doing = deque((again, pool.submit(work, again)) for again, _ in doing)
    finally:
        _end(pool)


def _carefully(unit: Unit, work: Work, lost: Callable[[Unit], bytes]) -> Iterator[bytes]:
    """Do a unit alone; where its process dies again, message by message."""
    answer = _alone(unit, work)
    if answer is not None:
        yield answer
        return
    for single in unit.singly():
        answer = _alone(single, work)
        yield lost(single) if answer is None else answer


def _alone(unit: Unit, work: Work) -> bytes | None:
    """Do a unit in a process of its own; None where that dies."""
    pool = _pool(1)
    try:
        return pool.submit(work, unit).result()
    except BrokenProcessPool:
        return None
    finally:
        _end(pool)


def _pool(processes: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, mp_context=_context(), initializer=_limit)


def _context() -> BaseContext:
    """Return how processes are made: by fork where there is one, which costs milliseconds."""
    return get_context("fork" if "fork" in get_all_start_methods() else "spawn")


def _end(pool: ProcessPoolExecutor) -> None:
    """Let go of a pool; what it still does is not wanted."""
    for process in list((getattr(pool, "_processes", None) or {}).values()):
        with contextlib.suppress(OSError, ValueError):
            process.kill()
    pool.shutdown(wait=True, cancel_futures=True)


def _limit() -> None:
    """Take away from a reader what it does not need."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        import resource
    except ImportError:
        return
    for name, value in (
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_CORE, 0),
        (resource.RLIMIT_FSIZE, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            hard = resource.getrlimit(name)[1]
            allowed = value if hard < 0 else min(value, hard)
            resource.setrlimit(name, (allowed, allowed))


class Watch:
    """Ends a message that takes too long, from within; used by the process that reads."""

    def __init__(self, seconds: float = MESSAGE_SECONDS) -> None:
        self._seconds = seconds
        self._began = time.monotonic()
        self._parent = os.getppid()

    def __enter__(self) -> Watch:
        signal.signal(signal.SIGALRM, self._tick)
        signal.setitimer(signal.ITIMER_REAL, 1.0, 1.0)
        return self

    def __exit__(self, *error: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)

    def next(self) -> None:
        """Note that the next message begins."""
        self._began = time.monotonic()

    def _tick(self, _signal: int, _frame: FrameType | None) -> None:
        if os.getppid() != self._parent:
            os._exit(1)
        if time.monotonic() - self._began > self._seconds:
            self._began = time.monotonic()
            raise TookTooLong(f"Reading it took longer than {self._seconds:g} seconds.")
