"""What every screen of the desk shares: its app, its place in the key table, reading again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, cast

from textual import events, on
from textual.screen import ModalScreen, Screen, ScreenResultType
from textual.widget import Widget

if TYPE_CHECKING:
    from console.app import CentricApp


class Placed:
    """Something that has keys.

    Attributes:
        PLACE: Its name among `console.keytable.STACKS`.
    """

    PLACE: ClassVar[str] = "cases"


class Showing(Screen[None], Placed):
    """A full screen that shows what is in the store."""

    AUTO_FOCUS: ClassVar[str | None] = ""  # each screen says itself where the keys go

    @property
    def desk(self) -> CentricApp:
        """The app."""
        return cast("CentricApp", self.app)

    @property
    def place(self) -> str:
        """Where the focus is, for the help."""
        return self.PLACE

    def reload(self) -> None:
        """Read again what is shown; the cursor and the scroll stay."""

    def keeper(self) -> Widget | None:
        """Return the widget that has the keys when no other has them; None: none needs them."""
        return None

    @on(events.DescendantBlur)
    def _blurred(self) -> None:
        """Keep the keys: a pane that was hidden and came back loses them in Textual."""
        self.call_after_refresh(self._refocus)

    def _refocus(self) -> None:
        if self.focused is None and self.is_current:
            self.set_focus(self.keeper())

    def go_back(self) -> None:
        """Go to where the agent came from."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()

    def cancel(self) -> None:
        """Undo a view: marks, a maximised pane; by default the same as back."""
        self.go_back()

    def go_top(self) -> None:
        """Go to the first line."""

    def cases_shown(self) -> Sequence[int]:
        """Return the cases that an act may be about without being named first."""
        return ()

    def customer_shown(self) -> int:
        """Return the customer on screen; 0 for none."""
        return 0

    def other_shown(self) -> int:
        """Return the customer who is laid beside that one; 0 for none."""
        return 0


class Overlay(ModalScreen[ScreenResultType], Placed, Generic[ScreenResultType]):
    """A box over the screen that answers with something, or None when it is closed."""

    AUTO_FOCUS: ClassVar[str | None] = ""

    @property
    def desk(self) -> CentricApp:
        """The app."""
        return cast("CentricApp", self.app)

    @property
    def place(self) -> str:
        """Where the focus is, for the help."""
        return self.PLACE

    def action_close(self) -> None:
        """Close; nothing is changed."""
        self.dismiss(None)


class TypeAhead(Screen[ScreenResultType], Generic[ScreenResultType]):
    """A screen with a text field; keys pressed before the field is there are not lost.

    A screen has the keys from the moment it is pushed, its field only once it is laid out: fast
    fingers are faster. `console.typeahead` keeps what comes before `ready`.

    Attributes:
        ready: True when the field has the focus.
    """

    ready = False

    @on(events.DescendantFocus)
    def _field_ready(self) -> None:
        if not self.ready:
            self.ready = True
            cast("CentricApp", self.app).replay()
