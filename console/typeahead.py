"""One key after the other: each finds the screen as the keys before it have left it.

Textual hands keys to the focused widget as they come and looks for their bindings only when they
have come back from it. Someone who types ``t``, ``billing``, enter faster than a picker opens
would give the letters to the list below, where ``e`` resolves a case. Here a key waits until the
one before it is done, and until a box that is being opened has the keys.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any

from textual import events
from textual.app import App
from textual.screen import ModalScreen

from console.screens.base import TypeAhead
from db.errors import StoreError

LOST_SECONDS = 0.2  # a key that a widget in between has swallowed holds up the next no longer


class KeepsKeys(App[None]):
    """An app that takes keys in their order, whatever they open."""

    def __init__(self, *args: Any, **options: Any) -> None:  # Any: whatever App takes
        super().__init__(*args, **options)
        self._asking = 0
        self._line: deque[events.Key] = deque()
        self._flying: events.Key | None = None
        self._lost: asyncio.TimerHandle | None = None

    def ask(self, questions: Coroutine[Any, Any, None]) -> None:  # Any: what coroutines are made of
        """Ask the agent something, box by box; what is typed between two boxes waits."""
        self._asking += 1

        async def asked() -> None:
            try:
                await questions
            except StoreError as error:
                self.refuse(error)
            finally:
                self._asking -= 1
                self.replay()

        self.run_worker(asked())

    def refuse(self, error: StoreError) -> None:
        """Say why something was not done."""
        self.notify(str(error), severity="warning", markup=False)

    def replay(self) -> None:
        """Go on with the keys that wait, now that there is something to take them."""
        if self._line:
            self.call_later(self._next)

    async def on_event(self, event: events.Event) -> None:
        """Line a new key up; a key that has come back from its widget is done after this."""
        if not isinstance(event, events.Key):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            self._landed(event)
        else:
            self._line.append(event)
            await self._next()

    async def _next(self) -> None:
        while self._line and self._flying is None and not self._too_early(self._line[0]):
            event = self._flying = self._line.popleft()
            target = self.focused or self.screen
            await super().on_event(event)
            if not event.is_forwarded:
                self._landed(event)
                continue
            target.call_later(self._taken, event)
            self._lost = asyncio.get_running_loop().call_later(LOST_SECONDS, self._landed, event)

    def _too_early(self, event: events.Key) -> bool:
        if event.key == "ctrl+q" or not self.screen_stack:
            return False
        if isinstance(self.screen, TypeAhead):
            return not self.screen.ready
        return bool(self._asking) and not isinstance(self.screen, ModalScreen)

    def _taken(self, event: events.Key) -> None:
        """Hear that the widget is done with a key: a letter that it kept goes no further."""
        if event._stop_propagation:
            self._landed(event)

    def _landed(self, event: events.Key) -> None:
        if event is not self._flying:
            return
        self._flying = None
        if self._lost is not None:
            self._lost.cancel()
            self._lost = None
        if self._line:
            self.call_later(self._next)
