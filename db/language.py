"""The query language that queues, find and the command line speak: text in, a small tree out.

::

    refund "no reply" from:ana subject:invoice -tag:spam status:open,pending after:2w #42

Words and phrases must all be there; ``key:a,b`` means one of them; a leading ``-`` means not.
Parsing knows nothing of SQL (`db.language_sql`) and nothing of the search index
(`db.language_search`), and raises nothing but `QueryError`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from db.errors import StoreError
from db.frozen import dataclass
from db.words import CASE_TYPES, CHANNELS, STATUSES, URGENCIES, WAITING_ON

QUERY_CHARACTERS = 2_000
QUERY_TERMS = 60  # SQLite nests expressions 1000 deep; nobody types sixty terms

TEXT_FIELDS = ("subject", "from", "to")
CHOICES: Mapping[str, tuple[str, ...]] = {
    "status": STATUSES,
    "urgency": URGENCIES,
    "waiting": WAITING_ON,
    "channel": CHANNELS,
    "type": CASE_TYPES,
    "is": (
        "open",
        "resolved",
        "snoozed",
        "incomplete",
        "vip",
        "history",
        "junk",
        "automatic",
        "note",
        "pinned",
        "unseen",
    ),
    "has": ("attachment", "note", "owner", "tag"),
}
NAMED_FIELDS = ("owner", "tag", "queue", "org", "customer")
TIME_FIELDS = ("after", "before")
FIELDS: tuple[str, ...] = (*TEXT_FIELDS, *NAMED_FIELDS, *CHOICES, *TIME_FIELDS, "number")
_ALIASES = {
    ("waiting", "them"): "customer",
    ("status", "hold"): "on_hold",
    ("is", "unresolved"): "open",
    ("is", "spam"): "junk",
    ("owner", "nobody"): "none",
}
_UNITS = {
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
    "m": timedelta(days=30),
    "y": timedelta(days=365),
}
_WHEN = "2w, 3d, 12h, 6m, 1y, today, yesterday, 2026-01-31, 2026-01 or 2026"


class QueryError(StoreError):
    """A query names something that is not there; ``str()`` says what is possible."""


@dataclass(frozen=True, slots=True)
class Text:
    """Words that must stand in an entry.

    Attributes:
        field: Where: ``subject``, ``from``, ``to``, or empty for anywhere.
        values: One of these; each a word or a phrase. Not empty.
        quoted: True where it was written as an exact phrase.
        negated: True where it must not be there.
    """

    field: str
    values: tuple[str, ...]
    quoted: bool = False
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Filter:
    """A property of a case or an entry.

    Attributes:
        field: One of `FIELDS`, not a text field.
        values: One of these; choices are canonical words, names as they were written.
        negated: True where none of them may hold.
    """

    field: str
    values: tuple[str, ...]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """All terms; every one must hold."""

    terms: tuple[Text | Filter, ...] = ()

    @property
    def texts(self) -> tuple[Text, ...]:
        """The terms that are looked for in texts."""
        return tuple(term for term in self.terms if isinstance(term, Text))

    @property
    def filters(self) -> tuple[Filter, ...]:
        """The terms that are properties."""
        return tuple(term for term in self.terms if isinstance(term, Filter))

    def asks(self, field: str, *values: str) -> bool:
        """Say whether a term that is not negated asks for one of these values."""
        return any(
            term.field == field and not term.negated and set(values) & set(term.values)
            for term in self.filters
        )


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks and when: what ``owner:me`` and ``after:2w`` mean.

    Attributes:
        now: UTC milliseconds.
        zone: Where the agent's days begin.
        people: Finds the canonical customers that ``customer:`` names.
    """

    agent_id: int
    now: int
    zone: tzinfo = UTC
    people: Callable[[str], tuple[int, ...]] = field(default=lambda _: ())


@lru_cache(maxsize=512)
def parse(text: str) -> Query:
    """Return the tree of a query.

    Args:
        text: As typed; empty asks for everything.

    Raises:
        QueryError: A field or value is not known, or it is far too long.
    """
    if len(text) > QUERY_CHARACTERS:
        raise QueryError(f"A query has at most {QUERY_CHARACTERS:,} characters; shorten it.")
    terms: list[Text | Filter] = []
    for word in _split(text):
        term = _term(word)
        if term is not None and term not in terms:
            terms.append(term)
    if len(terms) > QUERY_TERMS:
        raise QueryError(f"A query has at most {QUERY_TERMS} terms; leave some out.")
    return Query(tuple(terms))


