"""The lines of a WhatsApp export: where a message begins, and when it says it was sent.

WhatsApp documents nothing and writes each line as the phone's language would:
``[07.03.26, 21:22:39] Ann: …`` on iOS, ``3/7/26, 9:22 PM - Ann: …`` on Android, with other digits,
commas, no-break spaces and invisible direction marks between. The first line fixes the style;
a line of another style belongs to the message before it, also where it looks like a beginning (a
pasted chat does).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BIDI = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069\ufeff"
_INVISIBLE = (
    " \u00a0\u202f\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
)
_B = f"[{_BIDI}]{{0,3}}"
_S = "[ \u00a0\u202f\u2009]"
# A word beside the time: short, no digits, nothing that ends the header.
_WORD = r"[^\W\d_][^\d\[\]:,\-]{0,11}?"
_DATE = rf"(\d{{1,4}}){_B}([./-]){_B}{_S}?(\d{{1,2}}){_B}\2{_B}{_S}?(\d{{1,4}}){_B}\.?"
_CLOCK = rf"(?:({_WORD}){_S}?)?(\d{{1,2}})[:.](\d\d)(?:[:.](\d\d))?(?:{_S}?({_WORD}))?"
_MOMENT = rf"{_DATE}{_B}[,،]?{_S}{{0,2}}{_B}{_CLOCK}{_B}"
_IOS = re.compile(rf"{_B}\[{_MOMENT}\]{_S}")
_ANDROID = re.compile(rf"{_B}{_MOMENT}{_S}[-–]{_S}")
_HEADER_CHARS = 120

# Words beside the time, without dots and blanks, in lower case.
_BEFORE_NOON = frozenset(
    {
        *("am", "a", "ص", "上午", "凌晨", "清晨", "早上", "午前", "오전"),
        *("vorm", "fm", "πμ", "de", "पूर्वाह्न"),
    }
)
_AFTER_NOON = frozenset(
    {
        *("pm", "p", "م", "下午", "中午", "晚上", "午後", "오후"),
        *("nachm", "em", "μμ", "du", "अपराह्न"),
    }
)
_UNSEEN = re.compile(f"[{_BIDI}.\\s\u00a0\u202f]")


@dataclass(frozen=True, slots=True)
class Style:
    """What all beginnings of one export have in common."""

    bracketed: bool
    separator: str
    year_digits: tuple[bool, bool]
    with_seconds: bool
    with_word: bool


@dataclass(frozen=True, slots=True)
class Stamp:
    """A moment as written: the order of day, month and year is not known yet.

    Attributes:
        numbers: The three parts of the date.
        hour: 0 to 23, or out of range where the text is wrong.
        second: None where only minutes are written.
        word: What stood beside the time, such as ``PM``; empty for 24 hours.
        padded: Whether a date number was written with a leading zero.
    """

    numbers: tuple[int, int, int]
    hour: int
    minute: int
    second: int | None
    word: str
    padded: bool


@dataclass(frozen=True, slots=True)
class RawMessage:
    """A message before its author and date are understood.

    Attributes:
        stamp: When.
        body: All after the header, lines joined by line feeds.
        number: Its place in the file, from 0.
    """

    stamp: Stamp
    body: str
    number: int


def style_of(line: str) -> Style | None:
    """Return the style of a line that begins a message; None for any other line."""
    found = _match(line)
    return found[0] if found else None


def split(text: str) -> Iterator[RawMessage]:
    """Cut an export into messages; nothing where its first line begins none."""
    lines = text.replace("\r\n", "\n").split("\n")
    first = next((n for n, line in enumerate(lines) if line.strip(" \ufeff")), None)
    style = style_of(lines[first]) if first is not None else None
    if first is None or style is None:
        return
    stamp: Stamp | None = None
    body: list[str] = []
    number = 0
    for line in lines[first:]:
        found = _match(line)
        if found is None or found[0] != style:
            body.append(line)
            continue
        if stamp is not None:
            yield RawMessage(stamp, "\n".join(body), number)
            number += 1
        stamp, body = found[1], [found[2]]
    if stamp is not None:
        yield RawMessage(stamp, "\n".join(body).rstrip("\n"), number)


def visible(text: str) -> str:
    """Return text without direction marks at its ends, and without blanks around it."""
    return text.strip(_INVISIBLE)


def _match(line: str) -> tuple[Style, Stamp, str] | None:
    """Return style, moment and the rest of a line that begins a message."""
    head = line[:_HEADER_CHARS]
    match = _IOS.match(head)
    bracketed = match is not None
    match = match or _ANDROID.match(head)
    if match is None:
        return None
    first, separator, second, third, before, hour, minute, seconds, after = match.groups()
    word = _UNSEEN.sub("", before or after or "")
    style = Style(
        bracketed, separator, (len(first) == 4, len(third) == 4), seconds is not None, bool(word)
    )
    stamp = Stamp(
        numbers=(int(first), int(second), int(third)),
        hour=_hour(int(hour), word.casefold()),
        minute=int(minute),
        second=int(seconds) if seconds is not None else None,
        word=word,
        padded=any(len(part) == 2 and int(part) < 10 for part in (first, second)),
    )
    return style, stamp, line[match.end() :]


def _hour(hour: int, word: str) -> int:
    """Return the hour of 24."""
    if word in _AFTER_NOON and hour < 12:
        return hour + 12
    if word in _BEFORE_NOON and hour == 12:
        return 0
    return hour


def is_known_word(word: str) -> bool:
    """Tell whether a word beside the time says which half of the day it is."""
    return word.casefold() in _BEFORE_NOON | _AFTER_NOON
