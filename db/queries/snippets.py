"""Text around the first match, cut from what an entry itself says, not from what it quotes.

Letters are folded the way the search index folds them (case and diacritics), one to one, so that a
place in the folded text is the same place in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence

SNIPPET_CHARACTERS = 160
BEFORE_CHARACTERS = 50  # of context before the first match
LOOKED_AT_CHARACTERS = 200_000  # what the index holds of a text

_GAP = r"[\W_]+"
_NOT_AFTER = r"(?![^\W_])"
_WORD = re.compile(r"[^\W_]+")


class _Folding(dict[int, int]):
    """One letter for each letter: lower case, without diacritics."""

    def __missing__(self, code: int) -> int:
        letter = chr(code).lower()
        base = unicodedata.normalize("NFD", letter[:1])[:1]
        self[code] = ord(base) if base else code
        return self[code]


_folding = _Folding()


def fold(text: str) -> str:
    """Return a text in the letters of the index, of the same length."""
    return text.lower() if text.isascii() else text.translate(_folding)


def pattern_of(values: Iterable[str], beginnings: Iterable[str] = ()) -> re.Pattern[str] | None:
    """Return what to mark in a folded text; None for nothing.

    Args:
        values: Words and phrases, found whole.
        beginnings: Words of which the beginning is enough.
    """
    # A pattern that begins with its letters is found by a plain scan; what stands before them is
    # looked at afterwards, in `_matches`.
    parts = [words + _NOT_AFTER for words in map(_spaced, values) if words]
    parts += [words for words in map(_spaced, beginnings) if words]
    return re.compile("|".join(parts)) if parts else None


def _spaced(value: str) -> str:
    """Return the words of a value, with anything but letters and digits between them."""
    return _GAP.join(re.escape(word) for word in _WORD.findall(fold(value)))


def _matches(pattern: re.Pattern[str], folded: str) -> Iterator[tuple[int, int]]:
    """Yield where words begin that match."""
    for found in pattern.finditer(folded):
        start, end = found.span()
        if start == 0 or not folded[start - 1].isalnum():
            yield start, end


def snippet(
    text: str, folds: Sequence[tuple[int, int, str]], pattern: re.Pattern[str] | None
) -> tuple[str, tuple[tuple[int, int], ...]]:
    """Return text around the first match, on one line, and where the matches are in it.

    Args:
        text: As stored.
        folds: Its quotes and signatures; quotes are passed over.
        pattern: Of `pattern_of`; without one, or without a match, the first words are returned.
    """
    said = _without_quotes(text[:LOOKED_AT_CHARACTERS], folds)
    first = next(_matches(pattern, fold(said)), None) if pattern else None
    start = 0
    if first and first[0] > BEFORE_CHARACTERS:
        least = max(0, first[0] - 2 * BEFORE_CHARACTERS)
        start = max(least, said.rfind(" ", least, first[0] - BEFORE_CHARACTERS) + 1)
    cut = " ".join(said[start : start + 2 * SNIPPET_CHARACTERS].split())
    cut = cut[:SNIPPET_CHARACTERS]
    if not pattern or not first:
        return cut, ()
    return cut, tuple(_matches(pattern, fold(cut)))


def _without_quotes(text: str, folds: Sequence[tuple[int, int, str]]) -> str:
    quotes = [(start, end) for start, end, kind in folds if kind == "quote"]
    if not quotes:
        return text
    parts, at = [], 0
    for start, end in quotes:
        parts.append(text[at:start])
        at = end
    return "\n".join((*parts, text[at:]))
