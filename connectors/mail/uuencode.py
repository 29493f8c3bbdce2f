"""Files that are uuencoded: as a part of their own, or standing in the middle of a text."""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from typing import NamedTuple

# "begin 644 report.txt", a line of full length or a short last one, and an "end" of its own.
_BEGIN = re.compile(r"^begin(?:-base64)? [0-7]{3,4} ([^\n]{1,255})\n", re.MULTILINE)
_LINE = re.compile(r"[\x20-\x60]{1,62}$")
_FILES = 50


class File(NamedTuple):
    """A file in a text: from where to where it stands, its name, its bytes."""

    start: int
    end: int
    name: str
    data: bytes


def decode(data: bytes) -> bytes | None:
    """Decode a uuencoded part; None when it is not one, and then it stays as it is."""
    lines = data.splitlines()
    first = next((i for i, line in enumerate(lines) if line.startswith(b"begin ")), None)
    return None if first is None else _joined(lines[first + 1 :])


def files(text: str) -> Iterator[File]:
    """Yield the files that stand in a text; what only looks like one is left alone."""
    at = count = 0
    while count < _FILES and (begin := _BEGIN.search(text, at)) is not None:
        at = begin.end()
        lines: list[bytes] = []
        stop = -1
        while at < len(text):
            newline = text.find("\n", at)
            newline = len(text) if newline < 0 else newline
            line = text[at:newline].rstrip("\r")
            at = min(newline + 1, len(text))
            if line.strip() == "end":
                stop = newline
                break
            if not _fits(line):
                break
            lines.append(line.encode("ascii"))
            if newline == len(text):
                break
        if stop < 0 or not lines:
            at = begin.end()
            continue
        count += 1
        yield File(begin.start(), stop, begin[1].strip(), _joined(lines))


def _fits(line: str) -> bool:
    """Tell whether a line is as long as its first character says, a few trailing spaces aside."""
    if not line:
        return True
    if not _LINE.match(line):
        return False
    size = ((ord(line[0]) - 32) & 63) + 2
    wanted = (size // 3) * 4 + 1 if line[0] not in "` " else 1
    return len(line) <= wanted + 2


def _joined(lines: list[bytes]) -> bytes:
    out: list[bytes] = []
    for line in lines:
        if line.strip() == b"end":
            break
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            size = (((line[0] - 32) & 63) * 4 + 5) // 3 if line else 0
            try:
                out.append(binascii.a2b_uu(line[:size]))
            except binascii.Error:
                continue
    return b"".join(out)
