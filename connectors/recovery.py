"""How far a source was read, and how the next worker gets past what broke the last one."""

from __future__ import annotations

import json
from collections.abc import Iterator

from connectors import wire
from connectors.contract import (
    AuthError,
    BadFile,
    Batch,
    ConnectorError,
    RateLimited,
    Transient,
)

# As the worker sends them; the sink makes short transactions of them where others write too.
BATCH_ENTRIES = 1_000
# A worker holds back at most one group of items beyond what it sent.
HELD_BACK_ITEMS = BATCH_ENTRIES + 1
SENTENCE_CHARS = 1000


class Broken(Exception):
    """A worker broke down.

    Attributes:
        reason: How, after "the reader".
        exact: Whether all that it read was received, so that it broke on the next item.
        certain: Whether that item is surely to blame, and not somebody who killed the worker.
    """

    def __init__(self, reason: str, *, exact: bool, certain: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.exact = exact
        self.certain = certain


class Reached:
    """The place reached in a source, across the workers of one run.

    Attributes:
        cursor: The last one that was committed.
        after_cursor: Entries and quarantined items received after it; the next has this number.
        set_aside: Numbers after the cursor that the next worker must not parse.
        careful_items: How many items the next worker sends one by one.
    """

    def __init__(self, cursor: str) -> None:
        self.cursor = cursor
        self.after_cursor = 0
        self.set_aside: frozenset[int] = frozenset()
        self.careful_items = 0
        self._repeated = 0
        self._received_here = 0
        self._broke_at: tuple[str, int] | None = None
        self._culprits = 0
        self._breakdowns = 0

    def begin(self) -> None:
        """Note that a worker starts at the cursor: it will deliver what came after it again."""
        self._repeated, self.after_cursor = self.after_cursor, 0
        self._received_here = 0

    def batches(self, items: wire.Items) -> Iterator[Batch]:
        """Cut a frame into batches, so that what was counted before is in batches of its own."""
        return cut(items, self._repeated)

    def committed(self, batch: Batch) -> bool:
        """Note a batch that was committed; return whether its items are to be counted."""
        count = len(batch.entries) + len(batch.quarantined)
        is_new = self._repeated == 0
        self._repeated = max(0, self._repeated - count)
        self._received_here += count
        self.after_cursor += count
        if batch.cursor is not None:
            self.cursor = batch.cursor
            self.after_cursor = 0
            self.set_aside = frozenset()
        return is_new

    def is_careful(self) -> bool:
        """Tell whether the worker still sends each item by itself."""
        return self._received_here < self.careful_items

    def break_down(self, broken: Broken, *, can_skip: bool, culprits: int, losses: int) -> bool:
        """Decide how the next worker begins: look closely, or set a culprit aside.

        Args:
            broken: How the last one ended.
            can_skip: Whether the connector asks `connectors.culprit`.
            culprits: How many items may be set aside.
            losses: How many workers may be lost.

        Returns:
            False where there is no way past it.
        """
        self._breakdowns += 1
        self.careful_items = self.after_cursor + HELD_BACK_ITEMS
        place = (self.cursor, self.after_cursor)
        if not broken.certain and not (broken.exact and place == self._broke_at):
            # It may have been killed from outside: only the same place twice is a culprit.
            self._broke_at = place if broken.exact else None
            return self._breakdowns <= losses
        self._culprits += 1
        if not can_skip or self.after_cursor in self.set_aside or self._culprits > culprits:
            return False
        self.set_aside |= {self.after_cursor}
        return True

    def words(self) -> str:
        """Return the place in words."""
        return f"item {self.after_cursor + 1} after {_in_words(self.cursor)}"


def failure(failed: wire.Failed) -> Exception:
    """Return the exception that a failure frame stands for."""
    sentence = failed.sentence[:SENTENCE_CHARS]
    if failed.kind == "bad_file":
        return BadFile(sentence)
    if failed.kind == "auth":
        return AuthError(sentence)
    if failed.kind == "rate":
        return RateLimited(sentence, max(0.0, failed.after_seconds))
    if failed.kind == "transient":
        return Transient(sentence)
    if failed.kind == "refused":
        return ConnectorError(sentence)
    # The worker sent everything that it held before it said so.
    reason = f"gave up ({sentence.rstrip('.')})"
    return Broken(reason, exact=True, certain=True)


def cut(items: wire.Items, repeated: int) -> Iterator[Batch]:
    """Cut a frame into batches; a frame with nothing but a cursor is one too.

    Args:
        items: What came in one frame.
        repeated: After how many items to cut besides; 0 for nowhere.
    """
    entries, quarantined = items.entries, items.quarantined
    while True:
        room = min(repeated, BATCH_ENTRIES) or BATCH_ENTRIES
        head = entries[:room]
        aside = quarantined[: room - len(head)]
        entries, quarantined = entries[len(head) :], quarantined[len(aside) :]
        if not entries and not quarantined:
            yield Batch(head, aside, items.cursor)
            return
        yield Batch(head, aside)
        repeated = max(0, repeated - room)


def _in_words(cursor: str) -> str:
    """Return a cursor for people: most are short, or JSON with a byte offset."""
    if not cursor:
        return "the beginning"
    try:
        return f"byte {int(json.loads(cursor)['offset'])}"
    except (ValueError, KeyError, TypeError, RecursionError):
        return f"position {cursor[:80]}"
