"""When a mail was written: its Date header as strangers write it, or the next best witness."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_tz

from connectors.contract import Precision, ZoneSource

_MONTHS = {
    **{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6},
    **{"jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12},
}
_RFC_DATE = re.compile(
    r"(?:[A-Za-z]{2,9},?\s{0,9})?(\d{1,2})[ -]([A-Za-z]{3})[a-z]{0,6}[ -](\d{2,4})\s{1,9}"
    r"(\d{1,2}):(\d{2})(?::(\d{1,2}))?(?:\.\d{1,9})?\s{0,9}([+-]?\d{4}\b|[A-Z]{1,5})?"
)
_ENVELOPE_DATE = re.compile(
    r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)\s{1,3}([A-Z][a-z]{2})\s{1,3}(\d{1,2})\s{1,3}"
    r"(\d{1,2}):(\d{2})(?::(\d{2}))?(?:\s{1,3}[A-Za-z+-][A-Za-z0-9]{1,6})?\s{1,3}(\d{4})"
)
# RFC 5322 4.3, and the zones that mail still carries. Minutes east of UTC.
_ZONES = {
    **{"UT": 0, "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "BST": 60, "CET": 60, "MET": 60},
    **{"WEST": 60, "CEST": 120, "MEST": 120, "EET": 120, "EEST": 180, "MSK": 180},
    **{"JST": 540, "KST": 540, "HKT": 480, "SGT": 480, "AEST": 600, "AEDT": 660, "NZST": 720},
    **{"EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420, "MDT": -360},
    **{"PST": -480, "PDT": -420, "AKST": -540, "HST": -600},
}
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY_MS = 86_400_000
# E-mail headers of this form are younger than 1980; an earlier date is a dead clock's.
EARLIEST_MS = (date(1980, 1, 2).toordinal() - _EPOCH_DAY) * _DAY_MS


@dataclass(frozen=True, slots=True)
class Moment:
    """A point in time as a header states it.

    Attributes:
        at: UTC milliseconds.
        offset: Minutes east of UTC as stated; None when none was.
        zone_source: Whether the zone was stated or UTC was assumed.
        precision: ``s`` or ``min``; ``day`` when nothing is known.
    """

    at: int
    offset: int | None = None
    zone_source: ZoneSource = "stated"
    precision: Precision = "s"


UNKNOWN = Moment(0, None, "none", "day")


def parse_date(value: str) -> Moment | None:
    """Read a Date header; None when it cannot be one."""
    match = _RFC_DATE.match(value)
    if match is not None:
        month = _MONTHS.get(match[2].lower())
        if month is not None:
            year = int(match[3])
            if len(match[3]) < 4:  # RFC 5322 4.3: two digits, and three from a 1999 mistake
                year += 2000 if len(match[3]) == 2 and year < 50 else 1900
            parts = (year, month, int(match[1]), int(match[4]), int(match[5]), int(match[6] or 0))
            return _moment(parts, match[7], match[6] is not None)
    return _odd_date(value[:200].strip())


def _moment(
    parts: tuple[int, int, int, int, int, int], zone: str | None, seconds: bool
) -> Moment | None:
    year, month, day, hour, minute, second = parts
    try:
        days = date(year, month, day).toordinal() - _EPOCH_DAY
    except ValueError:
        return None
    if hour > 24 or minute > 59 or second > 60:
        return None
    offset, source = _offset(zone)
    at = days * _DAY_MS + ((hour * 60 + minute - (offset or 0)) * 60 + second) * 1000
    return Moment(at, offset, source, "s" if seconds else "min")


def _offset(zone: str | None) -> tuple[int | None, ZoneSource]:
    if not zone:
        return None, "assumed"
    if zone[0] in "+-0123456789":
        minutes = int(zone[-4:-2]) * 60 + int(zone[-2:])
        if zone == "-0000":  # RFC 5322 3.3: UTC, and the sender's own zone is not stated
            return None, "stated"
        if minutes > 16 * 60 or (zone[0] not in "+-" and minutes > 14 * 60):
            return None, "assumed"
        return (-minutes if zone[0] == "-" else minutes), "stated"
    known = _ZONES.get(zone)
    return (None, "assumed") if known is None else (known, "stated")


def _odd_date(value: str) -> Moment | None:
    if not value:
        return None
    try:
        stamp = datetime.fromisoformat(value)
    except ValueError:
        pass
    else:
        zone = stamp.utcoffset()
        offset = None if zone is None else round(zone.total_seconds() / 60)
        at = int((stamp if zone is not None else stamp.replace(tzinfo=UTC)).timestamp() * 1000)
        return Moment(at, offset, "assumed" if offset is None else "stated")
    try:
        parsed = parsedate_tz(value)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    if parsed is None:
        return None
    seconds = parsed[9]
    zone_text = None
    if seconds is not None and abs(seconds) <= 16 * 3600:
        minutes = abs(seconds) // 60
        zone_text = f"{'-' if seconds < 0 else '+'}{minutes // 60:02d}{minutes % 60:02d}"
    return _moment(parsed[:6], zone_text, seconds=True)


def parse_envelope_date(line: str) -> Moment | None:
    """Read the date of an mbox ``From `` line; its zone is the writer's and assumed to be UTC."""
    match = _ENVELOPE_DATE.search(line[:500])
    if match is None or match[1].lower() not in _MONTHS:
        return None
    parts = (int(match[6]), _MONTHS[match[1].lower()], int(match[2]))
    return _moment((*parts, int(match[3]), int(match[4]), int(match[5] or 0)), None, True)


def written_at(date_value: str, received: str, envelope: str) -> tuple[Moment, str]:
    """Decide when a mail was written.

    Args:
        date_value: Its Date header.
        received: Its newest Received header.
        envelope: The mbox ``From `` line before it.

    Returns:
        The moment, and what was wrong; empty when the Date header was good.
    """
    stated = parse_date(date_value) if date_value else None
    arrival = parse_date(received.rpartition(";")[2].strip()) if ";" in received else None
    if stated is not None and stated.at >= EARLIEST_MS:
        if arrival is None or arrival.at < EARLIEST_MS or stated.at <= arrival.at + _DAY_MS:
            return stated, ""
        return arrival, "The Date header lies after the mail arrived; the arrival is shown."
    problem = "The Date header is not a date" if date_value else "There is no Date header"
    if stated is not None:
        problem = "The Date header is too early to be true"
    if arrival is not None and arrival.at >= EARLIEST_MS:
        return arrival, f"{problem}; the arrival is shown."
    delivered = parse_envelope_date(envelope) if envelope else None
    if delivered is not None:
        return delivered, f"{problem}; the date of the mbox line is shown."
    return UNKNOWN, f"{problem}, and nothing else tells when it was written."
