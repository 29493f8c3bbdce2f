"""Which panes of the desk stand side by side: a window that slides with the focus."""

from __future__ import annotations

PANES = ("queues", "cases", "reading", "sheet")
MEDIUM, WIDE, FULL = 100, 140, 170  # cells; from there on two, three and four panes

_WINDOWS: dict[int, dict[str, tuple[str, ...]]] = {
    1: {pane: (pane,) for pane in PANES},
    2: {
        "queues": ("queues", "cases"),
        "cases": ("cases", "reading"),
        "reading": ("cases", "reading"),
        "sheet": ("reading", "sheet"),
    },
    3: {
        "queues": ("queues", "cases", "reading"),
        "cases": ("queues", "cases", "reading"),
        "reading": ("queues", "cases", "reading"),
        "sheet": ("cases", "reading", "sheet"),
    },
    4: dict.fromkeys(PANES, PANES),
}


def columns(width: int) -> int:
    """Return how many panes a screen of that width holds."""
    return 1 if width < MEDIUM else 2 if width < WIDE else 3 if width < FULL else 4


def panes_shown(width: int, focus: str, *, zoomed: bool = False) -> tuple[str, ...]:
    """Return the panes on screen, from left to right; the focused one is among them.

    Args:
        width: Of the screen, in cells.
        focus: One of `PANES`.
        zoomed: The focused pane has the whole screen.
    """
    return (focus,) if zoomed else _WINDOWS[columns(width)][focus]


def neighbour(focus: str, by: int, *, wrap: bool = False) -> str | None:
    """Return the pane on the right (1) or left (-1); None where there is none.

    Args:
        focus: One of `PANES`.
        by: 1 or -1.
        wrap: Go on at the other end.
    """
    place = PANES.index(focus) + by
    if wrap:
        return PANES[place % len(PANES)]
    return PANES[place] if 0 <= place < len(PANES) else None
