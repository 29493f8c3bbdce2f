"""What can be read in bytes as received: enough to tell whether somebody is named there.

This is no parser of mail and need be none: it undoes the encodings in which a name can hide
(quoted-printable, base64, encoded words of headers), wherever they seem to stand. What is packed
inside attached files, such as the text of a PDF, it does not see; nothing in the store does.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator

LINE = 40
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{%d,}={0,2}\r?\n?)+(?:[A-Za-z0-9+/]+={0,2})?" % LINE)
_WORD = re.compile(rb"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]{0,200})\?=")
_BETWEEN_WORDS = re.compile(rb"(\?=)\s+(=\?)")


def read_texts(raw: bytes) -> Iterator[str]:
    """Yield a text as it stands in the bytes, and once for each encoding that is undone."""
    if not raw:
        return
    yield _decoded(raw)
    if b"=" in raw:
        yield _decoded(binascii.a2b_qp(raw))
    if b"=?" in raw:
        yield "".join(_encoded_words(_BETWEEN_WORDS.sub(rb"\1\2", raw)))
    for match in _BASE64.finditer(raw):
        data = _from_base64(match[0])
        if data and b"\0" not in data[:512]:
            yield _decoded(data)


def _encoded_words(raw: bytes) -> Iterator[str]:
    end = 0
    for match in _WORD.finditer(raw):
        if match.start() != end:
            yield "\n"  # words of two headers are not one
        end = match.end()
        data = (
            _from_base64(match[3]) if match[2] in b"bB" else binascii.a2b_qp(match[3], header=True)
        )
        charset = match[1].partition(b"*")[0].decode("ascii", "replace")
        try:
            yield data.decode(charset, "replace")
        except LookupError:
            yield _decoded(data)


def _from_base64(written: bytes) -> bytes:
    try:
        return binascii.a2b_base64(written + b"=" * (-len(written.strip()) % 4))
    except binascii.Error:
        return b""


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")
