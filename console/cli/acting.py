"""``centric do``, ``undo``, ``redo`` and ``log``: the verbs, and what was done with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC
from typing import TYPE_CHECKING, Any

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
    from db.store import Store

PAGE_ROWS = 200
FOREVER = 2**62

LOG_COLUMNS: tuple[Column[JournalRow], ...] = (
    Column("act", lambda row: str(row.seq), right=True),
    Column("when", lambda row: stamp(row.at)),
    Column("agent", lambda row: row.agent, weight=1),
    Column("what", lambda row: row.sentence or "(erased)", weight=4),
    Column("", lambda row: f"undone by {row.undone_by}" if row.undone_by else ""),
)


@dataclass(frozen=True, slots=True)
class Verified:
    """What a walk over the journal found.

    Attributes:
        altered_act: The first act that does not fit; 0 when all do.
        anchored: Whether the anchor that was given stands in it.
        anchor: Number and hash of the last act, to be kept elsewhere.
    """

    acts: int
    altered_act: int
    anchored: bool
    anchor: str


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
@click.option("--customer", metavar="WHO", help="Only what was done to them and their cases.")
@click.option("--by", metavar="LOGIN", help="Only what this agent did.")
@click.option("--mine", is_flag=True, help="Only what you did.")
@click.option("--since", metavar="WHEN", help="Not before: a duration (2w, 36h) or a day.")
@click.option(
    "--until", metavar="WHEN", help="Before: a duration (1d) or a day, which is left out."
)
@click.option("--verify", is_flag=True, help="Check that nobody has rewritten the journal.")
@click.option("--anchor", metavar="ACT:HASH", help="With --verify: what it told you to keep.")
@limit_option(50)
@output_option()
@pass_session
def log(
    session: Session,
    case: str | None,
    customer: str | None,
    by: str | None,
    mine: bool,
    since: str | None,
    until: str | None,
    verify: bool,
    anchor: str | None,
    limit: int,
    form: str,
) -> int:
    r"""Show what was done, newest first; all that is asked for must hold.

    --verify walks the whole journal and names the first act that was altered (exit code 65).

    \b
    centric log --customer ada --since 2w
    centric log --by ben --since 2026-11-01 --until 2026-12-01 -n 0 -o json
    """
    from console.cli.cases import case_number

    if verify or anchor:
        return _verify(session, anchor or "", form)
    store = session.open()
    rows = _rows(
        store,
        limit,
        case_id=case_number(case) if case else 0,
        customer_id=_customer(store, customer),
        login=by or (session.login if mine else ""),
        since=_when(since, 0),
        until=_when(until, FOREVER),
    )
    emit(rows, form, LOG_COLUMNS, kind=JournalRow, id_of=lambda row: row.seq)
    if not rows and form == "text":
        say("Nothing was done yet.")
    return exits.OK


def _customer(store: Store, who: str | None) -> int:
    if not who:
        return 0
    from console.cli.erasing import one_customer

    return one_customer(store, who)


def _when(text: str | None, otherwise: int) -> int:
    """Return a time as people write it.

    Raises:
        UsageError: It is no time.
    """
    if not text:
        return otherwise
    from console.cli.when import parse_work_since
    from console.times import local, now

    try:
        return parse_work_since(text, now(), local(now()).tzinfo or UTC)
    except ValueError as error:
        raise click.UsageError(str(error)) from error


def _rows(store: Store, limit: int, **wanted: Any) -> list[JournalRow]:  # as `acts_page` has them
    from db.queries.acts import acts_page

    rows: list[JournalRow] = []
    before = FOREVER
    while True:
        size = min(limit - len(rows), PAGE_ROWS) if limit else PAGE_ROWS
        page = store.ask(acts_page, **wanted, before_seq=before, limit=size)
        rows += page
        if len(page) < size or (limit and len(rows) >= limit):
            return rows
        before = page[-1].seq


def _verify(session: Session, anchor: str, form: str) -> int:
    from db import journal
    from db.queries.acts import is_anchored

    number, _, digest = anchor.strip().replace(" ", ":").partition(":")
    if anchor and not (number.isdecimal() and digest):
        raise click.UsageError("An anchor is the number of an act and its hash: 42:9f86…")
    store = session.open()
    seq, head = store.ask(journal.head)
    found = Verified(
        acts=seq,
        altered_act=store.ask(journal.verify),
        anchored=not anchor or store.ask(is_anchored, int(number), digest),
        anchor=f"{seq}:{head}",
    )
    emit_one(found, "json" if form == "ids" else form, lambda: _verified_lines(found, number))
    return exits.OK if found.anchored and not found.altered_act else exits.BAD_INPUT


def _verified_lines(found: Verified, number: str) -> Iterator[str]:
    if found.altered_act:
        yield f"The journal was altered: act {found.altered_act} is the first that does not fit."
    elif not found.anchored:
        yield f"The journal was written anew or cut off: act {number} is not the one you noted."
    else:
        yield f"{found.acts:,} acts, none altered. Keep this to compare later: {found.anchor}"


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
