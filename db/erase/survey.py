"""Look for a person everywhere in a store, without holding a lock: what an erase will reach."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from db.among import among
from db.engine.interface import Connection, Engine, Row, Value
from db.erase.originals import read_texts
from db.erase.person import Person
from db.erase.words import Mask, Named, Sieve
from db.identity.lookup_forms import same
from db.identity.lookup_keys import words_of
from db.raws import read_raw
from db.schema.catalogue import TableInfo, tables
from db.texts import ZLIB, unpack

SCAN_ROWS = 500
LONE_ENTRIES = 25
"""A name's single word that stands in more entries of strangers is a word of the language."""

Progress = Callable[[str, int], None]
"""Takes what is looked at, and how many of it were."""

_HOMES = "select id, identity_id from entries where id in (:among)"
_OWN = "select id from entries where identity_id in (:among)"
_PARTIES = "select entry_id from entry_parties where identity_id in (:among)"
_SHARED = "select entry_id from entry_identities where identity_id in (:among)"
_BESIDE = "select id from entries where case_id in (:among)"
_QUARANTINE = (
    "select id, external_id, original from quarantine where id > :after order by id limit :rows"
)
_JOURNAL = """
select seq, sentence, payload from journal where seq > :after order by seq limit :rows
"""
_ACTS = "select distinct seq from journal_subjects where kind = :kind and id in (:among)"
_AGENTS = "select name from agents"
_MANY = 1_000_000
_TIMELINES = "select id, customer_id from identities where customer_id in (:among)"

# Handled apart, derived from others, or our own words.
_APART_WORDS = """
settings id_blocks teams agents team_agents own_addresses cursors entries entry_texts entry_parties
entry_revisions entry_identities origins raws quarantine journal journal_subjects customer_texts
terms conversation_keys erasures erased_marks identities identity_names attachments
"""
_APART = frozenset(_APART_WORDS.split())
# What others are called is theirs, also where it sounds the same; keys and codes are no words.
_NOT_WORDS = frozenset(
    {
        ("customers", "name"),
        ("customers", "language"),
        ("customers", "time_zone"),
        ("cases", "subject_key"),
        ("conversations", "subject_key"),
        ("conversations", "channel"),
        ("conversations", "last_human_direction"),
        ("cases", "channel"),
    }
)
# Names that the team gave: masking them would break what is built on them.
_TEAM_NAMED = {"tags": "tag", "queues": "queue", "sources": "source"}


@dataclass(slots=True)
class Survey:
    """Where a person stands in a store.

    Attributes:
        own: Entries on their timeline.
        beside: Further entries that they are on, or that belong to their cases.
        elsewhere: Entries of others that name them.
        namesakes: Of these, entries of others who bear the same name: only addresses count there.
        originals: Entries of others whose original names them.
        quarantined: Broken items that name them.
        acts: Rows of the journal that tell of them.
        rows: Other rows that name them: table to key values and columns.
        lone: Single words of their names: in how many entries of strangers.
        rare: Those of them that are masked there too.
        told: What the team named after them: ``("tag", "ada")``.
        masked_entries: How many entries of others name them, by text.
    """

    person: Person
    own: set[int] = field(default_factory=set)
    beside: set[int] = field(default_factory=set)
    elsewhere: set[int] = field(default_factory=set)
    namesakes: set[int] = field(default_factory=set)
    originals: set[int] = field(default_factory=set)
    quarantined: set[int] = field(default_factory=set)
    acts: set[int] = field(default_factory=set)
    rows: dict[str, list[tuple[dict[str, Value], tuple[str, ...]]]] = field(default_factory=dict)
    lone: dict[str, int] = field(default_factory=dict)
    rare: tuple[str, ...] = ()
    told: list[tuple[str, str]] = field(default_factory=list)

    def everywhere(self) -> Mask:
        """Return the mask for texts of strangers."""
        return Mask.every(self.person.named, self.rare)


def survey(engine: Engine, person: Person, progress: Progress | None = None) -> Survey:
    """Read the whole store for a person; takes minutes at a million entries, holds no lock."""
    connection = engine.connection()
    found = Survey(person)
    tell = progress or (lambda what, count: None)
    find_near(connection, found)
    _scan_entries(connection, found, tell)
    mask = found.everywhere()
    _scan_originals(connection, found, mask, tell)
    _scan_quarantine(connection, found, mask)
    _scan_journal(connection, found, mask, tell)
    _scan_rows(connection, found, mask)
    return found


def find_near(connection: Connection, found: Survey) -> None:
    """Find the entries that hang on the person: few questions, so that they can be asked again."""
    person = found.person
    identities = person.identities
    found.own |= {row[0] for row in among(connection, _OWN, identities)}
    near = {row[0] for row in among(connection, _PARTIES, identities)}
    near |= {row[0] for row in among(connection, _SHARED, identities)}
    near |= {row[0] for row in among(connection, _BESIDE, person.cases)}
    found.beside |= near - found.own
    for kind, numbers in (
        ("customer", person.members),
        ("identity", identities),
        ("case", person.cases),
    ):
        found.acts |= {row[0] for row in among(connection, _ACTS, numbers, kind=kind)}


