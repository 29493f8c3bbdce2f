"""How answers leave the command line: text for people, JSON, NDJSON, CSV or ids for programs.

Records keep their field names; every time gets a second field ``…_iso``, and a deadline that does
not run is null. What strangers wrote
passes the one door in text and CSV; in JSON it is kept exact, and every character that could act
on a terminal is written as an escape.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

import click

from console.text import clean, one_line, pad, width
from db.frozen import dataclass

R = TypeVar("R")

NO_DEADLINE = 2**52  # `db.records.NO_DEADLINE`; a test holds them together
GAP = 2
# What JSON may hold raw but a terminal should not be sent: DEL, C1, bidi and invisible controls,
# line separators, lone surrogates, tags. json itself escapes C0.
_UNSAFE_IN_JSON = (
    "[\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e0fff]"
)
# A cell that begins so is a formula to a spreadsheet (OWASP, CSV injection); the wide forms too.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
_TIMES = ("_at", "_since", "_until")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Column(Generic[R]):
    """A column of a text table.

    Attributes:
        title: Its heading.
        show: What of a record stands in it; untrusted.
        weight: Share of what is left when the terminal is too narrow; 0 never shrinks.
        right: True for numbers.
    """

    title: str
    show: Callable[[R], str]
    weight: int = 0
    right: bool = False


def iso(at: int) -> str | None:
    """Return a time as ISO 8601 in UTC; None for “never” and for what no calendar can tell."""
    if at in (0, NO_DEADLINE):
        return None
    try:
        moment = _EPOCH + timedelta(milliseconds=at)
    except OverflowError:
        return None
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}Z"


def plain(value: Any) -> Any:  # a record's fields are of many types
    """Return a record as mappings, lists and scalars, each time with its ISO form beside it."""
    if is_dataclass(value) and not isinstance(value, type):
        found: dict[str, object] = {}
        for field in fields(value):
            part = getattr(value, field.name)
            found[field.name] = None if part == NO_DEADLINE else plain(part)
            if _is_time(field.name) and isinstance(part, int):
                found[f"{field.name}_iso"] = iso(part)
        return found
    if isinstance(value, dict):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value


def _is_time(name: str) -> bool:
    return name == "at" or name.endswith(_TIMES)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Return a value as JSON that holds no character that acts on a terminal."""
    import json

    ascii_only = "utf" not in (sys.stdout.encoding or "").lower()
    text = json.dumps(plain(value), ensure_ascii=ascii_only, indent=indent)
    return re.sub(_UNSAFE_IN_JSON, _escaped, text)


def safe_json(value: object) -> bytes:
    """Return JSON scalars, lists and mappings as `json_text` does, in UTF-8, at speed."""
    import msgspec

    data = msgspec.json.encode(value)
    if data.isascii() and b"\x7f" not in data:
        return data
    return re.sub(_UNSAFE_IN_JSON, _escaped, data.decode("utf-8")).encode("utf-8")


