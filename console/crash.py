"""The crash report: where it happened and of which kind, without a word that a customer wrote.

Tracebacks with local variables would copy mail into a file, and the messages of exceptions quote
the value that they choked on; so only kinds, files, lines and functions are kept.
"""

from __future__ import annotations

import os
import platform
import time
import traceback
from pathlib import Path

KEPT_REPORTS = 20


def report_text(error: BaseException) -> str:
    """Return what is written of an error: its kind and the places it went through."""
    lines = [
        f"Centric crash {time.strftime('%Y-%m-%dT%H:%M:%S%z')}",
        f"Python {platform.python_version()} on {platform.system()} {platform.release()}",
    ]
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        kind = type(current)
        lines.append(f"{kind.__module__}.{kind.__qualname__}{_number(current)}")
        lines += [
            f"  {_short(frame.filename)}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(current.__traceback__)
        ]
        current = current.__cause__ or current.__context__
    return "\n".join(lines) + "\n"


def write_report(error: BaseException, folder: Path) -> Path | None:
    """Write a report that only its owner can read, and keep the newest `KEPT_REPORTS`.

    Returns:
        Where it is; None when the folder cannot be written.
    """
    path = folder / f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(report_text(error))
        for old in sorted(folder.glob("crash-*.txt"))[:-KEPT_REPORTS]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def _number(error: BaseException) -> str:
    """Return what says more and quotes nothing: the number, or SQLite's name of the error."""
    if isinstance(error, OSError) and error.errno is not None:
        return f" [{os.strerror(error.errno)}]"
    name = getattr(error, "sqlite_errorname", "")
    return f" [{name}]" if name else ""


def _short(filename: str) -> str:
    """Return the end of a path: no home folders in a report."""
    return "/".join(Path(filename).parts[-3:])
