"""What is observed of an address beside its messages: what signatures say, which mailbox it is.

Facts hang on identities, as entries do, and carry the entry in which they were read. They show on
the cheat sheet and carry suggestions; they never link anyone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from db.engine.interface import Connection, Engine, Value
from db.identity.domains import is_free
from db.identity.signature import card_facts, facts_in, signature_of
from db.texts import unpack, unpack_folds

MAILS = 2  # of each address, the newest: people sign alike
LOOKED_AT = 8
SLICE_ROWS = 200
NO_DOTS = frozenset({"gmail.com", "googlemail.com"})  # there, dots in an address mean nothing

_UNREAD = """
select id, kind, value, last_at from identities
where last_at > read_at and own = 0 and customer_id is not null and id > :after
order by id limit :rows
"""
_MAILS = """
select newest.id, newest.at, t.codec, t.data, t.folds from (
  select id, at, direction, author_id, automatic, removed, kind from entries
  where identity_id = :identity order by at desc, id desc limit :looked_at) newest
join entry_texts t on t.entry_id = newest.id
where direction = 'inbound' and automatic = '' and removed = 0 and author_id = :identity
  and kind = 'message'
order by newest.at desc, newest.id desc limit :rows
"""
_KEEP = """
insert into identity_facts(identity_id, kind, value, raw, entry_id, at)
values(:identity, :kind, :value, :raw, :entry, :at)
on conflict(identity_id, kind, value) do update set raw = excluded.raw,
  entry_id = excluded.entry_id, at = excluded.at
where excluded.at > identity_facts.at
"""
_READ = "update identities set read_at = :at where id = :id"


def mailbox(email: str) -> str:
    """Return the mailbox behind an address: without a plus tag, and at Gmail without dots."""
    local, _, domain = email.partition("@")
    local = local.partition("+")[0]
    if domain in NO_DOTS:
        return f"{local.replace('.', '')}@gmail.com"
    return f"{local}@{domain}"


class Unread(NamedTuple):
    """An identity with messages that were not looked at."""

    id: int
    kind: str
    value: str
    last_at: int


def unread(connection: Connection, after: int) -> list[Unread]:
    """Return the next identities that have something new, by id."""
    rows = connection.all(_UNREAD, {"after": after, "rows": SLICE_ROWS})
    return [Unread(*row) for row in rows]


def read_facts(engine: Engine, identities: Iterable[Unread]) -> None:
    """Keep what new mails say of their writers."""
    connection = engine.connection()
    found: list[dict[str, Value]] = []
    for one in identities:
        if one.kind == "email":
            found += _facts_of(connection, one.id, one.value)
    if found:
        with engine.write(durable=False) as writing:
            writing.many(_KEEP, found)


def mark_read(connection: Connection, identities: Iterable[Unread]) -> None:
    """Note that identities were looked at; inside `Engine.write`."""
    connection.many(_READ, [{"id": one.id, "at": one.last_at} for one in identities])


def _facts_of(connection: Connection, identity: int, email: str) -> Iterator[dict[str, Value]]:
    if mailbox(email) != email or email.rpartition("@")[2] in NO_DOTS:
        yield _row(identity, "mailbox", mailbox(email), email, 0, 0)
    domain = email.rpartition("@")[2]
    seen: set[tuple[str, str]] = set()
    params: dict[str, Value] = {"identity": identity, "looked_at": LOOKED_AT, "rows": MAILS}
    for entry, at, codec, data, folds in connection.all(_MAILS, params):
        text = unpack(codec, data)
        signature = signature_of(text, unpack_folds(folds))
        said = facts_in(signature, "" if is_free(domain) else domain)
        if "[contact: " in text:
            said += card_facts(text, email)
        for fact in said:
            if (fact.kind, fact.value) not in seen:
                seen.add((fact.kind, fact.value))
                yield _row(identity, fact.kind, fact.value, fact.raw, entry, at)


def _row(identity: int, kind: str, value: str, raw: str, entry: int, at: int) -> dict[str, Value]:
    return {
        "identity": identity,
        "kind": kind,
        "value": value,
        "raw": raw,
        "entry": entry,
        "at": at,
    }


def shown_facts(
    connection: Connection, identities: Sequence[int], kinds: Sequence[str]
) -> list[tuple[int, str, str, str, int, int]]:
    """Return ``(identity, kind, value, raw, entry, at)`` of some identities, newest first."""
    from db.among import among

    sql = """
    select identity_id, kind, value, raw, entry_id, at from identity_facts
    where identity_id in (:among)
    """
    rows = [row for row in among(connection, sql, identities) if row[1] in kinds]
    return sorted(rows, key=lambda row: (-row[5], row[1], row[2]))
