"""Read what an IMAP server answers: FETCH items, folder lists, states of folders, refusals."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from connectors.contract import AuthError, ConnectorError, RateLimited, Transient
from connectors.mail.imap_stream import Violation

SENTENCE_CHARS = 200
OVER_QUOTA_SECONDS = 15 * 60.0
CROWDED_SECONDS = 60.0

_FETCH = re.compile(rb"\* (\d{1,10}) FETCH \(", re.IGNORECASE)
_ITEM = re.compile(
    rb" ?([A-Za-z0-9.\-]{1,40})((?:\[[^\]\r\n]{0,200}\])?)(?:<(\d{1,12})>)? "
    rb'(?:(\d{1,20})|"((?:[^"\\\r\n]|\\.)*)"|(NIL)|\{(\d{1,20})\}\r?\n'
    rb'|\(((?:[^()"\r\n]|"(?:[^"\\\r\n]|\\.)*")*)\))',
    re.IGNORECASE,
)
_LIST = re.compile(
    rb'\(([^()\r\n]*)\) (?:"(?:[^"\\]|\\.)*"|NIL) (?:"((?:[^"\\\r\n]|\\.)*)"|([^\r\n ]+))',
    re.IGNORECASE,
)
_STATUS = re.compile(rb'(?:"((?:[^"\\\r\n]|\\.)*)"|([^\r\n ]+)) \(([^()\r\n]*)\)')
_LABEL = re.compile(rb'"((?:[^"\\\r\n]|\\.)*)"|([^\s"]+)')
_ESCAPED = re.compile(rb"\\(.)")
_CODE = re.compile(r"\[([A-Z-]{2,30})")
_BACK_OFF = re.compile(r"backoff time:? (\d{1,9})", re.IGNORECASE)

_BAD_LOGIN = {"AUTHENTICATIONFAILED", "AUTHORIZATIONFAILED", "EXPIRED", "CONTACTADMIN"}
_GONE = {"NONEXISTENT", "NOPERM", "TRYCREATE", "CANNOT"}
_CROWDED = ("too many", "connection limit", "maximum number of connections")
_THROTTLED = ("throttl", "bandwidth limit", "rate limit", "slow down")


class FolderGone(ConnectorError):
    """The folder is not there any more, or not for us."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer to a FETCH.

    Attributes:
        size: ``RFC822.SIZE``; -1 when it was not sent.
        received: ``INTERNALDATE`` as sent.
        section: What is in ``body``, such as ``[]`` or ``[HEADER.FIELDS (MESSAGE-ID)]``.
        origin: Offset of ``body`` in the section.
        body: The bytes; None when none were sent (also for NIL).
        thread: Gmail's number of the conversation.
        labels: Gmail's labels, a line each, untrusted.
    """

    uid: int
    size: int = -1
    received: str = ""
    section: str = ""
    origin: int = 0
    body: bytes | None = None
    thread: str = ""
    labels: str = ""


@dataclass(frozen=True, slots=True)
class FolderStatus:
    """A folder as STATUS or EXAMINE describes it; 0 for what was not said."""

    validity: int = 0
    next: int = 0
    mod: int = 0
    exists: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the server.

    Attributes:
        wire: Its name as the server wrote it: the one to ask for it by.
        name: The same for people, untrusted.
        flags: Lower case, without the backslash: ``sent``, ``noselect``…
    """

    wire: bytes
    name: str
    flags: frozenset[str]
    status: FolderStatus | None = None


def parse_fetch(parts: list[bytes]) -> Fetched | None:
    """Read one FETCH response; None where it names no UID (a change of flags).

    Raises:
        Violation: It is not one.
    """
    start = _FETCH.match(parts[0])
    if start is None:
        raise Violation("The server sent an answer that cannot be read.")
    uid, size, received, section, origin = 0, -1, "", "", 0
    body: bytes | None = None
    thread = labels = ""
    line, place, number = parts[0], start.end(), 0
    while line[place : place + 1] != b")":
        item = _ITEM.match(line, place)
        if item is None and number and not place:
            raise Violation("The server sent more bytes than it had announced.")
        if item is None:
            raise Violation("The server sent an answer that cannot be read.")
        key, place = item[1].upper(), item.end()
        value = item[4] or item[5] or b""
        if item[7] is not None:
            if number + 2 >= len(parts) or int(item[7]) != len(parts[number + 1]):
                raise Violation("The server sent an answer that cannot be read.")
            value, line, place = parts[number + 1], parts[number + 2], 0
            number += 2
        if key == b"UID":
            uid = int(value or 0)
        elif key == b"RFC822.SIZE":
            size = int(value or 0)
        elif key == b"INTERNALDATE":
            received = value.decode("latin-1")
        elif key == b"X-GM-THRID":
            thread = value.decode("latin-1")
        elif key == b"X-GM-LABELS":
            labels = parse_labels(item[8] or b"")
        elif key == b"BODY" and item[2]:
            section, origin = item[2].decode("latin-1"), int(item[3] or 0)
            body = value if item[6] is None else None
    if line[place:].strip() != b")" or number != len(parts) - 1:
        raise Violation("The server sent more bytes than it had announced.")
    if not uid:
        return None
    return Fetched(uid, size, received, section, origin, body, thread, labels)


