"""Writing on a case: a note or a reply begins, is kept as it is typed, and is finished or left."""

from __future__ import annotations

from textual import on
from textual.app import SuspendNotSupported

from console.editor import NoEditor, edit
from console.reply import Reply, reply_subject, reply_to
from console.screens.acts import CaseActs
from console.screens.review import ReviewScreen
from console.widgets.composer import Composer, Writing
from db.commands.notes import AddNote
from db.drafts import drop_draft, load_draft, save_draft
from db.engine.interface import Connection
from db.errors import StoreError
from db.queries.entry import entry_detail
from db.queries.timeline import timeline_page
from db.records import CaseDetail, Done, DraftRow

LOOKED_AT = 50  # entries of a case in which the message to answer is looked for


class Writes(CaseActs):
    """A screen with a composer on it."""

    @property
    def composer(self) -> Composer:
        """Where notes and replies are written."""
        return self.query_one(Composer)

    def current(self) -> CaseDetail | None:
        """Return the case that is written on."""
        return None

    def writing_began(self) -> None:
        """Bring the composer on screen."""

    def writing_ended(self) -> None:
        """Give the keys back to the case."""

    def action_compose(self, kind: str) -> None:
        """Begin a note or a reply, or go on with the draft of one."""
        detail = self.current()
        if detail is None:
            self.desk.say("No case is shown to write on.")
            return
        self.composer.save_now()
        row = detail.row
        try:
            draft = self.desk.reader.now(load_draft, row.case_id, self.desk.me.agent_id, kind)
        except StoreError as error:
            self.desk.refuse(error)
            return
        writing = Writing(row.case_id, kind, row.revision, row.customer)
        if draft is not None:
            writing = Writing(
                row.case_id, kind, draft.case_revision, row.customer, draft.text, draft.cursor
            )
        self.composer.begin(writing)
        self.writing_began()
        if draft is not None and draft.case_revision < row.revision:
            self.desk.say(f"#{row.case_id} has changed since this draft was begun.")

    def keep_draft(self, writing: Writing, at_once: bool) -> None:
        """Put what is written on disk; an empty text is no draft."""
        engine, agent_id = self.desk.memory.engine, self.desk.me.agent_id

        def keep() -> None:
            if not writing.text.strip():
                drop_draft(engine, writing.case_id, agent_id, writing.kind)
                return
            save_draft(
                engine,
                DraftRow(
                    writing.case_id,
                    agent_id,
                    writing.kind,
                    writing.text,
                    writing.cursor,
                    writing.case_revision,
                    0,
                ),
            )

        if at_once:
            self.desk.reader.finish(keep)
        else:
            self.desk.reader.act(keep, lambda _: None, self.desk.refuse)

    @on(Composer.Left)
    def _left(self, event: Composer.Left) -> None:
        kept = bool(event.writing.text.strip())
        self.composer.end()
        self.writing_ended()
        if kept:
            self.desk.say(f"The draft is kept · {event.writing.kind[0]} goes on with it")
        self.desk.reload()

    @on(Composer.Finished)
    def _finished(self, event: Composer.Finished) -> None:
        if event.writing.kind == "note":
            self._save_note(event.writing)
        else:
            self.desk.ask(self._review(event.writing))

    def _save_note(self, writing: Writing) -> None:
        """Give the note; the draft goes only when the note is there."""
        if not writing.text.strip():
            self.desk.say("The note is empty; esc leaves it.")
            return
        engine, agent_id = self.desk.memory.engine, self.desk.me.agent_id

        def done(_: Done) -> None:
            if self.composer.writing is not None and self.composer.writing.kind == "note":
                self.composer.end()
                self.writing_ended()

        def act() -> Done:
            result = self.desk.memory.do(AddNote(writing.text, writing.case_id), self.desk.me)
            drop_draft(engine, writing.case_id, agent_id, writing.kind)
            return result

        self.desk.act_with(act, done)

    async def _review(self, writing: Writing) -> None:
        """Show the reply in full with the ways out."""
        if not writing.text.strip():
            self.desk.say("The reply is empty; esc leaves it.")
            return
        try:
            reply = self.desk.reader.now(answer_to, writing)
        except StoreError as error:
            self.desk.refuse(error)
            return
        await self.app.push_screen_wait(ReviewScreen(reply, writing.case_id))
        self.set_focus(self.composer.area)

    @on(Composer.EditorWanted)
    def _editor_wanted(self, event: Composer.EditorWanted) -> None:
        try:
            with self.app.suspend():
                text = edit(event.writing.text)
        except NoEditor as error:
            self.desk.warn(str(error))
        except SuspendNotSupported:
            self.desk.warn("This terminal cannot be given to an editor.")
        else:
            self.composer.replace_text(text)


def answer_to(connection: Connection, writing: Writing) -> Reply:
    """Return the reply to the newest message of a case, with its recipients and headers."""
    page = timeline_page(connection, case_id=writing.case_id, limit=LOOKED_AT, events=False)
    messages = [item for item in page.items if item.kind == "message"]
    inbound = [item for item in messages if item.direction == "inbound"]
    newest = (inbound or messages)[-1:]
    subject = page.subjects.get(writing.case_id, "")
    if not newest:
        return Reply("", (), (), reply_subject(subject), writing.text)
    return reply_to(entry_detail(connection, newest[0].entry_id), "", writing.text, subject)
