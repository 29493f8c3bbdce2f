"""What a file that no connector reads seems to be, in one sentence that says what to do next."""

from __future__ import annotations

import os
from itertools import islice

from connectors.archive import open_archive
from connectors.contract import BadFile

SUPPORTED = (
    "Centric imports mbox files, Maildir folders, .eml files, Slack exports and WhatsApp chats"
)
NAMES_LOOKED_AT = 2000

# First bytes of formats that people do try, and what to do with them.
_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"!BDN", "an Outlook data file (.pst); export its folders as mbox first"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Outlook message or old Office file; save it as .eml"),
    (b"\x1f\x8b", "compressed with gzip; unpack it and import what is inside"),
    (b"BZh", "compressed with bzip2; unpack it and import what is inside"),
    (b"\xfd7zXZ\x00", "compressed with xz; unpack it and import what is inside"),
    (b"(\xb5/\xfd", "compressed with Zstandard; unpack it and import what is inside"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive; unpack it and import what is inside"),
    (b"Rar!", "a RAR archive; unpack it and import what is inside"),
    (b"SQLite format 3\x00", "an SQLite database, not an export of messages"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
)
# Words near the beginning of text formats whose import is not there yet.
_TEXT: tuple[tuple[tuple[bytes, ...], str], ...] = (
    ((b'"personal_chat"',), "a Telegram export"),
    ((b'"from_id"', b'"date_unixtime"'), "a Telegram export"),
    ((b'"guild"', b'"messages"'), "a Discord export"),
    ((b'"conversation_parts"',), "an Intercom export"),
    ((b'"conversation.list"',), "an Intercom export"),
    ((b'"requester_id"', b'"via"'), "a Zendesk export"),
    ((b'"vcon"',), "a vCon file"),
    ((b'"sender_name"', b'"timestamp_ms"'), "a Messenger or Instagram export"),
    ((b'"MessageType"', b'"ChatId"'), "a Microsoft Teams export"),
    ((b"WEBVTT",), "a meeting transcript (WebVTT)"),
    ((b"<smses",), "an SMS backup"),
    ((b"<calls",), "a call-log backup"),
)
# Members of archives whose import is not there yet.
_MEMBERS: tuple[tuple[str, str], ...] = (
    ("takeout/", "a Google Takeout archive; unpack it and import the .mbox file inside"),
    ("google chat/", "a Google Chat export"),
    ("messages/index.json", "a Discord data package"),
    ("result.json", "a Telegram export"),
    ("messages/inbox/", "a Messenger or Instagram export"),
    ("your_instagram_activity/", "an Instagram export"),
    (".mbox", "an archive of mbox files; unpack it and import the folder or each file"),
    (".eml", "an archive of mails; unpack it and import the folder"),
    ("tickets.json", "a help-desk export"),
    ("conversations.json", "an Intercom or help-desk export"),
    ("word/document.xml", "a Word document"),
    ("xl/workbook.xml", "a spreadsheet; save it as CSV"),
)


def unsupported(path: str, head: bytes) -> str:
    """Return the sentence for a file that no connector recognised.

    Args:
        path: An existing file or folder.
        head: Its first 64 KiB; empty for a folder.
    """
    name = os.path.basename(path.rstrip(os.sep)) or path
    if not head:
        return f"The folder {name} looks like {_folder(path)}. {SUPPORTED}."
    if head.startswith(b"PK"):
        return f"{name} looks like {_zip(path)}. {SUPPORTED}."
    return f"{name} looks like {_file(head)}. {SUPPORTED}."


def _file(head: bytes) -> str:
    """Describe a file by its first bytes."""
    for magic, what in _MAGIC:
        if head.startswith(magic):
            return what
    for words, what in _TEXT:
        if all(word in head for word in words):
            return f"{what}, which is not supported yet"
    if b"\x00" in head[:1024] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "a binary file of an unknown kind"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"{", b"[")):
        return "JSON of an unknown kind"
    if start[:15].lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if start.startswith(b"<"):
        return "XML of an unknown kind"
    if _is_table(start):
        return "a table (CSV), which is not supported yet"
    return "text of an unknown kind"


def _is_table(start: bytes) -> bool:
    """Tell whether the first lines have the same number of separators."""
    lines = [line for line in start.split(b"\n")[:4] if line.strip()]
    if len(lines) < 2:
        return False
    return any(
        lines[0].count(mark) > 0 and lines[0].count(mark) == lines[1].count(mark)
        for mark in (b",", b";", b"\t")
    )


def _zip(path: str) -> str:
    """Describe a zip by the names in it."""
    try:
        with open_archive(path) as archive:
            names = [member.name for member in islice(archive.members, NAMES_LOOKED_AT)]
    except BadFile as error:
        raise BadFile(str(error)) from None
    return _by_names(names, "a zip archive that holds neither a Slack export nor a WhatsApp chat")


def _folder(path: str) -> str:
    """Describe a folder by the names at its top."""
    with os.scandir(path) as entries:
        names = [entry.name for entry in islice(entries, NAMES_LOOKED_AT)]
    if not names:
        return "an empty one"
    return _by_names(names, "something else than a Maildir or an unpacked chat export")


def _by_names(names: list[str], otherwise: str) -> str:
    """Describe a collection of files by the first telling name."""
    lowered = [name.lower() for name in names]
    for mark, what in _MEMBERS:
        if any(mark in name for name in lowered):
            unpack = "unpack" in what or "save it" in what or "document" in what
            return what if unpack else f"{what}, which is not supported yet"
    return otherwise
