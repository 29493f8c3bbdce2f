"""Quotes and signatures in a plain text mail, as folds: what the sender wrote stays in sight."""

from __future__ import annotations

import re
from itertools import accumulate

from connectors.contract import Fold
from connectors.mail import phrases

# Mail programs wrap an attribution over up to four lines.
_ATTRIBUTION_LINES = 4
_ATTRIBUTION_CHARS = 400
# "--" without the space that makes it a mark may also be a rule: then only a short tail folds.
_SIGNATURE_LINES = 30
_MOBILE_CHARS = 100
_RULE = re.compile(r"[-_=*\u2013\u2014]{8,}$")
_INITIALS = re.compile(r"[A-Z][A-Za-z]{0,3}> ?", re.ASCII)
# A link that was wrapped out of a quoted line; a line that only looks quoted: ">>> here <<<".
_LINK_LINE = re.compile(r"\s*[(<]https?://\S+\s?>?\s*$")
_DECORATED = re.compile(r">{2,}[^>].*<{2,}\s*$")

_BLANK, _QUOTED, _PLAIN, _INDENTED = 0, 1, 2, 3
_SPACES = [chr(code) for code in range(0x3001) if chr(code).isspace()]
_BY_FIRST = {"": _BLANK, ">": _QUOTED, **dict.fromkeys(_SPACES, _INDENTED)}
_HEADS = frozenset(f"{mark}{mark}" for mark in "-_*=—–")

# What a line is folded as; the lines of a text are bytes, so that runs of them are found at once.
_QUOTE, _SIGNATURE = 1, 2
_QUOTED_RUN = re.compile(b"\x01+")
_MARKED_RUN = re.compile(b"\x01+|\x02+")


def find_folds(text: str) -> tuple[Fold, ...]:
    r"""Find what a reader has seen before, or skips.

    Args:
        text: ``\n`` line ends; untrusted.

    Returns:
        Ranges of quotes and signatures, sorted, not overlapping. When nothing but quotes is
        there, none of them: a bare forward is what the sender has to say.
    """
    lines = text.split("\n")
    kinds = _line_kinds(lines, text)
    marks = bytearray(len(lines))
    # Where an attribution begins in the middle of a line: line to column.
    shared: dict[int, int] = {}
    forwarded = _mark_tail(lines, kinds, marks, text)
    if _QUOTED in kinds:
        _mark_quotes(lines, kinds, marks, shared)
    _mark_signatures(lines, kinds, marks, forwarded, text)
    if not any(marks):
        return ()
    if not any(kind and not mark for kind, mark in zip(kinds, marks, strict=True)):
        marks = marks.replace(b"\x01", b"\x00")
    return _ranges(lines, kinds, marks, shared)


def _line_kinds(lines: list[str], text: str) -> bytearray:
    """Tell blank, quoted and plain lines apart."""
    known = _BY_FIRST.get
    kinds = bytearray([known(line[:1], _PLAIN) for line in lines])
    if _INDENTED in kinds:
        for index in [i for i, kind in enumerate(kinds) if kind == _INDENTED]:
            kinds[index] = known(lines[index].lstrip()[:1], _PLAIN)
    if ">" in text:
        for index in [i for i, line in enumerate(lines) if ">" in line[1:5]]:
            if kinds[index] == _PLAIN and _INITIALS.match(lines[index]):
                kinds[index] = _QUOTED
            elif lines[index].startswith(">From ") or _DECORATED.match(lines[index]):
                kinds[index] = _PLAIN
        _rejoin_links(lines, kinds)
    return kinds


def _rejoin_links(lines: list[str], kinds: bytearray) -> None:
    """Count the rest of a link that a mail program wrapped out of a quoted line as quoted."""
    for match in _QUOTED_RUN.finditer(kinds):
        index = match.end()
        if index >= len(lines) or kinds[index] not in (_PLAIN, _INDENTED):
            continue
        above, line = lines[index - 1], lines[index]
        if _LINK_LINE.match(line):
            kinds[index] = _QUOTED if kinds[index + 1 : index + 2] == b"\x01" else kinds[index]
        elif " " not in line.strip() and line.rstrip()[-1:] in (")", ">"):
            opening = max(above.rfind("(http"), above.rfind("<http"))
            if opening >= 0 and not (")" in above[opening:] or ">" in above[opening:]):
                kinds[index] = _QUOTED


