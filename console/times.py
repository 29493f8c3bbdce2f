"""Times as an agent reads them: ages, deadlines, days and clocks in the local zone.

Times are UTC milliseconds, durations milliseconds. Everything that depends on the present asks
`now`, which tests replace.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_WEEK_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# The years that datetime can tell in every zone; what lies outside was never a real time.
_EARLIEST = datetime(2, 1, 1, tzinfo=UTC)
_LATEST = datetime(9998, 12, 31, tzinfo=UTC)


def now() -> int:
    """Return the present; UTC milliseconds."""
    return time.time_ns() // 1_000_000


def local(at: int, offset: int | None = None) -> datetime:
    """Return a time in the local zone, or at the given offset.

    Args:
        at: UTC milliseconds; what no calendar can tell is moved to the nearest year that one can.
        offset: Minutes east of UTC; None for the zone of this machine.
    """
    try:
        moment = min(max(_EPOCH + timedelta(milliseconds=at), _EARLIEST), _LATEST)
    except OverflowError:
        moment = _EARLIEST if at < 0 else _LATEST
    if offset is not None and abs(offset) < 24 * 60:
        return moment.astimezone(timezone(timedelta(minutes=offset)))
    return moment.astimezone()


def short_age(duration: int) -> str:
    """Return a duration in its largest unit, at most six cells: ``now``, ``5 min``, ``3 h``."""
    duration = max(0, duration)
    if duration < MINUTE:
        return "now"
    if duration < HOUR:
        return f"{duration // MINUTE} min"
    if duration < DAY:
        return f"{duration // HOUR} h"
    days = duration // DAY
    if days < 100:
        return f"{days} d"
    return f"{days // 30} mo" if days < 730 else f"{min(days // 365, 9999)} y"


def ago(at: int) -> str:
    """Return how long ago a time is: ``2 min ago``, ``just now``, ``in 3 h``, ``never`` for 0."""
    if not at:
        return "never"
    distance = now() - at
    if abs(distance) < MINUTE:
        return "just now"
    return f"{short_age(distance)} ago" if distance > 0 else f"in {short_age(-distance)}"


def due(at: int) -> str:
    """Return a deadline as it is said: ``due 3 h``, ``late 2 d``, ``due now``."""
    distance = at - now()
    return f"due {short_age(distance)}" if distance >= 0 else f"late {short_age(-distance)}"


def clock(at: int, offset: int | None = None) -> str:
    """Return the time of day, ``14:03``."""
    moment = local(at, offset)
    return f"{moment.hour:02}:{moment.minute:02}"


def stamp(at: int) -> str:
    """Return day and time of day, ``2026-11-03 14:03``; empty for 0."""
    if not at:
        return ""
    moment = local(at)
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02} {clock(at)}"


def day(at: int) -> tuple[int, int, int]:
    """Return year, month and day of month in the local zone: what two times on one day share."""
    moment = local(at)
    return moment.year, moment.month, moment.day


def day_title(at: int) -> str:
    """Return a day as a heading: ``today``, ``Tuesday 3 November``, with the year if not this."""
    moment = local(at)
    today = local(now())
    distance = (today.date() - moment.date()).days
    if distance in (0, 1, -1):
        return {0: "today", 1: "yesterday", -1: "tomorrow"}[distance]
    title = f"{_WEEK_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"
    return title if moment.year == today.year else f"{title} {moment.year}"


def short_day(at: int) -> str:
    """Return a day in few cells: the clock today, ``3 Nov`` this year, ``2024-11-03`` before."""
    moment, today = local(at), local(now())
    if moment.date() == today.date():
        return clock(at)
    if moment.year == today.year:
        return f"{moment.day} {_MONTHS[moment.month - 1][:3]}"
    return f"{moment.year:04}-{moment.month:02}-{moment.day:02}"


def zone_clock(zone: str) -> str:
    """Return the time of day now in a named zone; empty when the zone is unknown."""
    from zoneinfo import ZoneInfo

    try:
        moment = local(now()).astimezone(ZoneInfo(zone))
    except (KeyError, ValueError, OSError):
        return ""
    return f"{moment.hour:02}:{moment.minute:02}"
