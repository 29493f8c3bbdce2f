"""The part tree of a message, cut out by byte offsets: bounded in parts and depth, no recursion."""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field

from connectors.mail import limits, uuencode
from connectors.mail.headers import Headers, read_headers
from connectors.mail.words import lenient_base64
from connectors.mail.words import parameters as read_parameters


@dataclass(slots=True)
class Part:
    """One node of the tree.

    Attributes:
        number: As IMAP numbers parts (``1.2``); empty for a multipart at the top.
        media_type: Lower case, such as ``text/plain``.
        parameters: Of the Content-Type, decoded.
        encoding: Transfer encoding, lower case.
        disposition: ``inline``, ``attachment`` or empty.
        name: File name as written, decoded; a label, never a path.
        content_id: Without angle brackets.
        start: Offset of its body in the message.
        end: Offset after its body.
        children: Of a multipart, in order.
    """

    number: str
    media_type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    encoding: str = ""
    disposition: str = ""
    name: str = ""
    content_id: str = ""
    start: int = 0
    end: int = 0
    children: list[Part] = field(default_factory=list)


def read_tree(raw: bytes, headers: Headers) -> tuple[Part, list[str]]:
    """Cut a message into its parts.

    Args:
        raw: The whole message.
        headers: Its own header block.

    Returns:
        The root, and what was mended.
    """
    defects: list[str] = []
    root = _part(headers, "", len(raw), "text/plain")
    if not root.media_type.startswith("multipart/"):
        root.number = "1"
        return root, defects
    waiting = [(root, 0)]
    count = 0
    while waiting:
        parent, depth = waiting.pop()
        ranges = _ranges(raw, parent, limits.PART_COUNT - count, defects)
        if not ranges:
            parent.media_type = "text/plain"
            parent.number = parent.number or "1"
            continue
        default = "message/rfc822" if parent.media_type == "multipart/digest" else "text/plain"
        for index, (start, end) in enumerate(ranges, start=1):
            number = f"{parent.number}.{index}" if parent.number else str(index)
            own = read_headers(raw, start, end)
            for sentence in own.defects:
                _note(defects, sentence)
            child = _part(own, number, end, default)
            parent.children.append(child)
            count += 1
            if child.media_type.startswith("multipart/"):
                if depth + 1 < limits.PART_DEPTH:
                    waiting.append((child, depth + 1))
                else:
                    child.media_type = "application/octet-stream"
                    _note(defects, "Parts are nested over 50 deep; the rest is an attachment.")
    return root, defects


def _note(defects: list[str], sentence: str) -> None:
    if sentence not in defects:
        defects.append(sentence)


def _part(headers: Headers, number: str, end: int, default: str) -> Part:
    """Describe a part from its headers; its body runs from there to ``end``."""
    fields = headers.fields
    part = Part(number, default, start=min(headers.body, end), end=end)
    if "content-type" in fields:
        media_type, part.parameters = read_parameters(headers.first("content-type"))
        if "/" in media_type:
            part.media_type = media_type[:100].replace(" ", "")
        elif media_type == "text":
            part.media_type = "text/plain"
        elif media_type:
            part.media_type = "application/octet-stream" if default != "text/plain" else default
    if "content-transfer-encoding" in fields:
        part.encoding = headers.first("content-transfer-encoding").lower().strip("\"' ;")[:40]
    if "content-id" in fields:
        part.content_id = headers.first("content-id").strip("<> ")[:200]
    named = part.parameters.get("name", "")
    if "content-disposition" in fields:
        part.disposition, more = read_parameters(headers.first("content-disposition"))
        named = more.get("filename", "") or named
    if named:
        part.name = limits.cut(" ".join(named.replace("\0", "").split()), limits.NAME_CHARS)
    return part


