"""What others commit, as the server tells it: a thread that listens and connects again by itself.

A commit is heard within milliseconds and costs nothing while nothing happens. The same connection
shows when the server is gone: that is told at once, and the thread tries until it is back.
"""

from __future__ import annotations

import contextlib
import os
import select
import threading
from collections import Counter
from collections.abc import Callable

import psycopg

from db.engine.interface import Row
from db.errors import Unavailable

CHANNEL = "centric"
RETRY_SECONDS = 0.5
READY_SECONDS = 15  # for the first connection; libpq gives up before

Connect = Callable[[], "psycopg.Connection[Row]"]


class Feed:
    """Counts the commits of all connections, and remembers who made them."""

    def __init__(self, connect: Connect) -> None:
        """Start to listen, and wait until the server answers or cannot be reached."""
        self._connect = connect
        self._total = 0
        self._by: Counter[int] = Counter()
        self._problem = ""
        self._stopping = False
        self._ready = threading.Event()
        self._wake, self._waker = os.pipe()
        self._thread = threading.Thread(target=self._run, name="changes", daemon=True)
        self._thread.start()
        self._ready.wait(READY_SECONDS)

    def mark(self, own: int) -> int:
        """Return a number that differs after a commit of any server process but ``own``.

        Raises:
            Unavailable: The server is gone; the feed is trying to reach it.
        """
        if self._problem:
            raise Unavailable(self._problem)
        return self._total - self._by[own]

    def stop(self) -> None:
        """End the thread and give everything back."""
        if self._stopping:
            return
        self._stopping = True
        os.write(self._waker, b"x")
        self._thread.join(RETRY_SECONDS + READY_SECONDS)
        if not self._thread.is_alive():
            os.close(self._wake)
            os.close(self._waker)

    def _run(self) -> None:
        while not self._stopping:
            try:
                raw = self._connect()
            except Unavailable as error:
                self._lost(str(error))
            else:
                self._listen(raw)
            if not self._stopping:
                select.select([self._wake], [], [], RETRY_SECONDS)

    def _listen(self, raw: psycopg.Connection[Row]) -> None:
        """Count what is told until the connection ends."""
        try:
            raw.execute(f"listen {CHANNEL}")
            self._total += 1  # what came while nobody listened
            self._problem = ""
            self._ready.set()
            while not self._stopping:
                select.select([raw.fileno(), self._wake], [], [])
                raw.pgconn.consume_input()
                while notice := raw.pgconn.notifies():
                    self._by[notice.be_pid] += 1
                    self._total += 1
        except (psycopg.Error, OSError) as error:
            words = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self._lost(f"The connection to the server was lost ({words.rstrip('.')}).")
        finally:
            with contextlib.suppress(psycopg.Error):
                raw.close()

    def _lost(self, problem: str) -> None:
        self._problem = problem
        self._ready.set()
