"""Write a text in the agent's own editor, in a private file, without a shell."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from pathlib import Path

from console.text import clean

MAX_BYTES = 1_048_576  # of what an editor may bring back; a note is a page


class NoEditor(Exception):
    """No editor can be started; ``str()`` is a sentence with the next step."""


def editor_words() -> list[str]:
    """Return the editor as the environment names it, as words.

    Raises:
        NoEditor: It is not installed, or its name cannot be read.
    """
    named = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        words = shlex.split(named)
    except ValueError as error:
        raise NoEditor(f"EDITOR cannot be read as a command: {named}") from error
    if not words or shutil.which(words[0]) is None:
        raise NoEditor(f"The editor “{named}” was not found. Set EDITOR to one that is installed.")
    return words


def edit(text: str) -> str:
    """Return what the agent made of a text in their editor.

    The file is the agent's alone, in a folder that is the agent's alone, with a random name, and
    is gone afterwards. The terminal must be free: call this while the app is suspended.

    Raises:
        NoEditor: The editor could not be started, or ended with an error.
    """
    words = editor_words()
    with tempfile.TemporaryDirectory(prefix="centric-") as folder:
        path = Path(folder) / "text.txt"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(clean(text))
        try:
            result = subprocess.run([*words, str(path)], check=False)
        except OSError as error:
            raise NoEditor(f"The editor could not be started: {error.strerror}.") from error
        if result.returncode:
            raise NoEditor(f"The editor ended with an error ({result.returncode}); text unchanged.")
        with path.open("rb") as edited:
            data = edited.read(MAX_BYTES)
    return data.decode("utf-8", "replace").removesuffix("\n")
