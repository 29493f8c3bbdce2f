"""HTML mail to plain text that reads well: blocks, lists, tables, links; nothing is ever loaded."""

from __future__ import annotations

import re
from typing import Literal

from selectolax.lexbor import LexborHTMLParser, LexborNode

from connectors.contract import Fold, FoldKind
from connectors.mail import limits

Gap = Literal["", "line", "blank"]

_SKIPPED = frozenset(
    "script style head title template object embed iframe svg math select audio video map"
    " datalist canvas".split()
)
_BLANK_AROUND = frozenset("p h1 h2 h3 h4 h5 h6 blockquote pre dl figure hr".split())
_LINE_AROUND = frozenset(
    "div tr table tbody thead tfoot caption section article header footer main nav aside address"
    " center dt dd form fieldset li figcaption body html td th legend ul ol dir menu".split()
)
# Any of these in the source makes it worth reading attributes of every element.
_TELLING = re.compile(
    r"display|visibility|hidden|font-size:\s?0|mso-|opacity|max-height|gmail_|moz-|signature"
    r"|yahoo_quoted|protonmail_quote|MsoNormal|margin",
    re.IGNORECASE,
)
_QUOTE_CLASSES = ("gmail_attr", "moz-cite-prefix", "yahoo_quoted", "protonmail_quote")
_SIGNATURE_CLASSES = ("gmail_signature", "moz-signature", "protonmail_signature_block")
_SIGNATURE_IDS = ("signature", "ms-outlook-mobile-signature", "applemailsignature", "x_signature")
_HIDDEN = ("display:none", "visibility:hidden", "mso-hide:all", "max-height:0;", "opacity:0;")
_NO_FONT = re.compile(r"font-size:0(?![.\d])")
_SPACES = re.compile(r"[ \t\r\n\f]+")
_INVISIBLE = str.maketrans("", "", "\u200b\u200c\u200d\ufeff\u00ad\u034f\u2007\u00a0 \t")
_LINKS = ("http://", "https://", "mailto:", "tel:")
_URL_CHARS = 2000
# Lexbor is quadratic in the depth of blocks: 8,000 nested divs take 0.12 s, 200,000 minutes.
_DEPTH = 500
_BLOCK_TAG = re.compile(
    r"<(/?)(?:div|blockquote|center|section|article|main|nav|aside|header|footer|ul|ol|dl|li|dd|dt"
    r"|form|fieldset|figure|address|details|summary|h[1-6]|p|pre|menu|dir|button)\b",
    re.IGNORECASE,
)
_TAG = re.compile(r"<[^<>]*>")


def html_to_text(html: str) -> tuple[str, tuple[Fold, ...], str]:
    """Turn an HTML part into text.

    Args:
        html: Decoded source; untrusted.

    Returns:
        The text; quotes and signatures that the markup names, as folds; what was wrong, if
        anything.
    """
    if len(html) > limits.TEXT_BYTES:
        html = html[: limits.TEXT_BYTES]
    if _too_deep(html):
        return _stripped(html), (), "The HTML is nested too deeply and was read without layout."
    tree = LexborHTMLParser(html)
    root = tree.body or tree.root
    if root is None:
        return "", (), ""
    writer = _Writer(telling=_TELLING.search(html) is not None)
    whole = writer.walk(root)
    text, folds = writer.result()
    return text, folds, "" if whole else "The HTML is very long; its end is only in the original."


def _too_deep(html: str) -> bool:
    if html.count("<") < 2 * _DEPTH:
        return False
    depth = 0
    for match in _BLOCK_TAG.finditer(html):
        depth = depth - 1 if match[1] and depth else depth + 1
        if depth > _DEPTH * 4:
            return True
    return False


def _stripped(html: str) -> str:
    from html import unescape

    text = unescape(_TAG.sub("\n", html))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