def _scan_entries(connection: Connection, found: Survey, tell: Progress) -> None:
    """Find the entries of others that name the person, and how common their single words are."""
    named = found.person.named
    certain, every, sieve = Mask.certain(named), Mask.every(named), Sieve(named)
    lone = {word: Mask.every(Named(), (word,)) for word in named.lone()}
    holding: dict[str, set[int]] = {word: set() for word in lone}
    known = found.own | found.beside
    sure: set[int] = set()
    for number, text in _texts(connection, tell):
        if number in known or not sieve.passes(text) or not every.names(text):
            continue
        if certain.names(text):
            sure.add(number)
        for word, mask in lone.items():
            if mask.names(text):
                holding[word].add(number)
    theirs = _on_timelines(connection, found, {*sure, *(n for h in holding.values() for n in h)})
    found.namesakes |= theirs
    found.elsewhere |= sure - theirs
    left = {word: numbers - theirs - sure for word, numbers in holding.items()}
    found.lone = {word: len(numbers) for word, numbers in left.items()}
    common = _of_others(connection, found)
    found.rare = tuple(w for w in lone if len(left[w]) <= LONE_ENTRIES and w not in common)
    for word in found.rare:
        found.elsewhere |= left[word]


def _texts(connection: Connection, tell: Progress) -> Iterator[tuple[int, str]]:
    """Yield every text of every entry, table by table in the order in which the rows lie."""
    for looked_at, row in enumerate(_walk(connection, "entry_texts", ("codec", "data", "defects"))):
        yield row[0], f"{unpack(row[1], row[2])}\n{row[3]}"
        if looked_at % SCAN_ROWS == 0:
            tell("entries", looked_at)
    for row in _walk(connection, "entries", ("author", "subject", "preview")):
        yield row[2], "\n".join(row[3:])
    for row in _walk(connection, "entry_revisions", ("subject", "codec", "data")):
        yield row[0], f"{row[2]}\n{unpack(row[3], row[4])}"
    for row in _walk(connection, "attachments", ("name", "url")):
        yield row[0], f"{row[2]}\n{row[3]}"


def _on_timelines(connection: Connection, found: Survey, entries: set[int]) -> set[int]:
    """Return which of these entries are on the timeline of somebody of the same name."""
    namesakes = _timelines(connection, [number for number, _ in found.person.namesakes])
    if not namesakes:
        return set()
    return {row[0] for row in among(connection, _HOMES, entries) if row[1] in namesakes}


def _timelines(connection: Connection, customers: Iterable[int]) -> set[int]:
    return {row[0] for row in among(connection, _TIMELINES, customers)}


def _of_others(connection: Connection, found: Survey) -> set[str]:
    """Return the single words that are also part of somebody else's name."""
    members = set(found.person.members)
    words = {word: words_of(word) for word in found.lone}
    asked = sorted({part for parts in words.values() for part in parts})
    found_of = connection.customer_keys.holders(map(same, asked), _MANY)
    holders = {word: set(found) for word, found in zip(asked, found_of, strict=True)}
    agents = {part for (name,) in connection.all(_AGENTS) for part in words_of(name)}
    return {
        word
        for word, parts in words.items()
        if any(part in agents or holders.get(part, set()) - members for part in parts)
    }


def _scan_originals(connection: Connection, found: Survey, mask: Mask, tell: Progress) -> None:
    """Find the entries of others whose original names the person."""
    own, sieve = found.own, Sieve(found.person.named)
    rows = _walk(connection, "origins", ("entry_id", "original", "message_id"))
    for looked_at, (_, external_id, entry, sha256, message_id) in enumerate(rows):
        if looked_at % SCAN_ROWS == 0:
            tell("originals", looked_at)
        if entry in own:
            continue
        ids = f"{external_id}\n{message_id}"
        if sieve.passes(ids) and mask.names(ids) and entry not in found.beside:
            found.elsewhere.add(entry)
        if sha256 and _tells(read_raw(connection, sha256), sieve, mask):
            found.originals.add(entry)
            if entry not in found.beside and entry not in found.namesakes:
                found.elsewhere.add(entry)
    found.originals -= found.namesakes


def _tells(raw: bytes, sieve: Sieve, mask: Mask) -> bool:
    """Say whether bytes as received name the person."""
    return any(sieve.passes(text) and mask.names(text) for text in read_texts(raw))


