"""Pick one of a short list by typing a few letters: queues, agents, urgencies, ways to resolve."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from console.guard import plain
from console.keymap import bindings_of
from console.ranking import ranked
from console.screens.base import Overlay, TypeAhead
from console.text import fit, one_line, pad, width
from console.widgets.paged_list import Cell, PagedList
from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Choice:
    """One line of a picker.

    Attributes:
        value: What choosing it answers.
        label: What is shown and searched; untrusted.
        hint: Shown at the right, muted; untrusted.
        sign: One or two cells before the label.
    """

    value: str
    label: str
    hint: str = ""
    sign: str = ""


class Rows:
    """Rows that are all there already."""

    def __init__(self, rows: Sequence[Choice]) -> None:
        self._rows = tuple(rows)

    def fetch(self, after_key: object) -> tuple[Sequence[Choice], None]:
        """Return all of them."""
        return self._rows, None


class ChoiceFormat:
    """Draws a choice: sign, label, and the hint flush right."""

    def key(self, row: Choice) -> Hashable:
        """Return what it answers."""
        return row.value

    def version(self, row: Choice) -> Hashable:
        """Return all that is drawn."""
        return row

    def cells(self, row: Choice, width_: int) -> list[Cell]:
        """Return the line."""
        hint = one_line(row.hint, max(0, width_ // 2))
        sign = f"{row.sign} " if row.sign else ""
        room = width_ - width(hint) - width(sign) - 1
        label = pad(one_line(row.label, room), room)
        return [Cell(sign, "accent"), Cell(label), Cell(" " + hint, "muted")]

    def header(self, width_: int) -> list[Cell]:
        """Return nothing: pickers have no columns."""
        return []


class Picker(Overlay[str], TypeAhead[str]):
    """A list that shrinks as one types; answers with the value chosen."""

    PLACE = "picker"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("picker")
    AUTO_FOCUS = "#typed"
    HINT = "type to filter · enter takes · esc closes"

    def __init__(self, title: str, choices: Sequence[Choice], *, current: str = "") -> None:
        super().__init__()
        self._title = title
        self._choices = tuple(choices)
        self._current = current
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Show the title, what is typed, and the choices."""
        rows = min(14, max(3, len(self._choices)))
        with Vertical(classes="box", id="picker-box"):
            yield Static(plain(self._title), classes="box-title")
            yield Input(id="typed", compact=True, placeholder="filter", select_on_focus=False)
            choices: PagedList[Choice] = PagedList(
                ChoiceFormat(), id="choices", empty="Nothing fits.", markable=False
            )
            choices.can_focus = False
            choices.styles.height = rows
            yield choices
            yield Static(Content(self.HINT), classes="box-hint")

    @property
    def choices(self) -> PagedList[Choice]:
        """The list."""
        return self.query_one("#choices", PagedList)

    def on_mount(self) -> None:
        """Show all, with the cursor on what stands now."""
        self.show_typed("")
        if self._current:
            self.choices.move_to_key(self._current)

    def fitting(self, typed: str) -> Sequence[Choice]:
        """Return what is shown for what was typed."""
        return ranked(typed, self._choices, lambda choice: f"{choice.label} {choice.hint}")

    def show_typed(self, typed: str) -> None:
        """Show what fits."""
        self._shown = typed
        rows = self.fitting(typed)
        self.choices.load(Rows(rows), count=len(rows))

    @on(Input.Changed, "#typed")
    def _typed(self, event: Input.Changed) -> None:
        self.show_typed(event.value)

    @on(Input.Submitted, "#typed")
    def _submitted(self, event: Input.Submitted) -> None:
        if self._shown != event.value:
            self.show_typed(event.value)
        self.action_accept()

    @on(PagedList.Opened)
    def _clicked(self) -> None:
        self.action_accept()

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.choices.move_to(self.choices.cursor + by)

    def action_accept(self) -> None:
        """Answer with what is under the cursor."""
        row = self.choices.row
        if row is not None:
            self.dismiss(row.value)


class TagField(Input):
    """A field without blanks: no tag has one, so that space is free to set a tag."""

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "space":
            await super()._on_key(event)


