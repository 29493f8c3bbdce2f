"""Single messages: one ``.eml`` file, or a folder of them, with mbox files among them.

The folders of Thunderbird and Apple Mail are such folders: the one keeps mbox files without an
ending, beside an index ``.msf`` or below a ``.sbd``; the other ``.emlx`` files, or exports a folder
``Name.mbox`` with one file ``mbox`` in it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from connectors.contract import BadFile, Context, Item, Progress, Recognised, State
from connectors.mail import folder, mbox, packed, reader
from connectors.mail.folder import MessageFile

_MESSAGE_NAMES = (".eml", ".emlx", ".email", ".emlx.txt", ".eml.gz")
_MAILBOX_NAMES = (".mbox", ".mbx", ".mbox.gz", ".mbx.gz")
_INDEX = ".msf"
_KNOWN_HEADER = re.compile(
    rb"(?:from|to|cc|subject|date|received|return-path|message-id|delivered-to|mime-version"
    rb"|content-type|reply-to|sender|x-[a-z0-9-]{1,60}|dkim-signature|arc-[a-z-]{1,40}"
    rb"|authentication-results|in-reply-to|references|list-[a-z]{1,20}|envelope-to)[ \t]*:",
    re.IGNORECASE,
)
_HEADER_LINE = re.compile(rb"[!-9;-~]{1,100}[ \t]*:|[ \t]")
# Enough to know a folder of mail by; a folder may hold a hundred thousand.
_LOOK_FOR = 10_000


def _is_message(head: bytes) -> bool:
    """Tell a mail by its first lines: all headers, and at least two that only mails have."""
    known = 0
    lines = head.lstrip(b"\r\n")[:65536].split(b"\n", 200)
    for line in lines[:40]:
        bare = line.rstrip(b"\r")
        if not bare:
            break
        if _KNOWN_HEADER.match(bare):
            known += 1
        elif not _HEADER_LINE.match(bare):
            return False
    return known >= 2


def _is_message_name(name: str) -> bool:
    return name.lower().endswith(_MESSAGE_NAMES)


def _is_mailbox(entry: os.DirEntry[str], indexed: bool) -> bool:
    """Tell a mailbox by its name; in Thunderbird's folders by its first line."""
    name = entry.name.lower()
    if name.endswith(_MAILBOX_NAMES) or name == "mbox":
        return True
    if not indexed or "." in name:
        return False
    try:
        with open(entry.path, "rb") as file:
            return file.read(5) == b"From "
    except OSError:
        return False


def _walk(root: str) -> Iterator[tuple[str, os.DirEntry[str], bool]]:
    """Yield (folder, entry, whether it is a mailbox) of every file of mail below ``root``."""
    waiting = [("", 0)]
    while waiting:
        relative, depth = waiting.pop()
        here = os.path.join(root, relative) if relative else root
        entries = list(folder.regular_files(here))
        indexed = here.lower().endswith(".sbd") or any(
            entry.name.lower().endswith(_INDEX) for entry in entries
        )
        for entry in entries:
            if _is_message_name(entry.name):
                yield relative, entry, False
            elif _is_mailbox(entry, indexed):
                yield relative, entry, True
        if depth < folder.FOLDER_DEPTH:
            waiting.extend(
                (os.path.join(relative, name) if relative else name, depth + 1)
                for name in folder.subfolders(here)
            )


def files(root: str) -> tuple[list[MessageFile], list[MessageFile]]:
    """Return the messages and the mailboxes below a folder, sorted."""
    messages: list[MessageFile] = []
    mailboxes: list[MessageFile] = []
    for relative, entry, mailbox in _walk(root):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        found = MessageFile(relative, entry.name, entry.path, status.st_size, status.st_ctime_ns)
        (mailboxes if mailbox else messages).append(found)
    return sorted(messages), sorted(mailboxes)


class _Eml:
    """The connector for single messages and folders of them."""

    name = "eml"
    sets_aside = True

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say whether ``path`` is a message, or a folder that holds messages or mbox files."""
        if os.path.isdir(path):
            size = 0
            found = False
            for count, (_, entry, _mailbox) in enumerate(_walk(path)):
                found = True
                size += entry.stat(follow_symlinks=False).st_size
                if count > _LOOK_FOR:
                    return Recognised("eml", "folder of mail files", "mail")
            return Recognised("eml", "folder of mail files", "mail", size=size) if found else None
        reader.refuse_other_formats(path, head)
        head = packed.unpacked_head(head)
        if folder.is_emlx(path, head) or _is_message(head):
            return Recognised("eml", "mail message", "mail", size=os.path.getsize(path))
        if path.lower().endswith(_MESSAGE_NAMES):
            raise BadFile("This .eml file has no mail headers: export the message again.")
        return None

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield the messages that the cursor has not seen.

        Raises:
            BadFile: The file or folder is gone or may not be read.
        """
        path = context.path
        if not os.path.isdir(path):
            yield from _pull_one(path, context.survey)
            return
        folder.need_folder(path)
        cursors = _read_cursor(context.cursor)
        messages, mailboxes = files(path)
        for item in folder.pull_files(messages, cursors.get("", ""), context.survey):
            if isinstance(item, State):
                cursors[""] = item.cursor
                item = State(json.dumps(cursors))
            yield item
        for file in mailboxes:
            name = os.path.join(file.folder, file.key)
            for item in mbox.pull_file(file.path, cursors.get(name, ""), context.survey):
                if isinstance(item, State):
                    cursors[name] = item.cursor
                    item = State(json.dumps(cursors))
                yield item


def _pull_one(path: str, survey: bool) -> Iterator[Item]:
    """Read one file; it is read again each time, which changes nothing."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise BadFile(f"The file cannot be opened: {error.strerror or error}.") from error
    file = MessageFile("", os.path.basename(path), path, status.st_size, 0)
    yield from (
        item
        for item in folder.pull_files([file], "", survey)
        if not isinstance(item, Progress) or item.total
    )


def _read_cursor(cursor: str) -> dict[str, str]:
    """Return the cursor of the messages (under ``""``) and of each mbox file by its name."""
    try:
        stored = json.loads(cursor) if cursor else {}
    except ValueError:
        return {}
    if not isinstance(stored, dict):
        return {}
    return {str(name): str(value) for name, value in stored.items()}


connector = _Eml()
