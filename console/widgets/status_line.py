"""The line that always says where the agent is, how much waits, and what goes on around them.

    billing › #1042 Ada Moreno · 42 waiting, oldest 3 d · synced 2 min ago · 1 draft · @ben viewing

Where there is no room, parts are left out in the order of `DROP_ORDER`; where one is stays longest.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from console.text import clean, fit, width
from console.theme import palette
from console.widgets.lean import Cell, LeanStrip, draw

DROP_ORDER = (
    *("presence", "synced", "mail", "hint", "drafts", "outbox", "set_aside", "oldest"),
    *("count", "deadline", "turn", "where"),
)
"""Names of parts, the first to be left out first. A name that is not here stays to the end."""

BETWEEN = " · "


class StatusPart(NamedTuple):
    """A part of the status line.

    Attributes:
        name: What it is about, as in `DROP_ORDER`.
        text: Untrusted.
        style: A meaning that `console.theme` knows.
    """

    name: str
    text: str
    style: str = "text"


LOST = StatusPart("lost", "not connected, trying again", "late")
LOST_FILE = StatusPart("lost", "the file cannot be used", "late")


def fit_parts(parts: Sequence[StatusPart], cells: int) -> list[StatusPart]:
    """Return the parts that have room, in their order, cleaned; the last one left is cut."""
    kept = [part._replace(text=clean(part.text, newlines=False)) for part in parts if part.text]
    ranks = {name: rank for rank, name in enumerate(DROP_ORDER)}
    while len(kept) > 1 and _total(kept) > cells:
        kept.remove(min(kept, key=lambda part: ranks.get(part.name, len(ranks))))
    if kept and _total(kept) > cells:
        kept = [kept[0]._replace(text=fit(kept[0].text, cells))]
    return kept


def _total(parts: Sequence[StatusPart]) -> int:
    return sum(width(part.text) for part in parts) + len(BETWEEN) * (len(parts) - 1)


class StatusLine(Widget):
    """One line of parts."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "StatusLine { width: 1fr; height: 1; }"

    def __init__(
        self,
        *,
        id: str | None = None,  # Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._parts: tuple[StatusPart, ...] = ()
        self._lost = False

    def on_mount(self) -> None:
        """Begin with what the app knows of the connection."""
        self.lost = bool(getattr(self.app, "lost", ""))

    @property
    def lost(self) -> bool:
        """Whether there is no connection to the store; said as long as it is so."""
        return self._lost

    @lost.setter
    def lost(self, lost: bool) -> None:
        if lost != self._lost:
            self._lost = lost
            self.refresh()

    @property
    def parts(self) -> tuple[StatusPart, ...]:
        """What was given to `show`."""
        return self._parts

    def show(self, parts: Sequence[StatusPart]) -> None:
        """Show these parts; nothing is sent where they are the same as before."""
        if tuple(parts) != self._parts:
            self._parts = tuple(parts)
            self.refresh()

    def _lost_part(self) -> StatusPart:
        store = getattr(self.app, "store", None)
        return LOST_FILE if store is not None and store.engine.name == "sqlite" else LOST

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the line."""
        size, colours = self.size.width, palette(self.app)
        cells = [Cell(" ", "text")]
        parts = [self._lost_part(), *self._parts] if self._lost else self._parts
        for number, part in enumerate(fit_parts(parts, size - 2)):
            if number:
                cells.append(Cell(BETWEEN, "muted"))
            cells.append(Cell(part.text, part.style))
        line = LeanStrip(draw(cells, size, colours, "head"), size)
        blank = LeanStrip(draw((), size, colours, "head"), size)
        out = [line if y == 0 else blank for y in range(crop.y, crop.bottom)]
        if crop.x == 0 and crop.right == size:
            return list(out)
        return [strip.crop(crop.x, crop.right) for strip in out]
