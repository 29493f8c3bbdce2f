"""The customer finder: a few half-remembered letters in, the likeliest customers out.

Addresses, numbers and single words are ranges of a sorted table of words. Names with slips come
from an index of pair keys (`db.identity.lookup_keys`), in tiers: three letters, then two, then
threes of letters, each only where the one before found nothing good. At most `CANDIDATES` are
ranked (`db.identity.rank`), never all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import NamedTuple

from db.among import among
from db.engine.interface import Connection, Row, Value
from db.identity.lookup_index import index_customers as index_customers
from db.identity.lookup_keys import (
    PHONE_TAIL_DIGITS,
    WIDTHS,
    Findable,
    address_keys,
    gram_keys,
    query_keys,
    words_of,
)
from db.identity.rank import Ranker
from db.records import CustomerHit

CANDIDATES = 250
CHUNK = 64  # ranked at a time, the likeliest by their keys first
CERTAIN = 0.93  # a best score from which the rest of the candidates is not ranked
POSTINGS = 1_500  # of one key; what is more common says little
WORD_ROWS = 400  # customers of one beginning
RARE_ROWS = 60  # a whole word that so few have is worth looking at by itself
RAREST_GRAMS = 8
SHOWN_FROM = 0.6  # less like than this is noise
TYPED_CHARACTERS = 200
NATIONAL_DIGITS = 6  # from here on a leading zero is the national prefix, not part of the number
RECENT_ENTRIES = (200, 4_000)

_STORED = "select customer_id, text from customer_texts where customer_id in (:among)"
_BY_BEGINNING = """
select customer_id from customer_words where word >= :word and word < :end limit :rows
"""
_BY_WORD = "select customer_id from customer_words where word = :word limit :rows"
_NEWEST = "select identity_id from entries order by id desc limit :rows"
_OF_IDENTITIES = """
select distinct customer_id from identities where id in (:among) and customer_id is not null
"""
_HITS = """
select m.id, m.canonical_id, coalesce(nullif(k.name, ''), m.name), coalesce(g.name, ''),
  case when k.last_inbound_at > k.last_outbound_at
    then k.last_inbound_at else k.last_outbound_at end, k.open_cases
from customers m
join customers k on k.id = case when m.face_id > 0 then m.face_id else m.canonical_id end
left join organizations g on g.id = k.organization_id
where m.id in (:among)
"""


def find_customers(connection: Connection, text: str, limit: int = 20) -> tuple[CustomerHit, ...]:
    """Return the customers that a few half-remembered letters mean, likeliest first.

    Args:
        connection: Where to read.
        text: A name with slips, in any order, its beginning or initials; a company; an address or
            its beginning; the last digits of a number; a handle. Empty asks for the most recent.
        limit: How many at most.
    """
    text = text.strip()[:TYPED_CHARACTERS]
    if not text:
        return _recent(connection, limit)
    whole = "".join(letter for letter in text.lower() if not letter.isspace()).removeprefix("@")
    ranker = Ranker(words_of(text), whole, _number(text))
    people: dict[int, Findable] = {}
    scores: dict[int, float] = {}
    for tier, good in _TIERS:
        fresh = [one for one in tier(connection, ranker) if one not in scores][:CANDIDATES]
        for start in range(0, len(fresh), CHUNK):
            for customer_id, stored in among(connection, _STORED, fresh[start : start + CHUNK]):
                person = people[customer_id] = Findable.from_text(stored)
                scores[customer_id] = ranker.score(person)
            if max(scores.values(), default=0.0) >= CERTAIN * ranker.ideal:
                break
        if max(scores.values(), default=0.0) >= good * ranker.ideal:
            break
    best = sorted(scores, key=lambda one: -scores[one])
    likely = {one: scores[one] for one in best[:CANDIDATES] if scores[one] >= SHOWN_FROM}
    return tuple(_explained(hit, ranker, people) for hit in _hits(connection, likely, limit))


def _number(text: str) -> str:
    """Return the digits of what looks like a phone number; empty for anything else."""
    digits = "".join(letter for letter in text if letter in "0123456789")
    if len(digits) < PHONE_TAIL_DIGITS or any(letter.isalpha() or letter == "@" for letter in text):
        return ""
    stated = text.startswith(("00", "+")) or len(digits) > NATIONAL_DIGITS
    return digits.lstrip("0") if stated else digits


def _first_tier(connection: Connection, ranker: Ranker) -> list[int]:
    """What is exact, then what begins so, then pairs of three letters."""
    found: dict[int, None] = {}
    if ranker.digits:
        for word in (f"#{ranker.digits[::-1]}", f"+{ranker.digits}"):
            found.update(dict.fromkeys(_beginning(connection, word, WORD_ROWS)))
        return list(found)
    found.update(dict.fromkeys(_beginning(connection, ranker.whole, WORD_ROWS)))
    if len(ranker.words) == 1 and ranker.words[0] != ranker.whole:
        found.update(dict.fromkeys(_beginning(connection, ranker.words[0], WORD_ROWS)))
    keys = query_keys(ranker.words, WIDTHS[0])
    if "@" in ranker.whole:
        keys = list(address_keys(ranker.whole))
    found.update(dict.fromkeys(_counted(connection, keys)))
    for word in ranker.words if len(ranker.words) > 1 else ():
        same = _ids(connection.all(_BY_WORD, {"word": word, "rows": RARE_ROWS + 1}))
        if len(same) <= RARE_ROWS:
            found.update(dict.fromkeys(same))
    return list(found)


def _second_tier(connection: Connection, ranker: Ranker) -> list[int]:
    """Pairs of two letters: a slip among the first or last three."""
    if "@" in ranker.whole:
        return []
    return _counted(connection, query_keys(ranker.words, WIDTHS[1]))


def _third_tier(connection: Connection, ranker: Ranker) -> list[int]:
    """Threes of letters, the rarest; weighing them by rarity would reward the slip's own."""
    words = ranker.words or (ranker.whole,)
    if "@" in ranker.whole:
        words = (ranker.whole.partition("@")[0],)
    grams = {gram for word in words for gram in gram_keys(word)}
    postings = connection.customer_keys.holders(sorted(grams), POSTINGS)
    rarest = sorted((ids for ids in postings if ids), key=len)[:RAREST_GRAMS]
    return _most_counted(rarest)


