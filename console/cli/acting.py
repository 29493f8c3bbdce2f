"""``centric do``, ``undo``, ``redo`` and ``log``: the verbs, and what was done with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, limit_option, output_option, pass_session, words
from console.cli.session import Session, say
from console.output import Column, emit, emit_one
from console.text import clean
from console.times import stamp
from db.frozen import dataclass
from db.records import Done, JournalRow

if TYPE_CHECKING:
    from db.commands.base import Command as Act

PAGE_ROWS = 200

LOG_COLUMNS: tuple[Column[JournalRow], ...] = (
    Column("act", lambda row: str(row.seq), right=True),
    Column("when", lambda row: stamp(row.at)),
    Column("agent", lambda row: row.agent, weight=1),
    Column("what", lambda row: row.sentence or "(erased)", weight=4),
    Column("", lambda row: f"undone by {row.undone_by}" if row.undone_by else ""),
)


@dataclass(frozen=True, slots=True)
class Verb:
    """A command as it is listed.

    Attributes:
        usage: How it is typed.
        lead_only: True where only a lead may.
    """

    name: str
    title: str
    usage: str
    help: str
    lead_only: bool


VERB_COLUMNS: tuple[Column[Verb], ...] = (
    Column("command", lambda row: row.usage, weight=2),
    Column("what it does", lambda row: row.help + (" Leads only." if row.lead_only else ""), 3),
)


class _Words(Command):
    """A command whose words keep their two dashes: what follows them is never an option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Double the two dashes, as click takes one pair away."""
        if "--" in args:
            place = args.index("--")
            args = [*args[:place], "--", *args[place:]]
        return super().parse_args(ctx, args)


@click.command(cls=_Words, context_settings={"ignore_unknown_options": True})
@click.argument("given", nargs=-1, type=click.UNPROCESSED, metavar="[COMMAND [ARGUMENT…]]")
@output_option()
@pass_session
def do(session: Session, given: tuple[str, ...], form: str) -> int:
    r"""Carry out a command; without one, list all of them.

    Several cases are written with commas. What begins with a dash and is not an option comes
    after two dashes.

    \b
    centric do case.tag 42 billing
    centric do case.status 42,43 pending
    centric do undo
    """
    told = [words([one]) for one in given]
    if not told:
        emit(verbs(), form, VERB_COLUMNS, kind=Verb, id_of=lambda verb: verb.name)
        return exits.OK
    if told[0] in ("undo", "redo"):
        return _take_back(session, told[0], told[1:], form)
    command = _built(told[0], told[1:])
    store = session.open()
    _tell(store.do(command, session.agent(store)), form)
    return exits.OK


@click.command(cls=Command)
@click.argument("act", type=click.IntRange(min=1), required=False, metavar="[ACT]")
@output_option()
@pass_session
def undo(session: Session, act: int | None, form: str) -> int:
    """Take back your last act, or an act of the journal by its number."""
    return _take_back(session, "undo", (str(act),) if act else (), form)


@click.command(cls=Command)
@output_option()
@pass_session
def redo(session: Session, form: str) -> int:
    """Do again what you took back last."""
    return _take_back(session, "redo", (), form)


@click.command(cls=Command)
@click.option("--case", metavar="NUMBER", help="Only what was done to this case.")
@click.option("--mine", is_flag=True, help="Only what you did.")
@click.option("--verify", is_flag=True, help="Check that nobody has rewritten the journal.")
@limit_option(50)
@output_option()
@pass_session
def log(session: Session, case: str | None, mine: bool, verify: bool, limit: int, form: str) -> int:
    """Show what was done, newest first."""
    from console.cli.cases import case_number

    case_id = case_number(case) if case else 0
    if verify:
        return _verify(session)
    rows = _rows(session, case_id, mine, limit)
    emit(rows, form, LOG_COLUMNS, kind=JournalRow, id_of=lambda row: row.seq)
    if not rows and form == "text":
        say("Nothing was done yet.")
    return exits.OK


def _rows(session: Session, case_id: int, mine: bool, limit: int) -> list[JournalRow]:
    from db import journal

    store = session.open()
    agent_id = session.agent_id(store) if mine else 0
    if mine and not agent_id:
        return []
    rows: list[JournalRow] = []
    before = journal.NEWEST
    while True:
        size = min(limit - len(rows), PAGE_ROWS) if limit else PAGE_ROWS
        if case_id:
            page = store.ask(journal.history, "case", case_id, PAGE_ROWS if mine else size, before)
        else:
            page = store.ask(journal.recent, agent_id, size, before)
        rows += [row for row in page if not (case_id and mine) or row.agent == session.login]
        if not page or (limit and len(rows) >= limit):
            return rows[:limit] if limit else rows
        before = page[-1].seq


def _verify(session: Session) -> int:
    from db import journal

    store = session.open()
    broken = store.ask(journal.verify)
    if broken:
        say(f"The journal was altered: act {broken} is the first that does not fit.")
        return exits.NOTHING
    seq, anchor = store.ask(journal.head)
    click.echo(f"{seq:,} acts, none altered. Keep this to compare later: {seq} {anchor}")
    return exits.OK


def _take_back(session: Session, which: str, rest: Sequence[str], form: str) -> int:
    if len(rest) > (1 if which == "undo" else 0) or any(not word.isdecimal() for word in rest):
        takes = "at most the number of an act" if which == "undo" else "nothing more"
        raise click.UsageError(f"{which} takes {takes}.")
    store = session.open()
    agent = session.agent(store)
    done = store.undo(agent, int(rest[0]) if rest else 0) if which == "undo" else store.redo(agent)
    _tell(done, form)
    return exits.OK


def _tell(done: Done, form: str) -> None:
    if form == "ids":
        click.echo(str(done.seq))
    else:
        emit_one(done, form, lambda: [clean(done.sentence, newlines=False)])


def _built(name: str, told: Sequence[str]) -> Act:
    """Return a command from the words of the command line: values, and ``--name value``."""
    from db.commands.registry import build, command_class

    flags = _flags(name)
    values: list[str] = []
    options: dict[str, str] = {}
    rest = iter(told)
    command_class(name)
    for word in rest:
        if word == "--":
            values += rest
        elif word.startswith("--"):
            key, equals, value = word[2:].partition("=")
            key = key.replace("-", "_")
            if not equals:
                value = "yes" if key in flags else next(rest, "")
            options[key] = value
        else:
            values.append(word)
    return build(name, values, options)


def _flags(name: str) -> frozenset[str]:
    """Return the arguments of a command that are yes or no."""
    from db.commands.base import arguments_of
    from db.commands.registry import command_class

    return frozenset(spec.name for spec in arguments_of(command_class(name)) if spec.type is bool)


def verbs() -> list[Verb]:
    """Return everything that ``centric do`` takes."""
    from db.commands.registry import COMMANDS, usage

    listed = [
        Verb(name, command.title, usage(command), command.help, command.lead_only)
        for name, command in COMMANDS.items()
    ]
    undo_verb = Verb(
        "undo", "Undo", "undo [ACT]", "Take back your last act, or one by number.", False
    )
    redo_verb = Verb("redo", "Redo", "redo", "Do again what you took back last.", False)
    return [*listed, undo_verb, redo_verb]
