"""One entry: its text, its parties and headers, its bytes as received."""

from __future__ import annotations

from collections.abc import Sequence

from db.among import among
from db.engine.interface import Connection, Row
from db.errors import NotFound
from db.queries.timeline import ITEM_COLUMNS, items_of
from db.raws import read_raw
from db.records import AttachmentRow, EntryDetail, EntryText, PartyRow
from db.texts import unpack, unpack_defects, unpack_folds

_TEXTS = "select entry_id, codec, data, folds, defects from entry_texts where entry_id in (:among)"
_ATTACHMENTS = """
select entry_id, position, name, media_type, size, sha256, part, url
from attachments where entry_id in (:among)
order by entry_id, position
"""
_ITEM = f"select {ITEM_COLUMNS} from entries e where e.id = :entry_id"  # noqa: S608
_PARTIES = """
select p.role, i.kind, i.raw, p.name, i.own
from entry_parties p join identities i on i.id = p.identity_id
where p.entry_id = :entry_id
order by case p.role when 'author' then 0 when 'from' then 1 when 'reply_to' then 2
  when 'to' then 3 when 'cc' then 4 else 5 end, p.role, p.position
"""
_ORIGIN = """
select o.message_id, s.name, o.external_id, o.original
from origins o join sources s on s.id = o.source_id
where o.entry_id = :entry_id
order by o.source_id, o.external_id limit 1
"""
_ORIGINAL = """
select original from origins where entry_id = :entry_id and original is not null limit 1
"""
_ATTACHMENT = """
select name, sha256, part from attachments where entry_id = :entry_id and position = :position
"""


def entry_texts(connection: Connection, ids: Sequence[int]) -> dict[int, EntryText]:
    """Return the texts of these entries with their attachments; those without one are left out."""
    attachments: dict[int, list[AttachmentRow]] = {}
    for entry_id, *columns in among(connection, _ATTACHMENTS, ids):
        attachments.setdefault(entry_id, []).append(AttachmentRow(*columns))
    return {
        row[0]: _text(row, tuple(attachments.get(row[0], ())))
        for row in among(connection, _TEXTS, ids)
    }


def _text(row: Row, attachments: tuple[AttachmentRow, ...]) -> EntryText:
    entry_id, codec, data, folds, defects = row
    return EntryText(
        entry_id, unpack(codec, data), unpack_folds(folds), unpack_defects(defects), attachments
    )


def entry_detail(connection: Connection, entry_id: int) -> EntryDetail:
    """Return an entry with its parties and where it came from.

    Raises:
        NotFound: There is no such entry.
    """
    params = {"entry_id": entry_id}
    row = connection.one(_ITEM, params)
    if row is None:
        raise NotFound("That entry is not in this store.")
    parties = tuple(
        PartyRow(role, kind, raw, name, bool(own))
        for role, kind, raw, name, own in connection.all(_PARTIES, params)
    )
    origin = connection.one(_ORIGIN, params) or ("", "", "", None)
    message_id, source, external_id, original = origin
    return EntryDetail(
        item=items_of([row])[0],
        parties=parties,
        message_id=message_id,
        source=source,
        external_id=external_id,
        has_original=bool(original),
    )


def original(connection: Connection, entry_id: int) -> bytes:
    """Return an entry as it was received.

    Raises:
        NotFound: There is no such entry, or its source has no original.
    """
    sha256 = connection.value(_ORIGINAL, {"entry_id": entry_id})
    data = read_raw(connection, sha256) if sha256 else b""
    if not data:
        raise NotFound(
            "No original was kept of that entry: it was written here, or its source has none."
        )
    return data


def attachment_bytes(connection: Connection, entry_id: int, position: int) -> bytes:
    """Return an attachment that stands apart from the original.

    Raises:
        NotFound: There is none there, it is a part of the original, or it was not delivered.
    """
    row = connection.one(_ATTACHMENT, {"entry_id": entry_id, "position": position})
    if row is None:
        raise NotFound("That entry has no such attachment.")
    name, sha256, part = row
    if part:
        raise NotFound(f"“{name}” is part {part} of the original; read it from there.")
    data = read_raw(connection, bytes.fromhex(sha256)) if sha256 else b""
    if not data:
        raise NotFound(f"The source named “{name}” but did not deliver it.")
    return data
