"""Write a mail account into ``config.toml``, and leave everything else in it as it is."""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from pathlib import Path

from console.config import ConfigError, config_path, state_folder


def table_of(label: str, values: Mapping[str, object]) -> str:
    """Return an account as TOML; what is empty is left out."""
    lines = [f"[mail.{label}]"]
    inner: dict[str, Mapping[str, object]] = {}
    for key, value in values.items():
        if isinstance(value, Mapping):
            inner[key] = value
        elif value not in ("", None, (), []):
            lines.append(f"{key} = {_toml(value)}")
    for name, table in inner.items():
        if table:
            lines += ["", f"[mail.{label}.{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in table.items() if value]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_toml(one) for one in value)}]"
    # JSON's escapes are TOML's, except that TOML wants DEL escaped too.
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def add_account(label: str, values: Mapping[str, object], path: Path | None = None) -> Path:
    """Add an account at the end of the configuration, making it where there is none.

    Returns:
        Where it was written.

    Raises:
        ConfigError: There is an account of that name, or the file cannot be written.
    """
    place = path or config_path()
    try:
        before = place.read_text("utf-8") if place.exists() else ""
        mail = tomllib.loads(before).get("mail", {})
        if label in mail:
            raise ConfigError(f"{place} has an account “{label}” already: change it there.")
        after = f"{before.rstrip()}\n\n{table_of(label, values)}".lstrip("\n")
        tomllib.loads(after)
        _write(place, after)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{place} is not valid TOML, so nothing is added: {error}.") from None
    except OSError as error:
        raise ConfigError(f"{place} cannot be written: {error.strerror}.") from None
    return place


def keep_secret(label: str, secret: str) -> tuple[str, ...]:
    """Keep a password in a file that only its owner reads; return the command that prints it.

    Raises:
        ConfigError: It cannot be written.
    """
    place = state_folder() / "secrets" / label
    try:
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(place, f"{secret}\n")
    except OSError as error:
        raise ConfigError(f"The password cannot be kept in {place}: {error.strerror}.") from None
    return ("cat", str(place))


def _write(place: Path, text: str) -> None:
    """Write a file whole or not at all, readable for its owner alone."""
    place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = place.resolve()
    beside = target.with_name(f"{target.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(target)
