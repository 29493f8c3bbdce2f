"""The command ``centric``: look that the packages are ours, paint the first frame, run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from importlib import import_module

# `console.cli.exits` has them all, and is not loaded before the packages are known to be ours.
_UNAVAILABLE = 69
_INTERRUPTED = 130


def foreign_package() -> str:
    """Return a sentence when ``db`` or ``connectors`` is somebody else's; empty when all is well.

    The names are short, and the package index has distributions that install the same ones
    (docs/decisions/0001).
    """
    ours = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for name in ("db", "connectors"):
        try:
            package = import_module(name)
        except Exception:  # somebody else's package may fail in any way
            return _remedy(name, "cannot be loaded")
        place = getattr(package, "__file__", None) or ""
        beside_us = os.path.dirname(os.path.dirname(os.path.abspath(place))) == ours
        if not (getattr(package, "__centric__", False) and place and beside_us):
            return _remedy(name, f"is another program's ({place or 'a bare folder'})")
    return ""


def _remedy(name: str, trouble: str) -> str:
    return (
        f"centric: the Python package “{name}” found here {trouble}. Centric needs an environment "
        "of its own: install it with “uv tool install centric” or “pipx install centric”, and "
        "start it outside of folders that hold a package of that name."
    )


def run(arguments: Sequence[str]) -> int:
    """Carry out a command line and return the exit code."""
    trouble = foreign_package()
    if trouble:
        sys.stderr.write(trouble + "\n")
        return _UNAVAILABLE
    from console.splash import splash_for

    try:
        with splash_for(arguments) as splash:
            from console.cli.door import guarded

            return guarded(arguments, splash)
    except KeyboardInterrupt:  # while our own modules are being imported
        return _INTERRUPTED


def main() -> None:
    """Run the command line of this process and end it."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
