"""What an agent does to cases: the marked ones, or the one that is shown; a bulk is one act."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual import on

from console.opener import NoOpener, launch, opener_words
from console.screens import choices
from console.screens.base import Showing
from console.screens.picker import Confirm, Picker
from console.text import clean
from console.widgets.sheet import Sheet
from db.commands.base import Command
from db.commands.bulk import Bulk
from db.commands.cases import MoveCase, ReopenCase, ResolveCase, SetUrgency
from db.commands.owners import AssignCase, TakeCase
from db.commands.tags import TagCase, UntagCase
from db.errors import StoreError
from db.queries import desk as questions
from db.records import CaseRow, CheatSheet, Done, TimelineItem

Maker = Callable[[int], Sequence[Command]]


class CaseActs(Showing):
    """A screen with cases on it; its subclass says which ones are meant."""

    _conflict: tuple[str, int] = ("", 0)  # the act that met a newer owner, and its case

    def target_ids(self) -> list[int]:
        """Return the cases that an act is about: the marked ones, or the one shown."""
        return []

    def target_row(self) -> CaseRow | None:
        """Return the one case that an act is about; None when there are several, or none."""
        ids = self.target_ids()
        if len(ids) != 1:
            return None
        rows = self.desk.reader.now(questions.case_rows, ids)
        return rows[0] if rows else None

    def entry_shown(self) -> int:
        """Return the message under the cursor, where the focus is on a timeline; else 0."""
        from console.widgets.timeline import Timeline

        if not isinstance(self.focused, Timeline):
            return 0
        item = self.focused.current_item
        return item.entry_id if item is not None and item.kind == "message" else 0

    def acted(self, done: Done) -> None:
        """Hear of an act that came through."""

    def give(self, make: Maker, then: Callable[[Done], None] | None = None) -> None:
        """Give a command for every case that is meant, as one act with one undo.

        Args:
            make: The commands for one case.
            then: Heard of when it came through.
        """
        ids = self.target_ids()
        commands = [command for case_id in ids for command in make(case_id)]
        if not commands:
            self.desk.say("No case is shown or marked.")
            return

        def done(result: Done) -> None:
            self.acted(result)
            if then is not None:
                then(result)

        self.desk.repeat = make
        self.desk.act(commands[0] if len(commands) == 1 else Bulk(tuple(commands)), done)

    def about(self) -> str:
        """Return what pickers call the cases that are meant: ``#42``, ``3 cases``."""
        ids = self.target_ids()
        return f"#{ids[0]}" if len(ids) == 1 else f"{len(ids)} cases"

    def _any(self) -> bool:
        if self.target_ids():
            return True
        self.desk.say("No case is shown or marked.")
        return False

    def action_repeat(self) -> None:
        """Do the last act again, on the cases that are meant now."""
        if self.desk.repeat is None:
            self.desk.say("There is nothing to repeat yet.")
        else:
            self.give(self.desk.repeat)

    @on(Sheet.EditAsked)
    def _edit_asked(self, event: Sheet.EditAsked) -> None:
        self.desk.ask(self._edit(event.record))

    async def _edit(self, record: CheatSheet) -> None:
        from console.screens.profile import ask_edit

        command = await ask_edit(self.desk, record)
        if command is not None:
            self.desk.act(command)

    def action_tags(self) -> None:
        """Set and take away tags."""
        self.desk.ask(self._tags())

    async def _tags(self) -> None:
        if not self._any():
            return
        picked = await choices.pick_tags(self.desk, self.target_ids())
        if picked is None or not any(picked):
            return
        add, drop = (sorted(names) for names in picked)
        self.give(
            lambda case_id: [
                *(TagCase(case_id, name) for name in add),
                *(UntagCase(case_id, name) for name in drop),
            ]
        )

    def action_take(self) -> None:
        """Take the cases; one that a colleague owns is taken over at the second press only."""
        row = self.target_row()
        if row is None:
            self.give(lambda case_id: [TakeCase(case_id)])
            return
        over = self._conflict == ("take", row.case_id)
        self._conflict = ("", 0)
        if row.owner and row.owner != self.desk.me.login and not over:
            self._conflict = ("take", row.case_id)
            self.desk.warn(
                f"#{row.case_id} is already owned by {row.owner}. Press a again to take it over."
            )
            return
        self.give(lambda case_id: [TakeCase(case_id, expected=row.owner)])

    def action_assign(self) -> None:
        """Give the cases to someone."""
        self.desk.ask(self._assign())

    async def _assign(self) -> None:
        if not self._any():
            return
        row = self.target_row()
        owner = row.owner if row else ""
        login = await choices.pick_agent(self.desk, f"Give {self.about()} to", owner)
        if login is not None:
            seen = owner if row else None
            self.give(lambda case_id: [AssignCase(case_id, login, expected=seen)])

    def action_move_case(self) -> None:
        """Move the cases to a folder queue."""
        self.desk.ask(self._move_case())

    async def _move_case(self) -> None:
        if not self._any():
            return
        row = self.target_row()
        queue = row.queue if row else ""
        name = await choices.pick_folder(self.desk, f"Move {self.about()} to", queue)
        if name is not None:
            seen = queue if row else None
            self.give(lambda case_id: [MoveCase(case_id, name, expected=seen)])

    def action_urgency(self) -> None:
        """Say how urgent the cases are."""
        self.desk.ask(self._urgency())

    async def _urgency(self) -> None:
        if not self._any():
            return
        row = self.target_row()
        seen = row.urgency if row else None
        urgency = await choices.pick_urgency(self.desk, f"Urgency of {self.about()}", seen or "")
        if urgency:
            self.give(lambda case_id: [SetUrgency(case_id, urgency, expected=seen)])

    def action_resolve(self) -> None:
        """Resolve the cases, say how, and go on to the next."""
        self.desk.ask(self._resolve())

    async def _resolve(self) -> None:
        if not self._any():
            return
        row = self.target_row()
        seen = row.status if row else None
        how = await choices.pick_resolution(self.desk, f"Resolve {self.about()}: how did it end?")
        if how:
            self.give(lambda case_id: [ResolveCase(case_id, how, expected=seen)])

    def action_reopen(self) -> None:
        """Open the cases again."""
        if self._any():
            self.give(lambda case_id: [ReopenCase(case_id)])

    def action_belongs(self) -> None:
        """Say that the case, or all from its sender, belongs to another customer."""
        self.desk.ask(self._belongs())

    async def _belongs(self) -> None:
        from console.screens.belonging import ask_whose

        ids = self.target_ids()
        if len(ids) != 1:
            self.desk.say("Giving a case to another customer needs one case.")
            return
        command = await ask_whose(self.desk, ids[0], self.entry_shown())
        if command is not None:
            self.desk.act(command, self.acted)

    def action_merge(self) -> None:
        """Bring the case into another one."""
        self.desk.ask(self._merge())

    async def _merge(self) -> None:
        from console.screens.together import ask_merge

        ids = self.target_ids()
        if len(ids) != 1:
            self.desk.say("Merging needs one case: the one that goes into another.")
            return
        command = await ask_merge(self.desk, ids[0])
        if command is not None:
            self.desk.act(command, self.acted)

    def target_item(self) -> TimelineItem | None:
        """Return the message that the agent looks at; None where there is no timeline."""
        return None

    def action_split(self) -> None:
        """Split the message that is looked at off into a case of its own."""
        self.desk.ask(self._split())

    async def _split(self) -> None:
        from console.screens.together import ask_split

        item = self.target_item()
        if item is None or item.kind != "message" or not item.entry_id:
            self.desk.say("Go to the message that does not belong here first: enter, then j or k.")
            return
        command = await ask_split(self.desk, item)
        if command is not None:
            self.desk.act(command, self.acted)

    def action_original(self) -> None:
        """Show the message that is looked at as it was received."""
        self.desk.ask(self._original())

    async def _original(self) -> None:
        from console.screens.original import OriginalScreen, lines_of

        item = self.target_item()
        if item is None or not item.entry_id:
            self.desk.say("Go to a message first: enter, then j or k.")
            return
        try:
            lines, head, size = self.desk.reader.now(lines_of, item.entry_id)
        except StoreError as error:
            self.desk.refuse(error)
            return
        title = f"#{item.case_id} {item.subject or item.author}"
        await self.app.push_screen_wait(OriginalScreen(title, lines, head, size))

    def action_links(self) -> None:
        """List the attachments and links of the case; a link is shown in full and opened."""
        self.desk.ask(self._links())

    async def _links(self) -> None:
        ids = self.target_ids()
        if len(ids) != 1:
            self.desk.say("Files and links are those of one case.")
            return
        try:
            rows = self.desk.reader.now(choices.files_and_links, ids[0])
        except StoreError as error:
            self.desk.refuse(error)
            return
        if not rows:
            self.desk.say(f"#{ids[0]} has no attachments and no links.")
            return
        picked = await self.app.push_screen_wait(Picker(f"Files and links of #{ids[0]}", rows))
        if not picked:
            return
        if picked.startswith("file:"):
            from console.screens.files import ask_file

            entry_id, _, position = picked.removeprefix("file:").partition(":")
            await ask_file(self.desk, int(entry_id), int(position))
            return
        shown = clean(picked, newlines=False)
        if await self.app.push_screen_wait(Confirm(f"Open {shown}", "Yes, open it")) == "yes":
            try:
                launch(opener_words(picked))
            except NoOpener as problem:
                self.desk.warn(str(problem))

    def action_copy(self, what: str) -> None:
        """Copy the case number or the customer's address to the clipboard."""
        from console.clipboard import copy

        row = self.target_row()
        if row is None:
            self.desk.say("Copying needs one case.")
        elif what == "number":
            self.desk.say(copy(self.app, f"#{row.case_id}"))
        else:
            self._copy_address(row)

    def _copy_address(self, row: CaseRow) -> None:
        from console.clipboard import copy
        from db.queries.sheet import cheat_sheet

        try:
            sheet = self.desk.reader.now(cheat_sheet, row.customer_id)
        except StoreError as error:
            self.desk.refuse(error)
            return
        address = next((h.value for h in sheet.handles if h.kind == "email"), "")
        address = address or next((h.value for h in sheet.handles), "")
        self.desk.say(copy(self.app, address) if address else "No address is known.")
