"""HTML mail to plain text that reads well: blocks, lists, tables, links; nothing is ever loaded.

Lexbor reads what strangers wrote as a browser would and writes it down again with every tag closed
and every attribute quoted; that is walked in one pass by `layout.Writer`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from html import unescape

from selectolax.lexbor import LexborHTMLParser

from connectors.contract import Fold
from connectors.mail import limits
from connectors.mail.layout import Writer

_DROPPED = [
    *("script", "style", "head", "title", "template", "object", "embed", "iframe", "svg", "math"),
    *("select", "audio", "video", "map", "datalist", "canvas", "xmp", "noembed", "noframes"),
]
# Lexbor is quadratic in the depth of blocks: 8,000 nested divs take 0.12 s, 200,000 minutes.
_DEPTH = 1000
_TAGS_THAT_MAY_BE_DEEP = 2 * _DEPTH
_SHORT = 200_000
_BLOCK_TAG = re.compile(
    r"<(/?)(?:div|blockquote|center|section|article|main|nav|aside|header|footer|ul|ol|dl|li|dd|dt"
    r"|form|fieldset|figure|address|details|summary|h[1-6]|p|pre|menu|dir|button|table|td|tr)\b",
    re.IGNORECASE,
)
_LOOSE_TAG = re.compile(r"<[^<>]*>")
# In what Lexbor wrote: an attribute's value may hold ">" but is always quoted.
_TOKEN = re.compile(
    r"""<!--.*?-->|<(/?)([a-zA-Z][^\s>/"]*)([^>"]*(?:"[^"]*"[^>"]*)*)>|([^<]+|<)""", re.DOTALL
)


def html_to_text(html: str) -> tuple[str, tuple[Fold, ...], str]:
    """Turn an HTML part into text.

    Args:
        html: Decoded source; untrusted.

    Returns:
        The text; quotes and signatures that the markup names, as folds; what was wrong, if
        anything.
    """
    if _too_deep(html):
        return _without_layout(html), (), "The HTML is nested too deeply: its layout is left out."
    tree = LexborHTMLParser(html)
    tree.strip_tags(_DROPPED)
    body = tree.body
    written = (body.html if body is not None else tree.html) or ""
    writer = Writer()
    whole = True
    for count, (closing, name, attributes, text) in enumerate(_tokens(written)):
        if text:
            if writer.inline or writer.pre or not text.isspace():
                writer.add(text)
        elif name:
            if closing:
                writer.leave(name)
            else:
                writer.enter(name, attributes)
        if count > limits.HTML_NODES or writer.chars > limits.TEXT_CHARS:
            whole = False
            break
    text, folds = writer.result()
    return text, folds, "" if whole else "The HTML is very long; its end is only in the original."


def _tokens(written: str) -> Iterable[tuple[str, ...]]:
    """Return (slash, tag, attributes, text) of each token: all at once when they are few."""
    if len(written) < _SHORT:
        return _TOKEN.findall(written)
    return (match.groups("") for match in _TOKEN.finditer(written))


def _too_deep(html: str) -> bool:
    if html.count("<") < _TAGS_THAT_MAY_BE_DEEP:
        return False
    depth = 0
    for match in _BLOCK_TAG.finditer(html):
        depth = max(depth - 1, 0) if match[1] else depth + 1
        if depth > _DEPTH:
            return True
    return False


def _without_layout(html: str) -> str:
    text = unescape(_LOOSE_TAG.sub("\n", html))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
