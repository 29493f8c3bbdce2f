"""The rows of entries: written together for a slice, rewritten when a source changed one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from connectors.contract import Attachment
from db.arrival import Guest, Prepared, shown_author
from db.counters import note_contacts
from db.engine.interface import Connection, Value
from db.identity.normalise import flat, one_line, sound
from db.ids import EntryIds
from db.raws import keep_raw, keep_rows
from db.search import forget_entry, index_entry, index_rows, indexed, list_terms

if TYPE_CHECKING:
    from db.identity.link import Identity

ATTACHMENTS_KEPT = 500

_ADD_ENTRY = """
insert into entries(identity_id, at, id, kind, direction, channel, case_id, conversation_id,
  author_id, author, subject, preview, characters, lines, attachments, automatic, at_offset,
  zone_source, precision)
values(:identity_id, :at, :id, :kind, :direction, :channel, :case_id, :conversation_id, :author_id,
  :author, :subject, :preview, :characters, :lines, :attachments, :automatic, :at_offset,
  :zone_source, :precision)
"""
_ADD_OTHER = """
insert into entry_identities(identity_id, at, entry_id) values(:identity, :at, :entry)
"""
_ADD_TEXT = """
insert into entry_texts(entry_id, codec, data, folds, defects)
values(:id, :codec, :data, :folds, :defects)
"""
_ADD_PARTY = """
insert into entry_parties(entry_id, role, position, identity_id, name)
values(:id, :role, :position, :identity, :name)
"""
_ADD_ORIGIN = """
insert into origins(source_id, external_id, entry_id, content_key, message_id, original)
values(:source, :external_id, :id, :content_key, :message_id, :original)
"""
_ADD_ATTACHMENT = """
insert into attachments(entry_id, position, name, media_type, size, sha256, part, url)
values(:id, :position, :name, :media_type, :size, :sha256, :part, :url)
"""
_OLD = """
select e.id, e.revision, e.subject, e.case_id, e.removed, t.codec, t.data, t.folds
from origins o join entries e on e.id = o.entry_id join entry_texts t on t.entry_id = e.id
where o.source_id = :source and o.external_id = :external_id
"""
_ADD_REVISION = """
insert into entry_revisions(entry_id, revision, replaced_at, subject, codec, data, folds)
values(:id, :revision, :now, :subject, :codec, :data, :folds)
"""
_SET_ENTRY = """
update entries set subject = :subject, preview = :preview, characters = :characters,
  lines = :lines, attachments = :attachments, revision = revision + 1
