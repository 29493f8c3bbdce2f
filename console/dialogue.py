"""A headless command that asks questions, on the terminal that the desk has left for a while."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Sequence


def talk(words: Sequence[str]) -> int:
    """Run ``centric`` with these words and return its exit code.

    The terminal must be free: call this while the app is suspended. What was said stays to be read
    until enter is pressed.
    """
    code = subprocess.run([sys.executable, "-m", "console", *words], check=False).returncode
    with contextlib.suppress(EOFError, KeyboardInterrupt):
        input("\nEnter goes on. ")
    return code
