"""The terminal's way in: a stray byte is a U+FFFD and a lost terminal is a hang-up.

Textual 8.2.8 ends the app on one byte that is not UTF-8, and spins on a terminal that is gone when
the hang-up signal is ignored (nohup, some tmux and ssh settings); both were measured.
"""

from __future__ import annotations

import codecs
import contextlib
import os
import select
import signal
import termios
from collections.abc import Callable
from typing import Any

from textual._parser import ParseError
from textual._xterm_parser import XTermParser
from textual.drivers.linux_driver import LinuxDriver

READ_BYTES = 4096
TICK_SECONDS = 0.1  # how often a half received sequence, and the wish to stop, are looked at
EXIT_HANG_UP = 128 + signal.SIGHUP
EXIT_TERMINATED = 128 + signal.SIGTERM

# Mouse, focus reports, pasting, in-band resize and kitty keys off; line wrap, cursor and the
# main screen back.
RESTORE = (
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l"
    b"\x1b[?2048l\x1b[<u\x1b[?7h\x1b[?1049l\x1b[?25h\x1b[0m"
)


class DeskDriver(LinuxDriver):
    """Textual's driver, with an input loop that survives what a terminal may send."""

    on_hang_up: Callable[[], None] | None = None
    attributes_before: list[Any] | None = None  # of the terminal, as termios has them

    def run_input_thread(self) -> None:
        """Read keys until told to stop; what is not UTF-8 becomes U+FFFD."""
        parser = XTermParser(self._debug)
        decode = codecs.getincrementaldecoder("utf-8")(errors="replace").decode
        while not self.exit_event.is_set():
            ready, _, _ = select.select([self.fileno], [], [], TICK_SECONDS)
            if ready:
                data = self._read()
                if not data:
                    self._hung_up()
                    break
                text = decode(data)  # empty inside a character: a feed of nothing means the end
                for event in parser.feed(text) if text else ():
                    self.process_message(event)
            for event in parser.tick():
                self.process_message(event)
        with contextlib.suppress(EOFError, ParseError):
            for _ in parser.feed(""):
                pass

    def _run_input_thread(self) -> None:
        """Read keys; what goes wrong ends the app as any other error does."""
        try:
            self.run_input_thread()
        except Exception as error:  # the door of this thread: logged and told by who started us
            self._app.call_later(self._app._handle_exception, error)

    def _read(self) -> bytes:
        try:
            return os.read(self.fileno, READ_BYTES)
        except OSError:  # the other end of the pseudo terminal is closed
            return b""

    def _hung_up(self) -> None:
        hang_up = type(self).on_hang_up
        if hang_up is not None:
            self._app.call_later(hang_up)

    def restore_terminal(self) -> None:
        """Give the terminal back at once, without waiting for threads; for the last moment."""
        with contextlib.suppress(OSError, termios.error):
            before = type(self).attributes_before or self.attrs_before
            if before is not None:
                termios.tcsetattr(self.fileno, termios.TCSANOW, before)
        if self._file is None:
            return
        with contextlib.suppress(OSError, ValueError):
            os.set_blocking(self._file.fileno(), False)
            os.write(self._file.fileno(), RESTORE)
