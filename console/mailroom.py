"""The desk's own postman: while it is open, the mailboxes of the configuration are pulled.

That happens in a child process; what comes shows up by itself, as everything does that another
program writes into the store. Two desks on one mailbox pull it once: the second waits its turn.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

from console.child import Child, Told
from console.text import one_line

FIRST_SECONDS = 1.0  # the desk draws and answers first
AGAIN_SECONDS = 60.0
SENTENCE_CHARACTERS = 300


class Mailroom:
    """Runs ``centric pull --watch`` beside the desk, and says how it goes."""

    def __init__(
        self, arguments: tuple[str, ...], changed: Callable[[], None], said: Callable[[str], None]
    ) -> None:
        """Make one that does nothing yet.

        Args:
            arguments: Of ``centric``, before ``pull``: which store, who works.
            changed: Called when `state` has changed.
            said: Called with a sentence that an agent should read, once for each.
        """
        self._arguments = arguments
        self._changed = changed
        self._said = said
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = self._stopped = False
        self._last = ""
        self.state = ""
        """A few words for the status line; empty while nothing is to be said."""

    def begin(self) -> None:
        """Start soon."""
        self._task = asyncio.create_task(self._run())

    def end(self) -> None:
        """Ask the child to end; what it committed stays."""
        self._ended = True
        if self._child is not None:
            self._child.stop()
        if self._task is not None:
            self._task.cancel()

    async def _run(self) -> None:
        await asyncio.sleep(FIRST_SECONDS)
        while not self._ended:
            words = (*self._arguments, "pull", "--watch", "--yes", "--child", "-o", "ndjson")
            self._child = Child(words, self._told, self._line)
            with contextlib.suppress(OSError):
                await self._child.run()
            if self._stopped:
                return  # a refused login is not tried again and again: accounts are locked for that
            await asyncio.sleep(AGAIN_SECONDS)

    def _told(self, told: Told) -> None:
        busy = told.total > told.done
        account = one_line(told.path, 30)
        self._show(f"{account} {told.done:,} of {told.total:,}" if busy else "")

    def _line(self, value: dict[str, object]) -> None:
        """Take what the child says besides its progress."""
        for kind in ("failed", "waiting"):
            event = value.get(kind)
            if isinstance(event, dict):
                sentence = f"{event.get('path', '')}: {event.get('reason', '')}"
                self._show("mail waits" if kind == "waiting" else "mail stopped")
                if kind == "failed":
                    self._stopped = True
                    self._say(sentence)

    def _show(self, state: str) -> None:
        if state != self.state:
            self.state = state
            self._changed()

    def _say(self, sentence: str) -> None:
        sentence = one_line(sentence, SENTENCE_CHARACTERS)
        if sentence and sentence != self._last:
            self._last = sentence
            self._said(sentence)
