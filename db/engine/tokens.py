"""Cut texts into words as FTS5 does (``unicode61 remove_diacritics 2``), for an index elsewhere.

PostgreSQL's own parser keeps addresses and hosts whole, so that the words in them would not be
found, and its dictionaries depend on what is installed on the server. Cut here, a text has the same
words on every engine; letters that are newer than FTS5's tables are treated as Python knows them.
"""

from __future__ import annotations

import unicodedata

TOKEN_CHARACTERS = 250  # PostgreSQL takes 2,046 bytes; nobody types more than this
_FIRST_MARK, _LAST_MARK = 0x300, 0x36F  # combining marks of Latin, Greek and Cyrillic letters
_SPACE = ord(" ")


class _Letters(dict[int, int | None]):
    """What a letter becomes: lower case without diacritics, a space, or nothing."""

    def __missing__(self, code: int) -> int | None:
        if _FIRST_MARK <= code <= _LAST_MARK:
            made: int | None = None
        elif unicodedata.category(chr(code))[0] not in "LNM" and not _private(code):
            made = _SPACE
        else:
            letter = chr(code).lower()[:1]
            base, *marks = list(unicodedata.normalize("NFD", letter))
            plain = base if marks and all(map(unicodedata.combining, marks)) else letter
            made = ord(plain)
        self[code] = made
        return made


def _private(code: int) -> bool:
    return unicodedata.category(chr(code)) == "Co"


_letters = _Letters()


def tokens(text: str) -> list[str]:
    """Return the words of a text in order, folded, each at most `TOKEN_CHARACTERS` long."""
    words = text.translate(_letters).split()
    if any(len(word) > TOKEN_CHARACTERS for word in words):
        return [word[:TOKEN_CHARACTERS] for word in words]
    return words
