"""Whether files and folders changed since they were looked at: by their times, not their bytes.

A folder's time changes when a file comes into it or goes, so that a Maildir of any size is watched
by two numbers a folder.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

# Times of files are as coarse as the clock of the system; what changed just now may change again.
_FRESH_NS = 2_000_000_000
_DEPTH = 30
_FOLDERS = 10_000

Mark = tuple[tuple[str, int, int], ...]


def mark_of(paths: Iterable[str]) -> Mark:
    """Return what changes when any of these files or folders does."""
    out: list[tuple[str, int, int]] = []
    for path in paths:
        waiting = [(path, 0)]
        while waiting and len(out) < _FOLDERS:
            here, depth = waiting.pop()
            try:
                status = os.stat(here)
            except OSError:
                out.append((here, 0, 0))
                continue
            folder = os.path.isdir(here)
            out.append((here, status.st_mtime_ns, 0 if folder else status.st_size))
            if folder and depth < _DEPTH:
                waiting += [(name, depth + 1) for name in _inside(here)]
    return tuple(sorted(out))


def _inside(folder: str) -> list[str]:
    """Return what in a folder is looked at by itself: folders, and mailboxes that grow."""
    out = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    out += [entry.path] if entry.name != "tmp" else []
                elif entry.name.lower().endswith((".mbox", ".mbx")):
                    out.append(entry.path)
    except OSError:
        pass
    return out


def is_fresh(mark: Mark) -> bool:
    """Say whether something changed so lately that its time may not tell the next change."""
    newest = max((changed for _, changed, _ in mark), default=0)
    return time.time_ns() - newest < _FRESH_NS
