"""The second wall behind `console.text`: what the terminal is sent, whichever widget drew it."""

from __future__ import annotations

import re

from rich.segment import Segment
from textual.color import Color
from textual.content import Content
from textual.filter import LineFilter

from console.text import UNKNOWN, clean

_FORBIDDEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff"
    "\U000e0000-\U000e0fff]"
)


def plain(text: str) -> Content:
    """Return strangers' text for a widget: no markup, nothing that acts on a terminal."""
    return Content(clean(text))


class TerminalGuard(LineFilter):
    """Replaces control, bidi and invisible characters in the lines of Textual's own widgets.

    Give it to Textual through ``App.get_line_filters``. It costs about a microsecond a line.
    Widgets that override ``render_lines`` are not seen by line filters: those call `clean`
    themselves.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments, with the dangerous characters replaced by U+FFFD."""
        if all(text.isascii() and text.isprintable() for text, _, _ in segments):
            return segments
        return [
            Segment(_FORBIDDEN.sub(UNKNOWN, text), style, control)
            for text, style, control in segments
        ]
