"""A contact card (vCard) as one line of text."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\([\\;,nN])")
_LINES = 500
_CARDS = 5


def describe(source: str) -> str:
    """Return ``[contact: Ann Berg, Mill Works, ann@x.example, +49 30 1234567]``, a line a card.

    Args:
        source: The vCard text; untrusted.
    """
    unfolded = source.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    cards: list[str] = []
    found: dict[str, list[str]] = {}
    for line in unfolded.split("\n", _LINES)[:_LINES]:
        key, _, value = line.partition(":")
        name = key.partition(";")[0].rpartition(".")[2].strip().upper()
        if name == "BEGIN":
            found = {}
        elif name == "END":
            if text := _card(found):
                cards.append(text)
            if len(cards) == _CARDS:
                break
        elif name in ("FN", "N", "ORG", "TITLE", "EMAIL", "TEL"):
            found.setdefault(name, []).append(_text(value))
    return "\n".join(cards)


def _card(found: dict[str, list[str]]) -> str:
    name = found.get("FN") or [" ".join(part for part in reversed(_fields(found)) if part)]
    pieces = [*name[:1], *found.get("TITLE", [])[:1]]
    pieces += [" ".join(org.split(";")).strip() for org in found.get("ORG", [])[:1]]
    pieces += [*found.get("EMAIL", [])[:2], *found.get("TEL", [])[:2]]
    shown = ", ".join(dict.fromkeys(piece.strip() for piece in pieces if piece.strip()))
    return f"[contact: {shown}]" if shown else ""


def _fields(found: dict[str, list[str]]) -> list[str]:
    return found.get("N", [""])[0].split(";")[:2]


def _text(value: str) -> str:
    value = _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value[:500])
    return " ".join(value.removeprefix("tel:").split())
