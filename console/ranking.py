"""Ranks the few hundred lines of a picker by what was typed: beginnings, words, then letters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")

MAX_TYPED = 60  # characters; nobody types more into a picker


def ranked(typed: str, items: Sequence[T], text: Callable[[T], str]) -> list[T]:
    """Return the items that hold the typed letters in order, the best first, else as they were.

    Args:
        typed: What the agent typed; each word must be found.
        items: In the order that ties keep.
        text: What is looked at of an item.
    """
    words = typed[:MAX_TYPED].casefold().split()
    if not words:
        return list(items)
    found = []
    for place, item in enumerate(items):
        lower = text(item).casefold()
        scores = [score(word, lower) for word in words]
        if all(scores):
            found.append((-sum(scores), len(lower), place, item))
    return [entry[3] for entry in sorted(found, key=lambda entry: entry[:3])]


def score(word: str, text: str) -> int:
    """Return how well a word fits: 0 not at all, up to 4 for the beginning of the text."""
    at = text.find(word)
    if at == 0:
        return 4
    if at > 0:
        return 2 if text[at - 1].isalnum() else 3
    letters = iter(text)
    return 1 if all(letter in letters for letter in word) else 0
