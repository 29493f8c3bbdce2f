"""Who sits where: what the people who share one login of the system have answered, once."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

from console.config import state_folder

FILE = "people.json"
MAX_BYTES = 262_144


def origin() -> str:
    """Return the address from which who sits here came over SSH; empty for the machine itself."""
    return os.environ.get("SSH_CONNECTION", "").partition(" ")[0]


def seat(store: str, user: str) -> str:
    """Return a name for a store, a login of the system, and where its user comes from."""
    return f"{user} {origin() or 'here'} {os.path.realpath(store)}"


def known_people() -> dict[str, str]:
    """Return seats with the logins of who sits there; nothing where nobody was asked."""
    try:
        with (state_folder() / FILE).open(encoding="utf-8") as file:
            told = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError):
        return {}
    pairs = told.items() if isinstance(told, dict) else ()
    return {place: login for place, login in pairs if isinstance(login, str)}


def keep_people(known: Mapping[str, str]) -> bool:
    """Keep the answers where only this login can read them; say whether that was possible."""
    folder = state_folder()
    part: Path = folder / f"{FILE}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="utf-8") as file:
            json.dump(dict(known), file, ensure_ascii=False)
        os.replace(part, folder / FILE)
    except OSError:
        return False
    return True
