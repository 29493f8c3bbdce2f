"""Make an entry ready to be stored, without the store: everything that needs no lock.

What strangers wrote is brought within what the tables take: known words, times that a calendar
has, text without lone surrogates, no more parties than a person would read.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from connectors.contract import Entry
from db.engine.interface import Value
from db.frozen import dataclass
from db.identity.normalise import (
    UNVERIFIED,
    Key,
    best_name,
    flat,
    is_role,
    normalise,
    one_line,
    sound,
)
from db.raws import raw_rows
from db.subjects import subject_key
from db.texts import pack, pack_defects, pack_folds
from db.tokens import tokens_in
from db.words import CHANNELS, DIRECTIONS, ENTRY_KINDS, PRECISIONS, ZONE_SOURCES

PARTIES_KEPT = 100  # the original has the rest
ID_CHARACTERS = 1_000  # RFC 5322 allows lines of 998
THREAD_IDS = 24  # nearest ids that thread a mail; more adds rows, not answers
PREVIEW_CHARACTERS = 160
SUBJECT_CHARACTERS = 1_000
EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999  # years 1 and 9999, UTC milliseconds
ASKING_KINDS = frozenset({"message", "review"})  # what a customer waits for an answer to
WRITERS = ("author", "from")
CLAIMED = frozenset([*WRITERS, "sender", "reply_to"])  # what a forger writes of themselves


class Guest(NamedTuple):
    """A party with its keys.

    Attributes:
        role: As in `Party`.
        key: Exact key of the address.
        raw: The address as written, cut.
        name: Display name on one line.
        aliases: Keys of the addresses that the source vouches for as the same person.
    """

    role: str
    key: Key
    raw: str
    name: str
    aliases: tuple[Key, ...]


@dataclass(slots=True)
class Prepared:
    """An entry that only waits for its ids.

    Attributes:
        entry: As it came.
        subject: Cut, sound, on one line.
        topic: The subject as threads are compared by it.
        text: Sound; ``text_codec`` and ``text_data`` are what is stored of it.
        guests: Parties with an address, at most `PARTIES_KEPT`.
        thread_ids: Ids by which a mail belongs to others, nearest first, its own first of all.
        tokens: What looks like a token of ours, and whether it stands in an address written to.
        human: True for words that a person wrote and that want an answer.
        digest: SHA-256 of the original; empty when there is none.
        raws: The rows that keep the original.
    """

    entry: Entry
    external_id: str
    subject: str
    topic: str
    text: str
    text_codec: int
    text_data: bytes
    folds: tuple[tuple[int, int, str], ...]
    folds_packed: str
    defects: str
    preview: str
    guests: tuple[Guest, ...]
    thread_ids: tuple[str, ...]
    tokens: tuple[tuple[str, bool], ...]
    human: bool
    digest: bytes
    raws: list[dict[str, Value]]


def prepare(entry: Entry, source: str) -> Prepared:
    """Return an entry ready to be stored.

    Args:
        entry: From a connector; untrusted.
        source: Name of its source, the scope of bare names.

    Raises:
        ValueError: It holds what no store can keep; the sentence says what.
    """
    check(entry)
    text = sound(entry.text)
    folds = sound_folds(entry, len(text))
    codec, data = pack(text)
    subject = flat(entry.subject, SUBJECT_CHARACTERS)
    defects = tuple(sound(defect) for defect in entry.defects)
    if len(entry.parties) > PARTIES_KEPT:
        more = len(entry.parties) - PARTIES_KEPT
        defects += (f"{more} further addresses stand only in the original.",)
    digest = hashlib.sha256(entry.original).digest() if entry.original else b""
    ids = thread_ids_of(entry)
    return Prepared(
        entry=entry,
        external_id=sound(entry.external_id),
        subject=subject,
        topic=subject_key(subject),
        text=text,
        text_codec=codec,
        text_data=data,
        folds=folds,
        folds_packed=pack_folds(folds),
        defects=pack_defects(defects),
        preview=preview_of(text, folds),
        guests=guests_of(entry, source),
        thread_ids=ids,
        tokens=tokens_of(entry, ids),
        human=human_words(entry),
        digest=digest,
        raws=raw_rows(entry.original, digest) if digest else [],
    )


def human_words(entry: Entry) -> bool:
    """Say whether a person wrote something that wants an answer."""
    return not entry.automatic and entry.kind in ASKING_KINDS


def check(entry: Entry) -> None:
    """Refuse what the tables would refuse.

    Raises:
        ValueError: With the sentence for quarantine.
    """
    if not entry.external_id or len(entry.external_id) > ID_CHARACTERS:
        raise ValueError("It has no usable id in its source.")
    if not EARLIEST <= entry.at <= LATEST:
        raise ValueError("Its date is not in any calendar.")
    words = (
        (entry.kind, ENTRY_KINDS),
        (entry.channel, CHANNELS),
        (entry.direction, ("", *DIRECTIONS)),
        (entry.zone_source, ZONE_SOURCES),
        (entry.precision, PRECISIONS),
    )
    for word, known in words:
        if word not in known:
            raise ValueError(f"Its source calls it “{one_line(str(word), 40)}”, which is no word.")


def sound_folds(entry: Entry, length: int) -> tuple[tuple[int, int, str], ...]:
    """Return the folds that lie inside the text, in order, without overlap."""
    end = 0
    kept = []
    for fold in sorted(entry.folds, key=lambda fold: fold.start):
        start, stop = max(end, fold.start), min(length, fold.end)
        if start < stop:
            kept.append((start, stop, fold.kind))
            end = stop
    return tuple(kept)


def preview_of(text: str, folds: tuple[tuple[int, int, str], ...]) -> str:
    """Return the first new words of a text on one line; those of a fold when all is folded."""
    start = 0
    for begin, end, _kind in folds:
        words = text[start : min(begin, start + 4 * PREVIEW_CHARACTERS)].split()
        if words:
            break
        start = end
    else:
        words = text[start : start + 4 * PREVIEW_CHARACTERS].split()
    if not words:
        words = text[: 4 * PREVIEW_CHARACTERS].split()
    return " ".join(words)[:PREVIEW_CHARACTERS]


def guests_of(entry: Entry, source: str) -> tuple[Guest, ...]:
    """Return the parties that have an address, the first `PARTIES_KEPT` of them.

    An address whose check failed is a claim: it is kept apart from who has it, and only suggests.
    """
    scope = f"{source}:{sound(entry.thread)[:ID_CHARACTERS]}"
    found = []
    for party in entry.parties[:PARTIES_KEPT]:
        key = normalise(party.address, scope)
        if key is None:
            continue
        if entry.forged and party.role in CLAIMED and key.kind == "email":
            key = Key(key.kind, UNVERIFIED, key.value)
        aliases: tuple[Key, ...] = ()
        if party.same_as:
            keys = (normalise(alias, scope) for alias in party.same_as[:8])
            aliases = tuple(
                alias for alias in keys if alias and alias.kind != "name" and alias != key
            )
        raw = one_line(party.address.value)
        found.append(Guest(party.role, key, raw, one_line(party.name), aliases))
    return tuple(found)


def thread_ids_of(entry: Entry) -> tuple[str, ...]:
    """Return the ids that thread a mail: its own, what it answers, its ancestors, nearest first.

    The oldest ancestor is always among them: clients that shorten References keep the root.
    """
    ids = [entry.message_id, *entry.in_reply_to, *reversed(entry.references)]
    wanted = list(dict.fromkeys(sound(one)[:ID_CHARACTERS] for one in ids if one))
    if len(wanted) > THREAD_IDS:
        wanted[THREAD_IDS - 1 :] = wanted[-1:]
    return tuple(wanted)


def tokens_of(entry: Entry, ids: tuple[str, ...]) -> tuple[tuple[str, bool], ...]:
    """Return what looks like a token of ours: in the ids, and in the addresses written to."""
    if entry.channel != "email":
        return ()
    found = [(token, False) for token in tokens_in(ids)] if any("c-" in one for one in ids) else []
    addresses = [
        party.address.value
        for party in entry.parties[:PARTIES_KEPT]
        if "+c-" in party.address.value and party.role in ("to", "cc", "bcc")
    ]
    return tuple(found + [(token, True) for token in tokens_in(addresses)])


def author_of(guests: tuple[Guest, ...]) -> Guest | None:
    """Return who wrote it: the first author or From."""
    return next((guest for guest in guests if guest.role in WRITERS), None)


def shown_author(guest: Guest) -> str:
    """Return what to call an author in a list: the name beside the address, or the address."""
    return best_name(((guest.name, 1),)) or guest.name or guest.raw or guest.key.value


def counts_as_person(guest: Guest) -> bool:
    """Say whether an address is somebody's own and not that of a function."""
    return not is_role(guest.key)