def _escaped(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x10000:
        return f"\\u{code:04x}"
    code -= 0x10000
    return f"\\u{0xD800 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"


def csv_cell(value: object) -> str | int | float:
    """Return what a CSV cell holds: cleaned, and never a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value
    if isinstance(value, list):
        scalars = all(isinstance(part, str | int | float) for part in value)
        value = "; ".join(map(str, value)) if scalars else json_text(value)
    elif isinstance(value, dict):
        value = json_text(value)
    text = str(value)
    shown = clean(text)  # which may lay bare what stood behind an invisible character
    guarded = any(one.startswith(_FORMULA) for one in (text, text.lstrip(), shown, shown.lstrip()))
    return ("'" if guarded else "") + shown


def emit(
    rows: Sequence[R],
    form: str,
    columns: Sequence[Column[R]],
    *,
    kind: type[R],
    id_of: Callable[[R], object] | None = None,
) -> None:
    """Write records to standard output.

    Args:
        rows: The records; may be empty.
        form: ``text``, ``json``, ``ndjson``, ``csv`` or ``ids``.
        columns: For text.
        kind: The records' type: it names the columns of a CSV without rows.
        id_of: What of a record is its id.
    """
    if form == "json":
        lines: Iterable[str] = _json_lines(rows)
    elif form == "ndjson":
        lines = map(json_text, rows)
    elif form == "csv":
        lines = _csv_lines(rows, kind)
    elif form == "ids" and id_of is not None:
        lines = (str(id_of(row)) for row in rows)
    else:
        lines = table(rows, columns, line_width())
    write_lines(lines)


def write_lines(lines: Iterable[str]) -> None:
    """Write lines in few system calls."""
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) >= 200:
            click.echo("\n".join(batch))
            batch = []
    if batch:
        click.echo("\n".join(batch))


def emit_one(record: object, form: str, text: Callable[[], Iterable[str]]) -> None:
    """Write one record: an object in JSON, a header and a row in CSV, lines of its own in text."""
    if form == "json":
        click.echo(json_text(record, indent=2))
    elif form == "ndjson":
        click.echo(json_text(record))
    elif form == "csv":
        write_lines(_csv_lines([record], type(record)))
    else:
        write_lines(text())


def _json_lines(rows: Sequence[object]) -> Iterator[str]:
    if not rows:
        yield "[]"
        return
    for index, row in enumerate(rows):
        first, last = index == 0, index == len(rows) - 1
        yield f"{'[' if first else ' '}{json_text(row)}{']' if last else ','}"


def _csv_lines(rows: Sequence[object], kind: type) -> Iterator[str]:
    names = _names(kind)
    yield _csv_line(names)
    for row in rows:
        found = plain(row)
        yield _csv_line([csv_cell(found[name]) for name in names])


def _csv_line(cells: Sequence[object]) -> str:
    import csv
    import io

    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue().removesuffix("\n")


def _names(kind: type) -> list[str]:
    names = []
    for field in fields(kind):
        names.append(field.name)
        if _is_time(field.name) and field.type in ("int", int):
            names.append(f"{field.name}_iso")
    return names


def line_width() -> int | None:
    """Return how wide a line of text may be; None where nobody cuts it, as on a pipe."""
    named = os.environ.get("COLUMNS", "")
    if named.isascii() and named.isdecimal() and int(named):
        return max(20, int(named))
    try:
        return max(20, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (OSError, ValueError):
        return None


def table(rows: Sequence[R], columns: Sequence[Column[R]], cells: int | None) -> Iterator[str]:
    """Return a heading and a line for each row, columns aligned; nothing without rows.

    Args:
        rows: The records.
        columns: What is shown of each.
        cells: The width of a line; None cuts nothing.
    """
    if not rows:
        return
    shown = [[one_line(column.show(row), 4_000) for column in columns] for row in rows]
    heads = [column.title for column in columns]
    kept = [index for index in range(len(columns)) if any(line[index] for line in shown)]
    wanted = [max(width(line[index]) for line in [heads, *shown]) for index in kept]
    given = _shares(wanted, [columns[index] for index in kept], cells)
    for line in [heads, *shown]:
        parts = []
        for index, room in zip(kept, given, strict=True):
            text = line[index]
            space = " " * (room - width(text))
            parts.append(space + text if columns[index].right and space else pad(text, room))
        yield (" " * GAP).join(parts).rstrip()


def _shares(wanted: list[int], columns: Sequence[Column[R]], cells: int | None) -> list[int]:
    """Return the width of each column: as wanted where there is room, else the weights share it."""
    if cells is None:
        return wanted
    given = list(wanted)
    excess = sum(given) + GAP * (len(given) - 1) - cells
    while excess > 0:
        elastic = [
            index
            for index, column in enumerate(columns)
            if column.weight and given[index] > len(column.title)
        ]
        if not elastic:
            elastic = [index for index in range(len(given)) if given[index] > 1]
        if not elastic:
            break
        # The column that has most for its weight gives first.
        widest = max(elastic, key=lambda index: given[index] / (columns[index].weight or 1))
        given[widest] -= 1
        excess -= 1
    return given