def searchable(text: str) -> bool:
    """Say whether the search index would see anything in it: a letter or a digit."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def moment(value: str, asker: Asker) -> int:
    """Return the UTC milliseconds that ``after:`` and ``before:`` mean by a checked value."""
    now = datetime.fromtimestamp(asker.now / 1000, asker.zone)
    if value in ("today", "yesterday"):
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return _milliseconds(midnight - timedelta(days=value == "yesterday"))
    if value[-1] in _UNITS:
        return asker.now - int(value[:-1]) * int(_UNITS[value[-1]].total_seconds()) * 1000
    year, month, day = ([int(part) for part in value.split("-")] + [1, 1])[:3]
    return _milliseconds(datetime(year, month, day, tzinfo=asker.zone))


def _milliseconds(at: datetime) -> int:
    return int((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 1000


def _split(text: str) -> list[str]:
    """Cut at white space outside quotes; a quote that is not closed runs to the end."""
    words: list[str] = []
    word: list[str] = []
    quoted = False
    for character in text.replace("“", '"').replace("”", '"'):
        if character == '"':
            quoted = not quoted
        if character.isspace() and not quoted:
            if word:
                words.append("".join(word))
            word = []
        else:
            word.append(character)
    if word:
        words.append("".join(word))
    return words


def _term(word: str) -> Text | Filter | None:
    negated = word.startswith("-") and len(word) > 1
    bare = word[1:] if negated else word
    if bare.startswith("#") and bare[1:].isascii() and bare[1:].isdigit():
        return Filter("number", (_number(bare[1:]),), negated)
    name, colon, rest = bare.partition(":")
    if not colon or not name.isascii() or not name.isalpha() or rest.startswith("//"):
        return _text("", (bare.replace('"', ""),), '"' in bare, negated)
    key = name.lower()
    if key not in FIELDS:
        raise QueryError(
            f"There is no “{name}:” to search by. Possible: {', '.join(FIELDS)};"
            f' for the text itself write "{bare}" in quotes.'
        )
    values = _values(rest)
    if not values:
        raise QueryError(f"“{name}:” needs a value: {_possible(key)}.")
    if key in TEXT_FIELDS:
        return _text(key, values, '"' in rest, negated)
    return Filter(key, tuple(dict.fromkeys(_value(key, value) for value in values)), negated)


def _text(field: str, values: tuple[str, ...], quoted: bool, negated: bool) -> Text | None:
    kept = tuple(dict.fromkeys(value for value in values if searchable(value)))
    if not kept and field:
        raise QueryError(f"“{field}:” needs letters or digits: {_possible(field)}.")
    return Text(field, kept, quoted, negated) if kept else None


def _values(rest: str) -> tuple[str, ...]:
    """Cut at commas outside quotes."""
    values: list[str] = [""]
    quoted = False
    for character in rest:
        if character == '"':
            quoted = not quoted
        elif character == "," and not quoted:
            values.append("")
        else:
            values[-1] += character
    return tuple(value for value in (value.strip() for value in values) if value)


def _value(key: str, value: str) -> str:
    if key == "number":
        return _number(value.removeprefix("#"))
    if key in NAMED_FIELDS:
        return _ALIASES.get((key, value.lower()), value)
    plain = value.lower().replace("-", "_") if key in CHOICES else value.lower()
    plain = _ALIASES.get((key, plain), plain)
    if key in CHOICES and plain not in CHOICES[key]:
        raise QueryError(f"“{value}” is not a value of “{key}:”. Possible: {_possible(key)}.")
    if key in TIME_FIELDS and not _is_when(plain):
        raise QueryError(f"“{value}” is not a time for “{key}:”. Write it as {_WHEN}.")
    return plain


def _number(value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) <= 15):
        raise QueryError(f"“{value}” is not a case number. Write number:42 or #42.")
    return str(int(value))


def _is_when(value: str) -> bool:
    if not value.isascii():
        return False
    if value in ("today", "yesterday"):
        return True
    if value[-1] in _UNITS:
        return value[:-1].isdigit() and len(value) <= 5
    parts = value.split("-")
    if len(parts) > 3 or not all(part.isdigit() and len(part) <= 4 for part in parts):
        return False
    year, month, day = ([int(part) for part in parts] + [1, 1])[:3]
    try:
        datetime(year, month, day, tzinfo=UTC)
    except ValueError:
        return False
    return year >= 1900


def _possible(key: str) -> str:
    if key in CHOICES:
        return ", ".join(CHOICES[key])
    if key in TIME_FIELDS:
        return _WHEN
    return {
        "owner": "me, none or a login",
        "number": "a case number, such as 42",
        "from": "a name or an address",
        "to": "a name or an address",
        "subject": "a word of the subject",
    }.get(key, "a name")
