"""Quotes and signatures in a plain text mail, as folds: what the sender wrote stays in sight."""

from __future__ import annotations

import re

from connectors.contract import Fold, FoldKind
from connectors.mail import phrases

# How far above a quote its attribution may begin; mail programs wrap it over up to four lines.
_ATTRIBUTION_LINES = 4
_ATTRIBUTION_CHARS = 400
_SIGNATURE_LINES = 40
_MOBILE_CHARS = 100
_DIGIT = re.compile(r"\d")
_RULE = re.compile(r"[-_=*\u2013\u2014]{8,}$")

_BLANK, _QUOTED, _PLAIN = 0, 1, 2


def find_folds(text: str) -> tuple[Fold, ...]:
    """Find what a reader has seen before, or skips.

    Args:
        text: ``\\n`` line ends; untrusted.

    Returns:
        Ranges of quotes and signatures: sorted, not overlapping, never the whole text unless
        there is nothing else than a signature.
    """
    lines = text.split("\n")
    kinds = [
        _BLANK if not line or line.isspace() else _QUOTED if _is_quoted(line) else _PLAIN
        for line in lines
    ]
    marks: list[FoldKind | None] = [None] * len(lines)
    forwarded = _mark_tail(lines, kinds, marks)
    _mark_quotes(lines, kinds, marks)
    _mark_signatures(lines, kinds, marks, forwarded)
    if not any(kind != _BLANK and mark is None for kind, mark in zip(kinds, marks, strict=True)):
        # Nothing new in it: a bare forward, or a quote that was sent as the message.
        marks = [mark if mark == "signature" else None for mark in marks]
    return _ranges(lines, kinds, marks)


def _is_quoted(line: str) -> bool:
    first = line[0]
    if first == ">":
        return not line.startswith(">From ")
    if first == " ":
        return line.lstrip()[:1] == ">"
    # "JD> text": the initials of who is quoted.
    return first.isupper() and ">" in line[:5] and line[: line.index(">")].isalpha()


def _mark_tail(lines: list[str], kinds: list[int], marks: list[FoldKind | None]) -> int:
    """Fold an original message that hangs below a separator or header block.

    Returns:
        The line from which a forwarded message runs, which stays open; the number of lines when
        there is none.
    """
    for index, line in enumerate(lines):
        if kinds[index] != _PLAIN:
            continue
        start = line.strip()
        if start[0] in "-_*=>—–" or ":" in start[:40]:
            if phrases.FORWARDED.match(start):
                return index
            begin = _original_begins(lines, kinds, index, start)
            if begin >= 0:
                for later in range(begin, len(lines)):
                    marks[later] = "quote"
                return len(lines)
        if start[-1] in phrases.ENDS and _strong_attribution(lines, kinds, index):
            begin = _attribution_start(lines, kinds, index)
            if begin >= 0 and not _quoted_follows(kinds, index):
                for later in range(begin, len(lines)):
                    marks[later] = "quote"
                return len(lines)
    return len(lines)


def _original_begins(lines: list[str], kinds: list[int], index: int, start: str) -> int:
    """Return the line where a quoted original begins if ``index`` belongs to its head, else -1."""
    if phrases.ORIGINAL.match(start):
        return index
    if ":" in start and _header_block(lines, index):
        above = index - 1
        while above >= 0 and kinds[above] == _BLANK:
            above -= 1
        return above if above >= 0 and _RULE.match(lines[above].strip()) else index
    return -1


def _header_block(lines: list[str], index: int) -> bool:
    """Tell whether lines from ``index`` are the head of a mail: From, then at least two of its kin."""
    seen: set[str] = set()
    for line in lines[index : index + 8]:
        label, colon, _ = line.strip().strip("*").partition(":")
        if not colon:
            label, colon, _ = line.strip().partition("：")
        kin = phrases.HEADER_LABELS.get(label.strip(" *\xa0").casefold()) if colon else None
        if not seen and kin != "from":
            return False
        if kin is not None:
            seen.add(kin)
        elif not line.strip() and len(seen) > 1:
            break
    return len(seen) >= 3 or seen >= {"from", "date"}


def _strong_attribution(lines: list[str], kinds: list[int], index: int) -> bool:
    """Tell whether the line ends like "On Monday Ann wrote:" with or without ``>`` after it."""
    line = lines[index].strip()
    if not phrases.WROTE.search(line[-60:]):
        return False
    joined = line
    for above in range(index - 1, max(index - _ATTRIBUTION_LINES, -1), -1):
        if kinds[above] != _PLAIN:
            break
        joined = f"{lines[above].strip()} {joined}"
        if len(joined) > _ATTRIBUTION_CHARS:
            break
    return _DIGIT.search(joined) is not None and (
        "@" in joined or phrases.OPENS.search(joined) is not None
    )


def _quoted_follows(kinds: list[int], index: int) -> bool:
    return any(kind == _QUOTED for kind in kinds[index + 1 : index + 6])


