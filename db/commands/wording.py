"""How commands speak: lists, near names, words of the vocabulary, and what no line may hold."""

from __future__ import annotations

import unicodedata


def has_controls(text: str, allowed: str = "") -> bool:
    """Say whether text holds control characters or half characters (joiners are neither)."""
    return not text.isprintable() and any(
        unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text
    )


def spoken(word: str) -> str:
    """Return a word of the vocabulary as people read it: ``on_hold`` is “on hold”."""
    return word.replace("_", " ")


def listed(words: tuple[str, ...] | list[str], last: str = "or") -> str:
    """Return ``a, b or c``."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} {last} {words[-1]}"


def brief(value: str) -> str:
    """Return a value short enough for a sentence."""
    return value if len(value) <= 40 else value[:39] + "…"


def meant(value: str, names: tuple[str, ...] | list[str]) -> str:
    """Return ``: did you mean x?`` for the nearest of the names, or nothing."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in names}
    near = get_close_matches(value.casefold()[:80], list(folded), n=2, cutoff=0.6)
    return f" (did you mean {listed([folded[name] for name in near])}?)" if near else ""