def _mark_tail(lines: list[str], kinds: bytearray, marks: bytearray, text: str) -> int:
    """Fold an original message that hangs below a separator, header block or attribution.

    Returns:
        The line from which a forwarded message runs, which stays open; the number of lines when
        there is none.
    """
    colons = [i for i, line in enumerate(lines) if ":" in line or line[:2] in _HEADS]
    if "：" in text:
        colons = [
            i for i, line in enumerate(lines) if ":" in line or "：" in line or line[:2] in _HEADS
        ]
    for index in colons:
        if kinds[index] != _PLAIN:
            continue
        start = lines[index].strip()
        headed, closed = start[:2] in _HEADS, start[-1] in phrases.COLONS
        begin = -1
        if headed or closed:
            words = start.strip("-_*=—– :：").casefold() if len(start) < 120 else ""
            if words in phrases.FORWARDED or (
                headed and words.startswith(("forwarded by", "forwarded message from"))
            ):
                return index
            if headed and (words in phrases.ORIGINAL or _says_who_wrote(start)):
                begin = index
            elif closed and not headed:
                begin = _unmarked_original(lines, kinds, index)
        elif "@" in start and phrases.ENDS_WITH_VERB.search(start):
            # Some web mail leaves the colon out.
            begin = _unmarked_original(lines, kinds, index)
        if begin < 0 and _label(start):
            above = _rule_above(lines, kinds, index)
            # Without a word above it, it is what the mail is about.
            if _PLAIN in kinds[:above] and _header_block(lines, index, ruled=above < index):
                begin = above
        if begin >= 0:
            marks[begin:] = b"\x01" * (len(lines) - begin)
            return len(lines)
    return len(lines)


def _rule_above(lines: list[str], kinds: bytearray, index: int) -> int:
    """Return the line of the rule that Outlook draws above a header block, or ``index``."""
    above = index - 1
    while above >= 0 and kinds[above] == _BLANK:
        above -= 1
    return above if above >= 0 and _RULE.match(lines[above].strip()) else index


def _unmarked_original(lines: list[str], kinds: bytearray, index: int) -> int:
    """Return where a quoted original without ``>`` begins, if this line leads it in; else -1."""
    last = lines[index][-160:]
    if len(last) < len("wrote:") and last.isascii():
        return -1
    if not ("@" in last or ">" in last or phrases.VERB.search(last)):
        return -1
    if _QUOTED in kinds[index + 1 : index + 6]:
        return -1
    alone = kinds[max(index - 1, 0)] == _BLANK and kinds[index + 1 : index + 2] == b"\x00"
    line = lines[index].strip()
    if alone and phrases.NAME_FIRST.match(line) and len(phrases.STAMP.findall(line)) > 1:
        return index
    begin, words = _attribution(lines, kinds, index)
    if begin < 0 or not phrases.OPENS.match(words) or len(phrases.STAMP.findall(words)) < 2:
        return -1
    return begin


def _label(line: str) -> str:
    """Return the header that a line like ``*Von:* Ann`` is about; empty when it is none."""
    label, colon, _ = line[:30].partition(":")
    if not colon:
        label, colon, _ = label.partition("：")
    if not colon or len(label) > 24:
        return ""
    return phrases.HEADER_LABELS.get(label.strip(" *\xa0\t").casefold(), "")


def _header_block(lines: list[str], index: int, ruled: bool) -> bool:
    """Tell whether the head of a mail begins here: its kin follow, and it is no timetable.

    Args:
        lines: Of the whole text.
        index: Of a line with a label.
        ruled: True when a rule is drawn above it.
    """
    first = lines[index].strip()
    opening = _label(first)
    if opening == "cc":
        return False
    seen: set[str] = set()
    address = False
    for line in lines[index : index + 8]:
        bare = line.strip()
        kin = _label(bare)
        if kin:
            seen.add(kin)
            address = address or "@" in bare
        elif opening != "from" or (not bare and len(seen) > 1):
            break
    if opening == "from":
        if ruled and address and (len(seen) > 1 or phrases.STAMP.findall(first)[1:]):
            return True
        if "subject" in seen:
            return "date" in seen or "to" in seen
        return "date" in seen and address
    if opening == "date" and phrases.STAMP.search(first) and address and len(seen) > 1:
        return True
    return "from" in seen and len(seen) > 2 and ("date" in seen or address)


def _says_who_wrote(line: str) -> bool:
    """Tell ``---- Ann Example wrote ----`` between two rows of dashes."""
    bare = line.strip("-")
    return (
        line.startswith("--")
        and line.endswith("--")
        and 3 < len(bare) < 200
        and phrases.VERB.search(bare[-40:]) is not None
    )


def _attribution(lines: list[str], kinds: bytearray, index: int) -> tuple[int, str]:
    """Return (first line, words) of the attribution that ends at ``index``; (-1, "") if none.

    The topmost line that can open it is taken: "<ann@x.example> wrote:" may be the end of one.
    """
    words = single = lines[index].strip()
    found, spoken = -1, ""
    for above in range(index, max(index - _ATTRIBUTION_LINES, -1), -1):
        line = lines[above].strip()
        if above < index:
            if kinds[above] != _PLAIN or len(words) + len(line) > _ATTRIBUTION_CHARS:
                break
            words = f"{line} {words}"
        if phrases.OPENS.match(line) and _tells_who(words):
            found, spoken = above, words
    if found < 0 and phrases.VERB.search(single[-80:]):
        return index, single
    return found, spoken


