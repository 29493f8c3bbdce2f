"""The bytes of one attachment, taken out of the original when somebody wants them."""

from __future__ import annotations

from connectors.contract import ConnectorError
from connectors.mail import mime, smime, uuencode
from connectors.mail.charsets import decode
from connectors.mail.headers import read_headers
from connectors.mail.mime import Part


class NoSuchPart(ConnectorError):
    """The original has no such part; ``str()`` is one sentence fit to show an agent."""


def attachment_bytes(original: bytes, part: str) -> bytes:
    """Return the decoded bytes of an attachment.

    Args:
        original: The mail as received.
        part: `Attachment.part`: ``2.1`` as IMAP numbers parts; behind a slash stands what is
            inside that part, a file of a winmail.dat or of uuencoded text by its number
            (``2/1``), a part of a signed message by its own (``1/2.1``).

    Raises:
        NoSuchPart: There is none; the mail is not the one that the attachment was found in.
    """
    number, _, inside = part.partition("/")
    found = _part(original, number)
    data, _ = mime.payload(original, found)
    if not inside:
        return data
    entity = smime.inside(data)
    if entity is not None:
        return attachment_bytes(entity, inside)
    files = _inner_files(data, found)
    if not inside.isdecimal() or not 1 <= int(inside) <= len(files):
        raise NoSuchPart(f"The mail has no part {part}: its original may have been replaced.")
    return files[int(inside) - 1]


def _part(original: bytes, number: str) -> Part:
    root, _ = mime.read_tree(original, read_headers(original, 0, len(original), top=True))
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.number == number and not part.children:
            return part
        waiting += part.children
    raise NoSuchPart(f"The mail has no part {number}: its original may have been replaced.")


def _inner_files(data: bytes, part: Part) -> list[bytes]:
    from connectors.mail.tnef import is_tnef, unwrap

    if is_tnef(data):
        return [file.data for file in unwrap(data).files]
    text = decode(data, part.parameters.get("charset", ""))[0]
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return [file.data for file in uuencode.files(text)]
