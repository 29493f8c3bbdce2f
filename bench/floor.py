"""The floor: a Textual app that changes one cell for a key. Nothing drawn by Textual is cheaper."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import Static


class Floor(App[None]):
    """One line of text, one counter."""

    ENABLE_COMMAND_PALETTE = False

    def compose(self) -> ComposeResult:
        """Show a line and a cell."""
        yield Static("READY", id="line")
        yield Static("0", id="cell")

    def on_mount(self) -> None:
        """Count from nothing; animations cost 800 ms a page and are off in Centric as well."""
        self.count = 0
        self.animation_level = "none"

    def on_key(self) -> None:
        """Change the cell."""
        self.count = (self.count + 1) % 10
        self.query_one("#cell", Static).update(str(self.count), layout=False)


if __name__ == "__main__":
    Floor().run()
