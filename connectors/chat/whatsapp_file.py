"""Find the chat in a text file, zip file or folder, and read it whole."""

from __future__ import annotations

import os
import re
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from connectors.archive import Archive, DamagedMember, Member, open_archive
from connectors.chat.whatsapp_lines import RawMessage, Style, split, style_of, visible
from connectors.chat.whatsapp_said import authors
from connectors.contract import BadFile, Context

NETWORK = "whatsapp:"
# WhatsApp cuts exports at about 40,000 messages: 4 MB, rarely 10.
MAX_CHAT_BYTES = 64 * 1024 * 1024
NAMING_CHARS = 1_000_000
LOOKED_AT_LINES = 40
HEAD_BYTES = 64 * 1024
_COPY = re.compile(r" ?\(\d{1,3}\)\Z")
_TITLE = re.compile(
    r"(?:WhatsApp[ -]Chat|Chat (?:de )?WhatsApp|Discussion WhatsApp|Conversa do WhatsApp)"
    r" (?:with|mit|met|con|avec|com|de|-) (.{1,200})\Z",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Chat:
    """A chat that was read whole.

    Attributes:
        title: Name of the chat; names its source.
        messages: In the order of the file.
        style: Of their headers.
        people: Who wrote in it.
        media: Files beside it, by name; empty for a bare text file.
        defects: What is uncertain about all of it.
    """

    title: str
    messages: tuple[RawMessage, ...]
    style: Style
    people: frozenset[str]
    media: dict[str, Member]
    defects: tuple[str, ...]


def opened(path: str) -> AbstractContextManager[Archive | None]:
    """Open what is not a bare text file."""
    if not os.path.isdir(path):
        with open(path, "rb") as file:
            if file.read(2) != b"PK":
                return nullcontext(None)
    return open_archive(path, depth=1)


def begins_like_a_chat(head: bytes) -> bool:
    """Tell whether the first line begins a message and another does, or names an author."""
    text = decode(head)[0]
    lines = [line for line in text.split("\n")[:LOOKED_AT_LINES] if line.strip(" \r\ufeff")]
    if not lines or (style := style_of(lines[0])) is None:
        return False
    same = sum(style_of(line) == style for line in lines)
    return same >= 2 or ": " in lines[0]


def chat_member(archive: Archive) -> Member | None:
    """Return the text file of a zip file or folder that is a chat, the shortest path first."""
    texts = [
        member
        for member in archive.members
        if member.name.lower().endswith(".txt") and member.name.count("/") <= 1
    ]
    for member in sorted(texts, key=lambda member: (len(member.name), member.name))[:5]:
        try:
            head = archive.head(member, HEAD_BYTES)
        except DamagedMember as error:
            if member.name.endswith("_chat.txt") or "WhatsApp" in member.name:
                raise BadFile(f"The WhatsApp export is damaged: {error}") from None
            continue
        if begins_like_a_chat(head):
            return member
    return None


def member_text(archive: Archive, member: Member) -> str:
    """Return the text of the chat in an archive."""
    return decode(_payload(archive, member))[0]


def _payload(archive: Archive, member: Member) -> bytes:
    try:
        return archive.read(member, MAX_CHAT_BYTES)
    except DamagedMember as error:
        raise BadFile(f"The WhatsApp export is damaged: {error}") from None


def read_text(path: str) -> tuple[str, int]:
    """Return the text of a bare file and its size in bytes."""
    size = os.path.getsize(path)
    if size > MAX_CHAT_BYTES:
        raise BadFile(
            f"{os.path.basename(path)} has {size} bytes; a WhatsApp chat of more than "
            f"{MAX_CHAT_BYTES} bytes is not read."
        )
    with open(path, "rb") as file:
        return decode(file.read(MAX_CHAT_BYTES))[0], size


def decode(payload: bytes) -> tuple[str, tuple[str, ...]]:
    """Return the text, and what was wrong with its encoding."""
    if payload.startswith((b"\xff\xfe", b"\xfe\xff")):
        return payload.decode("utf-16", "replace"), ()
    try:
        return payload.decode("utf-8-sig"), ()
    except UnicodeDecodeError:
        text = payload.decode("utf-8-sig", "replace")
        return text, ("The chat is not sound UTF-8: some characters are lost.",)


def title(names: list[str], text: str) -> str:
    """Return what the chat is called: by its file, by WhatsApp's first note, or by its people."""
    for name in names:
        stem = _COPY.sub("", os.path.splitext(name.rpartition("/")[2])[0])
        if match := _TITLE.match(stem):
            return _COPY.sub("", match[1]).strip()
    messages = list(split(text[:NAMING_CHARS]))
    if messages:
        name, colon, note = messages[0].body.partition(": ")
        if colon and note.startswith("\u200e"):
            return visible(name)
    people = sorted(authors(messages))
    shown = ", ".join(people[:4]) + (f" +{len(people) - 4}" if len(people) > 4 else "")
    return shown or os.path.splitext(names[-1])[0]


def read_chat(context: Context, archive: Archive | None) -> Chat:
    """Read a chat and what is beside it.

    Raises:
        BadFile: There is no chat in it.
    """
    label = os.path.basename(context.path.rstrip(os.sep))
    media: dict[str, Member] = {}
    if archive is None:
        with open(context.path, "rb") as file:
            payload = file.read(MAX_CHAT_BYTES + 1)
        names = [label]
    else:
        member = chat_member(archive)
        payload = _payload(archive, member) if member else b""
        names = [member.name if member else label, label]
        media = {one.name.rpartition("/")[2]: one for one in archive.members if one != member}
    if len(payload) > MAX_CHAT_BYTES:
        raise BadFile(f"{label} is larger than the {MAX_CHAT_BYTES} bytes that are read of a chat.")
    text, defects = decode(payload)
    messages = tuple(split(text))
    style = style_of(next((line for line in text.split("\n") if line.strip(" \r\ufeff")), ""))
    if not messages or style is None:
        raise BadFile(f"{label} holds no WhatsApp chat.")
    name = context.settings.get("source", "").removeprefix(NETWORK) or title(names, text)
    return Chat(name, messages, style, authors(messages), media, defects)
