"""How values travel to PostgreSQL and back, so that they are the same as on SQLite."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Dumper, Loader
from psycopg.types.numeric import Int8Dumper
from psycopg.types.string import StrDumperUnknown

from db.engine.interface import Match
from db.engine.postgres_search import expression

INT8, TSQUERY = 20, 3615  # type numbers of the server's catalogue; they never change


class _TruthDumper(Dumper):
    """Writes True as 1: the store has no booleans."""

    oid = INT8

    def dump(self, obj: bool) -> bytes:
        return b"1" if obj else b"0"


class _TextDumper(StrDumperUnknown):
    """Writes text; NUL, which PostgreSQL cannot keep, becomes U+FFFD."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(obj.replace("\0", "\ufffd") if "\0" in obj else obj)


class _MatchDumper(Dumper):
    """Writes what the full-text index is asked."""

    oid = TSQUERY

    def dump(self, obj: Match) -> bytes:
        return expression(obj).encode("utf-8", "replace")


class _NumberLoader(Loader):
    """Reads the sum of whole numbers as one."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data)
        return float(text) if b"." in text or b"N" in text else int(text)


def register(raw: psycopg.Connection[Any]) -> None:  # rows of any type
    """Teach a connection how values travel.

    Every whole number goes as eight bytes: with the driver's own choice of the smallest type a
    statement would be prepared anew for each combination.
    """
    raw.adapters.register_dumper(int, Int8Dumper)
    raw.adapters.register_dumper(bool, _TruthDumper)
    raw.adapters.register_dumper(str, _TextDumper)
    raw.adapters.register_dumper(Match, _MatchDumper)
    raw.adapters.register_loader("numeric", _NumberLoader)
