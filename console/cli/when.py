"""Since when a message is work, and in which time zone: as people write it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime, tzinfo

DEFAULT_WORK_DAYS = 14  # product decision
DAY_MILLISECONDS = 86_400_000

_DURATION = re.compile(r"(\d{1,5})\s*([hdwmy])", re.ASCII | re.IGNORECASE)
_UNIT_MILLISECONDS = {
    "h": 3_600_000,
    "d": DAY_MILLISECONDS,
    "w": 7 * DAY_MILLISECONDS,
    "m": 30 * DAY_MILLISECONDS,
    "y": 365 * DAY_MILLISECONDS,
}


def parse_work_since(text: str, now: int, zone: tzinfo = UTC) -> int:
    """Return since when a message is work.

    Args:
        text: A duration (``14d``, ``2w``, ``36h``, ``3m``, ``1y``), a day (``2026-11-01``),
            ``all`` or ``none``.
        now: UTC milliseconds.
        zone: Where a day begins.

    Returns:
        UTC milliseconds.

    Raises:
        ValueError: It is none of these; the message is a sentence.
    """
    word = text.strip().lower()
    if word == "all":
        return 0
    if word == "none":
        return now
    duration = _DURATION.fullmatch(word)
    if duration:
        return now - int(duration[1]) * _UNIT_MILLISECONDS[duration[2]]
    try:
        day = datetime.strptime(word, "%Y-%m-%d").replace(tzinfo=zone)
        return int(day.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise ValueError(
            f"“{text}” is neither a duration (14d, 2w, 36h, 3m, 1y) nor a day (2026-11-01), "
            "nor all or none."
        ) from None


def system_zone() -> str:
    """Return the IANA name of this machine's time zone; empty when it cannot be told."""
    named = os.environ.get("TZ", "").removeprefix(":")
    if named and zone_or_none(named) is not None:
        return named
    for marker in ("/zoneinfo/", "/zoneinfo.default/"):
        _, found, name = os.path.realpath("/etc/localtime").partition(marker)
        if found and zone_or_none(name) is not None:
            return name
    return ""


def zone_or_none(name: str) -> tzinfo | None:
    """Return a time zone by its IANA name, or None."""
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
