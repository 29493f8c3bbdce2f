"""When the messages of a WhatsApp export were sent: the order of day and month, and the zone.

An export states neither. The order is found from the whole file; the zone is told by the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from connectors.chat.whatsapp_lines import Stamp, Style
from connectors.contract import ConnectorError

Order = Literal["dmy", "mdy", "ymd"]
_ORDERS: tuple[Order, ...] = ("dmy", "mdy", "ymd")
# WhatsApp began in 2009; two digits mean this century.
FIRST_YEAR, LAST_YEAR, CENTURY = 2009, 2099, 2000
# A step back up to this is the clock's doing (summer time, late delivery), not another time.
STEP_BACK_MS = 2 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Reading:
    """How the dates of one export are read.

    Attributes:
        order: Of day, month and year.
        doubt: Why it may be the wrong one, fit to show; empty where the file decides it.
    """

    order: Order
    doubt: str = ""


def reading(stamps: Sequence[Stamp], style: Style, wanted: str = "") -> Reading:
    """Find the order of day, month and year.

    A day above 12 decides; else the order in which no date steps back; else what the user wants;
    else the look of the export.

    Args:
        stamps: Of all messages, in the order of the file; not empty.
        style: Of the export.
        wanted: ``dmy``, ``mdy``, ``ymd`` or empty.
    """
    triples = list(dict.fromkeys(stamp.numbers for stamp in stamps))
    wrong = {order: sum(as_date(t, order) is None for t in triples) for order in _ORDERS}
    if style.year_digits[0]:
        return Reading("ymd")
    if style.year_digits[1]:
        del wrong["ymd"]
    fewest = min(wrong.values())
    orders = [order for order in _ORDERS if wrong.get(order) == fewest]
    back = {order: _steps_back(stamps, order) for order in orders}
    orders = [order for order in orders if back[order] == min(back.values())]
    if len(orders) > 1 and "ymd" in orders:
        orders.remove("ymd")  # hardly any phone writes two digits of the year first
    if len(orders) == 1:
        return Reading(orders[0])
    for order in orders:
        if order == wanted:
            return Reading(order)
    return _by_looks(stamps, style)


def as_date(numbers: tuple[int, int, int], order: Order) -> date | None:
    """Return a date, or None where there is no such day."""
    parts = dict(zip(order, numbers, strict=True))
    year = parts["y"] if parts["y"] >= 100 else CENTURY + parts["y"]
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, parts["m"], parts["d"])
    except ValueError:
        return None


def local_time(stamp: Stamp, order: Order) -> datetime | None:
    """Return the moment as the phone's wall clock showed it; None where there is no such moment."""
    day = as_date(stamp.numbers, order)
    if day is None:
        return None
    try:
        return datetime(  # noqa: DTZ001  # a wall clock without a zone is what it is
            day.year, day.month, day.day, stamp.hour, stamp.minute, stamp.second or 0
        )
    except ValueError:
        return None


class WallClock:
    """Turns wall-clock times into UTC, in the order of the file.

    An hour that summer time's end repeats is its first half until the clock steps back, then its
    second; a time in the hour that its beginning skips counts by the old offset. Small steps back
    that are left over are raised to the time before them.
    """

    def __init__(self, zone: str) -> None:
        try:
            self._zone = ZoneInfo(zone) if zone else UTC
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ConnectorError(
                f"There is no time zone called {zone}. Use a name such as Europe/Berlin."
            ) from None
        self._last: int | None = None

    def utc_ms(self, local: datetime) -> int:
        """Return UTC milliseconds of the next message."""
        at = self._ms(local, 0)
        last = self._last
        if last is not None and at < last:
            later = self._ms(local, 1)
            if later >= last:
                at = later
            elif last - at <= STEP_BACK_MS:
                at = last
        self._last = at
        return at

    def _ms(self, local: datetime, fold: int) -> int:
        moment = local.replace(tzinfo=self._zone, fold=fold)
        return (moment - _EPOCH) // timedelta(milliseconds=1)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _steps_back(stamps: Sequence[Stamp], order: Order) -> int:
    """Return how often a date is before the one above it."""
    days = [day for stamp in stamps if (day := as_date(stamp.numbers, order)) is not None]
    return sum(later < earlier for earlier, later in pairwise(days))


def _by_looks(stamps: Sequence[Stamp], style: Style) -> Reading:
    """Guess from the look: dots are European, bare numbers with a capital PM are American."""
    if style.separator == ".":
        return Reading("dmy")
    american = style.separator == "/" and all(
        stamp.word in ("AM", "PM") and not stamp.padded for stamp in stamps
    )
    order: Order = "mdy" if american else "dmy"
    words = "month before day" if american else "day before month"
    return Reading(order, f"The export does not tell day and month apart: read as {words}.")
