"""The one clock of the store, so that a test can stop it."""

from __future__ import annotations

import time


def now() -> int:
    """Return the time: UTC milliseconds."""
    return time.time_ns() // 1_000_000
