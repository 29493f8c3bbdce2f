"""The real program in a pseudo terminal whose screen can be read."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyte

ROOT = Path(__file__).parents[3]
KEYS = {
    "enter": "\r",
    "esc": "\x1b",
    "tab": "\t",
    "space": " ",
    "down": "\x1b[B",
    "up": "\x1b[A",
    "backspace": "\x7f",
    "ctrl+q": "\x11",
    "ctrl+s": "\x13",
    "ctrl+r": "\x12",
    "ctrl+p": "\x10",
    "ctrl+u": "\x15",
}
# What pyte 0.8.2 misreads: private CSI it takes for plain ones, and strings (DCS, OSC, APC).
_UNREADABLE = re.compile(
    rb"\x1b\[[<=>][0-9;:]*[a-zA-Z]|\x1b\[\?[0-9;]*(?:\$p|u|n)|\x1b[P_^][^\x1b]*\x1b\\"
    rb"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"
)
DEADLINE_SECONDS = 30.0  # for a machine that is busy with other things


class Terminal:
    """A program on a terminal: what it wrote (`raw`) and what one would see (`text`)."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        size: tuple[int, int] = (80, 24),
        env: Mapping[str, str] | None = None,
    ) -> None:
        self.columns, self.rows = size
        self.raw = bytearray()
        self.status: int | None = None
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._rest = b""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            self._become([sys.executable, "-m", "console", *arguments], size, env or {})

    @staticmethod
    def _become(words: list[str], size: tuple[int, int], env: Mapping[str, str]) -> None:
        """Turn the forked child into the program; never returns."""
        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
            for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
                signal.signal(number, signal.SIG_DFL)
            full = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor", **env}
            for name in ("COLUMNS", "LINES", "NO_COLOR", "TMUX", "PYTEST_CURRENT_TEST"):
                full.pop(name, None)
            full.update({name: value for name, value in env.items()})
            full["PYTHONPATH"] = str(ROOT)
            os.chdir(ROOT)
            os.execvpe(words[0], words, full)
        finally:
            os._exit(127)

    def pump(self, seconds: float = 0.05) -> bool:
        """Read what the program wrote; say whether there was anything."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return False
        try:
            data = os.read(self.fd, 65_536)
        except OSError:
            return False
        self.raw += data
        data = self._rest + data
        cut = data.rfind(b"\x1b")
        whole = cut < 0 or len(data) - cut > 64 or re.search(rb"[a-zA-Z~\\\x07]", data[cut + 2 :])
        self._rest = b"" if whole else data[cut:]
        self._stream.feed(_UNREADABLE.sub(b"", data if whole else data[:cut]))
        return bool(data)

    def text(self) -> str:
        """Return the screen, line by line."""
        lines = (self._screen.buffer[y] for y in range(self.rows))
        return "\n".join("".join(line[x].data for x in range(self.columns)) for line in lines)

    def press(self, *keys: str) -> None:
        """Type keys by name; anything else is typed as it is."""
        for key in keys:
            self.write(KEYS.get(key, key).encode())
            self.pump(0.02)

    def write(self, data: bytes) -> None:
        """Send bytes to the program."""
        os.write(self.fd, data)

    def wait_for(self, wanted: str, *, gone: bool = False) -> str:
        """Wait until a text is on screen, or no longer; return the screen.

        Raises:
            AssertionError: It did not come, with the screen as it is.
        """
        end = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < end:
            if (wanted in self.text()) != gone:
                return self.text()
            if not self.pump(0.05) and self.ended():
                break
        state = "is still" if gone else "is not"
        raise AssertionError(f"“{wanted}” {state} on screen:\n{self.text()}\n{self.status=}")

    def rest(self, seconds: float = 0.4) -> None:
        """Read until nothing has come for a while."""
        while self.pump(seconds):
            pass

    def ended(self) -> bool:
        """Say whether the program has ended; its exit status is then known."""
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.status = os.waitstatus_to_exitcode(status)
        return self.status is not None

    def wait_end(self) -> int:
        """Wait for the end and return the exit status; negative for a signal."""
        end = time.monotonic() + DEADLINE_SECONDS
        while time.monotonic() < end:
            self.pump(0.02)
            if self.ended():
                while self.pump(0.02):
                    pass
                return self.status or 0
        raise AssertionError(f"It did not end:\n{self.text()}")

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def attributes(self) -> list[object]:
        """Return the terminal's settings, to compare them before and after."""
        return list(termios.tcgetattr(self.fd))

    def close(self) -> None:
        """End it whatever it does."""
        if not self.ended():
            os.kill(self.pid, signal.SIGKILL)
            os.waitpid(self.pid, 0)
        os.close(self.fd)