def _scan_quarantine(connection: Connection, found: Survey, mask: Mask) -> None:
    after, sieve = 0, Sieve(found.person.named)
    while rows := connection.all(_QUARANTINE, {"after": after, "rows": SCAN_ROWS}):
        after = rows[-1][0]
        for number, external_id, sha256 in rows:
            raw = read_raw(connection, sha256) if sha256 else b""
            if mask.names(external_id) or _tells(raw, sieve, mask):
                found.quarantined.add(number)


def _scan_journal(connection: Connection, found: Survey, mask: Mask, tell: Progress) -> None:
    """Find the acts that tell of the person; those that hang on them by their words alone."""
    near, every = found.acts, Mask.every(found.person.named)
    sieve = Sieve(found.person.named)
    kept: set[int] = set()
    after = 0
    while rows := connection.all(_JOURNAL, {"after": after, "rows": SCAN_ROWS}):
        after = rows[-1][0]
        for seq, sentence, payload in rows:
            judge = every if seq in near else mask
            texts = (sentence, *payload_texts(payload)) if payload else ()
            if any(sieve.passes(text) and judge.names(text) for text in texts):
                kept.add(seq)
        tell("acts", after)
    found.acts = kept | {seq for seq in near if _points_at(connection, seq, found.person)}


_PAYLOAD = "select payload from journal where seq = :seq"
_PEOPLE = frozenset({"customer_id", "one_id", "other_id", "canonical_id"})
_ADDRESSES = frozenset({"identity_id", "requester_id", "author_id"})


def _points_at(connection: Connection, seq: int, person: Person) -> bool:
    """Say whether an act changed a row of the person, or one that points at them."""
    payload = connection.value(_PAYLOAD, {"seq": seq})
    if not payload:
        return False
    customers, identities = set(person.members), set(person.identities)
    for table, key, before, after in json.loads(payload)["changes"]:
        fields = {**key, **(before or {}), **(after or {})}
        if table == "customers" and key.get("id") in customers:
            return True
        if table == "identities" and key.get("id") in identities:
            return True
        for side in (key, before or {}, after or {}):
            if any(side.get(name) in customers for name in _PEOPLE & fields.keys()):
                return True
            if any(side.get(name) in identities for name in _ADDRESSES & fields.keys()):
                return True
    return False


def payload_texts(payload: str) -> Iterator[str]:
    """Yield every text in a payload of the journal, also those that stand there packed."""
    waiting: list[Any] = [json.loads(payload)]  # as JSON has it
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, Mapping):
            if set(one) == {"base64"}:
                yield _unpacked(base64.b64decode(one["base64"]))
            else:
                waiting += one.values()


def _unpacked(data: bytes) -> str:
    try:
        return unpack(ZLIB, data)
    except zlib.error:
        return data.decode("utf-8", "replace")


def _scan_rows(connection: Connection, found: Survey, mask: Mask) -> None:
    """Find further rows that name the person, in any table that has texts."""
    sieve = Sieve(found.person.named)
    for table in tables().values():
        if table.name in _APART:
            continue
        texts = tuple(name for name in table.texts if (table.name, name) not in _NOT_WORDS)
        keyed = [k for k in table.key if table.columns[k] == "text" and k not in table.listed]
        if not texts and not keyed:
            continue
        for key, values in _rows(connection, table, texts):
            words = (*values.values(), *(key[name] for name in keyed))
            if not sieve.passes("\n".join(map(str, words))):
                continue
            named = tuple(name for name, text in values.items() if mask.names(str(text)))
            if not any(mask.names(str(text)) for text in words):
                continue
            if table.name in _TEAM_NAMED:
                what = str(values.get("name", ""))
                found.told.append((_TEAM_NAMED[table.name], what))
            else:
                found.rows.setdefault(table.name, []).append((key, named))


def _rows(
    connection: Connection, table: TableInfo, texts: tuple[str, ...]
) -> Iterator[tuple[dict[str, Value], dict[str, Value]]]:
    """Yield key and texts of every row of a table."""
    keys = len(table.key)
    for row in _walk(connection, table.name, texts):
        yield (
            dict(zip(table.key, row[:keys], strict=True)),
            dict(zip(texts, row[keys:], strict=True)),
        )


def _walk(connection: Connection, name: str, columns: tuple[str, ...]) -> Iterator[Row]:
    """Yield the key and some columns of every row of a table, page by page."""
    key = tables()[name].key
    # Names come from the schema, never from data.
    listed, order = ", ".join((*key, *columns)), ", ".join(key)
    place = ", ".join(f":after_{column}" for column in key)
    first = f"select {listed} from {name} order by {order} limit :rows"  # noqa: S608
    next_ = (
        f"select {listed} from {name} where ({order}) > ({place})"  # noqa: S608
        f" order by {order} limit :rows"
    )
    params: dict[str, Value] = {"rows": SCAN_ROWS}
    sql = first
    while rows := connection.all(sql, params):
        yield from rows
        sql = next_
        params.update((f"after_{k}", v) for k, v in zip(key, rows[-1], strict=False))
