"""The Textual app: opens the store, installs screens, keys and theme, gives the terminal back."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual import events
from textual.app import SuspendNotSupported
from textual.binding import BindingType
from textual.filter import LineFilter
from textual.screen import Screen

from console.actions import ActingApp
from console.attendance import Attendance
from console.driver import EXIT_HANG_UP, EXIT_TERMINATED, DeskDriver
from console.guard import TerminalGuard
from console.keymap import bindings_of, textual_keymap, with_user_keys
from console.live import POLL_SECONDS, Live
from console.mailroom import Mailroom
from console.theme import DARK, LIGHT
from db.errors import NoStore
from db.records import AgentRow
from db.store import Store, open_store

LAST_LETTERS_SECONDS = 0.02  # this key overtakes those that a text field has not taken in yet
SMALLEST = (60, 15)  # cells; below that there is only the wish for more room


class CentricApp(ActingApp):
    """The desk and every screen on it.

    Attributes:
        crash: An error that nobody foresaw; it ended the app.
    """

    TITLE = "Centric"
    CSS_PATH: ClassVar = [
        "screens/app.tcss",
        "screens/overlays.tcss",
        "screens/desk.tcss",
        "screens/find.tcss",
        "screens/customer.tcss",
        "screens/matching.tcss",
        "screens/compose.tcss",
        "screens/welcome.tcss",
    ]
    ENABLE_COMMAND_PALETTE = False
    HORIZONTAL_BREAKPOINTS = [  # noqa: RUF012 - Textual declares it as it is
        (0, "-narrow"),
        (100, "-medium"),
        (140, "-wide"),
        (170, "-full"),
    ]
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("everywhere")

    def __init__(
        self,
        url: str,
        login: str,
        *,
        name: str = "",
        store: Store | None = None,
        agent: AgentRow | None = None,
        theme: str = "",
        keys: Mapping[str, str] | None = None,
        pulls: bool = False,
    ) -> None:
        super().__init__(driver_class=DeskDriver)
        self.mailroom: Mailroom | None = None
        self.pulls = pulls
        self.table = with_user_keys(keys)
        self.url, self.login, self.agent_name = url, login, name
        self.store, self.agent = store, agent
        self.crash: Exception | None = None
        self.animation_level = "none"
        self._attendance: Attendance | None = None
        self._guard = TerminalGuard()
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = LIGHT.name if theme == "light" else DARK.name
        self.set_keymap(textual_keymap(self.table))

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Put the guard behind Textual's own filters: whatever a widget drew passes it."""
        return [*super().get_line_filters(), self._guard]

    def get_default_screen(self) -> Screen[Any]:  # screens answer with anything
        """Begin with the desk, or with the first-start screen where there is no store."""
        if self.store is None:
            from console.screens.welcome import WelcomeScreen

            return WelcomeScreen()
        from console.screens.desk import DeskScreen

        return DeskScreen()

    def on_mount(self) -> None:
        """Listen to the system's signals and to what others write into the store."""
        DeskDriver.on_hang_up = self.hang_up
        loop = asyncio.get_running_loop()
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(signal.SIGTERM, self.terminate)
            loop.add_signal_handler(signal.SIGHUP, self.hang_up)
        if self.store is not None:
            self._follow(self.store)

    def use_store(self, url: str) -> None:
        """Open a store that was just made or named, and go to the desk.

        Raises:
            StoreError: It cannot be opened.
        """
        from console.screens.desk import DeskScreen

        store, agent = opened(url, self.login, self.agent_name)
        self.url, self.store, self.agent = url, store, agent
        self._follow(store)
        self.push_screen(DeskScreen())

    def _follow(self, store: Store) -> None:
        live = Live(store, self.reload, self.connection_told)
        self.set_interval(POLL_SECONDS, live.poll)
        self._attendance = Attendance(self.reader, self.me)
        self._attendance.begin(self)
        if self.pulls:
            words = ("--store", self.url, "--agent", self.login)
            self.mailroom = Mailroom(words, self.mail_told, self.warn)
            self.mailroom.begin()

    def talk(self, words: Sequence[str]) -> int:
        """Give the terminal to a headless command that asks; return its exit code."""
        from console.dialogue import talk

        try:
            with self.suspend():
                return talk(words)
        except SuspendNotSupported:
            self.warn("This terminal cannot be given to a dialogue: centric " + " ".join(words))
            return 1

    def mail_told(self) -> None:
        """Show how far the mail is that is being pulled."""
        from console.screens.desk import DeskScreen

        if isinstance(self.screen, DeskScreen):
            self.screen.show_status()

    def on_resize(self, event: events.Resize) -> None:
        """Ask for room where a grid would be broken."""
        from console.screens.overlays import RoomScreen

        small = event.size.width < SMALLEST[0] or event.size.height < SMALLEST[1]
        asking = isinstance(self.screen, RoomScreen)
        if small and not asking:
            self.push_screen(RoomScreen())
        elif asking and not small:
            self.pop_screen()

    def save_drafts(self) -> None:
        """Write down what is being typed, at once."""
        from console.widgets.composer import Composer

        for screen in self.screen_stack:
            for composer in screen.query(Composer):
                composer.save_now()

    def terminate(self) -> None:
        """End as a good program does when the system asks for it."""
        self.save_drafts()
        self.exit(return_code=EXIT_TERMINATED)

    def hang_up(self) -> None:
        """Keep what was typed and end at once: without its terminal an orderly exit would hang."""
        with contextlib.suppress(Exception):
            self.save_drafts()
        if isinstance(self._driver, DeskDriver):
            self._driver.restore_terminal()
        with contextlib.suppress(Exception):
            if self.store is not None:
                self.store.close()
        os._exit(EXIT_HANG_UP)

    async def action_quit(self) -> None:
        """Leave; drafts are kept, with the letters that were typed right before."""
        await asyncio.sleep(LAST_LETTERS_SECONDS)
        self.save_drafts()
        self.exit()

    def on_unmount(self) -> None:
        """Finish the acts that were begun."""
        if self.mailroom is not None:
            self.mailroom.end()
        if self._attendance is not None:
            self._attendance.end()
        if self._reader is not None:
            self._reader.close()

    def _fatal_error(self) -> None:
        """Keep an unforeseen error for the log; Textual would print customers' texts with it."""
        self.crash = self._exception if isinstance(self._exception, Exception) else None
        self._close_messages_no_wait()


