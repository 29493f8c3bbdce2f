"""Write a note on a case or a customer, pin it to the cheat sheet, unpin it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, Command
from db.engine.interface import Value
from db.errors import NotFound, Refused
from db.ids import EntryIds
from db.texts import pack

NOTE_BYTES = 100_000
"""A note longer than this is a document: attach it instead."""

PREVIEW_CHARACTERS = 160
MARKERS = ("call_back", "more_info")
_SAID = {"call_back": "Call back", "more_info": "More info"}

# What an agent types or pastes never needs these; tab and line feed stay.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")

NoteNumber = Annotated[int, Argument("Entry number of the note", kind="note")]

_FIRST_IDENTITY = """
select i.id, i.kind, k.canonical_id, k.name from customers k
join customers m on m.canonical_id = k.canonical_id
join identities i on i.customer_id = m.id
where k.id = :id
order by case when m.id = k.id then 0 when m.id = k.canonical_id then 1 else 2 end, i.id limit 1
"""
_CUSTOMER = "select name from customers where id = :id"
_NOTE = "select kind, case_id, identity_id, pinned from entries where id = :id"
_CHANNELS = {"email": "email", "phone": "phone", "handle": "chat"}


@dataclass(frozen=True, slots=True)
class AddNote(Command):
    """Write down what only the team sees."""

    name: ClassVar[str] = "note.add"
    title: ClassVar[str] = "Add note"
    help: ClassVar[str] = "Write an internal note on a case or a customer."

    text: Annotated[str, Argument("The note", kind="text", characters=NOTE_BYTES)]
    case_id: Annotated[int, Argument("Case number; 0 for a customer's note", kind="case")] = 0
    customer_id: Annotated[int, Argument("Customer number", kind="customer", option=True)] = 0
    pinned: Annotated[bool, Argument("Show it on the cheat sheet", kind="flag", option=True)] = (
        False
    )
    marker: Annotated[
        str, Argument("What it asks for", kind="choice", choices=MARKERS, option=True)
    ] = ""

    def apply(self, act: Act) -> str:
        """Write it; see `Command.apply`."""
        text = note_text(self.text)
        if bool(self.case_id) == bool(self.customer_id):
            raise Refused("A note belongs to one case or to one customer: name one of them.")
        if not text and not self.marker:
            raise Refused("The note is empty: write something first.")
        if self.case_id:
            case = act.case(self.case_id)
            identity_id, channel, whom = case.requester_id, case.channel, f"#{self.case_id}"
            act.touch_case(self.case_id)
        else:
            identity_id, channel, whom = _place(act, self.customer_id)
        entry_id = EntryIds(act.connection).take(act.now)
        act.insert("entries", entry_id, self._row(act, text, identity_id, channel))
        codec, data = pack(text)
        body: dict[str, Value] = {"codec": codec, "data": data, "folds": "", "defects": ""}
        act.insert("entry_texts", {"entry_id": entry_id}, body)
        what = f" “{_SAID[self.marker]}”" if self.marker else ""
        return f"{'Pinned a note' if self.pinned else 'Noted'}{what} on {whom}"

    def told(self) -> dict[str, object]:
        """Return the arguments, for the journal, with the text as it was stored."""
        return {**Command.told(self), "text": note_text(self.text)}

    def _row(self, act: Act, text: str, identity_id: int, channel: str) -> dict[str, Value]:
        return {
            "identity_id": identity_id,
            "at": act.now,
            "kind": "note",
            "direction": "internal",
            "channel": channel,
            "case_id": self.case_id,
            "conversation_id": 0,
            "author_id": 0,
            "agent_id": act.agent.agent_id,
            "author": act.agent.name or act.agent.login,
            "subject": _SAID.get(self.marker, ""),
            "preview": " ".join(text[: 4 * PREVIEW_CHARACTERS].split())[:PREVIEW_CHARACTERS],
            "characters": len(text),
            "lines": text.count("\n") + 1,
            "attachments": 0,
            "automatic": "",
            "pinned": int(self.pinned),
            "removed": 0,
            "at_offset": None,
            "zone_source": "stated",
            "precision": "ms",
        }


@dataclass(frozen=True, slots=True)
class PinNote(Command):
    """Show a note on the cheat sheet."""

    name: ClassVar[str] = "note.pin"
    title: ClassVar[str] = "Pin note"
    help: ClassVar[str] = "Show a note on the cheat sheet of its customer."

    note_id: NoteNumber

    def apply(self, act: Act) -> str:
        """Pin it; see `Command.apply`."""
        return _set_pinned(act, self.note_id, pinned=True)


@dataclass(frozen=True, slots=True)
class UnpinNote(Command):
    """Take a note off the cheat sheet; it stays on the timeline."""

    name: ClassVar[str] = "note.unpin"
    title: ClassVar[str] = "Unpin note"
    help: ClassVar[str] = "Take a note off the cheat sheet; it stays on the timeline."

    note_id: NoteNumber

    def apply(self, act: Act) -> str:
        """Unpin it; see `Command.apply`."""
        return _set_pinned(act, self.note_id, pinned=False)


def note_text(written: str) -> str:
    """Return a note as it is stored: line feeds, no control characters, no blank ends.

    Raises:
        Refused: It is longer than `NOTE_BYTES`.
    """
    text = written.replace("\r\n", "\n").replace("\r", "\n")
    text = _CONTROLS.sub("\ufffd", text).rstrip().lstrip("\n")
    size = len(text.encode("utf-8"))
    if size > NOTE_BYTES:
        raise Refused(
            f"A note holds at most {NOTE_BYTES // 1000} kB; this one has {size // 1000:,} kB. "
            "Cut it, or attach it as a file."
        )
    return text


def _place(act: Act, customer_id: int) -> tuple[int, str, str]:
    """Return the identity whose timeline a customer's note is on, its channel, and the name.

    Raises:
        NotFound: There is no such customer.
        Refused: Nothing is known by which they could be reached.
    """
    row = act.connection.one(_FIRST_IDENTITY, {"id": customer_id})
    if row is None:
        name = act.connection.value(_CUSTOMER, {"id": customer_id})
        if name is None:
            raise NotFound(f"There is no customer {customer_id} in this store.")
        raise Refused(f"{name} has no address or handle whose timeline could hold the note.")
    identity_id, kind, canonical_id, name = row
    act.subjects += [("customer", canonical_id), ("identity", identity_id)]
    return identity_id, _CHANNELS.get(kind, "web"), name


def _set_pinned(act: Act, note_id: int, *, pinned: bool) -> str:
    row = act.connection.one(_NOTE, {"id": note_id})
    if row is None or row[0] != "note":
        raise NotFound(f"There is no note {note_id} in this store; only notes can be pinned.")
    _, case_id, identity_id, _ = row
    where = f"note on #{case_id}" if case_id else "note"
    act.subjects.append(("identity", identity_id))
    if case_id:
        act.case(case_id)
    if not act.change("entries", note_id, pinned=int(pinned)):
        return f"That {where} is {'already pinned' if pinned else 'not pinned'}"
    if case_id:
        act.touch_case(case_id)
    return f"{'Pinned' if pinned else 'Unpinned'} a {where}"