def _ranges(raw: bytes, part: Part, room: int, defects: list[str]) -> list[tuple[int, int]]:
    """Return (start, end) of each child, headers included; empty when there is no boundary."""
    boundary = part.parameters.get("boundary", "").encode("utf-8", "replace")[:200].rstrip()
    delimiter = b"--" + boundary
    if not boundary or not _first_at(raw, part, delimiter):
        delimiter = _guessed_delimiter(raw, part)
        if not delimiter:
            _note(defects, "A part is marked as multipart but nothing separates its parts.")
            return []
        _note(defects, "The boundary between the parts was guessed.")
    ranges: list[tuple[int, int]] = []
    position, opened = part.start, -1
    while True:
        found = raw.find(delimiter, position, part.end)
        if found < 0:
            if opened >= 0:
                ranges.append((opened, part.end))
                _note(defects, "The end of the last part is missing.")
            break
        position = found + len(delimiter)
        if found > part.start and raw[found - 1] != 10:
            continue
        closing = raw.startswith(b"--", position, part.end)
        line_end = raw.find(b"\n", position, part.end)
        line_end = part.end if line_end < 0 else line_end
        if raw[position + (2 if closing else 0) : min(line_end, position + 200)].strip():
            continue
        if opened >= 0:
            ranges.append((opened, max(opened, _before_newline(raw, found))))
        if closing:
            break
        opened = position = min(line_end + 1, part.end)
        if len(ranges) >= room:
            _note(defects, "There are over 500 parts; the rest are only in the original.")
            break
    return ranges


def _first_at(raw: bytes, part: Part, delimiter: bytes) -> bool:
    return raw.startswith(delimiter, part.start, part.end) or (
        raw.find(b"\n" + delimiter, max(part.start - 1, 0), part.end) >= 0
    )


def _before_newline(raw: bytes, position: int) -> int:
    """Return the offset before the line end that belongs to the boundary after it."""
    if raw[position - 1 : position] != b"\n":
        return position
    return position - 2 if raw[position - 2 : position - 1] == b"\r" else position - 1


def _guessed_delimiter(raw: bytes, part: Part) -> bytes:
    """Take the first line that looks like a boundary and is met again."""
    at = part.start if raw.startswith(b"--", part.start, part.end) else -1
    if at < 0:
        at = raw.find(b"\n--", part.start, part.start + 64 * 1024) + 1
        if at == 0:
            return b""
    end = raw.find(b"\n", at, min(part.end, at + 200))
    line = raw[at : end if end >= 0 else at].strip()
    if len(line) < 8 or b" " in line or line.strip(b"-") == b"":
        return b""
    again = raw.find(b"\n" + line, end, part.end) >= 0
    after = raw[end + 1 : end + 9].lower().startswith(b"content-")
    return line if again and after else b""


def payload(raw: bytes, part: Part, limit: int = limits.MESSAGE_BYTES) -> tuple[bytes, str]:
    """Undo the transfer encoding of a leaf.

    Args:
        raw: The whole message.
        part: One of its leaves.
        limit: Encoded bytes to read at most.

    Returns:
        The bytes, and what was wrong; empty when all was well.
    """
    data = raw[part.start : min(part.end, part.start + limit)]
    encoding = part.encoding
    if encoding == "quoted-printable":
        return (binascii.a2b_qp(data) if b"=" in data else data), ""
    if encoding == "base64":
        try:
            return binascii.a2b_base64(data), ""
        except (binascii.Error, ValueError):
            return lenient_base64(data), "A part's base64 is broken; what could be read is shown."
    if encoding in ("x-uuencode", "uuencode", "x-uue", "uue"):
        decoded = uuencode.decode(data)
        return (data, "") if decoded is None else (decoded, "")
    return data, ""


def inner_headers(raw: bytes, part: Part) -> Headers:
    """Return the headers of a message inside this one."""
    if part.encoding in ("base64", "quoted-printable"):
        data, _ = payload(raw, part, limits.HEADER_BYTES)
        return read_headers(data, 0, len(data), top=True)
    return read_headers(raw, part.start, part.end, top=True)
