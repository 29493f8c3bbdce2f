"""``centric match``: which rows of any table are the same person; no store is needed."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, output_option
from console.cli.session import say
from console.output import Column, emit
from db.frozen import dataclass

if TYPE_CHECKING:
    from db.identity.tables import Table

SEPARATORS = ",;\t|"
FIELD_CHARACTERS = 1_000_000


@dataclass(frozen=True, slots=True)
class MatchRow:
    """Two rows that may be one person.

    Attributes:
        one: Number of a row, the first after the heading is 1; or what stands in ``--id``.
        other: Of another row; of the second table where there are two.
        zone: ``linked``, ``suggested`` or ``apart``.
        score: How likely they are one person, 0 to 1.
        bits: The same as log2 of the odds.
        cluster: Number of the person, by the first row that is theirs.
        reasons: What speaks for and against, each with its weight in bits.
    """

    one: str
    other: str
    zone: str
    score: float
    bits: float
    cluster: int
    reasons: str


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A row and the person it is of.

    Attributes:
        table: 1, or 2 for the second table.
        row: Its number, or what stands in ``--id``.
        cluster: Number of the person, by the first row that is theirs.
        size: How many rows are theirs.
    """

    table: int
    row: str
    cluster: int
    size: int


@dataclass(frozen=True, slots=True)
class NameRow:
    """Two names of one row.

    Attributes:
        row: Its number, or what stands in ``--id``.
        score: How like they are, 0 to 1; from 0.5 on likelier one than two.
    """

    row: str
    one: str
    other: str
    score: float


