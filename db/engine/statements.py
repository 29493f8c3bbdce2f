"""From the parameters of our statements (``:name``) to those of psycopg (``%(name)s``)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

# Strings, quoted names, comments and casts are left as they are; so is what is no parameter.
_PARTS = re.compile(
    r"""
    '(?:[^']|'')*'            # a string
    | "[^"]*"                 # a quoted name
    | --[^\n]*                # a comment
    | ::                      # a cast
    | :(?P<name>[a-zA-Z_]\w*)
    | %
    """,
    re.VERBOSE,
)
_WRITES = ("insert", "update", "delete", "truncate", "copy")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement as the driver takes it.

    Attributes:
        prepared: False where a plan made without the values would be a bad one.
        writes: True where it changes rows.
    """

    text: str
    prepared: bool | None
    writes: bool


@lru_cache(maxsize=2048)
def statement(sql: str) -> Statement:
    """Return a statement for psycopg; each text is translated once."""
    searched = "search(" in sql or "@@" in sql or "@>" in sql
    text = _PARTS.sub(_translated, sql)
    return Statement(
        text, False if searched else None, sql.lstrip()[:8].lower().startswith(_WRITES)
    )


def _translated(part: re.Match[str]) -> str:
    if part["name"]:
        return f"%({part['name']})s"
    return part[0].replace("%", "%%")
