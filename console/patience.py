"""The reads of a key from a server: in a thread, and waited for only as long as a person would.

On a file they take less than 2 ms and run on the thread that draws. Over a network each may take
any time: so the desk waits for a moment, then goes on and says so; what comes late is shown when it
is there. While the server is known to be gone nothing waits at all.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from db.errors import Unavailable

R = TypeVar("R")

WAIT_SECONDS = 2.0


class Patience:
    """One thread that reads for the keys.

    Attributes:
        lost: Why there is no connection; empty while there is one.
    """

    def __init__(self, came_late: Callable[[], None]) -> None:
        """Start with a connection.

        Args:
            came_late: Called in the reading thread when a read that was given up is through.
        """
        self.lost = ""
        self._came_late = came_late
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="keys")
        self._late: Future[object] | None = None

    def ask(self, read: Callable[[], R]) -> R:
        """Return what ``read`` returns.

        Raises:
            Unavailable: There is no connection, or the server takes too long.
        """
        if self.lost:
            raise Unavailable(self.lost)
        if self._late is not None and not self._late.done():
            raise Unavailable("The server still takes its time; what is shown may be old.")
        future = self._thread.submit(read)
        try:
            return future.result(timeout=WAIT_SECONDS)
        except TimeoutError:
            if future.done():
                return future.result()
            self._late = future  # type: ignore[assignment]  # only asked whether it is done
            future.add_done_callback(lambda _: self._came_late())
            raise Unavailable(
                "The server takes long to answer. What you asked for is shown when it is there."
            ) from None

    def close(self) -> None:
        """Let the thread end."""
        self._thread.shutdown(wait=False, cancel_futures=True)
