"""Every key of the desk in one table: bindings, help, palette and docs/keys.md are made from it.

A key belongs to a context. What the agent can press at one moment is a stack of contexts (a list
lies in a pane of a screen, which lies on everything), and in one stack a key has one meaning: a
second one is an error named at start, because Textual would drop one of the two in silence.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import replace

from textual.binding import Binding, BindingType

from console.keytable import CONTEXTS, KEYS, STACKS, Key

PINNED = "pinned"  # the one action with a key for each of its arguments

NAMES = {
    "question_mark": "?",
    "colon": ":",
    "slash": "/",
    "plus": "+",
    "exclamation_mark": "!",
    "asterisk": "*",
    "semicolon": ";",
    "comma": ",",
    "full_stop": ".",
    "greater_than_sign": ">",
    "less_than_sign": "<",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
}


class KeyClash(Exception):
    """Two actions stand on one key in one place, or the config names an action there is not."""


def with_user_keys(user: Mapping[str, str] | None = None) -> tuple[Key, ...]:
    """Return the table with the user's own keys in it.

    Args:
        user: Action id to keys, as the config has them: ``{"case.take": "ctrl+t,a"}``.

    Raises:
        KeyClash: An id is unknown, or two actions meet on one key.
    """
    user = dict(user or {})
    table = []
    for key in KEYS:
        keys = user.pop(key.id, None)
        table.append(replace(key, keys=_split(keys)) if keys is not None else key)
    if user:
        unknown = sorted(user)[0]
        raise KeyClash(
            f"The config gives keys to “{unknown}”, but there is no such action. "
            "docs/keys.md lists the ids."
        )
    check(tuple(table))
    return tuple(table)


def check(table: tuple[Key, ...]) -> None:
    """Make sure that no key means two things at one moment.

    Raises:
        KeyClash: Two actions meet; the sentence names both.
    """
    for stack in STACKS.values():
        taken: dict[str, Key] = {}
        for key in table:
            if key.context not in stack:
                continue
            for press in key.keys:
                other = taken.setdefault(press, key)
                if other is not key:
                    raise KeyClash(
                        f"The key {shown(press)} is given to both “{other.id}” "
                        f"({other.title}) and “{key.id}” ({key.title}). "
                        "Change one of them under [keys] in the config."
                    )


def bindings_of(context: str) -> list[BindingType]:
    """Return the bindings of one context, for the ``BINDINGS`` of a screen or widget."""
    made: list[BindingType] = []
    for key in KEYS:
        if key.context != context or not key.keys:
            continue
        for press, action, name in _pressed(key):
            made.append(
                Binding(
                    press,
                    action,
                    key.title,
                    show=False,
                    id=name,
                    tooltip=key.tooltip,
                    priority=key.priority,
                )
            )
    return made


def textual_keymap(table: tuple[Key, ...]) -> dict[str, str]:
    """Return what `App.set_keymap` wants: the ids whose keys differ from the table as shipped."""
    shipped = {key.id: key.keys for key in KEYS}
    return {
        name: press
        for key in table
        if key.keys != shipped[key.id]
        for press, _, name in _pressed(key)
    }


def _pressed(key: Key) -> list[tuple[str, str, str]]:
    """Return keys, action and binding id; each pin has a binding of its own, with its number."""
    if key.action != PINNED:
        return [(",".join(key.keys), key.action, key.id)]
    return [
        (press, f"{PINNED}({number})", f"{key.id}_{number}")
        for number, press in enumerate(key.keys, 1)
    ]


def keys_for(stack: str, table: tuple[Key, ...] = KEYS) -> list[tuple[str, list[Key]]]:
    """Return what can be pressed in a place: context title and its keys, in the order of help."""
    return [
        (CONTEXTS[context], rows)
        for context in STACKS[stack]
        if (rows := [key for key in table if key.context == context and key.keys])
    ]


def shown(press: str) -> str:
    """Return a key as people write it: ``?`` for ``question_mark``."""
    return NAMES.get(press, press)


def shown_keys(key: Key) -> str:
    """Return all keys of an action in a few cells: ``? f1``, ``1–9``."""
    if key.keys == tuple("123456789"):
        return "1–9"
    return " ".join(shown(press) for press in key.keys)


def as_markdown(table: tuple[Key, ...] = KEYS) -> str:
    """Return docs/keys.md."""
    lines = [
        "# Keys",
        "",
        "Made from the key table by `python -m console.keymap > docs/keys.md`; a test fails when",
        "the two differ. Bare letters act only where no text field has the focus. Every action can",
        "be put on another key by its id, in the config:",
        "",
        "```toml",
        "[keys]",
        '"case.take" = "ctrl+t"',
        "```",
    ]
    for context, title in CONTEXTS.items():
        rows = [key for key in table if key.context == context]
        if not rows:
            continue
        lines += ["", f"## {title}", "", "| key | what it does | id |", "|---|---|---|"]
        for key in rows:
            presses = " ".join(f"`{_escaped(shown(press))}`" for press in key.keys)
            if key.keys == tuple("123456789"):
                presses = "`1`–`9`"
            lines.append(f"| {presses or 'palette'} | {key.tooltip} | `{key.id}` |")
    return "\n".join(lines) + "\n"


def _escaped(press: str) -> str:
    return press.replace("|", "\\|")


def _split(keys: str) -> tuple[str, ...]:
    """Read the keys of a config line; a bare sign becomes the name Textual has for it."""
    signs = {sign: name for name, sign in NAMES.items() if len(sign) == 1 and not sign.isalpha()}
    parts = [part.strip() for part in keys.split(",") if part.strip()]
    return tuple(signs.get(part, part) for part in parts)


if __name__ == "__main__":
    sys.stdout.write(as_markdown())
