"""A message as it was received: its headers, then every byte, in lines that can only be shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Static

from console.keymap import bindings_of
from console.screens.base import Overlay
from console.text import clean, one_line
from db.engine.interface import Connection
from db.queries.entry import original

SHOWN_BYTES = 4_000_000
LINE_CHARACTERS = 2_000


def lines_of(connection: Connection, entry_id: int) -> tuple[list[str], int, int]:
    """Return the lines of an original, how many of them are its headers, and its size.

    Raises:
        NotFound: None was kept.
    """
    data = original(connection, entry_id)
    lines = data[:SHOWN_BYTES].decode("utf-8", "replace").split("\n")
    lines = [line.rstrip("\r") for line in lines]
    if len(data) > SHOWN_BYTES:
        lines.append(f"… {len(data) - SHOWN_BYTES:,} more bytes: centric original {entry_id}")
    head = next((place for place, line in enumerate(lines) if not line), len(lines))
    return lines, head, len(data)


class RawLines(ScrollView, can_focus=True):
    """Draws the lines that are on screen and no others."""

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = lines

    def show(self, lines: Sequence[str]) -> None:
        """Show other lines, from the first."""
        self._lines = lines
        self._measure()
        self.scroll_to(0, 0, animate=False)
        self.refresh()

    def on_mount(self) -> None:
        """Learn how much there is to scroll."""
        self._measure()

    def _measure(self) -> None:
        longest = max((len(line) for line in self._lines), default=0)
        self.virtual_size = Size(min(longest, LINE_CHARACTERS), len(self._lines))

    def render_line(self, y: int) -> Strip:
        """Return one line of the screen."""
        left, top = self.scroll_offset
        place = top + y
        width = self.size.width
        if place >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        text = clean(self._lines[place][: LINE_CHARACTERS * 2], newlines=False)
        strip = Strip([Segment(text[:LINE_CHARACTERS], self.rich_style)])
        return strip.crop_extend(left, left + width, self.rich_style)


class OriginalScreen(Overlay[None]):
    """Shows an original; the same key that opened it goes from headers to everything and back."""

    PLACE = "original"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("original")

    def __init__(self, title: str, lines: list[str], head: int, size: int) -> None:
        super().__init__()
        self._title = title
        self._all = lines
        self._head = head
        self._bytes = size
        self._whole = False

    def compose(self) -> ComposeResult:
        """Show the headers first."""
        with Vertical(classes="box -original", id="original-box"):
            yield Static(self._heading(), classes="box-title", id="original-title", markup=False)
            yield RawLines(self._all[: self._head])
            yield Static(
                "v headers or everything · arrows and page keys scroll · q closes",
                classes="box-hint",
                markup=False,
            )

    def on_mount(self) -> None:
        """Let the keys scroll."""
        self.query_one(RawLines).focus()

    def action_whole(self) -> None:
        """Go from headers to everything and back."""
        self._whole = not self._whole
        self.query_one(RawLines).show(self._all if self._whole else self._all[: self._head])
        self.query_one("#original-title", Static).update(self._heading())

    def _heading(self) -> str:
        what = "as received" if self._whole else f"{self._head} lines of headers"
        return one_line(f"{self._title} – {what}, {self._bytes:,} bytes", 200)
