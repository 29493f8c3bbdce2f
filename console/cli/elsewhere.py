"""Is the store on another machine? Looked up before anything is loaded that would open it here."""

from __future__ import annotations

import os
from collections.abc import Sequence

SCHEME = "ssh://"
_ANSWERED_HERE = frozenset({"--help", "--version"})


class Elsewhere(Exception):
    """The store is on another machine, and the whole command line must run there.

    Attributes:
        url: ``ssh://HOST/PATH``.
    """

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def check_here(arguments: Sequence[str]) -> None:
    """Look whether a command line, or the environment, names a store on another machine.

    Raises:
        Elsewhere: It does.
    """
    if not _ANSWERED_HERE.intersection(arguments):
        check_url(named_store(arguments))


def check_url(url: str) -> str:
    """Return the name of a store that is here.

    Raises:
        Elsewhere: It is not.
    """
    if url.startswith(SCHEME):
        raise Elsewhere(url)
    return url


def named_store(arguments: Sequence[str]) -> str:
    """Return the store that a command line or the environment names; empty where they name none."""
    named = os.environ.get("CENTRIC_STORE", "")
    for place, word in enumerate(arguments):
        if word == "--":
            break
        if word == "--store" and place + 1 < len(arguments):
            named = arguments[place + 1]
        elif word.startswith("--store="):
            named = word.removeprefix("--store=")
    return named
