"""The one door between a message's bytes and what a connector yields: nothing gets past it."""

from __future__ import annotations

import logging
from dataclasses import replace
from hashlib import sha256
from typing import Protocol

from connectors import culprit
from connectors.contract import BadFile, ConnectorError, Entry, Quarantined
from connectors.mail import limits
from connectors.mail.message import parse

_LOG = logging.getLogger(__name__)

# A checkpoint at the latest after so many messages or bytes.
CHECKPOINT_MESSAGES = 100
CHECKPOINT_BYTES = 8 * 1024 * 1024

_GZIP, _OLE, _PST, _ZIP = b"\x1f\x8b", b"\xd0\xcf\x11\xe0", b"!BDN", b"PK\x03\x04"


class Parser(Protocol):
    """Reads one mail, as `connectors.mail.message.parse` does."""

    def __call__(self, raw: bytes, *, survey: bool, envelope: str) -> Entry:
        """Return the entry, or raise."""
        ...


def read_message(
    raw: bytes,
    where: str,
    *,
    survey: bool = False,
    envelope: str = "",
    note: str = "",
    parser: Parser | None = None,
) -> Entry | Quarantined:
    """Turn bytes into an entry, or set them aside with a reason.

    Args:
        raw: The message as received.
        where: Its place in the source, for a person.
        survey: Read only the headers.
        envelope: The mbox ``From `` line before it.
        note: A defect that the reader of the file saw; kept with the entry.
        parser: What reads the bytes; None means `connectors.mail.message.parse`.
    """
    if culprit.is_next():
        return set_aside(raw, where, culprit.REASON)
    try:
        entry = (parser or parse)(raw, survey=survey, envelope=envelope)
    except ConnectorError as error:
        return set_aside(raw, where, str(error))
    except (Exception, RecursionError, MemoryError):
        _LOG.exception("A message could not be read: %s", where)
        return set_aside(raw, where, "The message could not be read; its original is kept.")
    return replace(entry, defects=(*entry.defects, note)) if note else entry


def set_aside(raw: bytes, where: str, reason: str) -> Quarantined:
    """Return what stands for a message that cannot be read; the same bytes give the same id."""
    identity = f"unread#{sha256(raw[: limits.MESSAGE_BYTES]).hexdigest()[:32]}"
    if len(raw) > limits.MESSAGE_BYTES:
        raw = raw[: limits.QUARANTINE_BYTES]
    return Quarantined(identity, where, reason, raw)


def refuse_other_formats(path: str, head: bytes) -> None:
    """Refuse mail in formats that are not read, with what to do instead.

    Raises:
        BadFile: ``head`` begins like Outlook's files or a packed mailbox.
    """
    lower = path.lower()
    if head.startswith(_PST):
        raise BadFile(
            "This is an Outlook data file (.pst or .ost): turn it into mbox with"
            " `readpst -o FOLDER FILE`, then import that folder."
        )
    if head.startswith(_OLE) and lower.endswith((".msg", ".oft")):
        raise BadFile(
            "This is a message in Outlook's own format (.msg): turn it into .eml with"
            " `msgconvert FILE`, or save it as .eml, then import that."
        )
    if head.startswith(_GZIP) and lower.endswith((".tgz", ".tar.gz")) and "mail" in lower:
        raise BadFile("This is an archive: unpack it with `tar xzf FILE`, then import the folder.")
    if head.startswith(_ZIP) and lower.endswith((".mbox.zip", ".eml.zip")):
        raise BadFile("This mailbox is packed: unpack it with `unzip FILE`, then import it.")