def _attribution_start(lines: list[str], kinds: list[int], index: int) -> int:
    """Return the first line of the attribution that ends at ``index``; -1 when it is none."""
    size = 0
    for above in range(index, max(index - _ATTRIBUTION_LINES, -1), -1):
        if kinds[above] != _PLAIN:
            break
        size += len(lines[above])
        if size > _ATTRIBUTION_CHARS:
            return -1
        if phrases.OPENS.match(lines[above].strip()):
            return above
    return index


def _mark_quotes(lines: list[str], kinds: list[int], marks: list[FoldKind | None]) -> None:
    """Fold ``>`` lines, blank lines between them, and the attribution above."""
    previous = -1
    for index, kind in enumerate(kinds):
        if kind != _QUOTED or marks[index] is not None:
            continue
        marks[index] = "quote"
        above = index - 1
        while above >= 0 and kinds[above] == _BLANK and index - above < 3:
            above -= 1
        if above >= 0 and above == previous:
            for between in range(above + 1, index):
                marks[between] = "quote"
        elif above >= 0 and kinds[above] == _PLAIN and marks[above] is None:
            begin = _weak_attribution(lines, kinds, above)
            if begin >= 0:
                for between in range(begin, index):
                    marks[between] = "quote"
        previous = index


def _weak_attribution(lines: list[str], kinds: list[int], index: int) -> int:
    """Return where the attribution that stands right above a quote begins; -1 when it is none."""
    line = lines[index].strip()
    if line[-1] not in phrases.ENDS and not line.endswith(("...", "…", ">", ")")):
        return -1
    if phrases.WROTE.search(line[-60:]):
        return _attribution_start(lines, kinds, index)
    begin = _attribution_start(lines, kinds, index)
    words = " ".join(lines[begin : index + 1]) if begin >= 0 else ""
    named = "@" in words or (phrases.OPENS.match(words.strip()) and _DIGIT.search(words))
    return begin if named and line[-1] in phrases.ENDS else -1


def _mark_signatures(
    lines: list[str], kinds: list[int], marks: list[FoldKind | None], stop: int
) -> None:
    """Fold ``-- `` signatures, and the line that a phone or a program appends."""
    index, total = 0, min(len(lines), stop)
    while index < total:
        line = lines[index]
        if marks[index] is None and _starts_signature(line) and index:
            end = index
            while end < total and marks[end] is None:
                end += 1
            if line.startswith("-- ") or line[0] == "_" or end - index <= _SIGNATURE_LINES:
                for inside in range(index, end):
                    marks[inside] = "signature"
                index = end
                continue
        elif marks[index] is None and kinds[index] == _PLAIN and len(line) <= _MOBILE_CHARS:
            if _last_of_its_kind(kinds, marks, index) and phrases.MOBILE.match(line.strip()):
                marks[index] = "signature"
        index += 1


def _starts_signature(line: str) -> bool:
    if line[:2] == "--":
        return line.rstrip() == "--"
    if line[:2] in ("—", "__"):
        return line.rstrip() == "—" or (len(line) > 30 and not line.strip("_ "))
    return False


def _last_of_its_kind(kinds: list[int], marks: list[FoldKind | None], index: int) -> bool:
    """Tell whether at most two lines of the sender's stand between ``index`` and what is folded."""
    own = 0
    for later in range(index + 1, min(index + 8, len(kinds))):
        if marks[later] is not None:
            return True
        own += kinds[later] == _PLAIN
        if own > 1:
            return False
    return True


def _ranges(lines: list[str], kinds: list[int], marks: list[FoldKind | None]) -> tuple[Fold, ...]:
    """Turn marked lines into ranges that end with the text of their last line."""
    folds: list[Fold] = []
    position, start, end = 0, -1, 0
    kind: FoldKind | None = None
    for line, state, mark in zip(lines, kinds, marks, strict=True):
        if mark != kind:
            if kind is not None and end > start >= 0:
                folds.append(Fold(start, end, kind))
            kind, start, end = mark, position, position
        if mark is not None and state != _BLANK:
            if end == start:
                start = position
            end = position + len(line)
        position += len(line) + 1
    if kind is not None and end > start:
        folds.append(Fold(start, end, kind))
    return tuple(folds)


def merge_folds(text: str, *groups: tuple[Fold, ...]) -> tuple[Fold, ...]:
    """Join the folds of several witnesses into one sorted row without overlaps.

    A quote wins over a signature. Nothing is folded when nothing else would be left in sight.
    """
    every = sorted((f for group in groups for f in group), key=lambda f: (f.start, f.kind, -f.end))
    out: list[Fold] = []
    for fold in every:
        start = max(fold.start, out[-1].end) if out else fold.start
        if fold.end <= start:
            continue
        if out and out[-1].kind == fold.kind and not text[out[-1].end : start].strip():
            out[-1] = Fold(out[-1].start, fold.end, fold.kind)
        else:
            out.append(Fold(start, fold.end, fold.kind))
    position = 0
    for fold in out:
        if text[position : fold.start].strip():
            return tuple(out)
        position = fold.end
    if text[position:].strip():
        return tuple(out)
    return tuple(fold for fold in out if fold.kind == "signature") if len(out) > 1 else ()
