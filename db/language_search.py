"""What a query asks of the full-text index; how an engine spells it is the engine's affair."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from db.engine.interface import Column, Match, Words
from db.language import Query, Text

_COLUMNS: Mapping[str, Column] = {"subject": "subject", "from": "who", "to": "who"}


def match_of(
    query: Query,
    *,
    identities: Sequence[int] = (),
    last_word: Sequence[str] = (),
) -> Match | None:
    """Return what a query's texts ask for; None when nothing must be there.

    Args:
        query: What was asked; its filters are not looked at.
        identities: Only entries on the timeline of one of these.
        last_word: What the last plain word may stand for, while it is being typed.
    """
    wanted = [_words(text) for text in query.texts if not text.negated]
    if last_word:
        wanted.append(Words(tuple(last_word)))
    if identities:
        wanted.append(Words(tuple(f"i{identity}" for identity in identities), "scope"))
    return Match(tuple(wanted), unwanted_of(query)) if wanted else None


def unwanted_of(query: Query) -> tuple[Words, ...]:
    """Return what must not be there, of what the index can tell alone."""
    refused = [text for text in query.texts if text.negated]
    plain = [text for text in refused if not text.field]
    return tuple(
        _words(text) for text in (*plain, *(text for text in refused if text.field == "subject"))
    )


def _words(text: Text) -> Words:
    return Words(tuple(text.values), _COLUMNS.get(text.field, ""))
