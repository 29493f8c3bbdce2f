"""The links in a text, found by reading words: no pattern that a long line could make slow."""

from __future__ import annotations

MAX_TEXT = 200_000  # characters that are looked at
MAX_LINK = 2_000
_BEGINNINGS = ("https://", "http://", "mailto:")
_BEFORE = "<([{\"'“‘„«"
_AFTER = ">)]}\"'”’»,.;:!?…"


def links_in(text: str) -> list[str]:
    """Return the links of a text, each once, in their order, without what encloses them."""
    found: dict[str, None] = {}
    for word in text[:MAX_TEXT].split():
        starts = [at for mark in _BEGINNINGS if (at := word.lower().find(mark)) >= 0]
        if not starts or len(word) > MAX_LINK:
            continue
        link = word[min(starts) :].lstrip(_BEFORE).rstrip(_AFTER)
        for mark in ('"', ">", "<"):
            link = link.split(mark, 1)[0]
        if link.isprintable() and len(link) > len("https://"):
            found[link] = None
    return list(found)
