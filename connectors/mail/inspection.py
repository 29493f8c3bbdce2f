"""What is read in a mail, told as mappings and lists: the same reading as the import's.

The work is cut into units that processes of their own can do, and whose answers stand in the order
of the files: byte ranges of an mbox, packed files whole, single messages by the hundred.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

from connectors.contract import BadFile, Entry, Fold, Quarantined
from connectors.mail import eml, folder, limits, maildir, mbox, packed, reader
from connectors.mail.addresses import parse_addresses
from connectors.mail.body import html_source
from connectors.mail.folder import MessageFile
from connectors.mail.message import Reading, read
from connectors.mail.mime import Part

_RANGE_BYTES = 4 * 1024 * 1024
_FILES = 200
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Told = dict[str, Any]  # one object of the answer: texts, numbers, lists and mappings


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of work.

    Attributes:
        path: The mbox file; empty for single messages.
        start: Offset from which the first message is looked for.
        end: Messages that begin here or later belong to the next unit; 0 means the file's end.
        files: ``(path, name)`` of single messages.
    """

    path: str = ""
    start: int = 0
    end: int = 0
    files: tuple[tuple[str, str], ...] = ()

    def singly(self) -> list[Unit]:
        """Return units of one message each, for a unit on which a process died."""
        if not self.path:
            return [Unit(files=(one,)) for one in self.files]
        with packed.open_file(self.path) as file:
            first = mbox.first_message(file, self.start)
            if first is None:
                return []
            begun = [found.offset for found in mbox.split(file, first)]
        begun = [offset for offset in begun if not self.end or offset < self.end]
        return [Unit(self.path, offset, offset + 1) for offset in begun]


def units(paths: Iterable[str]) -> Iterator[Unit]:
    """Cut files and folders of mail into units, in order.

    Raises:
        BadFile: A path holds no mail; the sentence says what to do.
    """
    from connectors.registry import recognise

    for path in paths:
        kind = recognise(path).connector
        if kind == "mbox":
            yield from _ranges(path)
        elif kind == "maildir":
            yield from _messages(path, maildir.files(path))
        elif kind == "eml" and os.path.isdir(path):
            messages, mailboxes = eml.files(path)
            yield from _messages(path, messages)
            for mailbox in mailboxes:
                yield from _ranges(mailbox.path)
        elif kind == "eml":
            yield Unit(files=((path, os.path.basename(path)),))
        else:
            raise BadFile(f"{path} holds no mail: only mail can be inspected.")


def _ranges(path: str) -> Iterator[Unit]:
    with packed.open_file(path) as file:
        size = 0 if file.packed else os.path.getsize(path)
    if size <= _RANGE_BYTES:
        yield Unit(path)
        return
    for start in range(0, size, _RANGE_BYTES):
        yield Unit(path, start, min(start + _RANGE_BYTES, size))


def _messages(root: str, files: list[MessageFile]) -> Iterator[Unit]:
    for at in range(0, len(files), _FILES):
        names = tuple((file.path, file.key) for file in files[at : at + _FILES])
        yield Unit(files=names)


def tell(unit: Unit) -> Iterator[Told]:
    """Read a unit and yield one object a message."""
    if not unit.path:
        for path, name in unit.files:
            yield _tell_file(path, name)
        return
    with packed.open_file(unit.path) as file:
        first = mbox.first_message(file, unit.start)
        if first is None or (unit.end and first >= unit.end):
            return
        for found in mbox.split(file, first):
            if unit.end and found.offset >= unit.end:
                return
            place: Told = {"path": unit.path, "offset": found.offset}
            if found.over:
                reason = limits.too_large(found.end - found.offset)
                yield _aside(place, found.raw, reason)
            else:
                yield tell_message(found.raw, place, envelope=found.envelope)


def lost(unit: Unit) -> Told:
    """Return what stands for a message on which its reader died."""
    place: Told = {"path": unit.path, "offset": unit.start}
    if not unit.path:
        place = {"path": unit.files[0][0]}
    return {**place, "set_aside": "Reading it ended the reader; it was left out."}


