"""Which tables and columns a store has, read from the statements that make them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache

from db.frozen import dataclass

_TABLE = re.compile(r"create table (\w+)\((.*?)\n\)", re.DOTALL)
_COLUMN = re.compile(r"(\w+) (\{big\}|\{text\}|\{blob\})")
_KEY = re.compile(r"primary key\((.*?)\)")
_LISTED = re.compile(r"check \((\w+) in\b")


@dataclass(frozen=True, slots=True)
class TableInfo:
    """A table as it was made.

    Attributes:
        key: Columns of the primary key.
        columns: Name to ``big``, ``text`` or ``blob``, in order.
        listed: Columns that hold one of a list of our own words.
    """

    name: str
    key: tuple[str, ...]
    columns: Mapping[str, str]
    listed: frozenset[str]

    @property
    def texts(self) -> tuple[str, ...]:
        """Return the columns that hold any text, without those of the key."""
        return tuple(
            name
            for name, kind in self.columns.items()
            if kind == "text" and name not in self.listed and name not in self.key
        )


@lru_cache(maxsize=1)
def tables() -> Mapping[str, TableInfo]:
    """Return every table that is the same on both engines, by name, in the order of the schema."""
    from db.schema.tables import TABLES

    found = {}
    for name, body in _TABLE.findall(TABLES):
        columns = {column: kind.strip("{}") for column, kind in _COLUMN.findall(body)}
        together = _KEY.search(body)
        if together:
            key = tuple(part.strip() for part in together[1].split(","))
        else:
            key = tuple(re.findall(r"(\w+) \{\w+\} primary key", body))
        found[name] = TableInfo(name, key, columns, frozenset(_LISTED.findall(body)))
    return found
