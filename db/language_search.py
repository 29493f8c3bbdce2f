"""What a query asks of the full-text index of SQLite; nothing else spells its syntax.

Every word is quoted, so that no word a person types is an operator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from db.language import Query, Text

_COLUMNS: Mapping[str, str] = {"subject": "subject", "from": "who", "to": "who"}
_ANYWHERE = "{subject body who}"  # the scope token is ours, not a word of theirs


def match_of(
    query: Query,
    *,
    identities: Sequence[int] = (),
    last_word: Sequence[str] = (),
) -> str:
    """Return the FTS5 expression of a query's texts; empty when it asks for no text.

    Args:
        query: What was asked; its filters are not looked at.
        identities: Only entries on the timeline of one of these.
        last_word: What the last plain word may stand for, while it is being typed.
    """
    wanted = [_expression(text) for text in query.texts if not text.negated]
    unwanted = [_expression(text) for text in query.texts if text.negated and not text.field]
    unwanted += [
        _expression(text) for text in query.texts if text.negated and text.field == "subject"
    ]
    if last_word:
        wanted.append(_column(_ANYWHERE, last_word))
    if identities:
        wanted.append(_column("scope", [f"i{identity}" for identity in identities]))
    if not wanted:
        return ""
    positive = " AND ".join(wanted)
    if not unwanted:
        return positive
    return f"({positive}) NOT ({' OR '.join(unwanted)})"


def unwanted_match(query: Query) -> str:
    """Return the expression of what must not be there, for a query that asks for nothing else."""
    unwanted = [
        _expression(text) for text in query.texts if text.negated and text.field in ("", "subject")
    ]
    return " OR ".join(unwanted)


def _expression(text: Text) -> str:
    return _column(_COLUMNS.get(text.field, _ANYWHERE), text.values)


def _column(column: str, values: Sequence[str]) -> str:
    return f"{column} : ({' OR '.join(_quoted(value) for value in values)})"


def _quoted(value: str) -> str:
    return '"' + value.replace('"', '""').replace("\0", " ") + '"'
