"""One pass over a folder of messages, each a file: sorted, resumable, blind to what is no file."""

from __future__ import annotations

import gzip
import json
import os
import re
import stat
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from typing import NamedTuple

from connectors.contract import BadFile, Item, Progress, Quarantined, State
from connectors.mail import limits, packed

# Apple Mail: the length of the message on a line of its own before it, and a property list behind.
_EMLX_HEAD = re.compile(rb"[ \t]{0,20}(\d{1,12})[ \t]{0,20}\r?\n")
# A file that came while the last pass ran, on a server whose clock is not ours.
_CLOCK_SLACK_NS = 120 * 1_000_000_000
FOLDER_DEPTH = 30
_PIECE_BYTES = 1_048_576


class MessageFile(NamedTuple):
    """A file to read.

    Attributes:
        folder: Its folder, relative to the root.
        key: What it is sorted by within the folder.
        path: Absolute.
        size: Bytes.
        changed: When its name or content last changed; nanoseconds.
    """

    folder: str
    key: str
    path: str
    size: int
    changed: int


@dataclass(frozen=True, slots=True)
class _Cursor:
    """Where a pass stands: what came before ``since`` is done, and all up to ``after``."""

    since: int = 0
    began: int = 0
    after: tuple[str, str] = ("", "")

    def __str__(self) -> str:
        return json.dumps({"since": self.since, "began": self.began, "after": self.after})


def _read_cursor(cursor: str) -> _Cursor:
    try:
        stored = json.loads(cursor) if cursor else {}
        folder, key = stored["after"]
        return _Cursor(int(stored["since"]), int(stored["began"]), (str(folder), str(key)))
    except (ValueError, KeyError, TypeError):
        return _Cursor()


def done_before(cursor: str) -> int:
    """Return the time before which all is done (nanoseconds); 0 in the middle of a pass."""
    place = _read_cursor(cursor)
    return place.since if place.after == ("", "") else 0


def regular_files(folder: str) -> Iterator[os.DirEntry[str]]:
    """Yield the regular files of a folder; links, pipes and devices are never opened."""
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                try:
                    if entry.is_file(follow_symlinks=False):
                        yield entry
                except OSError:
                    continue
    except OSError:
        return


def subfolders(folder: str) -> list[str]:
    """Return the names of a folder's own folders, sorted, links left out."""
    try:
        with os.scandir(folder) as entries:
            return sorted(e.name for e in entries if e.is_dir(follow_symlinks=False))
    except OSError:
        return []


def pull_files(files: list[MessageFile], cursor: str, survey: bool) -> Iterator[Item]:
    """Read the files that the cursor has not seen, in order.

    Args:
        files: Sorted by folder and key.
        cursor: Of an earlier pass, finished or not; empty for the first.
        survey: Read only the headers.
    """
    place = _read_cursor(cursor)
    # The clock is taken before the first file is read: what comes later is for the next pass.
    began = place.began or max(time.time_ns() - _CLOCK_SLACK_NS, 0)
    waiting = [
        file
        for file in files
        if file.changed >= place.since and (file.folder, file.key) > place.after
    ]
    total = sum(file.size for file in waiting)
    if waiting:
        from connectors.mail import reader  # 30 ms, and most passes find nothing new
    done = marked = count = 0
    yield Progress(0, total)
    for file in waiting:
        item = _read(file, survey)
        done += file.size
        if item is None:
            continue
        yield item
        count += 1
        if count >= reader.CHECKPOINT_MESSAGES or done - marked >= reader.CHECKPOINT_BYTES:
            yield State(str(_Cursor(place.since, began, (file.folder, file.key))))
            yield Progress(done, total)
            count, marked = 0, done
    yield State(str(_Cursor(since=began)))
    yield Progress(total, total)


def _read(file: MessageFile, survey: bool) -> Item | None:
    """Read one file; None when it is gone or empty."""
    from connectors.mail import reader

    where = f"{file.folder}/{file.key}" if file.folder else file.key
    try:
        raw = read_file(file.path, file.key)
    except (FileNotFoundError, _NotAFile):
        return None
    except OSError as error:
        reason = f"The file cannot be read: {error.strerror or error}."
        return Quarantined(f"unread#{where}", where, reason)
    if not raw:
        return Quarantined(f"unread#{where}", where, "The file is empty.")
    if len(raw) > limits.MESSAGE_BYTES:
        return reader.set_aside(
            raw[: limits.QUARANTINE_BYTES], where, limits.too_large(max(file.size, len(raw)))
        )
    return reader.read_message(raw, where, survey=survey)


class _NotAFile(OSError):
    """What is there is no regular file any more."""


def read_file(path: str, name: str) -> bytes:
    """Return the message in a file, at most a byte more than a message may have.

    Args:
        path: Of the file.
        name: Its name, whose ending says how it is wrapped.

    Raises:
        OSError: It is gone, unreadable, broken, or has become something else than a file.
    """
    # Not blocking and not following: it may have become a pipe or a link since it was listed.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOFOLLOW", 0)
    descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    with open(descriptor, "rb", buffering=0) as opened:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise _NotAFile("It is no file.")
        return _content(opened, name, status.st_size)


def _content(opened: FileIO, name: str, bytes_now: int) -> bytes:
    """Return the message in a file, at most a byte more than a message may have."""
    size = limits.MESSAGE_BYTES + 1
    lower = name.lower()
    if lower.endswith(".gz"):
        start = opened.read(2)
        opened.seek(0)
        if packed.is_packed(start):
            try:
                return gzip.GzipFile(fileobj=opened).read(size)
            except (EOFError, zlib.error) as error:
                raise OSError(0, "the packed file is broken") from error
    if lower.endswith(".emlx"):
        head = opened.read(40)
        if match := _EMLX_HEAD.match(head):
            opened.seek(match.end())
            return _read_up_to(opened, min(int(match[1]), size), bytes_now)
        opened.seek(0)
    return _read_up_to(opened, size, bytes_now)


def _read_up_to(opened: FileIO, size: int, bytes_now: int) -> bytes:
    """Return at most so many bytes of a file; room is made for as many as it had a moment ago."""
    data = opened.read(min(size, bytes_now + 1)) or b""
    while len(data) < size and (more := opened.read(min(size - len(data), _PIECE_BYTES))):
        data += more
    return data


def is_emlx(path: str, head: bytes) -> bool:
    """Tell a message of Apple Mail by its name and its first line."""
    return path.lower().endswith(".emlx") and _EMLX_HEAD.match(head) is not None


def need_folder(path: str) -> None:
    """Refuse what is no readable folder.

    Raises:
        BadFile: ``path`` is gone or may not be read.
    """
    if not os.path.isdir(path):
        raise BadFile("The folder is not there any more: check the path and try again.")
    if not os.access(path, os.R_OK | os.X_OK):
        raise BadFile("The folder may not be read: ask its owner for access.")
