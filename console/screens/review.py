"""A reply before it leaves: who gets it, under which subject, every word; and the ways out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from console import times
from console.clipboard import copy
from console.guard import plain
from console.keymap import bindings_of
from console.opener import NoOpener, launch, opener_words
from console.reply import Reply, UnsafeReply, as_message, mail_link, safe
from console.screens.base import Overlay
from console.screens.picker import Confirm, Prompt
from console.text import clean
from db.errors import StoreError

LINK_SHOWN = 700  # characters of a command that are shown before it runs


class ReviewScreen(Overlay[str]):
    """Shows a reply in full; answers ``edit`` or None, the draft stays either way."""

    PLACE = "review"
    BINDINGS: ClassVar[list[BindingType]] = bindings_of("review")

    def __init__(self, reply: Reply, case_id: int) -> None:
        super().__init__()
        self._reply = reply
        self._case_id = case_id

    def compose(self) -> ComposeResult:
        """Show headers, text and the keys."""
        reply = self._reply
        to = ", ".join(map(safe, reply.to)) or "nobody yet: this customer has no mail address here"
        head = [
            ("To       ", "bold"),
            (f"{to}\n", ""),
            ("From     ", "bold"),
            (f"{safe(reply.sender) or 'as your mail program has it'}\n", ""),
            ("Subject  ", "bold"),
            (safe(reply.subject), ""),
        ]
        if reply.cc:
            head[2:2] = [("Cc       ", "bold"), (f"{', '.join(map(safe, reply.cc))}\n", "")]
        with Vertical(classes="box -reply", id="review-box"):
            yield Static(
                Content(f"➤ Reply on #{self._case_id} – read it once more"), classes="box-title"
            )
            yield Static(Content.assemble(*head), id="review-head")
            with VerticalScroll(id="review-text"):
                yield Static(plain(reply.text))
            yield Static(
                Content("c copy · o mail program · f write .eml · e edit · p keep the draft"),
                classes="box-hint",
            )

    def on_mount(self) -> None:
        """Let the arrow keys scroll the text."""
        self.query_one("#review-text").focus()

    def action_copy(self) -> None:
        """Copy the text."""
        self.desk.say(copy(self.app, self._reply.text))

    def action_edit(self) -> None:
        """Go on writing."""
        self.dismiss("edit")

    def action_keep(self) -> None:
        """Close; the draft is kept."""
        self.dismiss(None)

    def action_open_mail(self) -> None:
        """Open the reply in the mail program; the command is shown in full first."""
        self.desk.ask(self._open_mail())

    async def _open_mail(self) -> None:
        try:
            words = opener_words(mail_link(self._reply))
        except NoOpener as error:
            self.desk.warn(str(error))
            return
        shown = clean(" ".join(words))
        if len(shown) > LINK_SHOWN:
            shown = f"{shown[:LINK_SHOWN]}… ({len(shown):,} characters)"
        if await self.app.push_screen_wait(Confirm(f"Run {shown}", "Yes, open it")) != "yes":
            return
        try:
            launch(words)
        except NoOpener as error:
            self.desk.warn(str(error))
            return
        self.desk.say("Opened in your mail program; the draft stays here.")

    def action_write_file(self) -> None:
        """Write the reply as an .eml file."""
        self.desk.ask(self._write_file())

    async def _write_file(self) -> None:
        suggested = str(Path.home() / f"reply-{self._case_id}.eml")
        path = await self.app.push_screen_wait(
            Prompt(
                "Write the reply to", hint="a new file · enter writes · esc closes", value=suggested
            )
        )
        if path:
            self.desk.say(self._written(path.strip()))

    def _message_id(self) -> str:
        """Return an id that answers are known by; empty, for a random one, where there is none."""
        from db.reply_tokens import token_for

        domain = self._reply.sender.rpartition("@")[2]
        try:
            token = token_for(self.desk.memory.engine, self._case_id)
        except StoreError:
            return ""
        return f"<{token}@{domain or 'localhost'}>"

    def _written(self, typed: str) -> str:
        """Write the file and return the sentence that says so, or why not."""
        path = Path(typed).expanduser()
        try:
            data = as_message(self._reply, times.now(), self._message_id())
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except UnsafeReply as error:
            return str(error)
        except FileExistsError:
            return f"{path} is there already; choose another name."
        except OSError as error:
            return f"{path} cannot be written: {error.strerror}."
        return f"Wrote {path}; your mail program opens it. The draft stays here."