def _tell_file(path: str, name: str) -> Told:
    place: Told = {"path": path}
    try:
        raw = folder.read_file(path, name)
    except OSError as error:
        return {**place, "set_aside": f"The file cannot be read: {error.strerror or error}."}
    if len(raw) > limits.MESSAGE_BYTES:
        reason = limits.too_large(max(os.path.getsize(path), len(raw)))
        return _aside(place, raw[: limits.QUARANTINE_BYTES], reason)
    return tell_message(raw, place)


def tell_message(raw: bytes, place: Told, envelope: str = "") -> Told:
    """Return what is read in one message; of one that cannot be read, why.

    Args:
        raw: The message as received.
        place: Where it was found: ``path``, and ``offset`` within an mbox.
        envelope: The mbox ``From `` line before it.
    """
    found: list[Reading] = []

    def kept(raw: bytes, *, survey: bool, envelope: str) -> Entry:
        found.append(read(raw, survey=survey, envelope=envelope))
        return found[0].entry

    item = reader.read_message(raw, str(place.get("path")), envelope=envelope, parser=kept)
    if isinstance(item, Quarantined):
        return _aside(place, raw, item.reason)
    return {**place, **_told(raw, found[0])}


def _aside(place: Told, raw: bytes, reason: str) -> Told:
    return {**place, "bytes": len(raw), "sha256": sha256(raw).hexdigest(), "set_aside": reason}


def _told(raw: bytes, reading: Reading) -> Told:
    entry, headers = reading.entry, reading.headers
    reply_to = headers.fields.get("reply-to", ())
    return {
        "bytes": len(raw),
        "sha256": sha256(raw).hexdigest(),
        "subject": entry.subject,
        "from": next(iter(_people(entry, "from")), None),
        "reply_to": [_person(*one) for value in reply_to for one in parse_addresses(value, 10)],
        "to": _people(entry, "to"),
        "cc": _people(entry, "cc"),
        "bcc": _people(entry, "bcc"),
        "date": _date(entry),
        "at": entry.at,
        "message_id": entry.message_id,
        "in_reply_to": list(entry.in_reply_to),
        "references": list(entry.references),
        "hints": list(entry.hints),
        "automatic": entry.automatic,
        "automatic_because": reading.because,
        "text": entry.text,
        "html": html_source(raw, reading.root),
        "ranges": ranges(entry.text, entry.folds),
        "parts": [_part(part) for part in _parts(reading.root)],
        "attachments": [
            {
                "name": file.name,
                "type": file.media_type,
                "size": file.size,
                "sha256": file.sha256,
                "part": file.part,
            }
            for file in entry.attachments
        ],
        "defects": list(entry.defects),
    }


def ranges(text: str, folds: Iterable[Fold]) -> list[Told]:
    """Cut a text into ranges that are ``new``, ``signature`` or ``quote``; none is left out."""
    out: list[Told] = []
    position = 0
    for fold in folds:
        if fold.start > position:
            out.append({"kind": "new", "start": position, "end": fold.start})
        out.append({"kind": fold.kind, "start": fold.start, "end": fold.end})
        position = fold.end
    if position < len(text):
        out.append({"kind": "new", "start": position, "end": len(text)})
    return out


def _people(entry: Entry, role: str) -> list[Told]:
    return [
        _person(party.name, "" if party.address.kind == "name" else party.address.value)
        for party in entry.parties
        if party.role == role
    ]


def _person(name: str, address: str) -> Told:
    return {"name": name, "address": address}


def _date(entry: Entry) -> str | None:
    """Return when it was written, in the zone that it states; None where nothing tells."""
    if entry.precision == "day" and not entry.at:
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=entry.at)
        return moment.astimezone(timezone(timedelta(minutes=entry.at_offset or 0))).isoformat()
    except (OverflowError, ValueError):
        return None


def _parts(root: Part) -> list[Part]:
    waiting, out = [root], []
    while waiting:
        part = waiting.pop()
        out.append(part)
        waiting.extend(reversed(part.children))
    return out


def _part(part: Part) -> Told:
    return {
        "part": part.number,
        "type": part.media_type,
        "charset": part.parameters.get("charset", "")[:60],
        "encoding": part.encoding,
        "disposition": part.disposition,
        "name": part.name,
        "content_id": part.content_id,
        "bytes": part.end - part.start,
    }
