"""A message of a WhatsApp export understood: who wrote it, what is only a note by WhatsApp."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from connectors.chat.whatsapp_lines import RawMessage, Style, visible

LEFT_TO_RIGHT_MARK = "\u200e"

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
_TRAILING_NOTE = re.compile(r"[ \u00a0\u202f]?\u200e?<([^<>\n]{4,60})>\Z")
_PHONE = re.compile(r"\+?[\d\s().\u00a0\u2011-]{6,30}\Z")


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


def phone_number(name: str) -> str:
    """Return the number where a name is one, else nothing."""
    return name if _PHONE.match(name) and sum(map(str.isdigit, name)) >= 6 else ""


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