_TIERS = ((_first_tier, 0.9), (_second_tier, 0.84), (_third_tier, 0.0))
"""Each tier with the best score from which the next one is not asked."""


def _beginning(connection: Connection, word: str, rows: int) -> list[int]:
    if not word or not word.isascii():
        return []
    end = word[:-1] + chr(ord(word[-1]) + 1)
    params: dict[str, Value] = {"word": word, "end": end, "rows": rows}
    return _ids(connection.all(_BY_BEGINNING, params))


def _counted(connection: Connection, keys: Sequence[str]) -> list[int]:
    return _most_counted(connection.customer_keys.holders(keys, POSTINGS))


def _most_counted(postings: Iterable[list[int]]) -> list[int]:
    """Return whom most of the keys name, those first."""
    times = Counter(chain.from_iterable(postings))
    return [customer_id for customer_id, _ in times.most_common(CANDIDATES)]


def _ids(rows: Iterable[Row]) -> list[int]:
    return [row[0] for row in rows]


def _recent(connection: Connection, limit: int) -> tuple[CustomerHit, ...]:
    """Return the customers of the newest entries."""
    hits: list[_Hit] = []
    for rows in RECENT_ENTRIES:
        identities = dict.fromkeys(_ids(connection.all(_NEWEST, {"rows": rows})))
        customers = _ids(among(connection, _OF_IDENTITIES, identities))
        hits = _hits(connection, dict.fromkeys(customers, 0.0), limit)
        if len(hits) >= limit or len(identities) < rows:
            break
    return tuple(_record(hit, "recent", "") for hit in hits)


class _Hit(NamedTuple):
    """A member who answers, and the canonical customer who is shown for them."""

    member_id: int
    score: float
    customer_id: int
    name: str
    organization: str
    last_at: int
    open_cases: int


def _hits(connection: Connection, scores: Mapping[int, float], limit: int) -> list[_Hit]:
    """Return the best, each person once, the more recent first where two do equally well."""
    found = (
        _Hit(row[0], round(scores[row[0]], 3), *row[1:]) for row in among(connection, _HITS, scores)
    )
    hits: dict[int, _Hit] = {}
    for hit in sorted(found, key=lambda hit: (-hit.score, -hit.last_at, hit.member_id)):
        hits.setdefault(hit.customer_id, hit)
    return list(hits.values())[:limit]


def _explained(hit: _Hit, ranker: Ranker, people: Mapping[int, Findable]) -> CustomerHit:
    return _record(hit, *ranker.reason(people[hit.member_id]))


def _record(hit: _Hit, why: str, matched: str) -> CustomerHit:
    return CustomerHit(
        customer_id=hit.customer_id,
        name=hit.name,
        organization=hit.organization,
        why=why,
        matched=matched,
        score=100 * hit.score,
        last_at=hit.last_at,
        open_cases=hit.open_cases,
    )
