"""The customer finder: a few half-remembered letters in, the likeliest customers out.

Addresses and handles are ranges of the table of identities. All else is asked of the finder's index
(`db.identity.lookup_forms`) in tiers from strict to loose, each only where the one before found
nothing good. At most `CANDIDATES` are ranked (`db.identity.rank`), never all: where a tier finds
more, those stay that have most threes of letters in common with what was typed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from db.among import among
from db.engine.interface import Connection, Row, Value
from db.identity import lookup_forms as forms
from db.identity.lookup_keys import COMPANY_FORMS, Findable, host_keys, one_word, words_of
from db.identity.mentions import mentions
from db.identity.rank import Ranker
from db.records import CustomerHit

CANDIDATES = 250
OF_A_TIER = 60
SURE_WITH_INITIAL = 0.92
SURE_OF_SEVERAL = 0.86  # of three words, the first and the last say enough
SURE = 0.975  # a best score from which nobody else is meant
SIEVED = 1_500  # of one tier; what is more common says little
RANGE_ROWS = 200  # addresses of one beginning
ENOUGH = 20  # of a beginning of one word
PAIRED_WORDS = 3  # the longest ones
RARE_ROWS = 60  # a whole word that so few have is worth looking at by itself
SHOWN_FROM = 0.6  # less like than this is noise
TYPED_CHARACTERS = 200
PHONE_TAIL_DIGITS = 3  # fewer would be found everywhere
NATIONAL_DIGITS = 6  # from here on a leading zero is the national prefix, not part of the number
FIRST_HITS = 5
NEARLY_AS_GOOD = 8.0  # of 100
RECENT_ENTRIES = (200, 4_000)

_STORED = "select customer_id, text from customer_texts where customer_id in (:among)"
_BY_ADDRESS = """
select customer_id from identities
where kind = :kind and network = :network and value >= :begin and value < :end
  and customer_id is not null and state <> 'rejected'
limit :rows
"""
_NETWORK = """
select min(network) from identities where kind = :kind and network > :network
"""
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
            its beginning; some digits of a number; a handle; the number of a case, or one that
            stands in a message. Empty asks for the most recent.
        limit: How many at most.
    """
    text = text.strip()[:TYPED_CHARACTERS]
    if not text:
        return _recent(connection, limit)
    search = _Search(connection, text)
    search.run()
    scores = search.likely()
    said = {
        one: how for one, how in mentions(connection, text).items() if how[0] > scores.get(one, 0.0)
    }
    hits = _hits(connection, {**scores, **{one: how[0] for one, how in said.items()}}, limit)
    return _mixed(
        [
            _record(hit, said[hit.member_id][1], text)
            if hit.member_id in said
            else _explained(hit, search.ranker, search.people)
            for hit in hits
        ]
    )


