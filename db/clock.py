"""The one clock of the store, so that a test or a demo can stop it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

_stopped_at: list[int] = []


def now() -> int:
    """Return the time: UTC milliseconds."""
    return _stopped_at[-1] if _stopped_at else time.time_ns() // 1_000_000


@contextmanager
def stopped(at: int) -> Iterator[None]:
    """Let `now` return ``at`` (UTC milliseconds) in this process while the block runs."""
    _stopped_at.append(at)
    try:
        yield
    finally:
        _stopped_at.pop()
