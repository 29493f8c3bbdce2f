"""``centric customers import``: a list of customers out of another system."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, Group, pass_session
from console.cli.importing import Interruption
from console.cli.progress import write_json_line
from console.cli.session import Session, say
from console.text import one_line
from db.frozen import dataclass

if TYPE_CHECKING:
    from db.roster import PersonRow, RosterOutcome

MOST_BYTES = 1 << 30
MOST_ROWS = 2_000_000
MOST_CELLS = 500  # of a row
CELL_CHARACTERS = 20_000
SEPARATORS = ",;\t|"
SHOWN_ROWS = 3
SHOWN_CELLS = 24
TARGETS = (
    "name",
    "first_name",
    "last_name",
    "email",
    "phone",
    "handle",
    "id",
    "organization",
    "title",
    "stage",
    "vip",
    "risk",
    "goals",
    "language",
    "time_zone",
    "preferred_channel",
    "field",
    "ignore",
)
# What other systems call their columns, in lower-case letters without anything between them.
_CALLED: Mapping[str, str] = {
    "name": "name fullname displayname customer customername contact contactname person kunde nom",
    "first_name": "firstname givenname forename vorname prenom nombre nome",
    "last_name": "lastname surname familyname nachname apellido apellidos cognome",
    "email": "email emailaddress mail mailaddress emails primaryemail workemail otheremail email1"
    " email2",
    "phone": "phone phonenumber telephone tel mobile mobilephone cell workphone phone1 phone2"
    " telefon telefono telefone",
    "handle": "handle username twitter slack telegram whatsapp",
    "id": "id customerid contactid externalid externaluserid userid crmid accountid",
    "organization": "organization organisation company companyname account accountname employer"
    " firma empresa societe",
    "title": "title jobtitle role position job",
    "stage": "stage lifecyclestage lifecycle",
    "vip": "vip isvip",
    "risk": "risk",
    "goals": "goals goal",
    "language": "language lang locale preferredlanguage",
    "time_zone": "timezone tz",
    "preferred_channel": "preferredchannel channel",
}
_TARGET_OF = {word: target for target, words in _CALLED.items() for word in words.split()}
_MANY = re.compile(r"[;,\n]")


@click.group(cls=Group)
def customers() -> None:
    """Bring in lists of customers."""


@customers.command("import", cls=Command)
@click.argument("path", metavar="FILE.csv", type=click.Path(path_type=Path))
@click.option(
    "--map",
    "maps",
    multiple=True,
    metavar="COLUMN=FIELD",
    help="What a column holds; may be given again, or several with commas. What is not said is "
    "guessed from the heading, or becomes a field of your own.",
)
@click.option(
    "--network", default="", metavar="NAME", help="Where ids and handles are unique: crm, slack."
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would come; store nothing.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "ndjson"]),
    help="Text, or a JSON line for each step; JSON lines are the default on a pipe.",
)
@pass_session
def import_(
    session: Session,
    path: Path,
    maps: tuple[str, ...],
    network: str,
    yes: bool,
    dry_run: bool,
    form: str | None,
) -> int:
    r"""Bring in a list of customers from a CSV file; one row is one person.

    A person is known again by an e-mail address, an id or a handle; by a number only where the row
    has nothing else. What is known already is never overwritten: a row only completes it. A row
    that cannot be read, or contradicts the store, is set aside with the reason. The same file again
    changes nothing.

    \b
    Fields: name first_name last_name email phone handle id organization title stage vip risk goals
            language time_zone preferred_channel field ignore

    \b
    centric customers import crm.csv --dry-run
    centric customers import crm.csv --map "Mail=email,Kundennr=id" --network crm
    """
    lines = form == "ndjson" or (form is None and not sys.stdout.isatty())
    roster = Roster(path, maps, network or path.stem.casefold())
    good, bad = _look(roster, lines)
    if dry_run:
        return exits.OK if good else exits.BAD_INPUT
    if not good and not bad:
        return exits.OK
    asks = not yes and sys.stdin.isatty() and not lines
    if asks and not click.confirm("Import?", default=True, err=True):
        say("Nothing was imported.")
        return exits.OK
    return _carry_out(session, roster, lines)


def _carry_out(session: Session, roster: Roster, lines: bool) -> int:
    from db.roster import RosterOutcome, bring, slices

    store = session.open(create=True)
    interruption = Interruption()
    total = RosterOutcome()
    with interruption.awaited():
        for some in slices(roster.rows()):
            total += bring(store.engine, roster.source, some)
            if interruption.asked():
                break
    _tell(total, lines)
    if interruption.asked():
        say("Interrupted. What was read is kept. To go on, run the same command again.")
        return exits.INTERRUPTED
    if total.quarantined + total.held and not lines:
        say("What was set aside is kept: centric quarantine")
    return exits.OK


def _tell(total: RosterOutcome, lines: bool) -> None:
    if lines:
        write_json_line("outcome", asdict(total))
        return
    parts = [
        f"{total.new:,} new",
        f"{total.completed:,} completed",
        f"{total.same:,} already there",
    ]
    if total.quarantined:
        parts.append(f"{total.quarantined:,} set aside")
    if total.held:
        parts.append(f"{total.held:,} still set aside")
    click.echo(", ".join(parts))


def _look(roster: Roster, lines: bool) -> tuple[int, int]:
    """Read the whole list once and say what it is; return how many rows are good and bad."""
    from db.roster import problem_of

    good, bad = 0, 0
    problems: list[tuple[int, str]] = []
    shown: list[PersonRow] = []
    for row in roster.rows():
        problem = problem_of(row)
        if problem:
            bad += 1
            if len(problems) < SHOWN_ROWS:
                problems.append((row.number, problem))
            continue
        good += 1
        if len(shown) < SHOWN_ROWS:
            shown.append(row)
    if lines:
        told = [{"row": number, "reason": reason} for number, reason in problems]
        figures = {"rows": good, "bad": bad, "columns": roster.targets, "problems": told}
        write_json_line("preview", figures)
        return good, bad
    say("Columns: " + ", ".join(f"{_short(name)} is {to}" for name, to in roster.targets.items()))
    for row in shown:
        say("  " + " · ".join(_short(one) for one in _words(row)))
    say(f"{good:,} customers can be read" + (f", {bad:,} rows cannot:" if bad else "."))
    for number, problem in problems:
        say(f"  row {number}: {problem}")
    return good, bad


def _words(row: PersonRow) -> Iterator[str]:
    yield row.name or "(no name)"
    yield from (address.value for address in row.addresses)
    yield from (value for value in row.profile.values() if value)


def _short(text: str) -> str:
    return one_line(text, SHOWN_CELLS)


@dataclass(frozen=True, slots=True)
class _Column:
    place: int
    name: str
    target: str


class Roster:
    """A CSV file with what its columns mean; rows are read one by one.

    Attributes:
        source: Name of the source in the store.
        targets: Column to what it holds.
    """

    def __init__(self, path: Path, maps: Sequence[str], network: str) -> None:
        self._path = path
        self._network = one_line(network, 60)
        self.source = f"customers {self._network}"
        self._text = _read(path)
        heading = self._text.split("\n", 1)[0]
        self._separator = max(SEPARATORS, key=heading.count)
        csv.field_size_limit(CELL_CHARACTERS)
        headings = self._headings()
        self._columns = _columns(headings, _mapping(maps, headings))
        self.targets = {column.name: column.target for column in self._columns}
        if not {"email", "phone", "handle", "id"} & set(self.targets.values()):
            raise click.UsageError(
                "No column holds an e-mail address, number, handle or id: say which with "
                f"--map COLUMN=email. There are {', '.join(map(_short, headings))}."
            )

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(io.StringIO(self._text, newline=""), delimiter=self._separator)

    def _headings(self) -> list[str]:
        try:
            headings = [heading.strip() for heading in next(self._reader(), [])]
        except csv.Error as error:
            raise click.UsageError(f"“{self._path}” is no table: {error}.") from error
        if not any(headings):
            raise click.UsageError(f"“{self._path}” has no heading: its first line names columns.")
        if len(headings) > MOST_CELLS:
            raise click.UsageError(f"“{self._path}” has more than {MOST_CELLS} columns.")
        return headings

    def rows(self) -> Iterator[PersonRow]:
        """Yield every row; what cannot be read is a row with its problem."""
        from db.roster import PersonRow

        reader = self._reader()
        next(reader, None)
        number = 0
        while number < MOST_ROWS:
            number += 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield PersonRow(number, f"row {number}".encode(), problem=f"{error}.".capitalize())
                continue
            if any(cell.strip() for cell in cells):
                yield self._row(number, cells)
            else:
                number -= 1
        yield PersonRow(number + 1, b"", problem=f"There are more than {MOST_ROWS:,} rows.")

    def _row(self, number: int, cells: list[str]) -> PersonRow:
        from connectors.contract import Address
        from db.roster import PersonRow

        raw = io.StringIO()
        csv.writer(raw, delimiter=self._separator, lineterminator="").writerow(cells)
        kept = raw.getvalue().encode("utf-8", "surrogatepass")
        if len(cells) > max(len(self._columns), MOST_CELLS):
            return PersonRow(number, kept, problem="The row has too many cells.")
        if any(cell.strip() for cell in cells[len(self._columns) :]):
            return PersonRow(number, kept, problem="The row has more cells than the heading.")
        found: dict[str, list[str]] = {}
        fields: dict[str, str] = {}
        for column in self._columns:
            cell = cells[column.place].strip() if column.place < len(cells) else ""
            if not cell or column.target == "ignore":
                continue
            if column.target == "field":
                fields[column.name] = cell
            else:
                found.setdefault(column.target, []).append(cell)
        addresses = [
            *(Address("external_id", one, self._network) for one in found.get("id", ())),
            *(Address("email", one) for one in _several(found.get("email", ()))),
            *(Address("handle", one, self._network) for one in found.get("handle", ())),
            *(Address("phone", one) for one in _several(found.get("phone", ()))),
        ]
        name = " ".join(found.get("name", ())[:1]) or " ".join(
            [*found.get("first_name", ()), *found.get("last_name", ())]
        )
        profile = {
            what: cells[0]
            for what, cells in found.items()
            if what not in ("name", "first_name", "last_name", "id", "email", "handle", "phone")
        }
        return PersonRow(number, kept, name, tuple(addresses), profile, fields)


def _several(cells: Sequence[str]) -> Iterator[str]:
    for cell in cells:
        yield from (part.strip() for part in _MANY.split(cell) if part.strip())


def _read(path: Path) -> str:
    try:
        with sys.stdin.buffer if str(path) == "-" else path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise click.UsageError(f"“{path}” cannot be read ({error.strerror}).") from error
    if len(raw) > MOST_BYTES:
        raise click.UsageError(f"“{path}” is larger than {MOST_BYTES >> 30} GB: split it.")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = raw.decode("utf-16", "replace")
    else:
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = raw.decode("cp1252", "replace")
    return text.replace("\x00", "").replace("\r\n", "\n").replace("\r", "\n")


def _mapping(maps: Sequence[str], headings: Sequence[str]) -> dict[str, str]:
    wanted: dict[str, str] = {}
    for part in (part.strip() for given in maps for part in given.split(",")):
        if not part:
            continue
        name, sign, target = (piece.strip() for piece in part.rpartition("="))
        target = target.casefold().replace(" ", "_").replace("-", "_")
        if not sign or target not in TARGETS:
            raise click.UsageError(
                f"“{part}” is no mapping: write COLUMN=FIELD, with one of {', '.join(TARGETS)}."
            )
        if name not in headings:
            known = ", ".join(map(_short, headings))
            raise click.UsageError(f"There is no column “{_short(name)}”: there are {known}.")
        wanted[name] = target
    return wanted


def _columns(headings: Sequence[str], wanted: Mapping[str, str]) -> list[_Column]:
    found = []
    for place, name in enumerate(headings):
        word = re.sub(r"[^a-z0-9]", "", name.casefold())
        guess = _TARGET_OF.get(word, "field" if name else "ignore")
        found.append(_Column(place, name or f"column {place + 1}", wanted.get(name, guess)))
    return found
