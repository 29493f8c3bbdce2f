"""Mbox files, streamed in constant memory and resumed by byte offset."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

from connectors.contract import BadFile, Context, Item, Progress, Recognised, State
from connectors.mail import limits, packed, reader

_CHUNK = 1024 * 1024
_HEAD_BYTES = 4096
# A line longer than this is no "From " line.
_LINE_BYTES = 1000
_DATED = re.compile(
    rb"From [^\n]{0,300}(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),?[ \t]{1,3}"
    rb"(?:[A-Z][a-z]{2}[ \t]{1,3}\d{1,2}|\d{1,2}[ \t]{1,3}[A-Z][a-z]{2})[ \t]"
    rb"[^\n]{0,60}\d{1,2}:\d{2}"
)
_HEADER_LINE = re.compile(rb"[A-Za-z][A-Za-z0-9-]{1,70}:")
_ESCAPED_FROM = re.compile(rb"^>(>{0,50}From )", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Slice:
    """One message of an mbox file.

    Attributes:
        offset: Of its ``From `` line in the file.
        end: Offset of the next one.
        envelope: The ``From `` line, without its end.
        raw: The message as it was before it was put into the file.
        over: True when it is over the cap, and ``raw`` is only its beginning.
        cut: True when the file ends in the middle of a line of it.
    """

    offset: int
    end: int
    envelope: str
    raw: bytes
    over: bool = False
    cut: bool = False


def split(file: BinaryIO | packed.MailFile, offset: int = 0) -> Iterator[Slice]:
    """Cut an open mbox file into its messages.

    Args:
        file: Opened for bytes.
        offset: Where a ``From `` line begins.
    """
    file.seek(offset)
    # `buffer` is the window of the file that begins at `base`; the message at `begun` (in the
    # file) stands in it from `start`, unless it is over the cap: then `head` is its beginning.
    buffer, base, start, scan = b"", offset, 0, 0
    begun, head = offset, b""
    done = False
    while not done:
        chunk = file.read(max(_CHUNK, min(len(buffer) - start, 16 * _CHUNK)))
        done = not chunk
        back = min(start, max(scan - 4, 0))
        buffer = buffer[back:] + chunk
        base, start, scan = base + back, start - back, scan - back
        while (found := buffer.find(b"\nFrom ", scan)) >= 0:
            known = _is_separator(buffer, found + 1, done)
            if known is None:
                break
            scan = found + 1
            if known:
                end = base + scan
                yield _slice(head or buffer[start:scan], begun, end, over=bool(head))
                start, begun, head = scan, end, b""
        scan = found if found >= 0 else max(start, len(buffer) - 6)
        if not head and len(buffer) - start > limits.MESSAGE_BYTES + _CHUNK:
            head = buffer[start : start + limits.QUARANTINE_BYTES]
        if head:
            start = scan
    if head or buffer[start:].strip():
        whole = head or buffer[start:]
        yield _slice(whole, begun, base + len(buffer), over=bool(head), last=True)


def first_message(file: BinaryIO | packed.MailFile, at: int) -> int | None:
    """Return the offset of the first message that begins at ``at`` or later; None for none."""
    if at <= 0:
        return 0
    # A separator is known by what stands before it too.
    base = max(at - 4, 0)
    file.seek(base)
    buffer, scan, done = b"", at - 1 - base, False
    while not done:
        chunk = file.read(_CHUNK)
        done = not chunk
        buffer += chunk
        while (found := buffer.find(b"\nFrom ", scan)) >= 0:
            known = _is_separator(buffer, found + 1, done)
            if known is None:
                break
            if known:
                return base + found + 1
            scan = found + 1
        scan = found if found >= 0 else max(scan, len(buffer) - 6)
        drop = max(scan - 4, 0)
        buffer, base, scan = buffer[drop:], base + drop, scan - drop
    return None


def _is_separator(buffer: bytes, at: int, done: bool) -> bool | None:
    """Tell whether a new message begins at ``at``; None when more of the file is needed."""
    end = buffer.find(b"\n", at, at + _LINE_BYTES)
    if end < 0:
        return None if not done and len(buffer) - at < _LINE_BYTES else False
    if not done and len(buffer) - end < 100:
        return None
    blank_before = at == 0 or buffer[at - 2 : at] == b"\n\n" or buffer[at - 3 : at] == b"\n\r\n"
    dated = _DATED.match(buffer, at, end) is not None
    if blank_before and dated:
        return True
    # No date: then an address and a header below it. No blank line: then both date and header.
    headed = _HEADER_LINE.match(buffer, end + 1) is not None
    sender = buffer[at + 5 : end].split(None, 1)[:1]
    return headed and (dated or (blank_before and sender != [] and b"@" in sender[0]))


def _slice(data: bytes, begun: int, end: int, *, over: bool, last: bool = False) -> Slice:
    """Take the ``From `` line, the blank line at the end and the ``>From`` marks off a message."""
    cut = last and not over and not data.endswith(b"\n")
    envelope = b""
    if data.startswith(b"From "):
        envelope, _, data = data.partition(b"\n")
    if data.endswith(b"\n\n"):
        data = data[:-1]
    elif data.endswith(b"\n\r\n"):
        data = data[:-2]
    if b">From " in data:
        data = _ESCAPED_FROM.sub(rb"\1", data)
    line = envelope[:_LINE_BYTES].decode("latin-1").rstrip("\r")
    return Slice(begun, end, line, data, over=over, cut=cut)


class _Mbox:
    """The connector for mbox files."""

    name = "mbox"
    sets_aside = True

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say whether ``path`` is an mbox file: a ``From `` line with headers below it."""
        if not head:
            return None
        reader.refuse_other_formats(path, head)
        title = "packed mbox mail file" if packed.is_packed(head) else "mbox mail file"
        head = packed.unpacked_head(head)
        start = head.lstrip(b"\r\n")
        if not start.startswith(b"From "):
            return None
        first, _, rest = start[: 4 * _LINE_BYTES].partition(b"\n")
        if not rest or not (_HEADER_LINE.match(rest) or rest.startswith(b">From ")):
            if path.lower().endswith((".mbox", ".mbx")) and _DATED.match(first) is None:
                raise BadFile(
                    "This .mbox file does not begin with a mail: export the mailbox again."
                )
            if _DATED.match(first) is None:
                return None
        return Recognised("mbox", title, "mail", size=os.path.getsize(path))

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield the messages after ``context.cursor``, with a checkpoint every hundred."""
        yield from pull_file(context.path, context.cursor, context.survey)


def pull_file(path: str, cursor: str, survey: bool) -> Iterator[Item]:
    """Read one mbox file from where ``cursor`` stands.

    Raises:
        BadFile: It cannot be opened.
    """
    with packed.open_file(path) as file:
        total = os.path.getsize(path)
        head = file.read(_HEAD_BYTES)
        offset, label = _resume(file, head, cursor, total), os.path.basename(path)
        count, marked, resume = 0, offset, offset
        yield Progress(file.place(offset), total)
        for found in split(file, offset):
            where = f"{label}, byte {found.offset}"
            if found.over:
                reason = limits.too_large(found.end - found.offset)
                yield reader.set_aside(found.raw, where, reason)
            else:
                note = "The file ends in the middle of this message." if found.cut else ""
                yield reader.read_message(
                    found.raw, where, survey=survey, envelope=found.envelope, note=note
                )
            # A message that the file cuts off is read again when the file has grown.
            resume = found.offset if found.cut else found.end
            count += 1
            if count >= reader.CHECKPOINT_MESSAGES or resume - marked >= reader.CHECKPOINT_BYTES:
                yield State(_cursor(head, resume))
                yield Progress(file.place(found.end), total)
                count, marked = 0, resume
        yield State(_cursor(head, resume))
        yield Progress(total, total)


def _cursor(head: bytes, resume: int) -> str:
    """Return where to go on, with what the file's head must look like then."""
    size = min(resume, _HEAD_BYTES)
    return json.dumps(
        {"offset": resume, "head_bytes": size, "head": sha256(head[:size]).hexdigest()}
    )


def _resume(file: packed.MailFile, head: bytes, cursor: str, total: int) -> int:
    """Return the offset to go on from: 0 unless the cursor fits this file."""
    try:
        stored = json.loads(cursor) if cursor else {}
        offset, size = int(stored["offset"]), int(stored["head_bytes"])
        expected = str(stored["head"])
    except (ValueError, KeyError, TypeError):
        return 0
    if offset < 0 or not 0 <= size <= _HEAD_BYTES or (offset > total and not file.packed):
        return 0
    if sha256(head[:size]).hexdigest() != expected:
        return 0
    file.seek(offset)
    # The file ends there, or a message begins there; blank lines may have been added between.
    following = file.read(_LINE_BYTES)
    if not following or following.lstrip(b"\r\n").startswith(b"From "):
        return offset + len(following) - len(following.lstrip(b"\r\n"))
    return 0


connector = _Mbox()
