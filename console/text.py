"""The one door for strangers' text: what passed it cannot act on a terminal.

What the store holds stays as it was received; text is cleaned on its way to a screen, a log or the
clipboard, at every draw. All widths are cells. This module loads neither Textual nor, until the
first character outside the narrow ranges, anything of rich.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from functools import cache

MAX_LINE = 4_000
"""Characters of one line that are ever drawn; one line of 1 MB costs a screen seconds otherwise."""

MAX_MARKS = 4
"""Combining marks on one letter: every living script does with these, stacked ones hide rows."""

TAB_CELLS = 4
ELLIPSIS = "…"
UNKNOWN = "\ufffd"

# C0 but newline, DEL, C1; bidi controls; separators; format characters that show nothing (some of
# them "letters" that are blank); joiners and selectors, because terminals disagree on how wide what
# they join is; lone surrogates; noncharacters. All that lies beyond the first plane is looked at
# one by one in `_stand_in`: a class with those ranges in it costs 130 ns a character, this one 8.
_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b\u200d-\u200f\u2028-\u202e\u2060-\u206f\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U00010000-\U0010ffff]"
)
_UNKNOWN_RUN = re.compile(f"{UNKNOWN}{{2,}}")
# Zero-width non-joiner is spelling in Persian and Indic scripts and padding everywhere else.
_STRAY_NON_JOINER = re.compile("(?<![\u0600-\u1fff])\u200c")
# Marks are neither letters nor blanks, so that a stack of them is always inside such a run; which
# characters of the run are marks is then asked of the Unicode tables.
_MARK_RUN = re.compile(rf"[^\w\s\x00-\u02ff]{{{MAX_MARKS + 1},}}")
_BEYOND_LATIN = re.compile("[^\x00-\u02ff]")
_NEW_LINES = frozenset("\x85\u2028\u2029")
# Characters of one cell each that are what they look like: most of what Europe writes.
_NARROW = "\x20-\x7e\xa0-\xac\xae-\u02ff\u0370-\u0482\u2010-\u2027\u2500-\u25fc"
_NOT_NARROW = re.compile(f"[^{_NARROW}]")
_NOT_HARMLESS = re.compile(f"[^\n{_NARROW}]")


def _stand_in(match: re.Match[str]) -> str:
    character = match[0]
    code = ord(character)
    if code >= 0x10000:
        return _astral(character, code)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "␡"
    if character in _NEW_LINES:
        return "\n"
    is_bidi = 0x202A <= code <= 0x202E or 0x2066 <= code <= 0x2069
    if code < 0xA0 or is_bidi or 0xD800 <= code <= 0xDFFF or 0xFDD0 <= code <= 0xFDEF:
        return UNKNOWN
    return UNKNOWN if code >= 0xFFF0 else ""


def _astral(character: str, code: int) -> str:
    """Return a character beyond the first plane, or what stands for it."""
    if 0x1F3FB <= code <= 0x1F3FF:  # skin tones: two cells or none, as the terminal likes
        return ""
    if 0xE0000 <= code <= 0xE0FFF or code & 0xFFFE == 0xFFFE:  # tags and selectors; noncharacters
        return UNKNOWN
    return UNKNOWN if unicodedata.category(character) == "Cf" else character


def _thin_marks(match: re.Match[str]) -> str:
    kept: list[str] = []
    marks = 0
    for character in match[0]:
        is_mark = character == "\u200c" or unicodedata.category(character) in ("Mn", "Me")
        marks = marks + 1 if is_mark else 0
        if marks <= MAX_MARKS:
            kept.append(character)
    return "".join(kept)


def clean(text: str, *, newlines: bool = True) -> str:
    r"""Return text that a terminal can only show.

    Control characters become their pictures (``␛``), other dangerous ones U+FFFD, one for a run;
    characters that show nothing are left out; tabs become spaces; ``\r\n``, ``\r`` and separators
    become ``\n``.

    Args:
        text: Anything.
        newlines: False folds it onto one line, a space for each line end.
    """
    if text.isascii() and text.isprintable():
        return text
    if not _NOT_HARMLESS.search(text):
        return text if newlines else text.replace("\n", " ")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\t" in text:
        text = text.expandtabs(TAB_CELLS)
    text = _UNKNOWN_RUN.sub(UNKNOWN, _UNSAFE.sub(_stand_in, text))
    if _BEYOND_LATIN.search(text):
        text = _STRAY_NON_JOINER.sub("", text)
        text = _MARK_RUN.sub(_thin_marks, text)
    return text if newlines else text.replace("\n", " ")


@cache
def _cells_of() -> Callable[[str], int]:
    # The table that Textual measures with, so that both always agree on where a column ends.
    from rich.cells import get_character_cell_size

    return get_character_cell_size


def is_narrow(text: str) -> bool:
    """Return whether every character is surely one cell, so that ``len`` is the width."""
    return text.isascii() or not _NOT_NARROW.search(text)


def width(text: str) -> int:
    """Return how many cells a cleaned line takes."""
    if is_narrow(text):
        return len(text)
    return sum(map(_cells_of(), text))


def fit(text: str, cells: int) -> str:
    """Return a cleaned line cut to a width, with an ellipsis where something is missing.

    Args:
        text: One line, cleaned.
        cells: The most that it may take; less than 1 gives an empty string.
    """
    if cells < 1:
        return ""
    if is_narrow(text):
        return text if len(text) <= cells else text[: cells - 1] + ELLIPSIS
    head = _head(text, cells)
    return text if len(head) == len(text) else _head(text, cells - 1) + ELLIPSIS


def pad(text: str, cells: int) -> str:
    """Return a cleaned line cut or filled with spaces to exactly that many cells."""
    if is_narrow(text):
        return text.ljust(cells) if len(text) <= cells else fit(text, cells)
    cut = fit(text, cells)
    return cut + " " * (cells - width(cut))


def column(text: str, cells: int) -> str:
    """Return strangers' text as a column of a row: `one_line`, filled with spaces."""
    if len(text) <= cells and text.isascii() and text.isprintable() and "  " not in text:
        return text.ljust(cells)
    return pad(one_line(text, cells), cells)


