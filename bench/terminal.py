"""Runs a program in a pseudo terminal and times what it answers.

A key is settled when nothing came for `QUIET_SECONDS`. Beside the wall time stands the CPU time
that the program used for the key, from ``/proc``: on a shared machine that is the figure to trust.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from pathlib import Path

import pyte

QUIET_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class KeyTime:
    """What one key cost: milliseconds and bytes."""

    first: float
    settled: float
    cpu: float
    sent: int


class Terminal:
    """A program on a screen that can be read."""

    def __init__(self, command: list[str], columns: int, rows: int, env: dict[str, str]) -> None:
        self.started = time.perf_counter()
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.sent = 0
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self._process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env},
        )
        os.close(slave)
        self._master = master

    def _read(self, timeout: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], timeout)
        if not ready:
            return b""
        try:
            data = os.read(self._master, 1 << 16)
        except OSError:
            return b""
        self.sent += len(data)
        # Private sequences that pyte does not know; it would print them.
        self._stream.feed(re.sub(rb"\x1b\[[<>=][0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p", b"", data))
        if b"\x1b[c" in data:
            os.write(self._master, b"\x1b[?62;22c")
        return data

    def text(self) -> str:
        """Return the screen as text."""
        return "\n".join(self.screen.display)

    def first_byte(self) -> float:
        """Return milliseconds from exec to the first output."""
        while not self._read(0.5):
            pass
        return (time.perf_counter() - self.started) * 1000

    def until(self, pattern: str, seconds: float = 30) -> float:
        """Return milliseconds from exec until the screen matches.

        Raises:
            TimeoutError: It never did; the screen is in the message.
        """
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            if self._read(0.02) and re.search(pattern, self.text()):
                return (time.perf_counter() - self.started) * 1000
        raise TimeoutError(f"{pattern!r} did not appear on\n{self.text()}")

    def settle(self) -> None:
        """Wait until nothing comes any more."""
        while self._read(QUIET_SECONDS * 2):
            pass

    def key(self, keys: str) -> KeyTime:
        """Send keys and time the answer."""
        before, cpu, start = self.sent, self.cpu(), time.perf_counter()
        os.write(self._master, keys.encode())
        first = last = 0.0
        wait = 1.0
        while self._read(wait):
            last = (time.perf_counter() - start) * 1000
            first = first or last
            wait = QUIET_SECONDS
        return KeyTime(first, last, self.cpu() - cpu, self.sent - before)

    def cpu(self) -> float:
        """Return the CPU milliseconds of the program and its threads so far."""
        total = 0
        for task in Path(f"/proc/{self._process.pid}/task").glob("*/schedstat"):
            with contextlib.suppress(OSError):
                total += int(task.read_text().split()[0])
        return total / 1e6

    def peak_mib(self) -> float:
        """Return the largest resident size so far, MiB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        found = re.search(r"VmHWM:\s+(\d+)", status)
        return int(found[1]) / 1024 if found else 0.0

    def close(self) -> None:
        """End the program."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        os.close(self._master)
