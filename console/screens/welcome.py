"""The first start: no store yet, so try the demo, connect a mailbox, import or open something."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from console.child import Child, Told
from console.config import default_store_path
from console.guard import plain
from console.keymap import bindings_of
from console.screens.base import Showing
from console.screens.picker import Prompt
from console.text import one_line
from db.engine.postgres_url import is_postgres
from db.errors import StoreError

if TYPE_CHECKING:
    from console.app import CentricApp

BAR_CELLS = 30
EIGHTHS = " ▏▎▍▌▋▊▉█"


class WelcomeScreen(Showing):
    """Offers four ways to begin; each is one key."""

    PLACE = "welcome"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("welcome")

    def __init__(self) -> None:
        super().__init__()
        self._child: Child | None = None
        self._began = 0.0

    def compose(self) -> ComposeResult:
        """Say what Centric is and what can be done now."""
        with Vertical(id="welcome-box"):
            yield Static(Content.from_markup("[b]Centric[/b]"), id="welcome-title")
            yield Static(
                Content(
                    "Remembers everything that happened between your team and your customers,\n"
                    "and shows the part that matters now. There is no store here yet."
                ),
                id="welcome-text",
            )
            yield Static(
                Content.from_markup(
                    "[b $primary]d[/]  Try the demo: made-up customers, nothing of yours is touched"
                    "\n"
                    "[b $primary]m[/]  Connect a mailbox: only looked at, nothing in it changes\n"
                    "[b $primary]i[/]  Import mail or chats: mbox, Maildir, .eml, Slack, WhatsApp\n"
                    "[b $primary]o[/]  Open a store that exists\n"
                    "[b $primary]q[/]  Quit"
                ),
                id="welcome-ways",
            )
            yield Static("", id="welcome-progress")

    @property
    def _app(self) -> CentricApp:
        return cast("CentricApp", self.app)

    def tell(self, sentence: str) -> None:
        """Show a sentence under the ways."""
        self.query_one("#welcome-progress", Static).update(plain(sentence))

    def cancel(self) -> None:
        """Stop the import that runs; what it brought stays."""
        if self._child is not None:
            self._child.stop()
            self.tell("Stopping after this batch …")

    def go_back(self) -> None:
        """There is nothing before the first screen."""

    async def action_quit(self) -> None:
        """Leave."""
        self.cancel()
        self.app.exit()

    @work(exclusive=True, group="welcome")
    async def action_demo(self) -> None:
        """Build the demo store beside where the own one would be, and open it."""
        path = self._beside("demo.db")
        if not _exists(path):
            self.tell("Building the demo: a few seconds …")
            if not await self._run("--store", str(path), "demo", "--no-open"):
                return
        self._open(str(path))

    def action_import_file(self) -> None:
        """Ask for a path and for who “we” are, then import."""
        self.desk.ask(self._import_file())

    async def _import_file(self) -> None:
        path = await self.app.push_screen_wait(
            Prompt("Import which file or folder?", hint="a path, ~ is your home · esc closes")
        )
        if not path or not path.strip():
            return
        us = await self.app.push_screen_wait(
            Prompt(
                "Which address or domain is yours?",
                hint="support@shop.example or @shop.example; it decides who wrote to whom",
            )
        )
        if us is None:
            return
        arguments = ["--store", self._app.url, "import", "--yes", "-o", "ndjson"]
        arguments += ["--us", us.strip()] if us.strip() else []
        self._import([*arguments, "--", _full(path)])

    @work(exclusive=True, group="welcome")
    async def _import(self, arguments: list[str]) -> None:
        if await self._run(*arguments):
            self._open(self._app.url)

    def action_connect_mail(self) -> None:
        """Give the terminal to the dialogue that connects a mailbox, and begin with its mail."""
        from db.store import open_store

        url = self._app.url
        code = self._app.talk(("--store", url, "connect", "mail"))
        if code:
            self.tell("No mailbox was connected. m tries again.")
            return
        try:
            open_store(url, create=True).close()
        except StoreError as error:
            self.tell(str(error))
            return
        self._app.pulls = True
        self._open(url)

    def action_open_path(self) -> None:
        """Ask for a store and open it."""
        self.desk.ask(self._open_path())

    async def _open_path(self) -> None:
        path = await self.app.push_screen_wait(
            Prompt("Open which store?", hint="a path, or postgresql://HOST/DATABASE")
        )
        if path and path.strip():
            self._open(_full(path))

    def _beside(self, name: str) -> Path:
        """Return a place next to where the store would be; for a server, the usual one."""
        if is_postgres(self._app.url):
            return default_store_path().with_name(name)
        return Path(self._app.url.removeprefix("sqlite:///")).expanduser().with_name(name)

    def _open(self, url: str) -> None:
        try:
            self._app.use_store(url)
        except StoreError as error:
            self.tell(str(error))

    async def _run(self, *arguments: str) -> bool:
        """Run a headless command; say why when it fails."""
        self._began = time.monotonic()
        self._child = child = Child(arguments, self._told)
        code = await child.run()
        self._child = None
        if code:
            self.tell(child.said or f"That did not work (exit code {code}).")
        return code == 0

    def _told(self, told: Told) -> None:
        seconds = time.monotonic() - self._began
        self.tell(progress_line(told, seconds))


def _exists(path: Path) -> bool:
    return path.exists()


def _full(typed: str) -> str:
    """Return a typed path with ``~`` read as the home folder; a URL stays as it is."""
    if is_postgres(typed.strip()):
        return typed.strip()
    return str(Path(typed.strip()).expanduser())


def progress_line(told: Told, seconds: float) -> str:
    """Return a bar with count, rate and remaining time."""
    parts = [f"{told.read:,} read"]
    if seconds >= 1:
        parts.append(f"{told.read / seconds:,.0f}/s")
    if told.total > told.done > 0 and seconds >= 2:
        parts.append(f"{seconds * (told.total - told.done) / told.done:,.0f} s left")
    bar = ""
    if told.total > 0:
        eighths = int(min(1.0, told.done / told.total) * BAR_CELLS * 8)
        full, part = divmod(eighths, 8)
        bar = ("█" * full + (EIGHTHS[part] if full < BAR_CELLS else "")).ljust(BAR_CELLS) + "  "
    return f"{one_line(told.path, 50)}\n{bar}{' · '.join(parts)} · esc stops"
