"""How texts are kept: as they are when short, compressed when that helps."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from functools import cache

PLAIN = 0
ZLIB = 1
COMPRESS_FROM_BYTES = 400  # below it zlib saves less than a row's overhead


def deflate(data: bytes) -> bytes:
    """Return some bytes in zlib's format."""
    return _deflater()(data)


@cache  # loaded by what writes; most of what starts only reads
def _deflater() -> Callable[[bytes], bytes]:
    """Return what packs bytes as zlib does; isal needs a fifth of the time for the same size."""
    try:
        from isal import isal_zlib
    except ImportError:  # no wheel for this machine
        return lambda data: zlib.compress(data, 1)
    return lambda data: isal_zlib.compress(data, 2)


def pack(text: str) -> tuple[int, bytes]:
    """Return ``(codec, data)`` of a text; lone surrogates become U+FFFD, NUL is kept."""
    data = text.encode("utf-8", "replace")
    if len(data) < COMPRESS_FROM_BYTES:
        return PLAIN, data
    packed = deflate(data)
    return (ZLIB, packed) if len(packed) < len(data) else (PLAIN, data)


def unpack(codec: int, data: bytes) -> str:
    """Return the text that `pack` took."""
    return (zlib.decompress(data) if codec == ZLIB else data).decode("utf-8", "replace")


def pack_folds(folds: Iterable[tuple[int, int, str]]) -> str:
    """Return folds as ``entry_texts.folds`` keeps them: ``start-end-kind``, by spaces."""
    return " ".join(f"{start}-{end}-{kind}" for start, end, kind in folds)


def unpack_folds(packed: str) -> tuple[tuple[int, int, str], ...]:
    """Return the folds that `pack_folds` took."""
    found = []
    for fold in packed.split():
        start, end, kind = fold.split("-", 2)
        found.append((int(start), int(end), kind))
    return tuple(found)


def pack_defects(defects: Iterable[str]) -> str:
    """Return defects as ``entry_texts.defects`` keeps them: a line for each."""
    return "\n".join(" ".join(defect.split()) for defect in defects)


def unpack_defects(packed: str) -> tuple[str, ...]:
    """Return the defects that `pack_defects` took."""
    return tuple(packed.split("\n")) if packed else ()
