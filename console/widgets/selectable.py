"""Text that can be selected with the mouse and copied, for widgets that draw their own lines."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from console.widgets.rows import BAR_CELLS

_SELECTED = Style(reverse=True)


class Selectable(Widget):
    """Mixed into a widget that overrides ``render_lines`` and ends its lines with a scroll bar.

    Textual asks ``render_line`` only where the mouse is, so that places in the text cost nothing
    when lines are drawn. What is selected is what stands on screen: scrolling ends it.
    """

    def render_line(self, y: int) -> Strip:
        """Return a line that knows which character is where."""
        lines = self.render_lines(Region(0, y, self.size.width, 1))
        return lines[0].apply_offsets(0, y)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return what is selected, blanks at line ends left out."""
        size = self.size
        lines = self.render_lines(Region(0, 0, size.width, size.height))
        out = []
        for y, strip in enumerate(lines):
            span = selection.get_span(y)
            if span is not None:
                start, end = span
                text = strip.text[:-BAR_CELLS]
                out.append(text[start : None if end == -1 else end].rstrip())
        return "\n".join(out), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw anew with other characters selected."""
        self.refresh()

    def end_selection(self) -> None:
        """Forget what was selected, as other lines stand on screen now."""
        if self.is_mounted and self.text_selection is not None:
            self.screen.clear_selection()

    def with_selection(self, strips: list[Strip], first: int) -> list[Strip]:
        """Return lines with what is selected reversed.

        Args:
            strips: Finished lines.
            first: Where on screen the first of them stands.
        """
        selection = self.text_selection
        if selection is None:
            return strips
        return [_reversed(strip, selection.get_span(first + n)) for n, strip in enumerate(strips)]


def _reversed(strip: Strip, span: tuple[int, int] | None) -> Strip:
    if span is None:
        return strip
    start, end = span
    last = len(strip.text) - BAR_CELLS
    end = last if end == -1 else min(end, last)
    out: list[Segment] = []
    at = 0
    for text, style, _ in strip:
        head, tail = max(0, start - at), max(0, end - at)
        pieces = ((text[:head], style), (text[head:tail], (style or Style()) + _SELECTED))
        out += [Segment(piece, look) for piece, look in (*pieces, (text[max(head, tail) :], style))]
        at += len(text)
    return Strip([segment for segment in out if segment.text], strip.cell_length)
