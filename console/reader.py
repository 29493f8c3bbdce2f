"""Questions to the store: cheap ones at once, the others in threads, a late answer dropped.

On SQLite the reads of a key stay under 2 ms and may run on the thread that draws, so that list,
timeline and sheet change in one paint. Everything else, every act, and every read from a server
(`console.patience`) goes to a thread that keeps its own connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from textual.app import App

from console.patience import Patience
from db.engine.interface import Connection
from db.errors import StoreError
from db.store import Store

P = ParamSpec("P")
R = TypeVar("R")

READ_THREADS = 2
FINISH_SECONDS = 3.0  # at the end of the program, before a draft is given up


class Reader:
    """Asks for the screens and carries out acts; every callback runs on the thread that draws."""

    def __init__(self, app: App[Any], store: Store) -> None:  # Any: whatever the app returns
        self._app = app
        self.store = store
        self._readers = ThreadPoolExecutor(READ_THREADS, thread_name_prefix="read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="write")
        self._asked: dict[str, int] = {}
        self._patience = None if store.engine.name == "sqlite" else Patience(self._late)
        self.waiting = 0

    def now(
        self, question: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Answer at once; only for questions of 2 ms.

        Raises:
            StoreError: What the question raises, or the server does not answer in time.
        """
        if self._patience is None:
            return self.store.ask(question, *args, **kwargs)
        return self._patience.ask(partial(self.store.ask, question, *args, **kwargs))

    def lost(self, problem: str) -> None:
        """Wait for nothing while there is no connection; empty when it is back."""
        if self._patience is not None:
            self._patience.lost = problem

    def _late(self) -> None:
        """Let the screens read again: an answer that was not waited for is there."""
        reload = getattr(self._app, "reload", None)
        if reload is not None:
            self._app.call_later(reload)

    def later(
        self,
        group: str,
        question: Callable[[Connection], R],
        then: Callable[[R], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        """Answer in a thread; a newer question of the same group makes this answer unwanted."""
        asked = self._asked[group] = self._asked.get(group, 0) + 1

        def answer() -> None:
            if self._asked[group] != asked:
                self._app.call_later(self._arrived, group, -1, then, None, None, failed)
                return
            result, error = None, None
            try:
                result = self.store.ask(question)
            except Exception as problem:  # shown, or ends the app, on the thread that draws
                error = problem
            self._app.call_later(self._arrived, group, asked, then, result, error, failed)

        self.waiting += 1
        self._readers.submit(answer)

    def act(
        self,
        act: Callable[[], R],
        then: Callable[[R], None],
        failed: Callable[[StoreError], None],
    ) -> None:
        """Carry out an act in the writing thread, one after the other in the order given."""

        def run() -> None:
            result, error = None, None
            try:
                result = act()
            except Exception as problem:  # shown, or ends the app, on the thread that draws
                error = problem
            self._app.call_later(self._arrived, "", 0, then, result, error, failed)

        self.waiting += 1
        self._writer.submit(run)

    def finish(self, act: Callable[[], object]) -> None:
        """Carry out something after all acts so far and wait for it, a moment at most."""
        with contextlib.suppress(StoreError, TimeoutError, RuntimeError):
            self._writer.submit(act).result(timeout=FINISH_SECONDS)

    def forget(self, group: str) -> None:
        """Make the answers that are still under way in a group unwanted."""
        self._asked[group] = self._asked.get(group, 0) + 1

    def _arrived(
        self,
        group: str,
        asked: int,
        then: Callable[[Any], None],  # Any: each question has its own answer
        result: Any,  # as above
        error: Exception | None,
        failed: Callable[[StoreError], None],
    ) -> None:
        self.waiting -= 1
        if not self._app.is_running or self._app._exit:
            return  # the screens are being taken down
        if group and self._asked[group] != asked:
            return
        if isinstance(error, StoreError):
            failed(error)
        elif error is not None:
            raise error
        else:
            then(result)

    def close(self) -> None:
        """Let the threads end; an act that was begun is finished first."""
        self._writer.shutdown(wait=True)
        if self._patience is not None:
            self._patience.close()
        self._readers.shutdown(wait=False, cancel_futures=True)
