"""How texts are kept: as they are when short, compressed when that helps."""

from __future__ import annotations

import zlib

PLAIN = 0
ZLIB = 1
COMPRESS_FROM_BYTES = 400  # below it zlib saves less than a row's overhead


def pack(text: str) -> tuple[int, bytes]:
    """Return ``(codec, data)`` of a text; lone surrogates become U+FFFD, NUL is kept."""
    data = text.encode("utf-8", "replace")
    if len(data) < COMPRESS_FROM_BYTES:
        return PLAIN, data
    packed = zlib.compress(data, 6)
    return (ZLIB, packed) if len(packed) < len(data) else (PLAIN, data)


def unpack(codec: int, data: bytes) -> str:
    """Return the text that `pack` took."""
    return (zlib.decompress(data) if codec == ZLIB else data).decode("utf-8", "replace")