def parse_labels(data: bytes) -> str:
    """Return Gmail's labels, a line each: those with a backslash are its own."""
    found = (_ESCAPED.sub(rb"\1", quote) if quote else word for quote, word in _LABEL.findall(data))
    return "\n".join(filter(None, (one_line(decode_name(one)) for one in found)))


def parse_list(data: bytes | tuple[bytes, bytes]) -> Folder | None:
    """Read one LIST response, without its first word; None where it cannot be read."""
    line, literal = data if isinstance(data, tuple) else (data, None)
    if literal is not None:
        line = line[: line.rfind(b"{")] + b'"' + re.sub(rb'(["\\])', rb"\\\1", literal) + b'"'
    found = _LIST.match(line)
    if found is None:
        return None
    wire = _ESCAPED.sub(rb"\1", found[2]) if found[2] is not None else found[3]
    words = found[1].decode("latin-1").lower().split()
    if not wire or any(byte < 32 or byte == 127 for byte in wire):
        return None
    return Folder(wire, decode_name(wire), frozenset(word.lstrip("\\") for word in words))


def parse_status(data: bytes | tuple[bytes, bytes]) -> tuple[bytes, FolderStatus] | None:
    """Read one STATUS response, without its first word: the folder's wire name and its state."""
    if isinstance(data, tuple):
        return None
    found = _STATUS.match(data)
    if found is None:
        return None
    wire = _ESCAPED.sub(rb"\1", found[1]) if found[1] is not None else found[2]
    words = found[3].upper().split()
    numbers = {
        key: int(value)
        for key, value in zip(words[::2], words[1::2], strict=False)
        if value.isdigit() and len(value) <= 20
    }
    return wire, FolderStatus(
        numbers.get(b"UIDVALIDITY", 0),
        numbers.get(b"UIDNEXT", 0),
        numbers.get(b"HIGHESTMODSEQ", 0),
        numbers.get(b"MESSAGES", 0),
    )


def decode_name(wire: bytes) -> str:
    """Return a folder's name for people: modified UTF-7 (RFC 3501 5.1.3), or UTF-8, or as it is."""
    text = wire.decode("utf-8", "replace")
    if "&" not in text:
        return text
    out, rest = [], text
    while rest:
        plain, found, rest = rest.partition("&")
        out.append(plain)
        if not found:
            break
        code, closed, after = rest.partition("-")
        if not closed:
            return text
        decoded = _decode_shift(code)
        if decoded is None:
            return text
        out.append(decoded)
        rest = after
    return "".join(out)


def _decode_shift(code: str) -> str | None:
    if not code:
        return "&"
    try:
        data = base64.b64decode(code.replace(",", "/") + "=" * (-len(code) % 4), validate=True)
        return data.decode("utf-16-be")
    except (binascii.Error, UnicodeError, ValueError):
        return None


def quoted(wire: bytes) -> bytes:
    """Return a folder's name as a command takes it."""
    return b'"' + wire.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


def refusal(what: str, text: str, *, at_login: bool = False) -> ConnectorError:
    """Return the error that a NO, BAD or BYE of the server stands for.

    Args:
        what: What was asked, at the start of the sentence: ``The server refused the login``.
        text: What the server said; untrusted.
        at_login: A refusal without a reason is one of the password.
    """
    said = one_line(text)
    sentence = f"{what}: {said}" if said else f"{what}."
    found = _CODE.search(text[:200].upper())
    code = found[1] if found else ""
    low = text.lower()
    asked = _BACK_OFF.search(text)
    if code == "OVERQUOTA" or any(word in low for word in _THROTTLED):
        seconds = int(asked[1]) / 1000 if asked else OVER_QUOTA_SECONDS
        return RateLimited(f"{sentence} (the account is throttled)", seconds)
    if code in ("LIMIT", "INUSE") or any(word in low for word in _CROWDED):
        return RateLimited(f"{sentence} (too many connections to this account)", CROWDED_SECONDS)
    if code in ("UNAVAILABLE", "SERVERBUG") or "not connected" in low:
        return Transient(sentence)
    if code in _BAD_LOGIN or at_login:
        return AuthError(f"{sentence} Check user and password, or the app password.")
    if code in _GONE:
        return FolderGone(sentence)
    return Transient(sentence)


def one_line(text: str) -> str:
    """Return what a server said, cut and without anything that is not a plain character."""
    words = " ".join("".join(c if c.isprintable() else " " for c in text[:1000]).split())
    return words if len(words) <= SENTENCE_CHARS else words[: SENTENCE_CHARS - 1] + "…"