def opened(url: str, login: str, name: str) -> tuple[Store, AgentRow]:
    """Open a store and find who works in it; their row is made at their first start.

    Raises:
        StoreError: It cannot be opened.
    """
    from db.agents import agent_for

    store = open_store(url)
    return store, agent_for(store.engine, login, name or login)


def run_desk(
    store_url: str,
    login: str,
    *,
    name: str = "",
    theme: str = "",
    mouse: bool = True,
    keys: Mapping[str, str] | None = None,
    terminal: list[Any] | None = None,  # what termios returns is a mixed list
    who: Callable[[Store, AgentRow], AgentRow] = lambda store, agent: agent,
    pulls: bool = False,
) -> int:
    """Open the desk on this terminal and return the exit code when it was left.

    Args:
        store_url: Where the store is; where there is none, the first-start screen makes one.
        login: Who works here.
        name: Their name as colleagues see it; empty takes the login.
        theme: ``dark``, ``light``, or empty for dark.
        mouse: False leaves the mouse to the terminal.
        keys: Action id to keys, from the config.
        terminal: Its settings before anything was painted, for the moment when it hangs up.
        who: Says who works here where the login alone does not.
        pulls: Whether mail is pulled while the desk is open.

    Raises:
        KeyClash: Two actions meet on one key.
        StoreError: The store is there but cannot be opened.
        Exception: Whatever ended the app unforeseen; the terminal is restored by then.
    """
    store, agent = None, None
    with contextlib.suppress(NoStore):
        store, agent = opened(store_url, login, name)
        agent = who(store, agent)
    app = CentricApp(
        store_url, login, name=name, store=store, agent=agent, theme=theme, keys=keys, pulls=pulls
    )
    DeskDriver.attributes_before = terminal
    try:
        app.run(mouse=mouse)
    finally:
        if app.store is not None:
            app.store.close()
    if app.crash is not None:
        raise app.crash
    return app.return_code or 0
