"""Says in the store that this desk is open: colleagues see it, and two people on one login too."""

from __future__ import annotations

from typing import Any

from textual.app import App

from console.cli.known_people import origin
from console.reader import Reader
from db import sessions
from db.errors import StoreError
from db.records import AgentRow

FIRST_SECONDS = 2.0  # the desk draws and answers first


class Attendance:
    """Keeps one row alive as long as the desk is open."""

    def __init__(self, reader: Reader, agent: AgentRow) -> None:
        self._reader = reader
        self._agent = agent
        self._told = False

    def begin(self, app: App[Any]) -> None:  # whatever the app returns
        """Tell soon, and then every now and then."""
        app.set_timer(FIRST_SECONDS, self._tell)
        app.set_interval(sessions.REFRESH_SECONDS, self._tell)

    def end(self) -> None:
        """Take the row away."""
        if self._told:
            self._reader.finish(lambda: sessions.leave(self._reader.store.engine))

    def _tell(self) -> None:
        self._told = True
        engine, agent = self._reader.store.engine, self._agent
        self._reader.act(
            lambda: sessions.still_here(engine, agent, origin()), lambda _: None, self._failed
        )

    def _failed(self, _error: StoreError) -> None:
        """Say nothing: an act that fails says it, and this one is nobody's."""