class TagPicker(
    Overlay[tuple[frozenset[str], frozenset[str]]], TypeAhead[tuple[frozenset[str], frozenset[str]]]
):
    """Tags to set and to take away: space toggles, enter applies, a new name is a new tag.

    Answers with the tags to add and the tags to remove.
    """

    PLACE = "tags"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings_of("picker"), *bindings_of("toggles")]
    AUTO_FOCUS = "#typed"

    def __init__(self, tags: Sequence[tuple[str, int, int]], cases: int) -> None:
        """Take the tags.

        Args:
            tags: Name, on how many of the cases, on how many in all.
            cases: How many cases are tagged at once.
        """
        super().__init__()
        self._tags = tuple(tags)
        self._cases = cases
        self._wanted: dict[str, bool] = {}
        self._shown = ""

    def compose(self) -> ComposeResult:
        """Show what is typed and the tags."""
        title = "Tags" if self._cases == 1 else f"Tags of {self._cases} cases"
        with Vertical(classes="box", id="picker-box"):
            yield Static(Content(title), classes="box-title")
            yield TagField(id="typed", compact=True, placeholder="filter, or a new tag")
            choices: PagedList[Choice] = PagedList(
                ChoiceFormat(), id="choices", empty="No tags yet: type one.", markable=False
            )
            choices.can_focus = False
            choices.styles.height = min(14, max(3, len(self._tags) + 1))
            yield choices
            yield Static(
                Content("space sets or takes away · enter applies · esc closes"), classes="box-hint"
            )

    @property
    def choices(self) -> PagedList[Choice]:
        """The list."""
        return self.query_one("#choices", PagedList)

    @property
    def typed(self) -> str:
        """What stands in the field, as a tag's name."""
        return self.query_one("#typed", Input).value.strip()

    def on_mount(self) -> None:
        """Show all tags."""
        self._show()

    @on(Input.Changed, "#typed")
    def _typed(self) -> None:
        self._show()

    @on(Input.Submitted, "#typed")
    def _submitted(self) -> None:
        if self._shown != self.typed:
            self._show()
        self.action_accept()

    @on(PagedList.Opened)
    def _clicked(self) -> None:
        self.action_set()

    def _show(self, keep: str = "") -> None:
        typed = self._shown = self.typed
        rows = [self._choice(name, on, cases) for name, on, cases in self._tags]
        known = {name.casefold() for name, _, _ in self._tags}
        rows += [self._choice(name, 0, 0) for name in self._wanted if name.casefold() not in known]
        found = ranked(typed, rows, lambda choice: choice.label)
        known |= {name.casefold() for name in self._wanted}
        if typed and typed.casefold() not in known:
            found.append(Choice(typed, f"new tag “{fit(typed, 40)}”", sign="+"))
        self.choices.load(Rows(found), count=len(found))
        if keep:
            self.choices.move_to_key(keep)

    def _choice(self, name: str, on: int, cases: int) -> Choice:
        wanted = self._wanted.get(name)
        full = on == self._cases if wanted is None else wanted
        sign = "[x]" if full else "[~]" if on and wanted is None else "[ ]"
        return Choice(name, name, f"{cases}" if cases else "", sign)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self.choices.move_to(self.choices.cursor + by)

    def action_set(self) -> None:
        """Set the tag under the cursor, or take it away."""
        row = self.choices.row
        if row is None:
            return
        on = {name: count == self._cases for name, count, _ in self._tags}.get(row.value, False)
        self._wanted[row.value] = not self._wanted.get(row.value, on)
        self._show(keep=row.value)

    def action_accept(self) -> None:
        """Apply; what was only typed and is new counts as set."""
        row = self.choices.row
        if self.typed and not self._wanted and row is not None:
            self.action_set()
        on = {name: count for name, count, _ in self._tags}
        add = {n for n, wanted in self._wanted.items() if wanted and on.get(n, 0) < self._cases}
        drop = {n for n, wanted in self._wanted.items() if not wanted and on.get(n, 0)}
        self.dismiss((frozenset(add), frozenset(drop)))


class Prompt(Overlay[str], TypeAhead[str]):
    """Asks for one line of text."""

    PLACE = "picker"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("picker")
    AUTO_FOCUS = "#typed"

    def __init__(self, title: str, *, hint: str = "", value: str = "") -> None:
        super().__init__()
        self._title, self._hint, self._value = title, hint, value

    def compose(self) -> ComposeResult:
        """Show the title, the line, and what may stand there."""
        with Vertical(classes="box", id="picker-box"):
            yield Static(plain(self._title), classes="box-title")
            yield Input(self._value, id="typed", compact=True)
            yield Static(plain(self._hint or "enter takes · esc closes"), classes="box-hint")

    @on(Input.Submitted, "#typed")
    def _submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)

    def action_move(self, by: int) -> None:
        """There is nothing to move in."""

    def action_accept(self) -> None:
        """Answer with what was typed."""
        self.dismiss(self.query_one("#typed", Input).value)


class Confirm(Picker):
    """Asks before something that cannot be undone, or that acts on another thing than is shown."""

    def __init__(self, question: str, yes: str, no: str = "No, leave it") -> None:
        super().__init__(question, [Choice("yes", yes), Choice("", no)])
