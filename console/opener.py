"""Hand a link to the program that the system has for it: argument lists, never a shell."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

SCHEMES = ("http", "https", "mailto")


class NoOpener(Exception):
    """Nothing can be opened here; ``str()`` is a sentence with the next step."""


def opener_words(link: str) -> list[str]:
    """Return the command that opens a link, as it is shown before it is run.

    Raises:
        NoOpener: The link is of a kind that is not opened, or there is no opener.
    """
    if urlsplit(link).scheme not in SCHEMES or any(not letter.isprintable() for letter in link):
        raise NoOpener("Only links to web pages and mail addresses are opened.")
    name = "open" if sys.platform == "darwin" else "xdg-open"
    found = shutil.which(name)
    if found is None:
        raise NoOpener(
            f"“{name}” is not installed here, so nothing can be opened. Copy it instead."
        )
    return [found, link]


def file_words(path: Path) -> list[str]:
    """Return the command that opens a file that we wrote.

    Raises:
        NoOpener: There is no opener.
    """
    name = "open" if sys.platform == "darwin" else "xdg-open"
    found = shutil.which(name)
    if found is None:
        raise NoOpener(f"“{name}” is not installed here, so it was only written: {path}")
    return [found, str(path)]


def launch(words: list[str]) -> None:
    """Start a program that lives on its own.

    Raises:
        NoOpener: It could not be started.
    """
    try:
        subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        raise NoOpener(f"It could not be opened: {error.strerror}.") from error