NAME_COLUMNS: tuple[Column[NameRow], ...] = (
    Column("row", lambda row: row.row, right=True),
    Column("like", lambda row: f"{row.score:.3f}", right=True),
    Column("one", lambda row: row.one, weight=1),
    Column("other", lambda row: row.other, weight=1),
)
MATCH_COLUMNS: tuple[Column[MatchRow], ...] = (
    Column("one", lambda row: row.one, right=True),
    Column("other", lambda row: row.other, right=True),
    Column("zone", lambda row: row.zone),
    Column("score", lambda row: f"{row.score:.4f}", right=True),
    Column("person", lambda row: str(row.cluster), right=True),
    Column("reasons", lambda row: row.reasons, weight=1),
)
CLUSTER_COLUMNS: tuple[Column[ClusterRow], ...] = (
    Column("table", lambda row: str(row.table), right=True),
    Column("row", lambda row: row.row, right=True),
    Column("person", lambda row: str(row.cluster), right=True),
    Column("rows", lambda row: str(row.size), right=True),
)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table as it was read; all cells are untrusted text."""

    headings: tuple[str, ...]
    rows: tuple[dict[str, str], ...]


@click.command(cls=Command)
@click.argument("one", metavar="A.csv", type=click.Path(path_type=Path))
@click.argument("other", metavar="[B.csv]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="COLUMN=KIND",
    help="What a column means; may be given again, or several with commas. COLUMN:OTHER=KIND where "
    "the second table calls it otherwise. Without any it is guessed.",
)
@click.option("--id", "id_column", metavar="COLUMN", help="Name rows by this column.")
@click.option(
    "--above",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Show pairs that are at least so likely.",
)
@click.option("--all", "show_apart", is_flag=True, help="Show pairs that are kept apart, too.")
@click.option("--rows", "as_rows", is_flag=True, help="One line for each row, with its person.")
@click.option(
    "--names",
    metavar="LEFT:RIGHT",
    help="Only say for each row how like the names in its two columns are, 0 to 1.",
)
@output_option(ids=False)
def match(
    one: Path,
    other: Path | None,
    maps: tuple[str, ...],
    id_column: str | None,
    above: float,
    show_apart: bool,
    as_rows: bool,
    names: str | None,
    form: str,
) -> int:
    r"""Say which rows of a table, or of two, are the same person, and why.

    Nothing is labelled and nothing is stored: what agreement says is estimated from the tables.
    Rows are linked by an e-mail address or number of one person that nothing contradicts; a score
    alone only suggests.

    \b
    Kinds: name first_name last_name company email phone street house city zip date id code text

    \b
    centric match customers.csv leads.csv --map "name=name,mail=email" -o csv
    centric match people.csv --map given=first_name --map surname=last_name --rows -o ndjson
    """
    from db.identity.tables import Table

    sheets = [read_sheet(path) for path in (one, other) if path is not None]
    if names is not None:
        return _compare_names(sheets[0], names, id_column, form)
    kinds, renamed = _kinds(sheets, maps, id_column)
    table = Table(kinds)
    for place, sheet in enumerate(sheets):
        if place:
            table.begin_second()
        for row in sheet.rows:
            table.add({name: row.get(renamed[name][place], "") for name in kinds})
    numbers = _names(sheets, id_column)
    if as_rows:
        found = table.match()
        sizes = [0] * table.rows
        for cluster in found.clusters:
            sizes[cluster] += 1
        lines = [
            ClusterRow(1 + bool(table.first and row >= table.first), numbers[row], cluster + 1,
                       sizes[cluster])
            for row, cluster in enumerate(found.clusters)
        ]  # fmt: skip
        emit(lines, form, CLUSTER_COLUMNS, kind=ClusterRow)
        return exits.OK
    pairs = list(_pairs(table, numbers, above, show_apart))
    emit(pairs, form, MATCH_COLUMNS, kind=MatchRow)
    return exits.OK if pairs else exits.NOTHING


def _compare_names(sheet: Sheet, names: str, id_column: str | None, form: str) -> int:
    """Say for each row how like its two names are."""
    from db.identity.likeness import likeness

    left, sign, right = (part.strip() for part in names.partition(":"))
    if not sign:
        raise click.UsageError(f"“{names}” is no pair of columns: write LEFT:RIGHT.")
    for column in (left, right):
        if column not in sheet.headings:
            raise click.UsageError(f"There is no column “{column}”: {_list(sheet.headings)}.")
    rows = [
        NameRow(number, row.get(left, ""), row.get(right, ""),
                likeness(row.get(left, ""), row.get(right, "")))
        for number, row in zip(_names([sheet], id_column), sheet.rows, strict=True)
    ]  # fmt: skip
    emit(rows, form, NAME_COLUMNS, kind=NameRow)
    return exits.OK


def _pairs(
    table: Table, names: Sequence[str], above: float, show_apart: bool
) -> Iterator[MatchRow]:
    from math import log2

    from db.identity.estimate import share
    from db.identity.tables import reasons

    least = log2(max(above, 1e-9) / max(1 - above, 1e-9))
    found = table.match(least)
    for pair in found.matches:
        if pair.bits < least or (pair.zone == "apart" and not show_apart):
            continue
        yield MatchRow(
            names[pair.one],
            names[pair.other],
            pair.zone,
            round(share(pair.bits), 6),
            round(pair.bits, 2),
            found.clusters[pair.one] + 1,
            reasons(pair, found.columns),
        )


def _names(sheets: Sequence[Sheet], id_column: str | None) -> list[str]:
    return [
        row.get(id_column, "") if id_column else str(number)
        for sheet in sheets
        for number, row in enumerate(sheet.rows, 1)
    ]


def read_sheet(path: Path) -> Sheet:
    """Read a table with a heading, in any usual separation and encoding.

    Raises:
        click.UsageError: There is no such file, or no heading in it.
    """
    try:
        raw = sys.stdin.buffer.read() if str(path) == "-" else path.read_bytes()
    except OSError as error:
        raise click.UsageError(f"“{path}” cannot be read ({error.strerror}).") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("cp1252", "replace")
    lines = text.replace("\x00", "").splitlines(keepends=True)
    if not lines:
        raise click.UsageError(f"“{path}” is empty: its first line must name the columns.")
    separator = max(SEPARATORS, key=lines[0].count)
    csv.field_size_limit(FIELD_CHARACTERS)
    reader = csv.reader(lines, delimiter=separator)
    try:
        headings = tuple(heading.strip() for heading in next(reader))
        rows = tuple(dict(zip(headings, row, strict=False)) for row in reader if row)
    except csv.Error as error:
        raise click.UsageError(
            f"“{path}” is no table: {error} (line {reader.line_num})."
        ) from error
    return Sheet(headings, rows)


def _kinds(
    sheets: Sequence[Sheet], maps: Sequence[str], id_column: str | None
) -> tuple[dict[str, str], dict[str, tuple[str, ...]]]:
    """Return column to kind, and what each table calls the column."""
    from db.identity.columns import KINDS
    from db.identity.guess import guess_kinds

    for sheet in sheets:
        if id_column and id_column not in sheet.headings:
            raise click.UsageError(f"There is no column “{id_column}”: {_list(sheet.headings)}.")
    if not maps:
        kinds = guess_kinds(sheets[0].headings, sheets[0].rows)
        kinds = {name: kind for name, kind in kinds.items() if name != id_column}
        for sheet in sheets[1:]:
            kinds = {name: kind for name, kind in kinds.items() if name in sheet.headings}
        if not kinds:
            raise click.UsageError("No column can be guessed: say --map COLUMN=KIND.")
        say("Compared: " + ", ".join(f"{name}={kind}" for name, kind in kinds.items()))
        return kinds, {name: (name,) * len(sheets) for name in kinds}
    kinds, renamed = {}, {}
    for part in (part.strip() for given in maps for part in given.split(",")):
        if not part:
            continue
        left, sign, kind = (piece.strip() for piece in part.rpartition("="))
        if not sign or not left:
            raise click.UsageError(f"“{part}” is no mapping: write COLUMN=KIND.")
        if kind not in KINDS and left in KINDS:
            left, kind = kind, left
        if kind in ("ignore", "none", ""):
            continue
        if kind not in KINDS:
            raise click.UsageError(f"There is no kind “{kind}”: {_list(KINDS)}.")
        called = _called(left, sheets)
        kinds[called[0]] = kind
        renamed[called[0]] = called
    return kinds, renamed


def _called(left: str, sheets: Sequence[Sheet]) -> tuple[str, ...]:
    names = (left,) * len(sheets)
    if len(sheets) == 2 and left not in sheets[0].headings and ":" in left:
        mine, _, theirs = left.partition(":")
        names = (mine.strip(), theirs.strip())
    for name, sheet in zip(names, sheets, strict=True):
        if name not in sheet.headings:
            raise click.UsageError(f"There is no column “{name}”: {_list(sheet.headings)}.")
    return names


def _list(names: Iterable[str]) -> str:
    return "there are " + ", ".join(names)
