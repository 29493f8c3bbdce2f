"""What a delivery report says: who was not reached, why, and which message it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass

from connectors.mail import mime
from connectors.mail.headers import Headers, read_headers
from connectors.mail.mime import Part
from connectors.mail.words import decode_words

_RECIPIENTS = 20
_BLOCK = re.compile(rb"\r?\n[ \t]*\r?\n")
_FIELDS = re.compile(rb"^([A-Za-z-]{3,40}):[ \t]*([^\r\n]*(?:\r?\n[ \t]+[^\r\n]+)*)", re.MULTILINE)
_STATUS = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
_ADDRESS = re.compile(r"[^\s<>;,\"]{1,64}@[^\s<>;,\"]{1,255}")
# Servers that send no report part put the headers of the original into the text.
_ID_LINE = re.compile(r"^(?:> ?)?message-id:\s*<([^<>\s]{3,900})>", re.IGNORECASE | re.MULTILINE)
_TEXT_CHARS = 200_000
_INNER = ("message/rfc822", "text/rfc822-headers", "message/global", "message/global-headers")


@dataclass(frozen=True, slots=True)
class Recipient:
    """One line of a report.

    Attributes:
        address: Who was written to.
        action: ``failed``, ``delayed``, ``delivered``, ``relayed``, ``expanded``, or empty.
        status: Such as ``5.1.1``; may be empty.
        reason: What the other server said, on one line; untrusted, may be empty.
    """

    address: str
    action: str = ""
    status: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """A delivery report.

    Attributes:
        recipients: In its order.
        message_ids: Of the message that it is about, and of those that it answered.
    """

    recipients: tuple[Recipient, ...] = ()
    message_ids: tuple[str, ...] = ()

    @property
    def failed(self) -> bool:
        """Say whether somebody was not reached for good."""
        return any(one.action in ("failed", "") for one in self.recipients)


def read_report(raw: bytes, root: Part, text: str, named: str) -> Report:
    """Read a delivery report.

    Args:
        raw: The whole message.
        root: Its parts.
        text: What a reader sees of it.
        named: The X-Failed-Recipients header; may be empty.
    """
    recipients: list[Recipient] = []
    inner = Headers()
    for part in _leaves(root):
        if part.media_type in ("message/delivery-status", "message/global-delivery-status"):
            recipients += _recipients(mime.payload(raw, part, 256 * 1024)[0])
        elif part.media_type in _INNER and not inner.fields:
            data = mime.payload(raw, part, 256 * 1024)[0]
            inner = read_headers(data, 0, len(data), top=True)
    if not recipients:
        recipients = [Recipient(found) for found in _ADDRESS.findall(named[:4000])]
    ids = _ids(inner.first("message-id"))
    if not ids:
        match = _ID_LINE.search(text[:_TEXT_CHARS])
        ids = (match[1],) if match else ()
    return Report(tuple(recipients[:_RECIPIENTS]), ids)


def describe(report: Report, text: str) -> str:
    """Return ``[not delivered to ann@x.example: 5.1.1 mailbox unknown]``, a line a recipient.

    Args:
        report: What was read.
        text: The server's own words: what they name already is not said again.
    """
    lines = []
    for one in report.recipients:
        if one.address in text and (one.status or one.reason) in text:
            continue
        what = {"delayed": "delayed", "delivered": "delivered", "relayed": "passed on"}
        word = what.get(one.action, "not delivered")
        said = " ".join(piece for piece in (one.status, one.reason) if piece)
        lines.append(f"[{word} to {one.address}{f': {said}' if said else ''}]")
    return "\n".join(dict.fromkeys(lines))


def _leaves(root: Part) -> list[Part]:
    waiting, out = [root], []
    while waiting:
        part = waiting.pop(0)
        waiting = part.children + waiting
        if not part.children:
            out.append(part)
    return out


def _recipients(data: bytes) -> list[Recipient]:
    out: list[Recipient] = []
    for block in _BLOCK.split(data.strip(), 4 * _RECIPIENTS)[: 4 * _RECIPIENTS]:
        fields = {
            match[1].decode("ascii").lower(): " ".join(match[2].decode("latin-1").split())
            for match in _FIELDS.finditer(block[:20_000])
        }
        named = fields.get("original-recipient") or fields.get("final-recipient", "")
        address = _ADDRESS.search(named.rpartition(";")[2])
        if address is None:
            continue
        reason = decode_words(fields.get("diagnostic-code", "").partition(";")[2].strip())
        status = _STATUS.search(fields.get("status", "") or reason)
        action = fields.get("action", "").lower().split(" ")[0]
        code = status[1] if status else ""
        reason = _plain(reason, code)
        out.append(Recipient(address[0], action, code, reason))
    return out


def _plain(reason: str, code: str) -> str:
    """Return what the server said without the codes that stand beside it."""
    words = reason[:400].split()
    while words and (words[0].isdecimal() or words[0].strip("-#") in (code, "") or words[0] == "-"):
        words.pop(0)
    return " ".join(words)[:300]


def _ids(value: str) -> tuple[str, ...]:
    text = value.strip().strip("<>").strip()
    return (text,) if text and " " not in text and len(text) < 998 else ()
