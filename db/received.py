"""The chain over what was received: each original sealed with the one before it.

A link holds a salted digest of an original and a digest over that and the link before: what was
received cannot be changed, left out or put in later without breaking the chain. Where a customer is
erased, salt and name of the original go and the sealed digest stays, and the chain still holds.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable

from db.among import among
from db.engine.interface import Connection, Value
from db.frozen import dataclass
from db.raws import read_raw

SALT_BYTES = 16
START = b""
PAGE = 500

# Of two programs that import at once, one waits here for the other's transaction.
_LOCK = "update sources set created_at = created_at where id = :source"
_HEAD = "select seq, digest from received where source_id = :source order by seq desc limit 1"
_ADD = """
insert into received(source_id, seq, at, original, salt, sealed, digest)
values(:source, :seq, :at, :original, :salt, :sealed, :digest)
"""
_SOURCES = """
select s.id, s.name from sources s
where exists (select 1 from received r where r.source_id = s.id) order by s.name
"""
_PAGE = """
select seq, original, salt, sealed, digest from received
where source_id = :source and seq > :after order by seq limit :limit
"""
_FIND = "select source_id, seq from received where original in (:among)"
_FORGET = """
update received set original = :none, salt = :none where source_id = :source and seq = :seq
"""


@dataclass(frozen=True, slots=True)
class Chain:
    """What a look at the chain of a source found.

    Attributes:
        links: How many originals were sealed.
        broken: The first link that does not fit; 0 when all do.
        altered: Originals whose bytes are not those that were received.
        gone: Originals that are not there any more, though nobody erased them.
        erased: Links whose original was erased.
    """

    links: int = 0
    broken: int = 0
    altered: int = 0
    gone: int = 0
    erased: int = 0

    @property
    def sound(self) -> bool:
        """Say whether everything is as it was received."""
        return not (self.broken or self.altered or self.gone)


def seal(connection: Connection, source_id: int, originals: Iterable[bytes], now: int) -> None:
    """Add originals to the chain of a source.

    Args:
        connection: Inside `Engine.write`.
        source_id: The source that they came from.
        originals: Their SHA-256.
        now: UTC milliseconds.
    """
    originals = list(dict.fromkeys(originals))
    if not originals:
        return
    connection.run(_LOCK, {"source": source_id})
    seq, digest = connection.one(_HEAD, {"source": source_id}) or (0, START)
    rows: list[dict[str, Value]] = []
    for original in originals:
        seq += 1
        salt = os.urandom(SALT_BYTES)
        sealed = hashlib.sha256(salt + original).digest()
        digest = hashlib.sha256(digest + sealed).digest()
        rows.append(
            {
                "source": source_id, "seq": seq, "at": now, "original": original,
                "salt": salt, "sealed": sealed, "digest": digest,
            }
        )  # fmt: skip
    connection.many(_ADD, rows)


def forget(connection: Connection, originals: Iterable[bytes]) -> None:
    """Take the names of erased originals out of every chain; the chains still hold.

    Args:
        connection: Inside `Engine.write`.
        originals: Their SHA-256.
    """
    found = list(among(connection, _FIND, originals))
    connection.many(_FORGET, [{"source": one, "seq": seq, "none": b""} for one, seq in found])


def sealed_sources(connection: Connection) -> list[tuple[int, str]]:
    """Return number and name of every source that has a chain."""
    return [(int(number), str(name)) for number, name in connection.all(_SOURCES)]


def verify(connection: Connection, source_id: int) -> Chain:
    """Walk the chain of a source, and compare each original with its seal."""
    links = broken = altered = gone = erased = 0
    before = START
    while page := connection.all(_PAGE, {"source": source_id, "after": links, "limit": PAGE}):
        for seq, original, salt, sealed, digest in page:
            links += 1
            fits = seq == links and hashlib.sha256(before + sealed).digest() == digest
            if salt:
                fits = fits and hashlib.sha256(salt + original).digest() == sealed
            if not fits and not broken:
                broken = links
            before = digest
            if not salt:
                erased += 1
                continue
            data = read_raw(connection, original)
            if not data:
                gone += 1
            elif hashlib.sha256(data).digest() != original:
                altered += 1
    return Chain(links, broken, altered, gone, erased)