def _column(line: str, below: str) -> int:
    """Return where an attribution begins in a line that also holds the answer; 0 if it does not."""
    match = phrases.OPENS_INSIDE.search(line[-_ATTRIBUTION_CHARS:])
    if match is None or phrases.OPENS.match(line.strip()):
        return 0
    start = max(len(line) - _ATTRIBUTION_CHARS, 0) + match.start()
    words = f"{line[start:]} {below}"
    if len(phrases.STAMP.findall(words)) < 2 or not line[:start].strip():
        return 0
    return start


def _tells_who(words: str) -> bool:
    """Tell whether a verb of writing, or an address and a time, make it an attribution."""
    if phrases.VERB.search(words[-160:]) or phrases.QUOTING.match(words):
        return True
    return "@" in words and len(phrases.STAMP.findall(words)) > 1


def _mark_quotes(
    lines: list[str], kinds: bytearray, marks: bytearray, shared: dict[int, int]
) -> None:
    """Fold ``>`` lines, the blank lines between them, and the attribution above."""
    previous = -2
    for run in _QUOTED_RUN.finditer(kinds):
        first, after = run.span()
        if marks[first]:
            break
        marks[first:after] = b"\x01" * (after - first)
        above = first - 1
        while above >= 0 and kinds[above] == _BLANK and first - above < 4:
            above -= 1
        begin = -1
        if above == previous:
            begin = above + 1
        elif (
            above >= 0
            and kinds[above] == _PLAIN
            and not marks[above]
            and (
                lines[above].rstrip()[-1] in phrases.COLONS
                or phrases.DATED_AUTHOR.match(lines[above])
            )
        ):
            begin, _ = _attribution(lines, kinds, above)
            if begin >= 0 and (column := _column(lines[begin], " ".join(lines[begin + 1 : first]))):
                shared[begin] = column
                begin += 1
        if begin >= 0:
            marks[begin:first] = b"\x01" * (first - begin)
        previous = after - 1


def _mark_signatures(
    lines: list[str], kinds: bytearray, marks: bytearray, stop: int, text: str
) -> None:
    """Fold ``-- `` signatures, list footers, and the line that a phone appends."""
    if "\n--" in text or "\n__" in text or "\n—" in text:
        _mark_dashed(lines, marks, min(len(lines), stop))
    ends = [stop]
    if any(marks):
        ends += [run.start() for run in _MARKED_RUN.finditer(marks, 1, stop)]
    for end in ends:
        own, index = 0, end - 1
        while index >= 0 and end - index < 8 and own < 2 and not marks[index]:
            if kinds[index] == _PLAIN:
                own += 1
                line = lines[index].strip()
                if len(line) <= _MOBILE_CHARS and phrases.is_mobile_signature(line):
                    marks[index] = _SIGNATURE
                    break
            index -= 1


def _mark_dashed(lines: list[str], marks: bytearray, stop: int) -> None:
    index = 1
    while index < stop:
        line = lines[index]
        if line[:1] in ("-", "_", "—") and not marks[index] and _starts_signature(line):
            end = index
            while end < stop and not marks[end]:
                end += 1
            if line.startswith("-- ") or line[0] == "_" or end - index <= _SIGNATURE_LINES:
                marks[index:end] = b"\x02" * (end - index)
            index = end
        index += 1


def _starts_signature(line: str) -> bool:
    bare = line.rstrip()
    # Mailman's footer begins with a row of 47 underscores.
    return bare in ("--", "—") or (len(bare) == 47 and not bare.strip("_"))


def _ranges(
    lines: list[str], kinds: bytearray, marks: bytearray, shared: dict[int, int]
) -> tuple[Fold, ...]:
    """Turn runs of marked lines into ranges that begin and end with a line that is not blank."""
    ends = list(accumulate(map(len, lines)))
    folds: list[Fold] = []
    for run in _MARKED_RUN.finditer(marks):
        first, last = run.start(), run.end() - 1
        while first < last and kinds[first] == _BLANK:
            first += 1
        while last > first and kinds[last] == _BLANK:
            last -= 1
        # Each line before it has a line end of one character.
        start, end = ends[first] - len(lines[first]) + first, ends[last] + last
        if run.start() - 1 in shared:
            above = run.start() - 1
            start = ends[above] - len(lines[above]) + above + shared[above]
        if end > start:
            folds.append(Fold(start, end, "quote" if marks[first] == _QUOTE else "signature"))
    return tuple(folds)


def merge_folds(text: str, *groups: tuple[Fold, ...]) -> tuple[Fold, ...]:
    """Join the folds of several witnesses into one sorted row without overlaps.

    Where they overlap the one that begins first wins. Quotes are left open when nothing else
    would be left in sight.
    """
    every = sorted((f for group in groups for f in group), key=lambda f: (f.start, -f.end))
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
    return tuple(fold for fold in out if fold.kind == "signature")
