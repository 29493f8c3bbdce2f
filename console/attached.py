"""Files that came with messages: under a harmless name, in a private place, never run by us.

What a stranger calls a file is a label. It becomes one name of plain characters; a file is written
where nothing is yet, for its owner alone, and what a system would run is saved but not opened.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from console.text import clean

NAME_CHARACTERS = 120
READ_SECONDS = 30
COPIES = 1_000
# What opening would run, or what draws a page that may.
RISKY = frozenset(
    (
        *(".exe", ".com", ".bat", ".cmd", ".scr", ".pif", ".msi", ".msp", ".cpl", ".hta", ".lnk"),
        *(".ps1", ".psm1", ".vbs", ".vbe", ".js", ".jse", ".wsf", ".wsh", ".reg", ".jar", ".app"),
        *(".sh", ".bash", ".zsh", ".fish", ".command", ".desktop", ".run", ".bin", ".appimage"),
        *(".py", ".pl", ".rb", ".php", ".deb", ".rpm", ".dmg", ".pkg", ".apk", ".iso", ".img"),
        *(".html", ".htm", ".xhtml", ".shtml", ".svg", ".mht", ".mhtml", ".url", ".webloc"),
        *(".docm", ".xlsm", ".pptm", ".xlam", ".dotm", ".one", ".chm", ".scf", ".library-ms"),
    )
)
_RESERVED = frozenset(
    (
        *("con", "prn", "aux", "nul"),
        *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
    )
)
# How programs and pages begin, whatever they are called.
_RUNS = (b"MZ", b"\x7fELF", b"#!", b"\xcf\xfa\xed\xfe", b"\xca\xfe\xba\xbe", b"[desktop entry]")
_PAGES = (b"<!doctype html", b"<html", b"<script", b"<svg", b"<?xml")
_ALLOWED = frozenset(" ._-()+,=@")


class NoFile(Exception):
    """It cannot be had or written; ``str()`` is a sentence with the next step."""


def harmless_name(written: str) -> str:
    """Return a file name of letters, digits and a few marks; ``file`` where nothing is left.

    Args:
        written: As the sender called it; may be a path, hidden, reserved or endless.
    """
    last = clean(written, newlines=False).replace("\\", "/").rpartition("/")[2]
    kept = "".join(c if c.isalnum() or c in _ALLOWED else "_" for c in last)
    kept = " ".join(kept.split()).strip(" .").lstrip("-")
    stem, dot, ending = kept.rpartition(".")
    if not dot:
        stem, ending = kept, ""
    ending = ending[:16].rstrip(" .")
    stem = stem[: NAME_CHARACTERS - len(ending) - 1].strip(" .")
    if stem.lower() in _RESERVED:
        stem = f"_{stem}"
    if not stem.strip("_ "):
        stem = "file"
    return f"{stem}.{ending}" if ending else stem


def is_risky(name: str) -> bool:
    """Say whether opening a file of this name may run something."""
    return any(ending.lower() in RISKY for ending in Path(harmless_name(name)).suffixes[-2:])


def could_run(data: bytes) -> bool:
    """Say whether bytes begin as a program or a page does, whatever their name says."""
    start = data[:200].removeprefix(b"\xef\xbb\xbf")
    text = start.lstrip().lower()
    return start.startswith(_RUNS) or text.startswith((_RUNS[-1], *_PAGES))


def read_part(store: str, entry_id: int, part: str) -> bytes:
    """Return a file out of an original; a process of its own reads what strangers wrote.

    Raises:
        NoFile: It could not be read.
    """
    command = [sys.executable, "-m", "console", "original", str(entry_id)]
    command += ["--part", part, "--store", store]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=READ_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoFile("The file could not be taken out of the original in time.") from error
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise NoFile(said.removeprefix("centric: ")[:400] or "The file could not be read.")
    return done.stdout


def save(data: bytes, folder: Path, name: str) -> Path:
    """Write a file where nothing is yet, for its owner alone, and return its path.

    Raises:
        NoFile: The folder cannot be written, or holds a thousand files of that name.
    """
    wanted = Path(harmless_name(name))
    for number in range(1, COPIES):
        tried = wanted.name if number == 1 else f"{wanted.stem} ({number}){wanted.suffix}"
        path = folder / tried
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
        try:
            descriptor = os.open(path, flags, 0o600)
        except FileExistsError:
            continue
        except OSError as error:
            raise NoFile(f"{path} cannot be written: {error.strerror}.") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return path
    raise NoFile(f"{folder} holds a thousand files of that name: save it elsewhere.")


def private_copy(data: bytes, name: str) -> Path:
    """Write a file into a new folder that only its owner may enter.

    Raises:
        NoFile: There is no room for it.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="centric-"))
    except OSError as error:
        raise NoFile(f"There is no place for a copy: {error.strerror}.") from error
    return save(data, folder, name)
