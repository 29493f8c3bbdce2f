"""How what arrives is looked at: since when it is work, and whether it comes in live."""

from __future__ import annotations

from db.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Arrival:
    """How to look at what arrives.

    Attributes:
        work_since: Only a customer's words that are newer open a case; UTC milliseconds.
        time_zone: Of the source, where its format states none; IANA name.
        live: True for mail as it comes in: a case that it opened stays one when we answer.
    """

    work_since: int
    time_zone: str = ""
    live: bool = False
