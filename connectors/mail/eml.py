"""Single messages: one ``.eml`` file, or a folder of them, with mbox files among them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator

from connectors.contract import BadFile, Context, Item, Progress, Recognised, State
from connectors.mail import folder, mbox, reader
from connectors.mail.folder import MessageFile

_MESSAGE_NAMES = (".eml", ".email", ".emlx.txt")
_MAILBOX_NAMES = (".mbox", ".mbx")
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


def _walk(root: str, endings: tuple[str, ...]) -> Iterator[tuple[str, os.DirEntry[str]]]:
    """Yield (folder, entry) of every regular file below ``root`` with one of these endings."""
    waiting = [("", 0)]
    while waiting:
        relative, depth = waiting.pop()
        here = os.path.join(root, relative) if relative else root
        for entry in folder.regular_files(here):
            if entry.name.lower().endswith(endings):
                yield relative, entry
        if depth < folder.FOLDER_DEPTH:
            waiting.extend(
                (os.path.join(relative, name) if relative else name, depth + 1)
                for name in folder.subfolders(here)
            )


def _files(root: str, endings: tuple[str, ...]) -> list[MessageFile]:
    out: list[MessageFile] = []
    for relative, entry in _walk(root, endings):
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        found = MessageFile(relative, entry.name, entry.path, status.st_size, status.st_ctime_ns)
        out.append(found)
    out.sort()
    return out


class _Eml:
    """The connector for single messages and folders of them."""

    name = "eml"
    sets_aside = True

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say whether ``path`` is a message, or a folder that holds messages or mbox files."""
        if os.path.isdir(path):
            size = 0
            found = False
            for count, (_, entry) in enumerate(_walk(path, _MESSAGE_NAMES + _MAILBOX_NAMES)):
                found = True
                size += entry.stat(follow_symlinks=False).st_size
                if count > _LOOK_FOR:
                    return Recognised("eml", "folder of mail files", "mail")
            return Recognised("eml", "folder of mail files", "mail", size=size) if found else None
        reader.refuse_other_formats(path, head)
        if _is_message(head):
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
        messages = _files(path, _MESSAGE_NAMES)
        for item in folder.pull_files(messages, cursors.get("", ""), context.survey):
            if isinstance(item, State):
                cursors[""] = item.cursor
                item = State(json.dumps(cursors))
            yield item
        for file in _files(path, _MAILBOX_NAMES):
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
