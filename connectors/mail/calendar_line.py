"""A calendar invitation as one line of text."""

from __future__ import annotations

import re

_ESCAPED = re.compile(r"\\([\\;,nN])")
_LINES = 2000
_METHODS = {"CANCEL": "cancelled event", "REPLY": "answer to an invitation"}


def describe(source: str) -> str:
    """Return ``[invitation: Title, 2026-01-03 10:00 to 11:00 (Europe/Berlin), Room 4]``.

    Args:
        source: The iCalendar text; untrusted.
    """
    found: dict[str, tuple[str, str]] = {}
    method, inside = "", False
    unfolded = source.replace("\r\n", "\n").replace("\n ", "").replace("\n\t", "")
    for line in unfolded.split("\n", _LINES)[:_LINES]:
        key, _, value = line.partition(":")
        name, _, parameters = key.partition(";")
        name = name.upper()
        if name == "METHOD":
            method = value.strip().upper()
        elif name == "BEGIN":
            inside = value.strip().upper() == "VEVENT"
        elif name == "END" and inside:
            break
        elif inside and name in ("SUMMARY", "DTSTART", "DTEND", "LOCATION"):
            found.setdefault(name, (parameters, value.strip()))
    if not found:
        return ""
    pieces = [_text(found.get("SUMMARY", ("", ""))[1]), _span(found)]
    pieces.append(_text(found.get("LOCATION", ("", ""))[1]))
    what = _METHODS.get(method, "invitation")
    return f"[{what}: {', '.join(piece for piece in pieces if piece)}]"


def _text(value: str) -> str:
    value = _ESCAPED.sub(lambda match: " " if match[1] in "nN" else match[1], value[:500])
    return " ".join(value.split())


def _span(found: dict[str, tuple[str, str]]) -> str:
    parameters, start = found.get("DTSTART", ("", ""))
    begin = _when(start)
    if not begin:
        return ""
    end = _when(found.get("DTEND", ("", ""))[1])
    day, _, _ = begin.partition(" ")
    if end.startswith(f"{day} "):
        end = end.partition(" ")[2]
    zone = "UTC" if start.endswith("Z") else _zone(parameters)
    text = f"{begin} to {end}" if end and end != begin else begin
    return f"{text} ({zone})" if zone and " " in begin else text


def _zone(parameters: str) -> str:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.upper() == "TZID":
            return _text(value.strip('"'))[:60]
    return ""


def _when(value: str) -> str:
    if not value[:8].isdecimal() or len(value) < 8:
        return ""
    day = f"{value[:4]}-{value[4:6]}-{value[6:8]}"
    if value[8:9] == "T" and value[9:13].isdecimal():
        return f"{day} {value[9:11]}:{value[11:13]}"
    return day
