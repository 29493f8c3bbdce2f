"""The first frame: a skeleton painted before anything large is imported, while typed keys are kept.

Nothing but ``os``, ``signal`` and ``termios`` is loaded before it: Textual takes a quarter of a
second to import, and what is typed meanwhile would otherwise be echoed on the shell's screen. The
terminal stays in no-echo mode until the desk reads it, and is put back as it was when the program
ends, whatever ended it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence

# typing is not imported before the first frame; type checkers read the block all the same.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType, TracebackType
    from typing import Any

# Panes by width, as the desk will draw them: (narrowest width, widths in hundredths).
_LAYOUTS: tuple[tuple[int, tuple[int, ...]], ...] = (
    (170, (12, 26, 38, 24)),
    (140, (15, 33, 52)),
    (100, (42, 58)),
    (0, (100,)),
)
SMALLEST = (60, 15)

ENTER = "\x1b[?1049h\x1b[?25l\x1b[H\x1b[2J"
# All that a desk may have switched on: mouse, paste, focus and resize reports, keyboard mode.
LEAVE = (
    "\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[?1004l"
    "\x1b[?2048l\x1b[?2026l\x1b[<u\x1b[0m\x1b[?1049l\x1b[?25h"
)
_WITH_VALUE = ("--store", "--agent", "--theme")
_FLAGS = ("--no-mouse",)
_TERMINAL = 2  # standard error: where Textual draws


def wants_desk(arguments: Sequence[str]) -> bool:
    """Say whether a command line opens the desk: options of the desk and nothing else."""
    expects_value = False
    for argument in arguments:
        if expects_value:
            expects_value = False
        elif argument in _WITH_VALUE:
            expects_value = True
        elif argument not in _FLAGS and argument.split("=", 1)[0] not in _WITH_VALUE:
            return False
    return not expects_value


def can_draw() -> bool:
    """Say whether there is a terminal that a screen can be drawn on."""
    try:
        all_terminals = all(os.isatty(descriptor) for descriptor in (0, 1, _TERMINAL))
    except OSError:
        return False
    return all_terminals and os.environ.get("TERM", "dumb") not in ("", "dumb")


def skeleton(width: int, height: int) -> str:
    """Return the empty desk for a terminal of that size, in the terminal's own colours."""
    if width < SMALLEST[0] or height < SMALLEST[1]:
        return "\x1b[1;1H Centric"
    shares = next(shares for narrowest, shares in _LAYOUTS if width >= narrowest)
    columns, edge = [], 0
    for share in shares[:-1]:
        edge += width * share // 100
        columns.append(edge)
    lines = "".join(f"\x1b[{row};{column}H│" for row in range(2, height) for column in columns)
    return (
        f"\x1b[1;1H\x1b[1m Centric\x1b[0m\x1b[2m{lines}\x1b[{height};1H opening the store …\x1b[0m"
    )


class Splash:
    """The skeleton on the screen, for as long as the ``with`` block runs.

    A splash that is not shown (no terminal, or another command) does nothing at all.

    Attributes:
        saved: The terminal's settings before it; None where nothing was changed.
    """

    def __init__(self, shown: bool) -> None:
        self._shown = shown
        self.saved: list[Any] | None = None  # what tcgetattr returns is a mixed list
        self._handed_over = False
        self._handlers: dict[int, Any] = {}  # as signal.signal returns them

    def __enter__(self) -> Splash:
        if self._shown:
            try:
                self._listen()
                self._quiet()
                size = os.get_terminal_size(_TERMINAL)
                _write(ENTER + skeleton(size.columns, size.lines))
            except BaseException:  # ctrl+c in just this moment, too
                self.leave()
                raise
        return self

    def hand_over(self) -> None:
        """Leave the screen to the desk, which clears it itself when it ends."""
        self._handed_over = True

    def leave(self) -> None:
        """Give the screen back now, before something is printed; harmless when repeated."""
        if self._shown:
            self._shown = False
            _write(LEAVE)
            self._restore()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None and self._handed_over:
            self._shown = False
            self._restore()
        else:
            self.leave()

    def _quiet(self) -> None:
        """Keep typed keys unread and unseen; ctrl+c still ends the program."""
        import termios

        self.saved = termios.tcgetattr(0)
        quiet = termios.tcgetattr(0)
        quiet[0] &= ~(termios.ICRNL | termios.IXON | termios.IXOFF)
        quiet[3] &= ~(termios.ECHO | termios.ICANON)
        quiet[6][termios.VMIN], quiet[6][termios.VTIME] = 1, 0
        quiet[6][termios.VSUSP] = b"\0"
        termios.tcsetattr(0, termios.TCSANOW, quiet)

    def _listen(self) -> None:
        """Give the terminal back when the program is ended from outside."""
        import signal

        for number in (signal.SIGTERM, signal.SIGHUP):
            self._handlers[number] = signal.signal(number, self._end)

    def _restore(self) -> None:
        if self.saved is not None:
            import termios

            with contextlib.suppress(termios.error, OSError):  # the terminal may be gone
                termios.tcsetattr(0, termios.TCSANOW, self.saved)
        if not self._handlers:
            return
        import signal

        for number, handler in self._handlers.items():
            if signal.getsignal(number) == self._end:
                signal.signal(number, handler)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        self.leave()
        os._exit(128 + number)


def _write(text: str) -> None:
    with contextlib.suppress(OSError):  # the terminal may be gone
        os.write(_TERMINAL, text.encode("utf-8"))


def splash_for(arguments: Sequence[str]) -> Splash:
    """Return the splash for a command line; nothing is painted where no desk will follow."""
    return Splash(wants_desk(arguments) and can_draw())
