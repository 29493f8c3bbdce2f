"""Are the bytes as received still those that were received?"""

from __future__ import annotations

import hashlib
import zlib

from db.among import among
from db.engine.interface import Connection, Value
from db.frozen import dataclass
from db.texts import ZLIB

CHUNKS = 16  # of at most 1 MiB each, read at once

_PAGE = """
select sha256, chunk, codec, size, data from raws
where (sha256, chunk) > (:sha256, :chunk) order by sha256, chunk limit :rows
"""
_MISSING = """
select count(*) from (
  select original as sha256 from origins where original is not null
  union select original from quarantine where size > 0
) wanted
left join raws r on r.sha256 = wanted.sha256 and r.chunk = 0 where r.sha256 is null
"""
_UNUSED = """
select r.sha256 from raws r left join (
  select original as sha256 from origins where original is not null
  union select original from quarantine
) used on used.sha256 = r.sha256
where r.chunk = 0 and used.sha256 is null
"""
_FILED = "select distinct sha256 from attachments where sha256 in (:among)"
_SOURCES = "select id, name from sources order by id"


@dataclass(frozen=True, slots=True)
class Originals:
    """What was found.

    Attributes:
        kept: Originals and files in the store.
        altered: Those whose bytes do not give their SHA-256.
        missing: Those that an entry names and that are not there.
        unused: Those that nothing names.
        broken: Sources whose chain of what was received does not hold.
    """

    kept: int
    altered: int
    missing: int
    unused: int
    broken: tuple[str, ...]


def check_originals(connection: Connection) -> Originals:
    """Read every original and file, and compare it with its SHA-256."""
    kept, altered = _read_all(connection)
    return Originals(
        kept=kept,
        altered=altered,
        missing=int(connection.value(_MISSING) or 0),
        unused=len(unused(connection)),
        broken=_broken_chains(connection),
    )


def unused(connection: Connection) -> list[bytes]:
    """Return the SHA-256 of what nothing names: left by a program that was stopped."""
    found = [bytes(row[0]) for row in connection.all(_UNUSED)]
    filed = {row[0] for row in among(connection, _FILED, [one.hex() for one in found])}
    return [one for one in found if one.hex() not in filed]


def _read_all(connection: Connection) -> tuple[int, int]:
    kept = altered = 0
    at: dict[str, Value] = {"sha256": b"", "chunk": -1, "rows": CHUNKS}
    wanted, digest = b"", hashlib.sha256()
    while rows := connection.all(_PAGE, at):
        for sha256, chunk, codec, size, data in rows:
            if bytes(sha256) != wanted:
                altered += bool(wanted) and digest.digest() != wanted
                kept, wanted, digest = kept + 1, bytes(sha256), hashlib.sha256()
            at.update(sha256=sha256, chunk=chunk)
            digest.update(_plain(codec, size, data))
    altered += bool(wanted) and digest.digest() != wanted
    return kept, altered


def _plain(codec: int, size: int, data: bytes) -> bytes:
    """Return the bytes of a chunk; none where they cannot be unpacked, so that the hash differs."""
    if codec != ZLIB:
        return bytes(data)
    try:
        return zlib.decompressobj().decompress(bytes(data), size + 1)
    except zlib.error:
        return b""


def _broken_chains(connection: Connection) -> tuple[str, ...]:
    return tuple(
        str(name) for number, name in connection.all(_SOURCES) if not _holds(connection, number)
    )


def _holds(connection: Connection, source_id: int) -> bool:
    from db.received import verify

    try:
        return verify(connection, source_id).sound
    except zlib.error:  # an original that cannot be unpacked
        return False