def _head(text: str, cells: int) -> str:
    """Return the longest beginning that fits, with the marks on its last letter."""
    size = _cells_of()
    used = 0
    for index, character in enumerate(text):
        used += size(character)
        if used > cells:
            return text[:index]
    return text


def one_line(text: str, cells: int) -> str:
    """Return strangers' text as one cleaned line of at most that width, blanks folded."""
    return fit(" ".join(clean(text[:MAX_LINE], newlines=False).split()), cells)


def wrap(text: str, cells: int) -> list[str]:
    """Return cleaned text broken into lines of at most that width.

    Words are kept whole where they fit; blanks at a break are left out, everything visible stays.
    A line longer than `MAX_LINE` characters is cut and says how much is missing.

    Args:
        text: Cleaned; may have many lines.
        cells: At least 2, as wide characters need that; less counts as 2.
    """
    cells = max(2, cells)
    out: list[str] = []
    narrow = is_narrow(text.replace("\n", ""))
    for line in text.split("\n"):
        if len(line) > MAX_LINE:
            line = f"{line[:MAX_LINE]}{ELLIPSIS} {len(line) - MAX_LINE:,} more characters"
        if narrow or is_narrow(line):
            if len(line) <= cells:
                out.append(line)
            else:
                _wrap_narrow(line, cells, out)
        else:
            _wrap_cells(line, cells, out)
    return out


def _wrap_narrow(line: str, cells: int, out: list[str]) -> None:
    start = 0
    while len(line) - start > cells:
        cut = line.rfind(" ", start, start + cells + 1)
        if cut <= start or not line[start:cut].strip(" "):
            out.append(line[start : start + cells])
            start += cells
        else:
            out.append(line[start:cut].rstrip(" "))
            start = cut + 1
            while start < len(line) and line[start] == " ":
                start += 1
    if start < len(line):
        out.append(line[start:])


def _wrap_cells(line: str, cells: int, out: list[str]) -> None:
    size = _cells_of()
    start = used = 0
    # Where a break may go: after a blank, or before a wide character (scripts without blanks).
    chance = 0
    index = 0
    while index < len(line):
        character = line[index]
        took = size(character)
        if took == 2 and index > start:
            chance = index
        if used + took > cells and index > start and character != " ":
            cut = chance if chance > start and line[start:chance].strip(" ") else index
            out.append(line[start:cut].rstrip(" "))
            start = chance = index = cut
            used = 0
            continue
        used += took
        index += 1
        if character == " ":
            chance = index
    tail = line[start:]
    out.append(tail if width(tail) <= cells else tail.rstrip(" "))
