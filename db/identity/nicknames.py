"""Names that stand for each other: Bob is Robert. Read from the table of the package `nicknames`.

The table is read by itself: importing the package costs ten times as much as reading its file.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_NONE: frozenset[str] = frozenset()


def forms_of(word: str) -> frozenset[str]:
    """Return the names that a first name stands for, and those that stand for it."""
    return _table().get(word, _NONE)


@cache
def _table() -> Mapping[str, frozenset[str]]:
    found = find_spec("nicknames")
    if found is None or found.origin is None:
        return {}
    forms: dict[str, set[str]] = {}
    lines = Path(found.origin).with_name("names.csv").read_text(encoding="utf-8").splitlines()
    for line in lines[1:]:
        one, _, other = line.lower().split(",")
        forms.setdefault(one, set()).add(other)
        forms.setdefault(other, set()).add(one)
    return {word: frozenset(others) for word, others in forms.items()}
