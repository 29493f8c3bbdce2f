"""Where a note or a reply is written; every pause in typing puts it on disk.

A note and a reply differ in title, sign, colour and in what ctrl+s does, so that nobody sends to a
customer what was meant for colleagues.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.css.query import NoMatches
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static, TextArea

from console.keymap import bindings_of
from console.text import clean, one_line
from db.frozen import dataclass

PAUSE_SECONDS = 0.25  # after the last key; a draft is then on disk within 300 ms
TITLE_CELLS = 60


@dataclass(frozen=True, slots=True)
class Writing:
    """What is being written.

    Attributes:
        kind: ``note`` or ``reply``.
        case_revision: What the case was when it was begun.
        customer: Whom a reply goes to; untrusted.
        cursor: Line and column.
    """

    case_id: int
    kind: str
    case_revision: int
    customer: str = ""
    text: str = ""
    cursor: tuple[int, int] = (0, 0)


class Composer(Vertical):
    """A text field that belongs to one case.

    Attributes:
        writing: What was begun; None while it is closed.
        keep: Given what is written at every pause; True when it must be on disk before it returns.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings_of("compose")

    class Finished(Message):
        """The agent is done: save the note, or review the reply."""

        def __init__(self, writing: Writing) -> None:
            super().__init__()
            self.writing = writing

    class Left(Message):
        """The agent went back to the case; an empty text is no draft."""

        def __init__(self, writing: Writing) -> None:
            super().__init__()
            self.writing = writing

    class EditorWanted(Message):
        """The agent wants to write in their own editor."""

        def __init__(self, writing: Writing) -> None:
            super().__init__()
            self.writing = writing

    def __init__(self, *, id: str | None = None) -> None:  # Textual's name for it
        super().__init__(id=id)
        self.writing: Writing | None = None
        self.keep: Callable[[Writing, bool], None] = lambda writing, at_once: None
        self._timer: Timer | None = None
        self._kept: tuple[str, tuple[int, int]] = ("", (0, 0))

    def compose(self) -> ComposeResult:
        """Lay out title, text and hint."""
        yield Static(id="compose-title")
        yield TextArea(
            id="compose-text",
            soft_wrap=True,
            compact=True,
            tab_behavior="focus",
            show_line_numbers=False,
            highlight_cursor_line=False,
        )
        yield Static(id="compose-hint")

    @property
    def area(self) -> TextArea:
        """The text field."""
        return self.query_one("#compose-text", TextArea)

    @property
    def place(self) -> str:
        """Its name in the key table."""
        return "compose"

    def begin(self, writing: Writing) -> None:
        """Show a text, new or from a draft, and take the keys."""
        self.writing = writing
        self._kept = (writing.text, writing.cursor)
        note = writing.kind == "note"
        self.set_class(note, "-note")
        self.set_class(not note, "-reply")
        title = (
            f"✎ Note on #{writing.case_id} – colleagues only"
            if note
            else f"➤ Reply on #{writing.case_id} to {one_line(writing.customer, TITLE_CELLS)}"
        )
        save = "ctrl+s saves" if note else "ctrl+s reviews before anything leaves"
        self.query_one("#compose-title", Static).update(Content(title))
        self.query_one("#compose-hint", Static).update(
            Content(f"{save} · f4 editor · esc back, the draft is kept")
        )
        self.area.load_text(clean(writing.text))
        self.area.move_cursor(writing.cursor)
        self.display = True
        self.screen.set_focus(self.area)  # at once: the next key is already text

    def end(self) -> None:
        """Close; what is kept is the screen's business."""
        self._stop()
        self.writing = None
        self.area.load_text("")
        self.display = False

    def current(self) -> Writing | None:
        """Return what is written at this moment; None when nothing is."""
        if self.writing is None:
            return None
        row, column = self.area.cursor_location
        return Writing(
            self.writing.case_id,
            self.writing.kind,
            self.writing.case_revision,
            self.writing.customer,
            self.area.text,
            (row, column),
        )

    def replace_text(self, text: str) -> None:
        """Put in what the editor brought back."""
        self.area.load_text(clean(text))
        self.area.move_cursor(self.area.document.end)
        self.save_now()

    def save_now(self, *, at_once: bool = True) -> None:
        """Keep what is written if it was not kept yet."""
        self._stop()
        writing = self.current()
        if writing is not None and (writing.text, writing.cursor) != self._kept:
            self._kept = (writing.text, writing.cursor)
            self.keep(writing, at_once)

    def on_unmount(self) -> None:
        """Keep what was typed when the screen goes."""
        with contextlib.suppress(NoMatches):  # the text field went first
            self.save_now()

    def _pause(self) -> None:
        self.save_now(at_once=False)

    @on(TextArea.Changed)
    @on(TextArea.SelectionChanged)
    def _typed(self) -> None:
        if self.writing is not None:
            self._stop()
            self._timer = self.set_timer(PAUSE_SECONDS, self._pause)

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def action_save(self) -> None:
        """Finish."""
        self._tell(self.Finished)

    def action_leave(self) -> None:
        """Go back to the case."""
        self._tell(self.Left)

    def action_editor(self) -> None:
        """Write in the agent's own editor."""
        self._tell(self.EditorWanted)

    def _tell(self, message: type[Finished] | type[Left] | type[EditorWanted]) -> None:
        self.save_now()
        writing = self.current()
        if writing is not None:
            self.post_message(message(writing))