class _Search:
    """One question, asked tier by tier.

    Attributes:
        people: Who was ranked.
        scores: How well they answer.
    """

    def __init__(self, connection: Connection, text: str) -> None:
        self._connection = connection
        text = text.removeprefix("@")
        whole = "".join(letter for letter in text.lower() if not letter.isspace())
        self._one_piece = not any(letter.isspace() for letter in text)
        self._host = host_keys(whole)
        words = words_of(text.partition("@")[0] if self._host else text)
        self._words = words if self._host else _without_form(words)
        of_company = len(self._words) < len(words)
        number = "" if text.startswith("#") else _number(text)
        self.ranker = Ranker(self._words, whole, number, of_company)
        self.people: dict[int, Findable] = {}
        self.scores: dict[int, float] = {}
        self._pieces = [
            word[at : at + size]
            for word in self._words
            for size in (2, len(word), len(word))
            for at in range(max(1, len(word) - size + 1))
        ]

    def run(self) -> None:
        """Ask until something good is found."""
        for addressed in self._addressed():
            self._rank(among(self._connection, _STORED, addressed))
        for good, tier in self._tiers():
            if self._best() >= good * self.ranker.ideal:
                return
            found = self._asked([one for one in tier if one])
            if len(found) >= SIEVED and len(self._words) == 1:
                self._rank(self._recent())
            self._rank(found)

    def _asked(self, tier: Sequence[str]) -> list[Row]:
        """Return who any of these expressions means; where they are too many, some of each."""
        keys = self._connection.customer_keys
        found = keys.matching(forms.any_of(tier), SIEVED) if tier else []
        if len(found) < SIEVED or len(tier) < 2:
            return found
        each = SIEVED // len(tier)
        return [row for wanted in tier for row in keys.matching(wanted, each)]

    def _recent(self) -> list[Row]:
        """Return who was in touch last, of the many whose name begins so."""
        newest = _ids(self._connection.all(_NEWEST, {"rows": RECENT_ENTRIES[0]}))
        customers = _ids(among(self._connection, _OF_IDENTITIES, newest))
        word = self._words[0]
        return [
            row
            for row in among(self._connection, _STORED, customers)
            if any(part.startswith(word) for part in row[1].split())
        ]

    def _best(self) -> float:
        return max(self.scores.values(), default=0.0)

    def likely(self) -> dict[int, float]:
        """Return who answers well enough to be shown."""
        best = sorted(self.scores, key=lambda one: -self.scores[one])
        return {one: self.scores[one] for one in best if self.scores[one] >= SHOWN_FROM}

    def _tiers(self) -> Iterator[tuple[float, list[str]]]:
        """Yield expressions, each list with the best score from which it is not asked."""
        if self.ranker.digits:
            yield 2.0, [forms.number(self.ranker.digits)]
            yield 0.8, [forms.number_runs(self.ranker.digits)]
        elif self._host:
            yield from self._of_address()
        elif len(self._words) == 1:
            yield from self._of_word(self._words[0])
        elif self._words:
            yield from self._of_words()

    def _of_address(self) -> Iterator[tuple[float, list[str]]]:
        host = self._host[0]
        local = one_word("".join(self._words))
        words = self._words or (local,)
        yield 0.99, [forms.all_of([host, *map(forms.near, words)])]
        if local:
            near = forms.any_of([forms.ends(local), *forms.runs(local, 2)])
            yield 0.9, [forms.all_of([host, near])]
            near = forms.all_of(map(forms.near, words)) if len(words) > 1 else forms.ends(local)
            yield 0.9, [near]

    def _of_word(self, word: str) -> Iterator[tuple[float, list[str]]]:
        yield 2.0, [forms.begins(word)]
        if len(self.scores) >= ENOUGH:
            return
        yield SURE, [*forms.joined(word), forms.stands_for(word)]
        if len(word) > 2:
            runs = forms.any_of(forms.runs(word, 3))
            yield 0.9, [runs if len(word) > 6 else forms.near(word)]
            yield 0.87, [forms.any_of(forms.runs(word, 2)), forms.near(word)]

    def _of_words(self) -> Iterator[tuple[float, list[str]]]:
        words = self._longest()
        begins = {word: forms.begins(word) for word in words}
        pairs = list(combinations(words, 2))
        whole = "".join(self._words)
        sure = SURE_WITH_INITIAL if any(len(word) == 1 for word in words) else SURE
        sure = sure if len(words) < 3 else SURE_OF_SEVERAL
        yield 2.0, [forms.all_of(begins.values()), *self._cut()]
        if len(words) > 2:
            yield sure, [forms.all_of([begins[one], begins[other]]) for one, other in pairs]
        near = {word: forms.near(word) for word in words}
        stands = {word: forms.stands_for(word) for word in words}
        yield sure, [_either(begins, stands, pair) for pair in pairs]
        yield sure, [_either(begins, near, pair) for pair in pairs]
        yield 0.92, [forms.all_of([near[one], near[other]]) for one, other in pairs]
        loose = {word: forms.loose(word) for word in words}
        yield 0.9, [_either(begins, loose, pair) for pair in pairs]
        yield 0.87, [forms.begins(whole), forms.ends(whole)]
        yield 0.85, [f"w{word}" for word in words if len(word) > 1]
        yield 0.85, [forms.all_of([loose[one], loose[other]]) for one, other in pairs]

    def _cut(self) -> list[str]:
        """Return where two neighbours are one word that was cut in two."""
        words = self._words[: PAIRED_WORDS + 1]
        return [
            forms.all_of(
                map(forms.begins, (*words[:at], words[at] + words[at + 1], *words[at + 2 :]))
            )
            for at in range(len(words) - 1)
        ]

    def _longest(self) -> list[str]:
        """Return the longest of the words, as typed; an initial between two is not asked for."""
        words = list(dict.fromkeys(self._words))
        if len(words) > 2:
            words = [word for at, word in enumerate(words) if len(word) > 1 or not at]
        longest = sorted(words, key=len, reverse=True)[:PAIRED_WORDS]
        return [word for word in words if word in longest or len(word) == 1]

    def _addressed(self) -> Iterator[list[int]]:
        """Yield whose address or handle is what was typed, then whose begins so."""
        whole = self.ranker.whole
        if not whole or self.ranker.digits or not (self._one_piece or "@" in whole):
            return
        yield self._begun("email", "", whole.partition("@")[0] + "@")
        found = self._begun("email", "", whole)
        for kind in ("handle", "external_id"):
            for network in self._networks(kind):
                found += self._begun(kind, network, whole)
        yield found

    def _networks(self, kind: str) -> list[str]:
        networks = [""]
        params: dict[str, Value] = {"kind": kind, "network": ""}
        while network := self._connection.value(_NETWORK, params):
            networks.append(network)
            params["network"] = network
        return networks

    def _begun(self, kind: str, network: str, begin: str) -> list[int]:
        params: dict[str, Value] = {"kind": kind, "network": network, "rows": RANGE_ROWS}
        params |= {"begin": begin, "end": begin[:-1] + chr(ord(begin[-1]) + 1)}
        return _ids(self._connection.all(_BY_ADDRESS, params))

    def _rank(self, found: Iterable[Row]) -> None:
        """Rank who was found, or those of them that have most in common with what was typed."""
        stored = [row for row in {*found} if row[0] not in self.scores]
        room = min(OF_A_TIER, CANDIDATES - len(self.scores))
        if len(stored) > room:
            stored.sort(key=self._in_common, reverse=True)
            del stored[room:]
        for customer_id, text in stored:
            person = self.people[customer_id] = Findable.from_text(text)
            self.scores[customer_id] = self.ranker.score(person)

    def _in_common(self, row: Row) -> float:
        text: str = row[1]
        return sum(map(text.__contains__, self._pieces)) - len(text) / 200


