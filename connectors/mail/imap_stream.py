"""Cut the bytes of an IMAP server into responses, within limits, and notice one that dawdles."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from connectors.contract import Transient

# What a client asks for in pieces never needs more; a search of 130,000 UIDs fits a line.
LINE_BYTES = 1024 * 1024
LITERAL_BYTES = 2 * 1024 * 1024
RESPONSE_PARTS = 64
# Slower than this in the middle of something, nobody sends who means it: 32 kbit/s is 4,000.
LEAST_BYTES_PER_SECOND = 128

_LITERAL = re.compile(rb"\{(\d{1,20})\}\r?\n\Z")


class Violation(Transient):
    """The server sent what no mail server may send, or stopped in the middle of it."""


class Cutter:
    """Takes bytes as they come and returns whole responses.

    A response is a list of parts: a line with its end, then for each literal that a line announces
    its bytes and the line after it.
    """

    def __init__(self, tag_prefix: bytes) -> None:
        self._tag_prefix = tag_prefix
        self._parts: list[bytes] = []
        self._line = bytearray()
        self._literal: bytearray | None = None
        self._missing = 0

    @property
    def inside(self) -> bool:
        """Say whether a response has begun and not ended."""
        return bool(self._parts or self._line)

    def feed(self, data: bytes) -> list[list[bytes]]:
        """Take what was received and return the responses that it completes.

        Raises:
            Violation: It breaks the protocol or a limit.
        """
        done: list[list[bytes]] = []
        place, end = 0, len(data)
        while place < end:
            if self._literal is not None:
                place = self._take_literal(data, place)
                continue
            stop = data.find(b"\n", place)
            if stop < 0:
                self._grow(data[place:])
                break
            line = data[place : stop + 1]
            if self._line:
                self._grow(line)
                line, self._line = bytes(self._line), bytearray()
            place = stop + 1
            if self._take_line(line):
                done.append(self._parts)
                self._parts = []
        return done

    def _grow(self, data: bytes) -> None:
        if len(self._line) + len(data) > LINE_BYTES:
            raise Violation("The server sent a line of more than a megabyte.")
        self._line += data
        if not self._parts:
            self._check_start(bytes(self._line[:40]), whole=False)

    def _take_line(self, line: bytes) -> bool:
        """Take a line; return whether the response ends with it."""
        if not self._parts:
            if line in (b"\r\n", b"\n"):
                return False
            self._check_start(line, whole=True)
        if b"\0" in line:
            raise Violation("The server sent a zero byte where text must stand.")
        self._parts.append(line)
        if line[-3:] != b"}\r\n" and line[-2:] != b"}\n":
            return True
        announced = _LITERAL.search(line[-30:]) if self._parts[0][:2] == b"* " else None
        if announced is None:
            return True
        size = int(announced[1])
        if size > LITERAL_BYTES:
            raise Violation(f"The server announced {size:,} bytes at once, which nobody asked for.")
        if len(self._parts) >= RESPONSE_PARTS:
            raise Violation("The server sent an answer of too many parts.")
        self._literal, self._missing = bytearray(), size
        if not size:
            self._end_literal()
        return False

    def _take_literal(self, data: bytes, place: int) -> int:
        """Take bytes of a literal; return where it ends in ``data``."""
        part = data[place : place + self._missing]
        self._missing -= len(part)
        if self._literal:
            self._literal += part
        elif self._missing:
            self._literal = bytearray(part)
        else:  # the whole literal in one piece: not copied again
            self._parts.append(bytes(part))
            self._literal = None
            return place + len(part)
        if not self._missing:
            self._end_literal()
        return place + len(part)

    def _end_literal(self) -> None:
        self._parts.append(bytes(self._literal or b""))
        self._literal = None

    def _check_start(self, line: bytes, *, whole: bool) -> None:
        """Refuse a line that is neither untagged, nor a continuation, nor tagged by us."""
        if line[:2] == b"* " or line[:1] == b"+" or line.startswith(self._tag_prefix):
            return
        if not whole and (line in (b"*", b"\r", b"\r\n") or self._tag_prefix.startswith(line)):
            return
        raise Violation("The server sent something that is not the language of mail servers.")


class Deadline:
    """Says when to give a server up: by progress, not by the clock alone."""

    def __init__(self, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin to wait.

        Args:
            patience: Seconds without any answer to what was asked, and how long the slowest
                allowed sender is watched.
            clock: Monotonic seconds.
        """
        self._patience = patience
        self._clock = clock
        self._heard = self._window = clock()
        self._bytes = 0
        self._inside = False

    def asked(self) -> None:
        """Note that something was sent to the server."""
        self._heard = self._clock()

    def received(self, size: int, *, inside: bool, completed: bool) -> None:
        """Note what came.

        Args:
            size: Bytes.
            inside: A response has begun and not ended.
            completed: A response ended.

        Raises:
            Violation: It has been dawdling in the middle of a response.
        """
        now = self._clock()
        if completed:
            self._heard = now
        if completed or not self._inside:
            self._window, self._bytes = now, 0
        self._inside = inside
        self._bytes += size
        self.check(waiting=False)

    def check(self, *, waiting: bool) -> None:
        """Give up where it is time to.

        Args:
            waiting: Something was asked and not answered.

        Raises:
            Violation: In the middle of a response it stopped, or sends by drops.
            Transient: There was no answer.
        """
        now = self._clock()
        if self._inside:
            if now - self._window < self._patience:
                return
            if self._bytes < LEAST_BYTES_PER_SECOND * self._patience:
                raise Violation("The server stopped in the middle of an answer.")
            self._window, self._bytes = now, 0
        elif waiting and now - self._heard > self._patience:
            raise Transient(f"The server did not answer within {self._patience:g} seconds.")
