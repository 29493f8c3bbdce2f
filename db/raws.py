"""Bytes as received: stored once by SHA-256, in chunks, inside the store itself."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable

from db.engine.interface import Connection, Value
from db.texts import PLAIN, ZLIB, deflate

CHUNK_BYTES = 1_048_576
COMPRESS_FROM_BYTES = 300
# Already compressed files look like noise: their first bytes say so, and zlib is not tried.
_PACKED = (b"PK\x03\x04", b"\x89PNG", b"\xff\xd8\xff", b"\x1f\x8b", b"GIF8", b"%PDF")

_ADD = """
insert into raws(sha256, chunk, codec, size, data) values(:sha256, :chunk, :codec, :size, :data)
on conflict do nothing
"""
_READ = "select codec, data from raws where sha256 = :sha256 order by chunk"
_HAS = "select 1 from raws where sha256 = :sha256 and chunk = 0"


def raw_rows(data: bytes, digest: bytes = b"") -> list[dict[str, Value]]:
    """Return the rows that keep some bytes; made without the store, before any lock is held.

    Args:
        data: As received; none gives no rows.
        digest: Its SHA-256, where the caller has it.
    """
    digest = digest or hashlib.sha256(data).digest()
    rows: list[dict[str, Value]] = []
    plain = data.startswith(_PACKED)
    for number, start in enumerate(range(0, len(data), CHUNK_BYTES)):
        chunk = data[start : start + CHUNK_BYTES]
        codec, kept = PLAIN, chunk
        if not plain and len(chunk) >= COMPRESS_FROM_BYTES:
            packed = deflate(chunk)
            if len(packed) < len(chunk):
                codec, kept = ZLIB, packed
        rows.append(
            {"sha256": digest, "chunk": number, "codec": codec, "size": len(chunk), "data": kept}
        )
    return rows


def keep_rows(connection: Connection, rows: Iterable[dict[str, Value]]) -> None:
    """Store rows of `raw_rows`; bytes that are there already stay as they are."""
    connection.many(_ADD, rows)


def keep_raw(connection: Connection, data: bytes) -> bytes:
    """Store some bytes once and return their SHA-256; empty for no bytes."""
    if not data:
        return b""
    digest = hashlib.sha256(data).digest()
    keep_rows(connection, raw_rows(data, digest))
    return digest


def has_raw(connection: Connection, digest: bytes) -> bool:
    """Say whether these bytes are stored."""
    return connection.value(_HAS, {"sha256": digest}) is not None


def read_raw(connection: Connection, digest: bytes) -> bytes:
    """Return stored bytes, or none where they are not there."""
    return b"".join(
        zlib.decompress(data) if codec == ZLIB else data
        for codec, data in connection.all(_READ, {"sha256": digest})
    )