class _Writer:
    """Walks the tree once and collects lines, each with its quote depth and fold kind."""

    def __init__(self, telling: bool) -> None:
        self.telling = telling
        self.lines: list[tuple[int, FoldKind | None, str]] = []
        self.inline: list[str] = []
        self.gap: Gap = ""
        self.depth = 0
        self.kinds: list[FoldKind] = []
        self.pre = 0
        self.lists: list[int] = []
        self.bullet = ""
        self.rows: list[list[int]] = []
        self.links: list[tuple[int, int]] = []
        self.chars = 0

    def walk(self, root: LexborNode) -> bool:
        """Visit every node in document order without recursion; False when a cap ended it."""
        node: LexborNode | None = root
        undo: list[tuple[bool, bool]] = []
        count = 0
        while node is not None:
            count += 1
            if count > limits.HTML_NODES or self.chars > limits.TEXT_CHARS:
                self.flush()
                return False
            child = None
            if node.is_text_node:
                self.add(node.text_content or "")
            elif node.is_element_node and node.tag not in _SKIPPED:
                state = self.enter(node, node.tag or "")
                if state is not None:
                    child = node.first_child
                    if child is not None:
                        undo.append(state)
                    else:
                        self.leave(node, node.tag or "", state)
            if child is not None:
                node = child
                continue
            while node is not None and node.next is None:
                node = None if node.mem_id == root.mem_id else node.parent
                if node is None or not undo:
                    node = None
                    break
                self.leave(node, node.tag or "", undo.pop())
                if node.mem_id == root.mem_id:
                    node = None
            node = node.next if node is not None else None
        self.flush()
        return True

    def add(self, text: str) -> None:
        """Add text to the current line."""
        if not self.pre:
            self.inline.append(text)
        else:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self.inline.append(first)
            for line in rest:
                self.flush(keep_blank=True)
                self.inline.append(line)
        self.chars += len(text)

    def flush(self, keep_blank: bool = False) -> None:
        """End the current line."""
        if not self.inline:
            if keep_blank:
                self.lines.append((self.depth, self.kinds[-1] if self.kinds else None, ""))
            return
        text = "".join(self.inline)
        self.inline.clear()
        if self.pre:
            text = text.rstrip()
        else:
            hard = "\xa0" in text
            text = _SPACES.sub(" ", text).strip(" ")
            if hard:
                text = text.replace("\xa0", " ").rstrip()
                keep_blank = True
            if not text.isascii() and not text.translate(_INVISIBLE):
                text = ""
        if not text and not keep_blank:
            return
        kind = self.kinds[-1] if self.kinds else None
        if self.gap == "blank" and self.lines and self.lines[-1][2]:
            self.lines.append((min(self.depth, self.lines[-1][0]), kind, ""))
        self.gap = ""
        if self.bullet and text:
            text, self.bullet = self.bullet + text, ""
        self.lines.append((self.depth, kind, text))

    def block(self, gap: Gap) -> None:
        """End the line and ask for a gap before the next one."""
        self.flush()
        if gap == "blank" or not self.gap:
            self.gap = gap

    def enter(self, node: LexborNode, tag: str) -> tuple[bool, bool] | None:
        """Begin an element; None leaves it out.

        Returns:
            Whether it pushed a fold kind, and whether it is a quote level.
        """
        attributes: dict[str, str | None] = {}
        if self.telling or tag in ("a", "img", "ol"):
            attributes = node.attributes
            if attributes and _hidden(attributes):
                return None
        if tag == "br":
            self.flush(keep_blank=not self.inline and self.gap == "")
            return None
        if tag == "img":
            self.inline.append(_image(attributes))
            return None
        if tag == "hr":
            self.block("line")
            self.inline.append("-" * 20)
            self.block("line")
            return None
        marks = _marks(attributes) if self.telling and attributes else None
        if tag in _BLANK_AROUND and not _tight(tag, attributes):
            self.block("blank")
        elif tag in _LINE_AROUND or tag == "p":
            self.block("line")
        quote = tag == "blockquote" and not _indent(attributes)
        if marks or quote:
            self.flush()
            self.kinds.append(marks or "quote")
            self.depth += 1 if quote else 0
        self._enter_special(tag, attributes)
        return bool(marks or quote), quote

    def _enter_special(self, tag: str, attributes: dict[str, str | None]) -> None:
        if tag in ("pre", "textarea"):
            self.pre += 1
        elif tag in ("ul", "ol", "menu", "dir"):
            self.lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            indent = "  " * max(len(self.lists[:20]) - 1, 0)
            number = self.lists[-1] if self.lists else 0
            self.bullet = f"{indent}{number}. " if number else f"{indent}- "
            if number:
                self.lists[-1] += 1
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th") and self.rows:
            self.rows[-1].append(len(self.lines))
        elif tag == "a":
            self.links.append((len(self.lines), len(self.inline)))

    def leave(self, node: LexborNode, tag: str, state: tuple[bool, bool]) -> None:
        """End an element."""
        if tag == "a" and self.links:
            self._end_link(node)
        if tag in _BLANK_AROUND and not _tight(tag, node.attributes):
            self.block("blank")
        elif tag in _LINE_AROUND or tag == "p":
            self.block("line")
        if tag in ("pre", "textarea"):
            self.flush()
            self.pre -= 1
        elif tag in ("ul", "ol", "menu", "dir") and self.lists:
            self.lists.pop()
        elif tag == "li":
            self.bullet = ""
        elif tag == "tr" and self.rows:
            self._end_row(self.rows.pop())
        if state[0]:
            self.flush()
            self.kinds.pop()
            self.depth -= 1 if state[1] else 0

    def _end_link(self, node: LexborNode) -> None:
        line, position = self.links.pop()
        href = (node.attributes.get("href") or "").strip()
        if not href.lower().startswith(_LINKS):
            return
        same_line = line == len(self.lines)
        shown = "".join(self.inline[position:] if same_line else self.inline).strip()
        if not shown and same_line:
            return
        bare = href.partition(":")[2].strip("/").lower()
        label = shown.lower().strip("/")
        if label in (href.lower().strip("/"), bare, bare.removeprefix("www.")):
            return
        href = limits.cut("".join(href.split()), _URL_CHARS)
        if self.inline and self.inline[-1].endswith((" ", "\n")):
            self.inline[-1] = self.inline[-1].rstrip()
        self.inline.append(f" <{href}>")

    def _end_row(self, cells: list[int]) -> None:
        """Put the cells of a row on one line when each of them is one line."""
        if len(cells) < 2:
            return
        ends = [*cells[1:], len(self.lines)]
        texts: list[str] = []
        for start, end in zip(cells, ends, strict=True):
            filled = [line for line in self.lines[start:end] if line[2]]
            if len(filled) > 1:
                return
            texts.extend(line[2] for line in filled)
        if len(texts) < 2 or len({line[:2] for line in self.lines[cells[0] :]}) > 1:
            return
        depth, kind, _ = self.lines[cells[0]]
        del self.lines[cells[0] :]
        self.lines.append((depth, kind, " | ".join(texts)))

    def result(self) -> tuple[str, tuple[Fold, ...]]:
        """Return the text and its folds."""
        while self.lines and not self.lines[-1][2]:
            self.lines.pop()
        out: list[str] = []
        folds: list[Fold] = []
        position, blanks = 0, 1
        for depth, kind, text in self.lines:
            blanks = 0 if text else blanks + 1
            if blanks > 1:
                continue
            line = f"{'> ' * min(depth, 20)}{text}".rstrip() if depth else text
            end = position + len(line)
            if kind and line:
                if folds and folds[-1].kind == kind and not _between(out, folds[-1], position):
                    folds[-1] = Fold(folds[-1].start, end, kind)
                else:
                    folds.append(Fold(position, end, kind))
            out.append(line)
            position = end + 1
        return "\n".join(out), tuple(folds)


