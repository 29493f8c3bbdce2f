"""Start a worker, receive its frames in a thread, and make sure that it ends."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from types import TracebackType
from typing import IO, Self, cast

from connectors import wire

# Frames that wait for the store: enough to parse ahead, few enough to stay small.
QUEUED_FRAMES = 4
PIPE_BYTES = 1 << 20
STDERR_BYTES = 8192
CLOSING_SECONDS = 2.0
_SET_PIPE_SIZE = getattr(fcntl, "F_SETPIPE_SZ", None)

# The folders to import from come as arguments, so that no variable and no cwd decides them.
_BOOT = (
    "import sys; sys.path[:] = sys.argv[1:]; from connectors.worker import main; sys.exit(main())"
)

_log = logging.getLogger(__name__)


class WorkerLost(Exception):
    """The worker died, fell silent, or sent something that is not a frame.

    Attributes:
        reason: How, in words that go into a sentence: ``was killed by SIGKILL``.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Worker:
    """One worker process; leave the ``with`` block and it is gone, its process group with it."""

    def __init__(self, request: wire.Request) -> None:
        self._request = request
        self._queue: queue.Queue[wire.Frame | Exception | None] = queue.Queue(QUEUED_FRAMES)
        self._closing = threading.Event()
        self._heard_at: float | None = None
        self._complaints = bytearray()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(  # our own interpreter and our own code, no shell
            [sys.executable, "-I", "-X", "utf8", "-c", _BOOT, *_import_folders()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            start_new_session=True,
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._pipes = cast("tuple[IO[bytes], IO[bytes], IO[bytes]]", pipes)
        self._input, self._output, self._errors = (pipe.fileno() for pipe in self._pipes)
        if _SET_PIPE_SIZE is not None:
            with contextlib.suppress(OSError):
                fcntl.fcntl(self._output, _SET_PIPE_SIZE, PIPE_BYTES)
        self._threads = [
            threading.Thread(target=self._receive, name="worker-frames", daemon=True),
            threading.Thread(target=self._listen, name="worker-errors", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        self._ask()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self._closing.set()
        if self._threads_ended():
            for pipe in self._pipes:
                with contextlib.suppress(OSError):
                    pipe.close()
        if self._complaints:
            _log.debug("the worker said: %r", bytes(self._complaints))

    @property
    def pid(self) -> int:
        """Process id, and the id of its process group."""
        return self._process.pid

    def next_frame(self, timeout: float) -> wire.Frame | None:
        """Return the next frame, or None where none came within ``timeout`` seconds.

        Raises:
            WorkerLost: There will be no further frame.
        """
        try:
            frame = self._queue.get(timeout=timeout)
        except queue.Empty:
            return None
        if frame is None or isinstance(frame, wire.CutOff):
            raise WorkerLost(self._how_it_ended())
        if isinstance(frame, Exception):
            self.kill()
            raise WorkerLost(f"sent what it should not ({frame})")
        return frame

    def silent_seconds(self) -> float:
        """Return for how long nothing has come although we listened."""
        heard_at = self._heard_at
        return 0.0 if heard_at is None else time.monotonic() - heard_at

    def kill(self) -> None:
        """End the worker and everything that it started, now."""
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _threads_ended(self) -> bool:
        """Wait for the threads; False where a process that left the group holds a pipe open.

        The pipes then stay open too: a descriptor that a thread still reads must not be reused.
        """
        until = time.monotonic() + CLOSING_SECONDS
        while any(thread.is_alive() for thread in self._threads):
            if time.monotonic() > until:
                _log.warning("a process that worker %d started outlives it", self.pid)
                return False
            with contextlib.suppress(queue.Empty):
                self._queue.get_nowait()
            for thread in self._threads:
                thread.join(0.01)
        return True

    def _ask(self) -> None:
        """Send the request; a worker that died already is noticed by its silence."""
        with contextlib.suppress(BrokenPipeError):
            wire.send(self._input, wire.encode(self._request))

    def _heard(self) -> None:
        self._heard_at = time.monotonic()

    def _receive(self) -> None:
        """Thread: read frames and queue them; None marks the end."""
        frame: wire.Frame | Exception | None
        while not self._closing.is_set():
            self._heard()
            try:
                frame = wire.read_frame(self._output, self._heard)
            except (wire.BadFrame, OSError, MemoryError) as error:
                frame = error
            self._heard_at = None
            self._queue.put(frame)
            if frame is None or isinstance(frame, Exception):
                return

    def _listen(self) -> None:
        """Thread: drain standard error, keep its end."""
        while True:
            try:
                part = os.read(self._errors, 65536)
            except OSError:
                return
            if not part:
                return
            self._complaints += part
            del self._complaints[:-STDERR_BYTES]

    def _how_it_ended(self) -> str:
        """Say how the worker ended, after its output did."""
        try:
            status = self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
            return "closed its output without finishing"
        if status >= 0:
            return f"ended early with status {status}"
        try:
            return f"was killed by {signal.Signals(-status).name}"
        except ValueError:
            return f"was killed by signal {-status}"


def _import_folders() -> list[str]:
    """Return the folders that this process imports from, absolute, ours first."""
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    folders = [os.path.abspath(folder) for folder in sys.path if folder]
    return list(dict.fromkeys([ours, *folders]))
