"""Maildirs: ``cur`` and ``new`` of a folder and of the folders nested in it."""

from __future__ import annotations

import os
from collections.abc import Iterator

from connectors.contract import Context, Item, Recognised
from connectors.mail import folder
from connectors.mail.folder import MessageFile


def is_maildir(path: str) -> bool:
    """Tell a Maildir folder by its ``cur`` and ``new``."""
    return all(os.path.isdir(os.path.join(path, name)) for name in ("cur", "new"))


def maildirs(root: str) -> list[str]:
    """Return the Maildir folders under ``root``, relative to it, sorted; ``""`` is the root itself.

    Both layouts are read: Maildir++ (``.Sent``) and plain nesting (``Archive/2026``).
    """
    found: list[str] = []
    waiting = [("", 0)]
    while waiting:
        relative, depth = waiting.pop()
        here = os.path.join(root, relative) if relative else root
        if is_maildir(here):
            found.append(relative)
        if depth < folder.FOLDER_DEPTH:
            waiting.extend(
                (os.path.join(relative, name) if relative else name, depth + 1)
                for name in folder.subfolders(here)
                if name not in ("cur", "new", "tmp")
            )
    return sorted(found)


def files(root: str) -> list[MessageFile]:
    """List every message, folder by folder, oldest delivery first."""
    out: list[MessageFile] = []
    for relative in maildirs(root):
        for part in ("cur", "new"):
            for entry in folder.regular_files(os.path.join(root, relative, part)):
                if entry.name.startswith("."):
                    continue
                try:
                    status = entry.stat(follow_symlinks=False)
                except OSError:
                    continue
                # The flags after the colon change when a mail is read; the part before never does.
                key = entry.name.partition(":")[0]
                size, changed = status.st_size, status.st_ctime_ns
                out.append(MessageFile(relative, key, entry.path, size, changed))
    out.sort()
    return out


class _Maildir:
    """The connector for Maildirs."""

    name = "maildir"
    sets_aside = True

    def recognise(self, path: str, head: bytes) -> Recognised | None:
        """Say whether ``path`` is a Maildir, or a folder of them."""
        if head or not os.path.isdir(path):
            return None
        if not is_maildir(path) and not any(
            is_maildir(os.path.join(path, name)) for name in folder.subfolders(path)
        ):
            return None
        size = sum(file.size for file in files(path))
        return Recognised("maildir", "Maildir", "mail", size=size)

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield the messages that came since ``context.cursor``, folder by folder.

        Raises:
            BadFile: The folder is gone or may not be read.
        """
        folder.need_folder(context.path)
        yield from folder.pull_files(files(context.path), context.cursor, context.survey)


connector = _Maildir()