def _either(strict: Mapping[str, str], slack: Mapping[str, str], pair: tuple[str, str]) -> str:
    """Return where one word is strictly so, and the other nearly."""
    one, other = pair
    both = (forms.all_of([strict[one], slack[other]]), forms.all_of([slack[one], strict[other]]))
    return forms.any_of(both)


def _without_form(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words without a company's legal form, also where it is written in letters."""
    letters = sum(len(word) == 1 for word in words)
    long = [word for word in words if len(word) > 1 and word not in COMPANY_FORMS]
    if not long or (letters < 2 and letters + len(long) == len(words)):
        return words
    first = words[:1] if len(words[0]) == 1 else ()
    return (*first, *long)


def _number(text: str) -> str:
    """Return the digits of what looks like a phone number; empty for anything else."""
    digits = "".join(letter for letter in text if letter in "0123456789")
    if len(digits) < PHONE_TAIL_DIGITS or any(letter.isalpha() or letter == "@" for letter in text):
        return ""
    stated = text.startswith(("00", "+")) or len(digits) > NATIONAL_DIGITS
    return digits.lstrip("0") if stated else digits


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


def _mixed(hits: list[CustomerHit]) -> tuple[CustomerHit, ...]:
    """Return hits with the best of each sort among the first: Baxter is a name and a company."""
    for sort in ("name", "company", "e-mail"):
        place = next((at for at, hit in enumerate(hits) if hit.why == sort), 0)
        if place >= FIRST_HITS and hits[place].score >= hits[0].score - NEARLY_AS_GOOD:
            hits.insert(FIRST_HITS - 1, hits.pop(place))
    return tuple(hits)


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
        score=round(100 * hit.score, 1),
        last_at=hit.last_at,
        open_cases=hit.open_cases,
    )