def _between(out: list[str], fold: Fold, position: int) -> bool:
    """Tell whether a line with text stands between the end of a fold and ``position``."""
    gap = position - fold.end - 1
    return gap > 0 and any(out[-index] for index in range(1, min(gap, len(out)) + 1))


def _hidden(attributes: dict[str, str | None]) -> bool:
    if "hidden" in attributes:
        return True
    style = attributes.get("style")
    if not style:
        return False
    flat = style[:2000].lower().replace(" ", "") + ";"
    return any(mark in flat for mark in _HIDDEN) or _NO_FONT.search(flat) is not None


def _marks(attributes: dict[str, str | None]) -> FoldKind | None:
    names = attributes.get("class") or ""
    if names:
        if any(name in names for name in _QUOTE_CLASSES):
            return "quote"
        if any(name in names for name in _SIGNATURE_CLASSES):
            return "signature"
    identity = attributes.get("id")
    if identity and identity.lower() in _SIGNATURE_IDS:
        return "signature"
    return None


def _indent(attributes: dict[str, str | None]) -> bool:
    """Tell a blockquote that only indents: Gmail's "indent more" has no border and a margin."""
    style = (attributes.get("style") or "").lower().replace(" ", "")
    return "border:none" in style and "margin:00" in style and attributes.get("type") != "cite"


def _tight(tag: str, attributes: dict[str, str | None]) -> bool:
    """Tell a paragraph that Outlook uses as a line: no margin, so no blank line around it."""
    if tag != "p":
        return False
    style = (attributes.get("style") or "").lower().replace(" ", "")
    return "MsoNormal" in (attributes.get("class") or "") or "margin:0" in style


def _image(attributes: dict[str, str | None]) -> str:
    """Return ``[image: name]``; empty for spacers and tracking pixels."""
    if attributes.get("width") in ("0", "1", "2") or attributes.get("height") in ("0", "1", "2"):
        return ""
    alt = " ".join((attributes.get("alt") or "").split())
    source = (attributes.get("src") or "").strip()
    if alt:
        return f"[image: {limits.cut(alt, 200)}]"
    if source[:4].lower() == "cid:":
        return f"[image: {limits.cut(source[4:].partition('@')[0], 100)}]"
    if "alt" in attributes or source[:5].lower() == "data:":
        return ""
    name = source.partition("?")[0].rpartition("/")[2]
    return f"[image: {limits.cut(name, 100)}]" if name else ""
