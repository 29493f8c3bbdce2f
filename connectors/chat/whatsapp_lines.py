"""The lines of a WhatsApp export: where a message begins, who wrote it, what is only a note.

WhatsApp documents nothing and writes each line as the phone's language would:
``[07.03.26, 21:22:39] Ann: …`` on iOS, ``3/7/26, 9:22 PM - Ann: …`` on Android, with other digits,
commas, no-break spaces and invisible direction marks between. The first line fixes the style; a line of another style
belongs to the message before it, also where it looks like a beginning (a pasted chat does).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

LEFT_TO_RIGHT_MARK = "\u200e"
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
    ("am", "a", "ص", "上午", "凌晨", "清晨", "早上", "午前", "오전", "vorm", "fm", "πμ", "de")
    + ("पूर्वाह्न",)
)
_AFTER_NOON = frozenset(
    ("pm", "p", "م", "下午", "中午", "晚上", "午後", "오후", "nachm", "em", "μμ", "du")
    + ("अपराह्न",)
)
_UNSEEN = re.compile(f"[{_BIDI}.\\s\u00a0\u202f]")

# What WhatsApp appends to, or writes in place of, a message. Lower case.
_ATTACHED_WORDS = frozenset(
    (
        "file attached",
        "archivo adjunto",
        "datei angehängt",
        "fichier joint",
        "file allegato",
        "arquivo anexado",
        "ficheiro anexado",
        "bestand bijgevoegd",
        "dosya ekli",
        "файл добавлен",
    )
)
_EDITED_WORDS = ("edited", "bearbeitet", "edit", "modifi", "bewerkt", "düzenlendi", "изменено")
_LEFT_OUT_WORDS = (
    "omitted",
    "weggelassen",
    "ausgeschlossen",
    "omitid",
    "omess",
    "ocult",
    "absent",
    "omis",
    "weggelaten",
)
_CONTENT_STARTS = ("poll:", "location:", "umfrage:", "standort:", "encuesta:", "ubicación:")
_OWN_NAMES = re.compile(r"(?:IMG|VID|PTT|AUD|DOC|STK)-\d{8}-WA\d{4}\.")
_ANDROID_FILE = re.compile(r"([^\n/\\<>]{1,200}\.\w{1,8}) \(([^()\n]{3,40})\)\Z")
_IOS_FILE = re.compile(r"<[^<>:\n]{1,40}: ?([^<>:\n/\\]{1,200})>\Z")
_TRAILING_NOTE = re.compile(rf"{_S}?\u200e?<([^<>\n]{{4,60}})>\Z")
_PHONE = re.compile(r"\+?[\d\s().\u00a0\u2011-]{6,30}\Z")


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


@dataclass(frozen=True, slots=True)
class Said:
    """Who said what.

    Attributes:
        author: As in the phone book of whoever exported; empty for a note by WhatsApp.
        text: Without what WhatsApp appended.
        event: True where WhatsApp tells what happened.
        file: Name of the attached file; empty for none.
        edited: Whether it was marked as edited.
    """

    author: str
    text: str
    event: bool = False
    file: str = ""
    edited: bool = False


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


def authors(messages: Iterable[RawMessage]) -> frozenset[str]:
    """Return the names before a colon, as far as they can be names of people."""
    names = (message.body.partition(": ")[0] for message in messages if ": " in message.body)
    return frozenset(name for name in map(visible, names) if _is_name(name))


def understand(
    body: str, style: Style, names: frozenset[str], title: str, files: frozenset[str]
) -> Said:
    """Tell author, text and attachment of a message apart.

    Args:
        body: All after the header.
        style: Of the export.
        names: What `authors` returned for it.
        title: Name of the chat; it may hold a colon itself.
        files: Names of the files that came with it.
    """
    author, text = _author(body, names, title)
    if author is None:
        return Said("", visible(body), event=True)
    marked = text.startswith(LEFT_TO_RIGHT_MARK)
    text, edited = _without_edit_mark(text)
    text, file = _file(text, files)
    event = False
    if marked and style.bracketed and not file:
        lowered = text.lstrip(LEFT_TO_RIGHT_MARK).lower()
        left_out = any(word in lowered for word in _LEFT_OUT_WORDS)
        event = not left_out and not lowered.startswith(_CONTENT_STARTS)
    if event and title and author == title:
        author = ""
    return Said(author, text.lstrip(LEFT_TO_RIGHT_MARK), event, file, edited)


def visible(text: str) -> str:
    """Return text without direction marks at its ends, and without blanks around it."""
    return text.strip(_INVISIBLE)


def phone_number(name: str) -> str:
    """Return the number where a name is one, else nothing."""
    return name if _PHONE.match(name) and sum(map(str.isdigit, name)) >= 6 else ""


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


def _author(body: str, names: frozenset[str], title: str) -> tuple[str | None, str]:
    """Return author and text; None for the author where there is none."""
    plain = body.lstrip(LEFT_TO_RIGHT_MARK)
    if title and plain.startswith(f"{title}: "):
        return title, plain[len(title) + 2 :]
    name, colon, text = body.partition(": ")
    if colon and _is_name(visible(name)):
        return visible(name), text
    # An empty message leaves "Name:" without the blank.
    name, colon, text = body.partition(":")
    if colon and visible(name) in names:
        return visible(name), text
    return None, body


def _is_name(name: str) -> bool:
    """Tell whether something before a colon can be a name, and not a sentence by WhatsApp."""
    return 0 < len(name) <= 100 and "\n" not in name and not any(mark in name for mark in '"“”«»„')


def _without_edit_mark(text: str) -> tuple[str, bool]:
    """Cut off ``<This message was edited>``."""
    match = _TRAILING_NOTE.search(text[-80:]) if text.endswith(">") else None
    if match is None or ":" in match[1]:
        return text, False
    words = match[1].lower()
    if not any(word in words for word in _EDITED_WORDS) or any(w in words for w in _LEFT_OUT_WORDS):
        return text, False
    return text[: len(text) - len(match[0])], True


def _file(text: str, files: frozenset[str]) -> tuple[str, str]:
    """Cut off the name of an attached file; return the caption and the name."""
    first, _, caption = text.partition("\n")
    match = _ANDROID_FILE.match(visible(first))
    if match is not None:
        name = visible(match[1])
        known = match[2].lower() in _ATTACHED_WORDS or name in files or _OWN_NAMES.match(name)
        if known:
            return caption, name
    tail = visible(text)
    start = tail.rfind("<")
    match = _IOS_FILE.match(tail[start:]) if start >= 0 else None
    if match is not None:
        name = visible(match[1])
        if LEFT_TO_RIGHT_MARK in text or name in files:
            return visible(tail[:start]), name
    return text, ""
