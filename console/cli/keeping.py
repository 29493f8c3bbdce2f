"""``centric info``, ``doctor`` and ``quarantine``: what is in the store, and is it sound."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, Group, limit_option, output_option, pass_session
from console.cli.proving import ingest
from console.cli.session import Session, say
from console.output import Column, emit, emit_one
from console.text import clean
from console.times import ago, stamp
from db.frozen import dataclass
from db.records import QuarantineRow

if TYPE_CHECKING:
    from db.doctor import Checkup

QUARANTINE_COLUMNS: tuple[Column[QuarantineRow], ...] = (
    Column("number", lambda row: str(row.quarantine_id), right=True),
    Column("source", lambda row: row.source, weight=1),
    Column("place", lambda row: row.place, weight=2),
    Column("bytes", lambda row: f"{row.size:,}", right=True),
    Column("since", lambda row: stamp(row.first_at)),
    Column("tries", lambda row: str(row.tries), right=True),
    Column("reason", lambda row: row.reason, weight=4),
)


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What a store is and what is in it.

    Attributes:
        store: Its path, or its URL without a password.
        size: Bytes of the store, without what still waits in a log.
        own: Addresses that are ours.
        drafts: Of this agent.
        quarantined: Items set aside.
        synced_at: When something was last imported.
    """

    store: str
    engine: str
    schema_version: int
    size: int
    own: int
    customers: int
    cases: int
    unresolved: int
    entries: int
    drafts: int
    quarantined: int
    synced_at: int


@click.command(cls=Command)
@output_option(ids=False)
@pass_session
def info(session: Session, form: str) -> int:
    """Say where the store is and what is in it."""
    from db.identity.own import list_own
    from db.queries.desk import status, totals
    from db.schema.version import SCHEMA_VERSION

    store = session.open()
    counts = store.ask(totals)
    state = store.ask(status, session.agent_id(store))
    found = StoreInfo(
        store=store.engine.place,
        engine=store.engine.name,
        schema_version=SCHEMA_VERSION,
        size=store.engine.size(),
        own=len(store.ask(list_own)),
        customers=counts.customers,
        cases=counts.cases,
        unresolved=counts.unresolved,
        entries=counts.entries,
        drafts=state.drafts,
        quarantined=state.quarantined,
        synced_at=state.synced_at,
    )
    emit_one(found, form, lambda: _info_lines(found))
    return exits.OK


def _info_lines(found: StoreInfo) -> Iterator[str]:
    yield f"store        {clean(found.store, newlines=False)}"
    yield f"engine       {found.engine}, schema {found.schema_version}, {found.size:,} bytes"
    yield f"customers    {found.customers:,}"
    yield f"cases        {found.cases:,}, {found.unresolved:,} unresolved"
    yield f"entries      {found.entries:,}"
    yield f"set aside    {found.quarantined:,}"
    yield f"drafts       {found.drafts:,} of yours"
    yield f"ours         {found.own:,} {'address' if found.own == 1 else 'addresses'}"
    yield f"last import  {ago(found.synced_at)}"


@click.group(cls=Group, invoke_without_command=True)
@click.option("--deep", is_flag=True, help="Read every page, text and original; takes minutes.")
@click.option("--rebuild", is_flag=True, help="Make counters, indexes and all that follows anew.")
@click.option("--accept", is_flag=True, help="Use the file though acts are missing in it.")
@output_option(ids=False)
@pass_session
def doctor(session: Session, deep: bool, rebuild: bool, accept: bool, form: str) -> int:
    """Check the store: the file, the journal, what is counted, the disk, who may open it.

    Exit code 0 says that all is sound, 1 that something is wrong and how it is mended, 65 that
    something is lost or was altered. A check keeps nobody waiting; --rebuild does.
    """
    if click.get_current_context().invoked_subcommand:
        return exits.OK
    from db.doctor import examine

    if accept:
        _accept(session)
    store = session.open()
    found = examine(store.engine, deep=deep, rebuild=rebuild)
    emit_one(found, form, lambda: _doctor_lines(found))
    if found.sound:
        return exits.OK
    return exits.BAD_INPUT if found.broken else exits.NOTHING


doctor.add_command(ingest)


def _accept(session: Session) -> None:
    """Take a file as it is, though it was copied without its log or is older than it was."""
    from pathlib import Path

    from db.engine.gate import accept_file
    from db.engine.sqlite_file import check_ours, read_head

    if session.store_path.startswith("postgres"):
        return
    path = Path(session.store_path)
    head = read_head(path)
    check_ours(path, head.application, head.version)
    accept_file(path)


_SIGNS = {"ok": "ok    ", "note": "note  ", "wrong": "WRONG ", "broken": "BROKEN"}


def _doctor_lines(found: Checkup) -> Iterator[str]:
    for finding in found.findings:
        yield f"{_SIGNS[finding.state]}  {clean(finding.told, newlines=False)}"
    for fault in found.faults[1:]:
        yield f"        {clean(fault, newlines=False)}"
    if found.indexed is not None:
        yield f"        The search index was written anew from {found.indexed:,} entries."
    if found.acts:
        yield f"        Keep this to compare later: {found.acts} {found.anchor}"


@click.group(cls=Group, invoke_without_command=True)
@limit_option(100)
@output_option()
@click.pass_context
def quarantine(context: click.Context, limit: int, form: str) -> None:
    """List and show what could not be read; it is kept as it was received."""
    if context.invoked_subcommand is None:
        context.invoke(quarantine_list, limit=limit, form=form)


@quarantine.command("list")
@limit_option(100)
@output_option()
@pass_session
def quarantine_list(session: Session, limit: int, form: str) -> None:
    """List what was set aside, newest first."""
    from db.queries.quarantine import quarantine_page

    store = session.open()
    rows: list[QuarantineRow] = []
    before = 0
    while not limit or len(rows) < limit:
        page = store.ask(quarantine_page, before, limit - len(rows) if limit else 200)
        if not page:
            break
        rows += page
        before = page[-1].quarantine_id
    emit(rows, form, QUARANTINE_COLUMNS, kind=QuarantineRow, id_of=lambda row: row.quarantine_id)
    if not rows and form == "text":
        say("Nothing is set aside.")


@quarantine.command("show")
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@click.option("--raw", is_flag=True, help="Write the bytes as they were received.")
@pass_session
def quarantine_show(session: Session, number: int, raw: bool) -> int:
    """Show one thing that was set aside, as text that a terminal can only show."""
    from db.queries.quarantine import quarantine_bytes

    data = session.open().ask(quarantine_bytes, number)
    if raw:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    else:
        click.echo(clean(data.decode("utf-8", "replace")))
    return exits.OK
