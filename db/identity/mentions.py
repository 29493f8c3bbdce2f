"""Who is meant by a number that is nobody's: a case's, or one that stands in a message."""

from __future__ import annotations

from db.among import among
from db.engine.interface import Connection

NEWEST_ENTRIES = 40
LEAST_CHARACTERS = 4
MOST_WORDS = 3
CASE_DIGITS = 18
OF_CASE, OF_MESSAGE = 0.99, 0.9  # how likely they are meant, beside what the finder scores
MAYBE_OF_CASE = 0.88  # a number without its sign
_NEWEST = 1 << 62

_OF_CASE = """
select i.customer_id from cases c join identities i on i.id = c.requester_id where c.id = :id
"""
_OF_ENTRIES = """
select e.id, i.customer_id from entries e join identities i on i.id = e.identity_id
where e.id in (:among) and e.removed = 0 and i.customer_id is not null
"""


def mentions(connection: Connection, text: str) -> dict[int, tuple[float, str]]:
    """Return customers with how likely they are meant and why: ``case`` or ``message``.

    Args:
        connection: Where to read.
        text: As typed: ``#42``, ``AC-10293``. What bears no digit is no number.
    """
    if not any("0" <= letter <= "9" for letter in text) or "@" in text:
        return {}
    found: dict[int, tuple[float, str]] = {}
    number = text.removeprefix("#")
    if not text.startswith("#") and _is_told(text):
        for customer_id in _writers(connection, text):
            found[customer_id] = (OF_MESSAGE, "message")
    if number.isascii() and number.isdecimal() and len(number) < CASE_DIGITS:
        customer_id = connection.value(_OF_CASE, {"id": int(number)})
        if customer_id is not None:
            found[customer_id] = (OF_CASE if text.startswith("#") else MAYBE_OF_CASE, "case")
    return found


def _is_told(text: str) -> bool:
    return (
        len(text.split()) <= MOST_WORDS
        and sum(letter.isalnum() for letter in text) >= LEAST_CHARACTERS
    )


def _writers(connection: Connection, text: str) -> list[int]:
    """Return on whose timelines an entry says just that, the newest first."""
    from db.language import Query, Text
    from db.language_search import match_of

    match = match_of(Query((Text("", (text,), quoted=True),)))
    if match is None:
        return []
    entries = connection.full_text.newest(match, _NEWEST, NEWEST_ENTRIES)
    rows = sorted(among(connection, _OF_ENTRIES, entries), reverse=True)
    return list(dict.fromkeys(row[1] for row in rows))
