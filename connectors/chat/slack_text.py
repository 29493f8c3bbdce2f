"""Slack's mrkdwn as plain text, and the people it mentions.

In the source ``&``, ``<`` and ``>`` are escaped; a bare ``<…>`` is a mention, a link or a command
(docs.slack.dev, "Formatting message text"). What is not understood stays as written.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MAIL = "mailto:"
_PHONE = "tel:"


@dataclass(frozen=True, slots=True)
class Plain:
    """A message as plain text.

    Attributes:
        text: Untrusted.
        mentioned: Ids of the users named in it, in order, each once.
    """

    text: str
    mentioned: tuple[str, ...] = ()


def to_plain(source: str, users: Mapping[str, str], channels: Mapping[str, str]) -> Plain:
    """Turn mrkdwn into plain text; linear in its length.

    Args:
        source: As in the export.
        users: Names by user id.
        channels: Names by channel id.
    """
    if "<" not in source:
        return Plain(_unescape(source).replace("\r\n", "\n"))
    mentioned: dict[str, None] = {}
    first, *rest = source.split("<")
    parts = [_unescape(first)]
    for piece in rest:
        inside, closed, after = piece.partition(">")
        if not closed:
            parts.append("<" + _unescape(inside))
            continue
        if inside.startswith("@"):
            mentioned[inside[1:].partition("|")[0]] = None
        parts.append(_reference(inside, users, channels))
        parts.append(_unescape(after))
    return Plain("".join(parts).replace("\r\n", "\n"), tuple(mentioned))


def _reference(inside: str, users: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """Return what stands between ``<`` and ``>`` as a reader would say it."""
    target, _, label = inside.partition("|")
    label = _unescape(label)
    if target.startswith("@"):
        user = target[1:]
        return "@" + (users.get(user) or label.removeprefix("@") or user)
    if target.startswith("#"):
        channel = target[1:]
        return "#" + (label or channels.get(channel) or channel)
    if target.startswith("!"):
        return _command(target[1:], label)
    return _link(_unescape(target), label)


def _command(command: str, label: str) -> str:
    """Return ``<!here>``, ``<!subteam^S1|@team>``, ``<!date^…|fallback>`` as words."""
    if label:
        return label
    name = command.partition("^")[0]
    return f"@{name}" if name in ("here", "channel", "everyone", "group") else f"<!{command}>"


def _link(target: str, label: str) -> str:
    """Return a link so that its label and its real target are both seen."""
    shown = target
    for scheme in (_MAIL, _PHONE):
        shown = shown.removeprefix(scheme)
    if not label or label in (target, shown):
        return shown
    return f"{label} <{target}>"


def _unescape(text: str) -> str:
    """Undo the three escapes, the ampersand last."""
    if "&" not in text:
        return text
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
