"""Everything that follows from something else: how far it is off, and how it is made anew.

Truth is what connectors brought and agents did. From it follow counters, ranks, who is canonical,
first words and lengths of texts, both search indexes, the words for prefixes and whom an act
concerns. All of it can be thrown away: a test does so, and compares what `rebuild` makes.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from db import search
from db.among import among
from db.arrival import preview_of
from db.counters import drifted, recount
from db.engine.interface import Connection, Engine, Row, Value
from db.frozen import dataclass
from db.identity import lookup_index
from db.identity.components import settle_all
from db.texts import unpack, unpack_folds

ROWS = 500

# The same as in `db.commands.derived`; a test compares them.
_RANKS = """
select count(*) from cases where
  unresolved <> (case when status in ('new', 'open', 'pending', 'on_hold')
    and merged_into = 0 and spam = 0 and history = 0 then 1 else 0 end)
  or urgency_rank <> (case urgency
    when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end)
"""
_SET_RANKS = """
update cases set
  unresolved = case when status in ('new', 'open', 'pending', 'on_hold')
    and merged_into = 0 and spam = 0 and history = 0 then 1 else 0 end,
  urgency_rank = case urgency
    when 'urgent' then 0 when 'high' then 1 when 'normal' then 2 else 3 end
"""
_CANONICAL = """
select count(*) from customers k where canonical_id = id and face_id <> 0 and not exists (
  select 1 from customers m where m.canonical_id = k.id and m.id <> k.id)
"""
_UNLINKED = """
select count(*) from customers k where canonical_id <> id and not exists (
  select 1 from customer_links l
  where l.undone_at = 0 and (l.one_id = k.id or l.other_id = k.id))
"""
_APART = """
select count(*) from customer_links l join customers a on a.id = l.one_id
join customers b on b.id = l.other_id
where l.undone_at = 0 and a.canonical_id <> b.canonical_id
"""
_TEXTS = """
select e.id, e.preview, e.characters, e.lines, e.attachments, t.codec, t.data, t.folds
from entries e join entry_texts t on t.entry_id = e.id where e.id > :after order by e.id limit :rows
"""
_FILES = "select entry_id, count(*) from attachments where entry_id in (:among) group by entry_id"
_SET_TEXT = """
update entries set preview = :preview, characters = :characters, lines = :lines,
  attachments = :attachments
where id = :id
"""
_ACTS = "select seq, payload from journal where seq > :after order by seq limit :rows"
_SUBJECTS = """
select seq, kind, id from journal_subjects where seq > :after and seq <= :last order by seq
"""
_ADD_SUBJECT = """
insert into journal_subjects(kind, id, seq) values(:kind, :id, :seq) on conflict do nothing
"""
_DROP_SUBJECT = "delete from journal_subjects where kind = :kind and id = :id and seq = :seq"


@dataclass(frozen=True, slots=True)
class Drift:
    """How far what is derived is off.

    Attributes:
        counters: Customers, identities, tags and conversations that are counted wrong.
        ranks: Cases that are filed wrong, and customers whose canonical one is wrong.
        texts: Entries whose first words or lengths are wrong.
        search: Entries and words that search finds otherwise than it should.
        finder: Customers and keys that the finder knows otherwise than it should.
        subjects: Acts that are not listed where they belong.
    """

    counters: int = 0
    ranks: int = 0
    texts: int = 0
    search: int = 0
    finder: int = 0
    subjects: int = 0

    @property
    def total(self) -> int:
        """Return all of it."""
        return self.counters + self.ranks + self.texts + self.search + self.finder + self.subjects


def drift(connection: Connection, *, deep: bool) -> Drift:
    """Compare what is derived with what it follows from; writes nothing.

    Args:
        connection: Where to read.
        deep: Read every text too, and build both indexes anew beside the stored ones.
    """
    counters = drifted(connection)
    ranks = sum(int(connection.value(sql) or 0) for sql in (_RANKS, _CANONICAL, _UNLINKED, _APART))
    if not deep:
        return Drift(counters, ranks)
    return Drift(
        counters,
        ranks,
        texts=sum(len(wrong) for wrong in _wrong_texts(connection)),
        search=search.out_of_step(connection),
        finder=lookup_index.out_of_step(connection),
        subjects=sum(len(lost) + len(strange) for lost, strange in _wrong_subjects(connection)),
    )


def rebuild(engine: Engine) -> int:
    """Make everything derived anew; return how many entries were indexed.

    One transaction, so that nobody ever sees half of it: who writes meanwhile waits, and is told
    after ten seconds. At a million entries it takes minutes.

    Raises:
        Unavailable: The store cannot be written.
    """
    with engine.write() as connection:
        connection.run(_SET_RANKS)
        settle_all(connection)
        recount(connection)
        for wrong in _wrong_texts(connection):
            connection.many(_SET_TEXT, wrong)
        for lost, strange in _wrong_subjects(connection):
            connection.many(_ADD_SUBJECT, lost)
            connection.many(_DROP_SUBJECT, strange)
        walked = search.rebuild(connection)
        lookup_index.rebuild(connection)
    search.collect_terms(engine)
    return walked


def _wrong_texts(connection: Connection) -> Iterator[list[dict[str, Value]]]:
    """Yield, page by page, what should stand beside texts and does not."""
    after = -1
    while rows := connection.all(_TEXTS, {"after": after, "rows": ROWS}):
        after = rows[-1][0]
        files: dict[int, int] = dict(among(connection, _FILES, [row[0] for row in rows]))
        yield [right for row in rows if (right := _told(row, files.get(row[0], 0))) is not None]


def _told(row: Row, files: int) -> dict[str, Value] | None:
    number, preview, characters, lines, attachments, codec, data, folds = row
    text = unpack(codec, data)
    right: tuple[Value, ...] = (
        preview_of(text, unpack_folds(folds)), len(text), text.count("\n") + 1, files,
    )  # fmt: skip
    if right == (preview, characters, lines, attachments):
        return None
    names = ("preview", "characters", "lines", "attachments")
    return {"id": number, **dict(zip(names, right, strict=True))}


def _wrong_subjects(
    connection: Connection,
) -> Iterator[tuple[Sequence[dict[str, Value]], Sequence[dict[str, Value]]]]:
    """Yield, page by page, where acts should be listed and are not, and are and should not.

    An act whose payload was erased says no more whom it concerned: its places stay.
    """
    after = 0
    while rows := connection.all(_ACTS, {"after": after, "rows": ROWS}):
        last = rows[-1][0]
        kept = {seq for seq, payload in rows if payload}
        wanted = {
            (seq, kind, number)
            for seq, payload in rows
            if payload
            for kind, number in json.loads(payload)["subjects"]
        }
        stored = {
            (seq, kind, number)
            for seq, kind, number in connection.all(_SUBJECTS, {"after": after, "last": last})
            if seq in kept
        }
        yield _listed(wanted - stored), _listed(stored - wanted)
        after = last


def _listed(places: set[tuple[int, str, int]]) -> list[dict[str, Value]]:
    return [{"seq": seq, "kind": kind, "id": number} for seq, kind, number in sorted(places)]
