"""Whether the item that a connector is about to read is one that ended an earlier worker.

A connector that asks `is_next` at the one place where it parses, sets such an item aside unparsed
and carries ``sets_aside = True`` lets an import go on past a message that crashes or hangs its
parser. It must yield exactly one item for each time it comes to that place, before the next time.
"""

from __future__ import annotations

REASON = "Reading it ended the reader; its original is kept."

_is_next = False


def is_next() -> bool:
    """Return whether the next item must be yielded as `Quarantined`, unparsed."""
    return _is_next


def announce(is_culprit: bool) -> None:
    """Say what the next item is; called by the worker alone, before each item."""
    global _is_next
    _is_next = is_culprit
