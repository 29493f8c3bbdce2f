"""Small boxes: the wish for more room, the help of a pane, the go-to menu."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console.keymap import bindings_of, keys_for, shown_keys
from console.keytable import KEYS, Key
from console.screens.base import Overlay

KEY_CELLS = 14


class RoomScreen(Overlay[None]):
    """Asks for room instead of drawing a broken grid."""

    PLACE = "picker"

    def compose(self) -> ComposeResult:
        """Say how much is needed."""
        yield Static(Content("Centric needs 60 × 15 cells.\nPlease enlarge the window."), id="room")


class HelpScreen(Overlay[None]):
    """The keys of the focused pane, made from the key table."""

    PLACE = "help"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("help")

    def __init__(self, stack: str, table: tuple[Key, ...]) -> None:
        super().__init__()
        self._stack = stack
        self._table = table

    def compose(self) -> ComposeResult:
        """Show one section for each context."""
        with Vertical(classes="box", id="help-box"):
            yield Static(Content("Keys here"), classes="box-title")
            with VerticalScroll(id="help-text", can_focus=False):
                yield Static(help_content(self._stack, self._table))
            yield Static(
                Content("j k scroll · esc closes · : finds every command"), classes="box-hint"
            )

    def action_line(self, by: int) -> None:
        """Scroll a line."""
        self.query_one("#help-text").scroll_relative(y=by, animate=False)

    def action_page(self, by: int) -> None:
        """Scroll a page."""
        text = self.query_one("#help-text")
        text.scroll_relative(y=by * max(1, text.size.height - 1), animate=False)


def help_content(stack: str, table: tuple[Key, ...]) -> Content:
    """Return the keys of a place as aligned lines."""
    parts: list[Content | tuple[str, str]] = []
    for title, keys in keys_for(stack, table):
        if parts:
            parts.append(("\n", ""))
        parts.append((f"{title}\n", "bold $primary"))
        for key in keys:
            parts.append((f"  {shown_keys(key):<{KEY_CELLS}}", "bold"))
            parts.append((f" {key.tooltip}\n", ""))
    return Content.assemble(*parts)


class GoMenu(Overlay[str]):
    """Where one can go: one more key chooses."""

    PLACE = "go"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("go")

    def compose(self) -> ComposeResult:
        """List the places with their keys."""
        rows = [key for key in KEYS if key.context == "go" and key.action.startswith("go(")]
        parts: list[tuple[str, str]] = []
        for number, key in enumerate(rows):
            parts.append((f"{shown_keys(key):>3}", "bold $primary"))
            parts.append((f"  {key.title}" + ("\n" if number + 1 < len(rows) else ""), ""))
        with Vertical(classes="box", id="go-box"):
            yield Static(Content("Go to"), classes="box-title")
            yield Static(Content.assemble(*parts), id="go-rows")

    def action_go(self, where: str) -> None:
        """Answer with the place."""
        self.dismiss(where)
