"""What a typed word may have meant, as an expression over the keys of the finder's index.

Keys (`db.identity.lookup_keys`) are joined by ``AND``, ``OR`` and brackets; a star behind a key
means every key that begins so. From strict to loose, a word *begins* another one, is *near* it
(one slip leaves three letters at one end, or the sound), or has something *loose* in common.
"""

from __future__ import annotations

from collections.abc import Iterable

from db.identity.lookup_keys import WORD_LETTERS, end_keys, gram_keys, phone_keys, sound_keys
from db.identity.nicknames import forms_of

SHORT = 5  # letters up to which one slip may leave two letters of an end, no more
FORMS = 24  # nicknames of one name
LEAST_PART = 3  # letters of a word that was joined to another


def same(word: str) -> str:
    """Return where a word is exactly that."""
    return f"w{word[:WORD_LETTERS]}"


def begins(word: str) -> str:
    """Return where a word begins so, or is so."""
    if len(word) == 1:
        return f"i{word}"
    if len(word) == 2:
        return gram_keys(word)[0]
    return f"b{word}" if len(word) == 3 else f"w{word}*"


def near(word: str) -> str:
    """Return where a word is like that but for a slip."""
    if len(word) < 3:
        return begins(word)
    grams = gram_keys(word)
    if len(word) <= SHORT:
        return any_of([grams[0], grams[-1], *sound_keys(word)])
    return any_of([*end_keys(word), *sound_keys(word)])


def loose(word: str) -> str:
    """Return where a word has an end, the sound or four letters in common."""
    if len(word) < 3:
        return begins(word)
    grams = gram_keys(word)
    inner = [all_of(grams[at : at + 2]) for at in range(1, len(grams) - 2)]
    return any_of([grams[0], grams[-1], *sound_keys(word), *inner])


def pairs(one: str, other: str) -> list[str]:
    """Return where two words have an end each: a slip in both leaves one of the four."""
    return [all_of([mine, its]) for mine in end_keys(one) for its in end_keys(other)]


def initials(letter: str, word: str) -> list[str]:
    """Return where a name begins with this letter and another word has an end of that one."""
    return [all_of([f"i{letter[0]}", end]) for end in end_keys(word)]


def stands_for(word: str) -> str:
    """Return where a name is that this one stands for; empty where none is known."""
    return any_of(sorted(f"w{form}" for form in forms_of(word) if form.isalnum())[:FORMS])


def joined(word: str) -> list[str]:
    """Return where two words stand that were written as one."""
    whole = [
        all_of([f"w{word[:at]}", f"w{word[at:]}"])
        for at in range(LEAST_PART, len(word) - LEAST_PART + 1)
    ]
    return [any_of(whole), ends(word)] if whole else []


def ends(word: str) -> str:
    """Return where both ends of a word stand, be it in one word or in two."""
    return all_of(end_keys(word))


def runs(word: str, grams: int) -> list[str]:
    """Return where so many of a word's threes follow each other."""
    keys = gram_keys(word)
    if len(keys) <= grams:
        return [all_of(keys)]
    return [all_of(keys[at : at + grams]) for at in range(len(keys) - grams + 1)]


def number(digits: str) -> str:
    """Return where these digits stand together in a number."""
    keys = phone_keys(digits)
    return all_of(keys) if keys else f"n{digits}*"


def number_runs(digits: str) -> str:
    """Return where most of these digits stand together in a number."""
    keys = phone_keys(digits)
    return any_of([all_of(keys[at : at + 2]) for at in range(len(keys) - 1)])


def all_of(parts: Iterable[str]) -> str:
    """Return where all of these are; empty where one of them is nowhere."""
    parts = list(dict.fromkeys(parts))
    if not parts or not all(parts):
        return ""
    return parts[0] if len(parts) == 1 else f"({' AND '.join(parts)})"


def any_of(parts: Iterable[str]) -> str:
    """Return where any of these is; empty parts are nowhere."""
    parts = [part for part in dict.fromkeys(parts) if part]
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})" if parts else ""
