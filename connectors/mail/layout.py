"""Lines out of a stream of HTML tags and text: gaps, bullets, rows, links, quotes, signatures."""

from __future__ import annotations

import re
from typing import NamedTuple

from connectors.contract import Fold, FoldKind
from connectors.mail import limits

_NO_GAP, _LINE, _BLANK = 0, 1, 2
_GAPS = {
    **dict.fromkeys(("p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "pre", "dl"), _BLANK),
    **dict.fromkeys(("figure", "ul", "ol", "table"), _BLANK),
    **dict.fromkeys(("div", "tr", "tbody", "thead", "tfoot", "caption", "section"), _LINE),
    **dict.fromkeys(("article", "header", "footer", "main", "nav", "aside", "address"), _LINE),
    **dict.fromkeys(("center", "dt", "dd", "form", "fieldset", "li", "figcaption", "body"), _LINE),
    **dict.fromkeys(("html", "td", "th", "legend", "menu", "dir", "details", "summary"), _LINE),
}
_LISTS = frozenset(("ul", "ol", "menu", "dir"))
_VOID = frozenset(
    (
        *("br", "img", "hr", "input", "meta", "link", "col", "area", "base", "wbr", "source"),
        *("track", "param", "basefont", "frame", "bgsound", "keygen"),
    )
)
_SPECIAL = frozenset((*_LISTS, "li", "tr", "td", "th", "a", "pre", "textarea", "blockquote"))
_HIDING = ("display:none", "visibility:hidden", "mso-hide:all", "max-height:0;", "opacity:0;")
_HIDDEN_WORD = re.compile(r"(?:^|\s)hidden(?:\s|=|$)")
_NO_FONT = re.compile(r"font-size:0(?![.\d]*[1-9])")
_QUOTE_CLASSES = ("gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote")
_SIGNATURE_CLASSES = ("gmail_signature", "moz-signature", "protonmail_signature_block")
_SIGNATURE_IDS = ("signature", "ms-outlook-mobile-signature", "applemailsignature", "x_signature")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200d\ufeff\u00ad\u034f\u2007\u00a0 \t")
_LINK_SCHEMES = ("http://", "https://", "mailto:", "tel:")
_URL_CHARS = 2000
_QUOTE_DEPTH = 20


class Line(NamedTuple):
    """A finished line: how deep it is quoted, what it is folded as, its words."""

    depth: int
    kind: FoldKind | None
    text: str


class _Open(NamedTuple):
    """A block or other element whose end changes something."""

    tag: str
    gap: int
    kind: FoldKind | None
    quote: bool


class Writer:
    """Takes tags and text in document order and collects lines."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.inline: list[str] = []
        self.gap = _NO_GAP
        self.open: list[_Open] = []
        self.kinds: list[FoldKind] = []
        self.depth = self.pre = 0
        # Inside a hidden element: its tag, and how many of that tag are open in it.
        self.hidden, self.nested = "", 0
        self.lists: list[int] = []
        self.bullet = ""
        self.rows: list[list[int]] = []
        self.links: list[tuple[str, int, int]] = []
        self.chars = 0

    def add(self, text: str) -> None:
        """Add text as Lexbor writes it: with four entities and no others."""
        if self.hidden:
            return
        if "&" in text:
            text = _unescaped(text)
        self.chars += len(text)
        if not self.pre:
            self.inline.append(text)
            return
        first, *rest = text.split("\n")
        self.inline.append(first)
        for line in rest:
            self.flush(keep_blank=True)
            self.inline.append(line)

    def flush(self, keep_blank: bool = False) -> None:
        """End the current line."""
        if not self.inline:
            text = ""
        else:
            text = "".join(self.inline)
            self.inline.clear()
            if self.pre:
                text = text.rstrip()
            else:
                if text.isascii():
                    text = " ".join(text.split())
                else:
                    keep_blank = keep_blank or "\xa0" in text
                    text = _SPACES.sub(" ", text).strip(" ").replace("\xa0", " ").rstrip()
                    if not text.translate(_INVISIBLE):
                        text = ""
        if not text and not keep_blank:
            return
        kind = self.kinds[-1] if self.kinds else None
        if self.gap == _BLANK and self.lines and self.lines[-1].text:
            last = self.lines[-1]
            self.lines.append(Line(min(self.depth, last.depth), kind and last.kind, ""))
        self.gap = _NO_GAP
        if self.bullet and text:
            text, self.bullet = self.bullet + text, ""
        self.lines.append(Line(self.depth, kind, text))

    def block(self, gap: int) -> None:
        """End the line and ask for a gap before the next one."""
        if self.inline:
            self.flush()
        if gap > self.gap:
            self.gap = gap

    def enter(self, tag: str, attributes: str) -> None:
        """Begin an element."""
        if self.hidden:
            self.nested += tag == self.hidden
            return
        gap, kind = _GAPS.get(tag, _NO_GAP), None
        special = tag in _SPECIAL
        if attributes and (gap or special or "style" in attributes or "hidden" in attributes):
            if _hides(attributes) and tag not in _VOID:
                self.hidden, self.nested = tag, 1
                return
            if gap:
                kind = _fold_kind(attributes)
                if tag == "p" and _tight(attributes):
                    gap = _LINE
        if not gap and not special:
            if tag in _VOID:
                self._void(tag, attributes)
            return
        quote = tag == "blockquote" and not _only_indents(attributes)
        if quote:
            kind = "quote"
        self.open.append(_Open(tag, gap, kind, quote))
        if gap:
            self.block(_LINE if tag in _LISTS and self.lists else gap)
        if kind:
            self.flush()
            self.kinds.append(kind)
            self.depth += quote
        if special:
            self._enter_special(tag, attributes)

    def _void(self, tag: str, attributes: str) -> None:
        if tag == "br":
            self.flush(keep_blank=not self.inline)
        elif tag == "img":
            self.inline.append(_image(attributes))
        elif tag == "hr":
            self.block(_LINE)
            self.inline.append("-" * 20)
            self.block(_LINE)

    def _enter_special(self, tag: str, attributes: str) -> None:
        if tag == "a":
            self.links.append((_value(attributes, "href"), len(self.lines), len(self.inline)))
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            if self.rows:
                self.rows[-1].append(len(self.lines))
        elif tag == "li":
            indent = "  " * max(min(len(self.lists), 20) - 1, 0)
            number = self.lists[-1] if self.lists else 0
            self.bullet = f"{indent}{number}. " if number else f"{indent}- "
            if number:
                self.lists[-1] += 1
        elif tag in _LISTS:
            self.lists.append(1 if tag == "ol" else 0)
        elif tag in ("pre", "textarea"):
            self.pre += 1

    def leave(self, tag: str) -> None:
        """End an element; those that change nothing were not noted when they began."""
        if self.hidden:
            self.nested -= tag == self.hidden
            if not self.nested:
                self.hidden = ""
            return
        if not self.open or self.open[-1].tag != tag:
            return
        _, gap, kind, quote = self.open.pop()
        if tag == "a":
            self._end_link()
        if gap:
            self.block(_LINE if tag in _LISTS and len(self.lists) > 1 else gap)
        if tag == "tr":
            self._end_row(self.rows.pop())
        elif tag in _LISTS:
            self.lists.pop()
        elif tag == "li":
            self.bullet = ""
        elif tag in ("pre", "textarea"):
            self.flush()
            self.pre -= 1
        if kind:
            self.flush()
            self.kinds.pop()
            self.depth -= quote

    def _end_link(self) -> None:
        href, line, position = self.links.pop()
        href = "".join(href.split())
        if not href.lower().startswith(_LINK_SCHEMES):
            return
        same_line = line == len(self.lines)
        shown = " ".join("".join(self.inline[position:] if same_line else self.inline).split())
        if not shown:
            return
        whole = href.lower().rstrip("/")
        bare = whole.partition(":")[2].strip("/")
        if shown.lower().rstrip("/") in (whole, bare, bare.removeprefix("www.")):
            return
        self.inline[-1] = self.inline[-1].rstrip()
        self.inline.append(f" <{limits.cut(href, _URL_CHARS)}>")

    def _end_row(self, cells: list[int]) -> None:
        """Put the cells of a row on one line when each of them is one line."""
        if len(cells) < 2:
            return
        first = cells[0]
        if len(self.lines) - first > 2 * len(cells):
            return
        texts: list[str] = []
        for start, end in zip(cells, [*cells[1:], len(self.lines)], strict=True):
            filled = [line.text for line in self.lines[start:end] if line.text]
            if len(filled) > 1:
                return
            texts += filled
        if len(texts) < 2 or len({line[:2] for line in self.lines[first:]}) > 1:
            return
        joined = Line(self.lines[first].depth, self.lines[first].kind, " | ".join(texts))
        self.lines[first:] = [joined]

    def result(self) -> tuple[str, tuple[Fold, ...]]:
        """Return the text and its folds."""
        self.flush()
        out: list[str] = []
        folds: list[Fold] = []
        position, blanks = 0, 1
        fresh = True
        for depth, kind, text in self.lines:
            blanks = 0 if text else blanks + 1
            if blanks > 1:
                continue
            line = f"{'> ' * min(depth, _QUOTE_DEPTH)}{text}".rstrip() if depth else text
            end = position + len(line)
            if text:
                if kind is None:
                    fresh = True
                elif not fresh and folds[-1].kind == kind:
                    folds[-1] = Fold(folds[-1].start, end, kind)
                else:
                    folds.append(Fold(position, end, kind))
                    fresh = False
            out.append(line)
            position = end + 1
        return "\n".join(out), tuple(folds)


def _unescaped(text: str) -> str:
    text = text.replace("&nbsp;", "\xa0").replace("&lt;", "<").replace("&gt;", ">")
    return text.replace("&quot;", '"').replace("&amp;", "&")


def _value(attributes: str, name: str) -> str:
    """Return an attribute's value; Lexbor quotes each and escapes quotes inside."""
    start = attributes.find(f'{name}="')
    if start < 0 or attributes[start - 1 : start] not in ("", " "):
        return ""
    start += len(name) + 2
    return _unescaped(attributes[start : attributes.find('"', start)]).strip()


def _hides(attributes: str) -> bool:
    if "hidden" in attributes and _HIDDEN_WORD.search(attributes):
        return True
    if 'style="' not in attributes:
        return False
    flat = _value(attributes, "style")[:2000].lower().replace(" ", "") + ";"
    return any(mark in flat for mark in _HIDING) or _NO_FONT.search(flat) is not None


def _fold_kind(attributes: str) -> FoldKind | None:
    if 'class="' in attributes:
        names = _value(attributes, "class")
        if any(name in names for name in _QUOTE_CLASSES):
            return "quote"
        if any(name in names for name in _SIGNATURE_CLASSES):
            return "signature"
    if 'id="' in attributes and _value(attributes, "id").lower() in _SIGNATURE_IDS:
        return "signature"
    return None


def _only_indents(attributes: str) -> bool:
    """Tell a blockquote that only indents: Gmail's "indent more" has no border and a margin."""
    if not attributes or _value(attributes, "type") == "cite":
        return False
    style = _value(attributes, "style").lower().replace(" ", "")
    return "border:none" in style and "margin:00" in style


def _tight(attributes: str) -> bool:
    """Tell a paragraph that Outlook uses as a line: it has no margin, so no blank line around."""
    style = _value(attributes, "style").lower().replace(" ", "") if "margin" in attributes else ""
    return "MsoNormal" in _value(attributes, "class") or "margin:0" in style


def _image(attributes: str) -> str:
    """Return ``[image: name]``; empty for spacers and tracking pixels."""
    small = ("0", "1", "2", "1px", "0px")
    if _value(attributes, "width") in small or _value(attributes, "height") in small:
        return ""
    alt = " ".join(_value(attributes, "alt").split())
    source = _value(attributes, "src")
    if alt:
        return f"[image: {limits.cut(alt, 200)}]"
    if source[:4].lower() == "cid:":
        return f"[image: {limits.cut(source[4:].partition('@')[0], 100)}]"
    if "alt=" in attributes or source[:5].lower() == "data:":
        return ""
    name = source.partition("?")[0].rpartition("/")[2]
    return f"[image: {limits.cut(name, 100)}]" if name else ""
