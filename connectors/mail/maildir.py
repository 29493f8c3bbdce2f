"""Maildirs: ``cur`` and ``new`` of a folder and of the folders nested in it."""

from __future__ import annotations

import contextlib
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


def _parts(root: str) -> Iterator[tuple[str, str]]:
    """Yield each Maildir folder, relative to the root, with its ``cur`` and its ``new``."""
    for relative in maildirs(root):
        for part in ("cur", "new"):
            yield relative, os.path.join(root, relative, part)


def _bytes(root: str) -> int:
    """Return how large all messages are together."""
    total = 0
    for _, part in _parts(root):
        for entry in folder.regular_files(part):
            with contextlib.suppress(OSError):
                total += 0 if entry.name[0] == "." else entry.stat(follow_symlinks=False).st_size
    return total


def files(root: str, since: int = 0) -> list[MessageFile]:
    """List the messages, folder by folder, oldest delivery first.

    Args:
        root: Holds Maildir folders.
        since: Folders that have not changed since then (nanoseconds) are passed over: a mail is
            delivered, flagged and removed by its name, never rewritten.
    """
    out: list[MessageFile] = []
    for relative, part in _parts(root):
        with contextlib.suppress(OSError):
            if os.stat(part).st_mtime_ns < since:
                continue
        for entry in folder.regular_files(part):
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
        return Recognised("maildir", "Maildir", "mail", size=_bytes(path))

    def pull(self, context: Context) -> Iterator[Item]:
        """Yield the messages that came since ``context.cursor``, folder by folder.

        Raises:
            BadFile: The folder is gone or may not be read.
        """
        folder.need_folder(context.path)
        found = files(context.path, folder.done_before(context.cursor))
        yield from folder.pull_files(found, context.cursor, context.survey)


connector = _Maildir()
