"""What is remembered of an erase: that it was, and salted digests by which the past stays out.

A digest says nothing to who reads it. It answers one question alone: is this address, or this
message of this source, one that was erased? What is dated before the erase and would bring the
person back is left out; what they write afterwards is a new contact.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace

from connectors.contract import Entry, Fold, Quarantined
from db.among import among
from db.arrival import Guest, guests_of
from db.direction import head
from db.engine.interface import Connection
from db.erase.words import Mask, Named
from db.frozen import dataclass
from db.identity.normalise import one_line, sound
from db.identity.own import load_own

SALT_BYTES = 32
_SALT = "erasure_salt"
ORIGINAL_LEFT_OUT = "The original was left out: it names a customer who was erased."

_READ = "select value from settings where name = :name"
_KEEP = "insert into settings(name, value) values(:name, :value) on conflict do nothing"
_MARKED = """
select m.digest, e.begun_at from erased_marks m join erasures e on e.id = m.erasure_id
where m.digest in (:among)
"""
_MARK = """
insert into erased_marks(digest, erasure_id) values(:digest, :erasure)
on conflict(digest) do update set erasure_id = excluded.erasure_id
"""


def salt(connection: Connection, *, create: bool = False) -> bytes:
    """Return the salt of this store; empty where nobody was ever erased.

    Args:
        connection: Inside `Engine.write` where it may be made.
        create: Make it where there is none.
    """
    found = connection.value(_READ, {"name": _SALT})
    if found is None and create:
        made = os.urandom(SALT_BYTES)
        connection.run(_KEEP, {"name": _SALT, "value": made.hex()})
        return made
    return bytes.fromhex(found) if found else b""


def keep_salt(connection: Connection, salted: bytes) -> None:
    """Take the salt of another store, inside `Engine.write`; one that is there stays."""
    connection.run(_KEEP, {"name": _SALT, "value": salted.hex()})


def person_mark(salted: bytes, kind: str, network: str, value: str) -> bytes:
    """Return the digest of an address, as `db.identity.normalise.Key` has it."""
    return _digest(salted, "person", kind, network, value)


def origin_mark(salted: bytes, source: str, external_id: str) -> bytes:
    """Return the digest of a message of a source."""
    return _digest(salted, "origin", source, external_id)


def _digest(salted: bytes, *parts: str) -> bytes:
    line = "\0".join(f"{len(part)}.{part}" for part in parts)
    return hmac.digest(salted, line.encode("utf-8", "replace"), "sha256")


def keep_marks(connection: Connection, erasure_id: int, digests: Iterable[bytes]) -> None:
    """Remember digests, inside `Engine.write`."""
    connection.many(_MARK, [{"digest": one, "erasure": erasure_id} for one in digests])


@dataclass(frozen=True, slots=True)
class Admitted:
    """What of a batch may come in.

    Attributes:
        left_out: How many entries and broken items may not.
    """

    entries: list[Entry]
    quarantined: list[Quarantined]
    left_out: int


def admit(
    connection: Connection,
    source: str,
    entries: Sequence[Entry],
    quarantined: Sequence[Quarantined] = (),
) -> Admitted:
    """Leave out what would bring an erased person back.

    What they wrote, and what was written to them, is left out. Where they are merely copied, they
    are taken off the entry, and their name and address are masked in it.

    Args:
        connection: Where to read.
        source: Name of the source.
        entries: As they come from a connector.
        quarantined: What could not be read.
    """
    salted = salt(connection)
    if not salted:
        return Admitted(list(entries), list(quarantined), 0)
    ids = [sound(one.external_id) for one in entries]
    ids += [sound(one.external_id) for one in quarantined]
    origins = {one: origin_mark(salted, source, one) for one in ids}
    guests = [guests_of(entry, source) for entry in entries]
    people = {guest.key: person_mark(salted, *guest.key) for each in guests for guest in each}
    marks = (*origins.values(), *people.values())
    erased: dict[bytes, int] = {row[0]: row[1] for row in among(connection, _MARKED, marks)}
    if not erased:
        return Admitted(list(entries), list(quarantined), 0)
    kept: list[Entry] = []
    for entry, present in zip(entries, guests, strict=True):
        if origins[sound(entry.external_id)] in erased:
            continue
        gone = [g for g in present if erased.get(people[g.key], entry.at - 1) >= entry.at]
        if not gone:
            kept.append(entry)
        elif not _concerns(connection, entry, present, gone):
            kept.append(_without(entry, gone, present))
    broken = [one for one in quarantined if origins[sound(one.external_id)] not in erased]
    left_out = len(entries) - len(kept) + len(quarantined) - len(broken)
    return Admitted(kept, broken, left_out)


def _concerns(
    connection: Connection, entry: Entry, guests: tuple[Guest, ...], gone: Sequence[Guest]
) -> bool:
    """Say whether an entry would stand on the timeline of somebody who was erased."""
    own = load_own(connection)
    heading = head(entry, guests, lambda guest: own.has(guest.key, guest.name))
    keys = {guest.key for guest in gone}
    return any(one is not None and one.key in keys for one in (heading.author, heading.home))


def _without(entry: Entry, gone: Sequence[Guest], guests: tuple[Guest, ...]) -> Entry:
    """Return an entry without some of the people on it."""
    keys = {guest.key for guest in gone}
    kept = [guest for guest in guests if guest.key not in keys]
    wanted = {(guest.role, guest.raw) for guest in kept}
    named = Named(
        emails=tuple(g.raw.strip("<> ") for g in gone if g.key.kind == "email" and "@" in g.raw),
        phones=tuple(g.key.value for g in gone if g.key.kind == "phone"),
        handles=tuple(g.key.value for g in gone if g.key.kind in ("handle", "external_id")),
        names=tuple(g.name for g in gone if g.name),
    )
    mask = Mask.every(named)
    text, folds = mask.folded(entry.text, [(f.start, f.end, f.kind) for f in entry.folds])
    return replace(
        entry,
        parties=tuple(p for p in entry.parties if (p.role, one_line(p.address.value)) in wanted),
        subject=mask.text(entry.subject),
        text=text,
        folds=tuple(Fold(start, end, kind) for start, end, kind in folds),  # type: ignore[arg-type]
        attachments=tuple(a for a in entry.attachments if not a.part),
        original=b"",
        original_type="",
        defects=(*entry.defects, ORIGINAL_LEFT_OUT),
    )
