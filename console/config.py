"""What a person has set once and for all: ``config.toml``, read with what is wrong in it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from db.frozen import dataclass

THEMES = ("dark", "light")
MAX_BYTES = 1_048_576  # a configuration is a page; anything larger is not one


class ConfigError(Exception):
    """The configuration cannot be used; ``str()`` is a sentence fit to show."""


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration.

    Attributes:
        store: Path or URL of the store; empty for the default place.
        agent: Login of the agent; empty for the operating system's user.
        name: The agent's name as colleagues see it; empty for what the system says.
        theme: One of `THEMES`; empty for the desk's own choice.
        mouse: False leaves the mouse to the terminal.
        keys: Action id to key, for the agent's own key table.
        mail: Name to table of each mail account; see `console.accounts`.
        complaints: What was not understood, in sentences fit to show.
    """

    store: str = ""
    agent: str = ""
    name: str = ""
    theme: str = ""
    mouse: bool = True
    keys: Mapping[str, str] = field(default_factory=dict)
    mail: Mapping[str, object] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()


_KNOWN = {
    "store": str,
    "agent": str,
    "name": str,
    "theme": str,
    "mouse": bool,
    "keys": dict,
    "mail": dict,
}
_WANTED = {str: "a text in quotes", bool: "true or false", dict: "a table of action = key"}


def config_path() -> Path:
    """Return where the configuration is: `CENTRIC_CONFIG`, else the user's config folder."""
    named = os.environ.get("CENTRIC_CONFIG", "")
    return Path(named) if named else _folder("config", ".config") / "config.toml"


def default_store_path() -> Path:
    """Return where the store is when nobody says otherwise."""
    return _folder("data", ".local/share") / "centric.db"


def state_folder() -> Path:
    """Return where crash reports are written."""
    return _folder("state", ".local/state")


def _folder(kind: str, beside_home: str) -> Path:
    """Return our folder of a kind.

    On Linux by the XDG rules themselves: platformdirs knows the same and costs 10 ms to import.
    """
    if sys.platform == "linux":
        named = os.environ.get(f"XDG_{kind.upper()}_HOME", "")
        base = named if os.path.isabs(named) else os.path.expanduser(f"~/{beside_home}")
        return Path(base) / "centric"
    import platformdirs

    folders = platformdirs.PlatformDirs("centric", appauthor=False)
    return Path(getattr(folders, f"user_{kind}_dir"))


def load_config(path: Path | None = None) -> Config:
    """Read the configuration; a missing file is an empty one.

    Raises:
        ConfigError: It cannot be read, is not TOML, or a value is of the wrong kind.
    """
    place = path or config_path()
    try:
        with place.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        return Config()
    except OSError as error:
        raise ConfigError(f"{place} cannot be read: {error.strerror}.") from error
    if len(data) > MAX_BYTES:
        raise ConfigError(f"{place} is larger than a megabyte: it is not a configuration.")
    import tomllib  # 4 ms that a missing file does not cost

    try:
        values = tomllib.loads(data.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place} is not valid TOML: {error}.") from error
    return _checked(place, values)


def _checked(place: Path, values: Mapping[str, object]) -> Config:
    complaints = []
    kept: dict[str, object] = {}
    for key, value in values.items():
        wanted = _KNOWN.get(key)
        if wanted is None:
            known = ", ".join(_KNOWN)
            complaints.append(f"{place} has a setting “{key}” that Centric does not know: {known}.")
        elif not isinstance(value, wanted):
            raise ConfigError(f"{place}: {key} must be {_WANTED[wanted]}.")
        else:
            kept[key] = value
    theme = kept.get("theme", "")
    if theme and theme not in THEMES:
        raise ConfigError(f"{place}: theme must be one of {', '.join(THEMES)}.")
    keys = kept.get("keys", {})
    assert_texts(place, keys)
    return Config(**kept, complaints=tuple(complaints))  # type: ignore[arg-type]  # checked above


def assert_texts(place: Path, keys: object) -> None:
    """Check that a key table holds texts only.

    Raises:
        ConfigError: One does not.
    """
    if not isinstance(keys, dict):
        return
    for action, key in keys.items():
        if not isinstance(key, str):
            raise ConfigError(f"{place}: the key of {action} must be a text in quotes.")
