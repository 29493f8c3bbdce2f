"""A reply as a file or a link for a mail program, with headers that no customer can write into.

The subject, the names and the message ids of a reply come from what a stranger sent. They lose
their control characters here, and the finished bytes are read again and refused when anything but
the headers that we meant stands in them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import format_datetime
from secrets import token_hex
from urllib.parse import quote

from console.text import clean
from db.frozen import dataclass
from db.records import EntryDetail, PartyRow

MAX_SUBJECT = 250  # characters; more is nobody's subject
MAX_RECIPIENTS = 50
MAX_REFERENCES = 20
MAX_LINK_CHARACTERS = 6_000  # longer mailto links are cut by mail programs and window systems
WORD_BYTES = 42  # of one encoded word: 56 characters of base64 and the marks around it, below 75
HEADERS = (
    "From",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Message-ID",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
    "Content-Transfer-Encoding",
)
_NOT_IN_ADDRESS = re.compile(r"[\s\x00-\x1f\x7f-\x9f<>()\[\]\\,;:\"]")
_MESSAGE_ID = re.compile(r"<[\x21-\x3b\x3d\x3f-\x7e]{1,250}>")
_REPLY_MARK = re.compile(r"\s*(re|aw|sv|antw|vs)\s*:", re.IGNORECASE)


class UnsafeReply(ValueError):
    """A header would not be what the agent saw; nothing was written."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply before it leaves.

    Attributes:
        sender: Our own address; may be empty, then the mail program fills it in.
        to: Addresses.
        cc: Addresses.
        in_reply_to: Message id in angle brackets; may be empty.
        references: Message ids, oldest first.
    """

    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    subject: str
    text: str
    in_reply_to: str = ""
    references: tuple[str, ...] = ()


def reply_to(entry: EntryDetail, own: str, text: str, subject: str = "") -> Reply:
    """Return a reply to one message: to its author, or to whom our own message went.

    Args:
        entry: The message that is answered, with its parties.
        own: The address that we write from; empty takes the one the message came to.
        text: What the agent wrote.
        subject: The subject of the case, where the message has none.
    """
    mails = [party for party in entry.parties if party.kind == "email" and is_address(party.value)]
    role = "to" if entry.item.direction == "outbound" else "from"
    strangers = [party for party in mails if not party.own]
    to = _values(strangers, "reply_to") if role == "from" else ()
    to = to or _values(strangers, role)
    own = own or next((party.value for party in mails if party.own), "")
    message_id = entry.message_id and f"<{entry.message_id.strip('<>')}>"
    if not _MESSAGE_ID.fullmatch(message_id):
        message_id = ""
    return Reply(
        sender=own,
        to=to[:MAX_RECIPIENTS],
        cc=(),
        subject=reply_subject(entry.item.subject or subject),
        text=text,
        in_reply_to=message_id,
        references=(message_id,) if message_id else (),
    )


def reply_subject(subject: str) -> str:
    """Return the subject with one ``Re:`` before it, on one line, without control characters."""
    subject = safe(subject)[:MAX_SUBJECT].strip()
    if not subject:
        return "Re: your message"
    return subject if _REPLY_MARK.match(subject) else f"Re: {subject}"


def safe(value: str) -> str:
    """Return a header value on one line: control, bidi and invisible characters are gone."""
    kept = "".join(letter if letter.isprintable() else " " for letter in value[:4_000])
    return " ".join(clean(kept, newlines=False).replace("\ufffd", "").split())


def is_address(value: str) -> bool:
    """Return whether this is one plain address that can stand in a header as it is."""
    local, at, domain = value.rpartition("@")
    return bool(
        at
        and local
        and domain
        and len(value) <= 254
        and value.isascii()
        and not _NOT_IN_ADDRESS.search(value)
        and "@" not in local
    )


def as_message(reply: Reply, at: int, message_id: str = "") -> bytes:
    """Return the reply as a message with CRLF line ends.

    Args:
        reply: What to write.
        at: UTC milliseconds, for the Date header.
        message_id: In angle brackets; empty makes a random one.

    Raises:
        UnsafeReply: An address cannot stand in a header, or the bytes are not what was meant.
    """
    for address in (*reply.to, *reply.cc, *filter(None, [reply.sender])):
        if not is_address(address):
            raise UnsafeReply(f"“{safe(address)}” is not an address that mail can be sent to.")
    references = [known for known in reply.references if _MESSAGE_ID.fullmatch(known)]
    domain = reply.sender.rpartition("@")[2] or "localhost"
    values = {
        "From": reply.sender,
        "To": _folded(reply.to),
        "Cc": _folded(reply.cc),
        "Subject": encoded(safe(reply.subject)),
        "Date": format_datetime(datetime.fromtimestamp(at // 1000, UTC)),
        "Message-ID": message_id or f"<{token_hex(16)}@{domain}>",
        "In-Reply-To": reply.in_reply_to if _MESSAGE_ID.fullmatch(reply.in_reply_to) else "",
        "References": "\r\n ".join(references[-MAX_REFERENCES:]),
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Transfer-Encoding": "quoted-printable",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in values.items() if value)
    data = head.encode("ascii", "replace") + b"\r\n" + _body(reply.text)
    check_message(data, {name for name, value in values.items() if value})
    return data


def check_message(data: bytes, expected: set[str]) -> None:
    """Read finished bytes as a mail server would and make sure that only our headers are there.

    Raises:
        UnsafeReply: A header too many or too few, a bare CR or LF, a line that is too long.
    """
    if b"\r" in data.replace(b"\r\n", b"") or b"\n" in data.replace(b"\r\n", b""):
        raise UnsafeReply("The reply has a stray line end in it; nothing was written.")
    head, _, _ = data.partition(b"\r\n\r\n")
    found: list[str] = []
    for line in head.split(b"\r\n"):
        if len(line) > 998 or not line.isascii() or any(byte < 0x20 for byte in line):
            raise UnsafeReply("A header of the reply cannot be sent; nothing was written.")
        if line.startswith(b" "):
            if not found or not line.strip():
                raise UnsafeReply("A header of the reply is broken; nothing was written.")
            continue
        found.append(line.partition(b": ")[0].decode("ascii"))
    if sorted(found) != sorted(expected) or not expected <= set(HEADERS):
        raise UnsafeReply("The reply would carry a header nobody asked for; nothing was written.")


def encoded(value: str) -> str:
    """Return a header value as ASCII: as it is, or in encoded words on folded lines (RFC 2047)."""
    value = value.encode("utf-8", "replace").decode("utf-8")
    if value.isascii() and "=?" not in value and len(value) <= 900:
        return value
    words: list[str] = []
    chunk = b""
    for character in value:
        one = character.encode("utf-8")
        if len(chunk) + len(one) > WORD_BYTES:
            words.append(_word(chunk))
            chunk = b""
        chunk += one
    if chunk:
        words.append(_word(chunk))
    return "\r\n ".join(words)


def mail_link(reply: Reply) -> str:
    """Return a ``mailto:`` link (RFC 6068); the text is left out where it would be cut."""
    to = ",".join(quote(address, safe="@") for address in reply.to if is_address(address))
    fields = [("subject", safe(reply.subject))]
    if reply.cc:
        fields.append(("cc", ",".join(address for address in reply.cc if is_address(address))))
    if _MESSAGE_ID.fullmatch(reply.in_reply_to):
        fields.append(("In-Reply-To", reply.in_reply_to))
    body = clean(reply.text).replace("\n", "\r\n")
    link = f"mailto:{to}?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in fields)
    with_body = f"{link}&body={quote(body, safe='')}"
    return with_body if len(with_body) <= MAX_LINK_CHARACTERS else link


def without_recipients(reply: Reply) -> Reply:
    """Return the reply with nobody on it, for who fills the recipients in by hand."""
    return replace(reply, to=(), cc=())


def _values(parties: Sequence[PartyRow], role: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(party.value for party in parties if party.role == role))


def _folded(addresses: tuple[str, ...]) -> str:
    return ",\r\n ".join(addresses)


def _word(chunk: bytes) -> str:
    return f"=?utf-8?b?{base64.b64encode(chunk).decode('ascii')}?="


def _body(text: str) -> bytes:
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    if not lines.endswith("\n"):
        lines += "\n"
    data = lines.encode("utf-8", "replace")
    return binascii.b2a_qp(data, istext=True).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
