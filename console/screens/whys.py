"""Why? A box of lines that explains what is under the cursor: a sentence first, then the rest."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.guard import plain
from console.keymap import bindings_of
from console.screens.base import Overlay
from console.text import wrap
from console.widgets.lean import Cell
from console.widgets.lines import Cells, Lines
from console.widgets.pair_lines import reason_lines
from db.engine.interface import Connection
from db.queries.matching import explain, why
from db.records import Why

if TYPE_CHECKING:
    from console.actions import ActingApp

Make = Callable[[int], Sequence[Cells]]


class WhyScreen(Overlay[None]):
    """Explains; closes on the keys of the help."""

    PLACE = "help"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("help")

    def __init__(self, title: str, make: Make) -> None:
        super().__init__()
        self._title = title
        self._make = make

    def compose(self) -> ComposeResult:
        """Show the title and the lines."""
        with Vertical(classes="box", id="why-box"):
            yield Static(plain(self._title), classes="box-title")
            yield Lines(id="why-lines")
            yield Static(Content("j k scroll · esc closes"), classes="box-hint")

    def on_mount(self) -> None:
        """Show the lines."""
        self.query_one(Lines).show(self._make)

    def action_line(self, by: int) -> None:
        """Scroll a line."""
        self.query_one(Lines).scroll_lines(by)

    def action_page(self, by: int) -> None:
        """Scroll a page."""
        view = self.query_one(Lines)
        view.scroll_lines(by * max(1, view.size.height - 1))


def why_lines(answers: Sequence[Why], cells: int) -> list[Cells]:
    """Return answers; for each who with whom, what was decided, the sentence, and each signal."""
    lines: list[Cells] = []
    for answer in answers:
        if lines:
            lines.append(())
        head = (
            f"{answer.one} (customer {answer.one_id}) ~ {answer.other} (customer {answer.other_id})"
        )
        lines += [(Cell(f" {line}", "strong"),) for line in wrap(head, max(10, cells - 2))]
        zone = {"linked": "Linked.", "suggested": "Suggested.", "apart": "Kept apart."}[answer.zone]
        told = f"{zone} {answer.decided} {answer.sentence}".replace("  ", " ")
        lines += [(Cell(f" {line}"),) for line in wrap(told, max(10, cells - 2))]
        lines.append((Cell(f" {100 * answer.score:.1f} % by the evidence alone", "muted"),))
        lines += reason_lines(answer.reasons, cells)
    return lines


def show_why(app: ActingApp, customer_id: int, other_id: int = 0) -> None:
    """Explain who a customer is, or how two are one person or not; read in a thread."""
    if not customer_id:
        app.say("There is no customer here to explain.")
        return

    def ask(connection: Connection) -> tuple[Why, ...]:
        if other_id:
            return (why(connection, customer_id, other_id),)
        return explain(connection, customer_id)

    def show(answers: Sequence[Why]) -> None:
        if answers:
            app.push_screen(WhyScreen("Why?", lambda cells: why_lines(answers, cells)))
        else:
            app.say("This is one record, linked with nobody, and nobody is like them.")

    app.reader.later("why", ask, show, app.refuse)