where id = :id
"""
_SET_TEXT = """
update entry_texts set codec = :codec, data = :data, folds = :folds, defects = :defects
where entry_id = :id
"""
_SET_ORIGIN = """
update origins set content_key = :content_key, original = :original
where source_id = :source and external_id = :external_id
"""
_REMOVE_ATTACHMENTS = "delete from attachments where entry_id = :id"
_RAISE_CASE = "update cases set revision = revision + 1 where id = :id"

Rows = list[dict[str, Value]]


class EntryRows:
    """The rows of one slice, table by table, written at once."""

    def __init__(self, connection: Connection, source_id: int, now: int) -> None:
        self._connection = connection
        self._source_id = source_id
        self._now = now
        self._ids = EntryIds(connection)
        self._entries: Rows = []
        self._others: Rows = []
        self._texts: Rows = []
        self._parties: Rows = []
        self._origins: Rows = []
        self._attachments: Rows = []
        self._raws: Rows = []
        self._index: Rows = []
        self._heard: dict[int, tuple[int, int]] = {}
        self.customers: set[int] = set()

    def add(
        self,
        prepared: Prepared,
        guests: Sequence[tuple[Guest, Identity]],
        author: Identity | None,
        home: Identity,
        others: Iterable[Identity],
        direction: str,
        conversation_id: int,
        case_id: int,
    ) -> None:
        """Collect the rows of an entry whose place is decided."""
        entry = prepared.entry
        number = self._ids.take(entry.at)
        on_it = [other for other in dict.fromkeys(others) if other is not home]
        writer = next((guest for guest, identity in guests if identity is author), None)
        self._entries.append(
            {
                "identity_id": home.id,
                "at": entry.at,
                "id": number,
                "kind": entry.kind,
                "direction": direction,
                "channel": entry.channel,
                "case_id": case_id,
                "conversation_id": conversation_id,
                "author_id": author.id if author else 0,
                "author": shown_author(writer) if writer else "",
                "subject": prepared.subject,
                "preview": prepared.preview,
                "characters": len(prepared.text),
                "lines": prepared.text.count("\n") + 1,
                "attachments": min(len(entry.attachments), ATTACHMENTS_KEPT),
                "automatic": sound(entry.automatic),
                "at_offset": entry.at_offset,
                "zone_source": entry.zone_source,
                "precision": entry.precision,
            }
        )
        home.count(entry.at)
        for other in on_it:
            other.count(entry.at)
            self._others.append({"identity": other.id, "at": entry.at, "entry": number})
        self._count(home, (home, *on_it), direction, prepared)
        self._add_party_rows(number, guests)
        self._add_content(number, prepared)
        self._index.append(
            indexed(
                number,
                prepared.subject,
                prepared.text,
                prepared.folds,
                [(guest.name, guest.key.value) for guest, _identity in guests],
                [home.id, *(other.id for other in on_it)],
            )
        )

    def _count(
        self, home: Identity, everyone: Iterable[Identity], direction: str, prepared: Prepared
    ) -> None:
        """Remember whose counters change, and who was heard or written to last."""
        for identity in everyone:
            if identity.customer:
                self.customers.add(identity.customer.id)
        if home.customer is None or prepared.entry.automatic:
            return
        inbound, outbound = self._heard.get(home.customer.id, (0, 0))
        if direction == "inbound":
            inbound = max(inbound, prepared.entry.at)
        elif direction == "outbound":
            outbound = max(outbound, prepared.entry.at)
        self._heard[home.customer.id] = (inbound, outbound)

    def _add_party_rows(self, number: int, guests: Sequence[tuple[Guest, Identity]]) -> None:
        positions: dict[str, int] = {}
        for guest, identity in guests:
            position = positions.get(guest.role, 0)
            positions[guest.role] = position + 1
            self._parties.append(
                {
                    "id": number,
                    "role": guest.role,
                    "position": position,
                    "identity": identity.id,
                    "name": guest.name,
                }
            )

    def _add_content(self, number: int, prepared: Prepared) -> None:
        entry = prepared.entry
        self._texts.append(
            {
                "id": number,
                "codec": prepared.text_codec,
                "data": prepared.text_data,
                "folds": prepared.folds_packed,
                "defects": prepared.defects,
            }
        )
        self._origins.append(
            {
                "source": self._source_id,
                "external_id": prepared.external_id,
                "id": number,
                "content_key": entry.content_key,
                "message_id": prepared.thread_ids[0] if entry.message_id else "",
                "original": prepared.digest or None,
            }
        )
        self._raws.extend(prepared.raws)
        if entry.attachments:
            self._attachments.extend(attachment_rows(self._connection, number, entry.attachments))

    def flush(self) -> None:
        """Write everything that was collected."""
        connection = self._connection
        connection.many(_ADD_ENTRY, self._entries)
        connection.many(_ADD_OTHER, self._others)
        connection.many(_ADD_TEXT, self._texts)
        connection.many(_ADD_PARTY, self._parties)
        connection.many(_ADD_ORIGIN, self._origins)
        connection.many(_ADD_ATTACHMENT, self._attachments)
        keep_rows(connection, self._raws)
        index_rows(connection, self._index)
        list_terms(connection, self._index)

    def flush_contacts(self) -> None:
        """Write when each customer last wrote and was last written to."""
        note_contacts(self._connection, self._heard)


def attachment_rows(
    connection: Connection, entry_id: int, attachments: Sequence[Attachment]
) -> Rows:
    """Return the rows of an entry's attachments; bytes outside the original are stored."""
    rows: Rows = []
    for position, attachment in enumerate(attachments[:ATTACHMENTS_KEPT]):
        sha256, size = attachment.sha256, attachment.size
        if attachment.data:
            keep_raw(connection, attachment.data)
            sha256, size = hashlib.sha256(attachment.data).hexdigest(), len(attachment.data)
        rows.append(
            {
                "id": entry_id,
                "position": position,
                "name": flat(attachment.name, 300),
                "media_type": one_line(attachment.media_type, 100).lower(),
                "size": size,
                "sha256": sound(sha256),
                "part": sound(attachment.part),
                "url": sound(attachment.url)[:2_000],
            }
        )
    return rows


def revise(connection: Connection, source_id: int, prepared: Prepared, now: int) -> None:
    """Replace what an entry says, keeping what it said before.

    Whose timeline it is on, when it happened and which way it went never change.
    """
    entry = prepared.entry
    origin: dict[str, Value] = {"source": source_id, "external_id": prepared.external_id}
    old = connection.one(_OLD, origin)
    if old is None:
        raise ValueError("The entry that it changes is not in the store.")
    number, revision, subject, case_id, removed, codec, data, folds = old
    if not removed:
        forget_entry(connection, number)
    connection.run(
        _ADD_REVISION,
        {
            "id": number,
            "revision": revision,
            "now": now,
            "subject": subject,
            "codec": codec,
            "data": data,
            "folds": folds,
        },
    )
    connection.run(
        _SET_ENTRY,
        {
            "id": number,
            "subject": prepared.subject,
            "preview": prepared.preview,
            "characters": len(prepared.text),
            "lines": prepared.text.count("\n") + 1,
            "attachments": min(len(entry.attachments), ATTACHMENTS_KEPT),
        },
    )
    connection.run(
        _SET_TEXT,
        {
            "id": number,
            "codec": prepared.text_codec,
            "data": prepared.text_data,
            "folds": prepared.folds_packed,
            "defects": prepared.defects,
        },
    )
    keep_rows(connection, prepared.raws)
    connection.run(
        _SET_ORIGIN,
        {**origin, "content_key": entry.content_key, "original": prepared.digest or None},
    )
    connection.run(_REMOVE_ATTACHMENTS, {"id": number})
    connection.many(_ADD_ATTACHMENT, attachment_rows(connection, number, entry.attachments))
    if not removed:
        index_entry(connection, number)
    connection.run(_RAISE_CASE, {"id": case_id})
