"""What works from everywhere: find, help, palette, go to, undo; how an act is given and told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from textual.dom import DOMNode

from console.keytable import KEYS, STACKS, Key
from console.reader import Reader
from console.screens.base import Overlay, Showing
from console.text import clean, one_line
from console.typeahead import KeepsKeys
from console.widgets.status_line import StatusLine
from db.commands.base import Command
from db.errors import StoreError, Unavailable
from db.records import AgentRow, Done
from db.store import Store

if TYPE_CHECKING:
    from console.screens.desk import DeskScreen

TOAST_SECONDS = 4.0
REFUSAL_SECONDS = 8.0
AGAIN_SECONDS = 6.0  # how long a second press of undo takes back what was only named
GO_QUEUES = {"mine": 1, "unassigned": 2, "snoozed": 6}  # pins of the shipped queues


class ActingApp(KeepsKeys):
    """An app with a store, an agent, and the actions of the context “everywhere”.

    Attributes:
        store: None until there is one.
        agent: Who works here; None as long as there is no store.
        table: The key table with the agent's own keys in it.
        lost: Why there is no connection to the store; empty while there is one.
        repeat: Makes the last act again for another case; None before the first.
    """

    store: Store | None = None
    agent: AgentRow | None = None
    table: tuple[Key, ...] = KEYS
    lost: str = ""
    repeat: Callable[[int], Sequence[Command]] | None = None
    _reader: Reader | None = None
    _named_seq = 0  # the act that the first press of undo has named

    @property
    def memory(self) -> Store:
        """The store, where a screen can only be when there is one."""
        if self.store is None:
            raise RuntimeError("There is no store yet.")
        return self.store

    @property
    def me(self) -> AgentRow:
        """Who works here, where a screen can only be when there is a store."""
        if self.agent is None:
            raise RuntimeError("There is no agent before there is a store.")
        return self.agent

    @property
    def reader(self) -> Reader:
        """Where questions and acts go."""
        if self._reader is None:
            self._reader = Reader(self, self.memory)
        return self._reader

    def connection_told(self, problem: str) -> None:
        """Say that the server is gone, or back; the lines that say where one is say it too.

        Args:
            problem: A sentence; empty when the connection is there again.
        """
        self.lost = problem
        self.reader.lost(problem)
        for screen in self.screen_stack:
            for line in screen.query(StatusLine):
                line.lost = bool(problem)
        if problem:
            server = self.memory.engine.name != "sqlite"
            again = " What is shown may be old; Centric connects again by itself."
            self.warn(problem + (again if server else ""))
        else:
            self.say("Connected again.")

    def reload(self) -> None:
        """Let every screen read again what it shows; the cursor and the scroll stay."""
        if not self.is_running or self._exit:
            return  # the screens are being taken down
        for screen in self.screen_stack:
            if isinstance(screen, Showing) and screen.is_mounted:
                screen.reload()

    def act(self, command: Command, then: Callable[[Done], None] | None = None) -> None:
        """Give a command; say what was done, or in one sentence why not."""
        store, agent = self.memory, self.me
        self.act_with(lambda: store.do(command, agent), then, final=command.final)

    def act_with(
        self,
        act: Callable[[], Done],
        then: Callable[[Done], None] | None = None,
        *,
        final: bool = False,
    ) -> None:
        """Carry out an act in the writing thread and say what came of it."""

        def done(result: Done) -> None:
            undoes = result.seq and not final and not result.sentence.startswith("Undid")
            undo = " · u undoes" if undoes else ""
            self.say(result.sentence + undo)
            self._named_seq = 0
            self.reload()
            if then is not None:
                then(result)

        self.reader.act(act, done, self.refuse)

    def say(self, sentence: str) -> None:
        """Show one quiet line for a moment; a newer one takes its place."""
        self.clear_notifications()
        self.notify(clean(sentence, newlines=False), timeout=TOAST_SECONDS, markup=False)

    def refuse(self, error: StoreError) -> None:
        """Show why something was not done, and what stands now, where that can be read."""
        self.warn(str(error))
        if not isinstance(error, Unavailable):
            self.reload()

    def warn(self, sentence: str) -> None:
        """Show a sentence long enough to be read twice."""
        self.clear_notifications()
        self.notify(clean(sentence), severity="warning", timeout=REFUSAL_SECONDS, markup=False)

    async def _dispatch_action(
        self,
        namespace: DOMNode,
        action_name: str,
        params: Any,  # whatever the key table gives
    ) -> bool:
        """Carry out what a key means; where the store cannot be read now, say so and go on."""
        try:
            return await super()._dispatch_action(namespace, action_name, params)
        except StoreError as error:
            self.refuse(error)
            return True

    def action_help(self) -> None:
        """Show the keys of the focused pane."""
        from console.screens.overlays import HelpScreen

        place = self.screen.place if isinstance(self.screen, Showing | Overlay) else "cases"
        self.push_screen(HelpScreen(place if place in STACKS else "cases", self.table))

    def action_palette(self) -> None:
        """Open the command palette."""
        from console.palette import open_palette

        if self.store is not None:
            open_palette(self)

    def action_find(self) -> None:
        """Find text in everything."""
        from console.screens.find import FindScreen

        if self.store is not None and not isinstance(self.screen, FindScreen):
            self.push_screen(FindScreen())

    def action_customer(self) -> None:
        """Find a customer."""
        from console.screens.finder import CustomerFinder

        if self.store is not None:
            self.push_screen(CustomerFinder(), self.show_customer)

    def show_customer(self, customer_id: int | None) -> None:
        """Open a customer in full; None when the finder was closed."""
        from console.screens.customer import CustomerScreen

        if customer_id:
            self.push_screen(CustomerScreen(customer_id))

    def action_export_customer(self) -> None:
        """Write all that is known of the customer on screen into a file."""
        from console.screens import keeping

        screen = self.screen
        customer_id = screen.customer_shown() if isinstance(screen, Showing) else 0
        if customer_id:
            self.ask(keeping.export(self, customer_id))
        else:
            self.say("No customer is shown.")

    def action_matches(self) -> None:
        """Decide who is one person."""
        from console.screens.matching import MatchScreen

        if self.store is not None and not isinstance(self.screen, MatchScreen):
            self.push_screen(MatchScreen())

    def action_why(self) -> None:
        """Explain who the customer on screen is, or may be."""
        from console.screens.whys import show_why

        if isinstance(self.screen, Showing):
            show_why(self, self.screen.customer_shown(), self.screen.other_shown())

    def show_case(self, case_id: int, *, entry_id: int = 0, words: Sequence[str] = ()) -> None:
        """Go to the desk with a case, at an entry if one is named, with what was sought marked."""
        desk = self._desk_on_top()
        if desk is not None:
            desk.show_case(case_id, entry_id=entry_id, words=words)

    def compose_on_desk(self, kind: str) -> None:
        """Begin to write on the case that the desk shows."""
        from console.screens.desk import DeskScreen

        if isinstance(self.screen, DeskScreen):
            self.screen.action_compose(kind)

    def action_go_menu(self) -> None:
        """Show where one can go."""
        from console.screens.overlays import GoMenu

        if self.store is not None:
            self.push_screen(GoMenu(), self.go)

    def action_go(self, where: str) -> None:
        """Go somewhere by name; the palette calls it."""
        self.go(where)

    def go(self, where: str | None) -> None:
        """Go where the menu said; None when it was closed."""
        if where == "customers":
            self.action_customer()
        elif where == "matches":
            self.action_matches()
        elif where == "top" and isinstance(self.screen, Showing):
            self.screen.go_top()
        elif where == "queue":
            self.ask(self._go_to_queue())
        elif where in GO_QUEUES:
            self.action_pinned(GO_QUEUES[where])
        elif where == "desk":
            self._desk_on_top()

    def action_pinned(self, pin: int) -> None:
        """Show a pinned queue on the desk; 0 is all open cases."""
        desk = self._desk_on_top()
        if desk is not None:
            desk.show_pinned(pin)

    async def _go_to_queue(self) -> None:
        from console.screens.choices import pick_queue

        name = await pick_queue(self)
        desk = self._desk_on_top() if name else None
        if desk is not None and name:
            desk.show_queue_named(name)

    def _desk_on_top(self) -> DeskScreen | None:
        from console.screens.desk import DeskScreen

        while len(self.screen_stack) > 1 and not isinstance(self.screen, DeskScreen):
            self.pop_screen()
        return self.screen if isinstance(self.screen, DeskScreen) else None

    def action_undo(self) -> None:
        """Take back the last act; name it first when its case is not on screen."""
        from db import journal

        try:
            recent = self.reader.now(journal.recent, self.me.agent_id, 50)
            last = next((r for r in recent if r.command != "undo" and not r.undone_by), None)
            act = self.reader.now(journal.act, last.seq) if last else None
        except StoreError as error:
            self.refuse(error)
            return
        if last is None or act is None:
            self.say("There is nothing of yours to undo.")
            return
        cases = {number for kind, number in act.subjects if kind == "case"}
        if cases and not cases & self._cases_on_screen() and self._named_seq != last.seq:
            self._named_seq = last.seq
            self.say(f"u again takes back: {one_line(last.sentence, 120)}")
            self.set_timer(AGAIN_SECONDS, self._forget_named)
            return
        store, agent, seq = self.memory, self.me, last.seq
        self.act_with(lambda: store.undo(agent, seq))

    def _forget_named(self) -> None:
        self._named_seq = 0

    def _cases_on_screen(self) -> set[int]:
        return set(self.screen.cases_shown()) if isinstance(self.screen, Showing) else set()

    def action_redo(self) -> None:
        """Do again what was taken back last."""
        store, agent = self.memory, self.me
        self.act_with(lambda: store.redo(agent))

    async def action_back(self) -> None:
        """Go back to where the agent came from."""
        if isinstance(self.screen, Showing):
            self.screen.go_back()

    def action_cancel(self) -> None:
        """Close what is open, clear marks, give a pane its size back."""
        if isinstance(self.screen, Showing):
            self.screen.cancel()

    def action_toggle_theme(self) -> None:
        """Change between light and dark."""
        from console.theme import DARK, LIGHT

        self.theme = DARK.name if self.theme == LIGHT.name else LIGHT.name
