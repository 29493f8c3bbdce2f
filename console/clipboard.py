"""Copy text to the clipboard of the terminal, and say what to set where that does nothing."""

from __future__ import annotations

import os
from typing import Any

from textual.app import App

from console.text import clean

MAX_CHARACTERS = 50_000  # some terminals drop longer OSC 52 sequences altogether
TMUX_HINT = "inside tmux this needs: set -g set-clipboard on"


def copy(app: App[Any], text: str) -> str:  # Any: whatever the app returns
    """Copy a text and return the sentence that says so.

    Args:
        app: Its driver sends one OSC 52 sequence.
        text: Cleaned before it leaves: a paste into a shell must not act.
    """
    shown = clean(text)[:MAX_CHARACTERS]
    app.copy_to_clipboard(shown)
    first = shown.split("\n", 1)[0][:40]
    what = f"“{first}”" if len(shown) <= 40 and "\n" not in shown else f"{len(shown):,} characters"
    return f"Copied {what}" + (f" · {TMUX_HINT}" if os.environ.get("TMUX") else "")
