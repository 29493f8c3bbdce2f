"""``centric erase``: take a customer out of the store for good."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Group, output_option, pass_session, words
from console.cli.session import Session, say
from console.output import Column, emit, emit_one
from console.text import clean
from console.times import stamp
from db.commands.erase import MODES

if TYPE_CHECKING:
    from db.erase.act import Preview, Receipt
    from db.store import Store

SHOWN = 8
_KEPT = {
    "anonymise": "Their name, addresses and files went; what they said stays, without them.",
    "replace": "Their name, addresses, files and words went; when they wrote stays.",
    "remove": "Everything went: profile, cases and entries.",
}


@click.group(cls=Group)
def erase() -> None:
    """Take a customer out of the store for good, and show what was taken out."""


@erase.command("customer")
@click.argument("who", nargs=-1, required=True, metavar="WHO…")
@click.option(
    "--mode",
    type=click.Choice(MODES),
    help="What becomes of what they said; without it, look and change nothing.",
)
@click.option("--also", multiple=True, metavar="WORD", help="A further word that names them.")
@click.option("--leave", multiple=True, metavar="WORD", help="A word of their name that stays.")
@click.option("--confirm", metavar="NAME", help="Their name as it is shown, instead of asking.")
@output_option(ids=False)
@pass_session
def erase_customer(
    session: Session,
    who: tuple[str, ...],
    mode: str | None,
    also: tuple[str, ...],
    leave: tuple[str, ...],
    confirm: str | None,
    form: str,
) -> int:
    r"""Show where a customer stands in the store; with --mode, erase them. A lead may.

    anonymise keeps what was said without the person, replace keeps only when, remove keeps nothing.
    It reaches notes, what others wrote, originals, the search index, drafts, the journal and free
    space. It cannot be undone.

    \b
    centric erase customer ada
    centric erase customer 42 --mode anonymise --also Addie
    """
    from db.commands.erase import EraseCustomer
    from db.erase.act import preview, receipt, receipts

    store = session.open()
    customer_id = one_customer(store, words(who))
    if not mode or confirm is None:
        seen = preview(store.engine, customer_id, also, leave, _Counting())
        if not mode:
            emit_one(seen, form, lambda: _preview_lines(seen))
            return exits.OK
        for line in _preview_lines(seen):
            say(line)
        if not sys.stdin.isatty():
            raise click.UsageError(
                "Nobody can be asked here: give --confirm with the customer's name."
            )
        say(f"This cannot be undone. {_KEPT[mode]}")
        confirm = click.prompt(f"Type {clean(seen.name, newlines=False)} to go on", err=True)
    agent = session.agent(store)
    command = EraseCustomer(customer_id, mode, confirm, ",".join(also), ",".join(leave))
    store.do(command, agent)
    done = receipt(store.engine.connection(), store.ask(receipts)[0].erasure_id)
    emit_one(done, form, lambda: _receipt_lines(done, store))
    return exits.OK


@erase.command("receipts")
@output_option()
@pass_session
def erase_receipts(session: Session, form: str) -> int:
    """List every erase, newest first; it names nobody."""
    from db.erase.act import Receipt, receipts

    columns: tuple[Column[Receipt], ...] = (
        Column("receipt", lambda row: str(row.erasure_id), right=True),
        Column("customer", lambda row: str(row.customer_id), right=True),
        Column("when", lambda row: stamp(row.begun_at)),
        Column("agent", lambda row: row.agent),
        Column("mode", lambda row: row.mode),
        Column("entries", lambda row: f"{row.entries:,}", right=True),
        Column("of others", lambda row: f"{row.others:,}", right=True),
        Column("", _state, weight=1),
    )
    rows = session.open().ask(receipts)
    emit(rows, form, columns, kind=Receipt, id_of=lambda row: row.erasure_id)
    if not rows and form == "text":
        say("Nobody was erased.")
    return exits.OK


@erase.command("receipt")
@click.argument("number", type=click.IntRange(min=1), metavar="NUMBER")
@output_option(ids=False)
@pass_session
def erase_receipt(session: Session, number: int, form: str) -> int:
    """Show one erase: what was taken out, and what no program can reach."""
    from db.erase.act import receipt

    store = session.open()
    done = store.ask(receipt, number)
    emit_one(done, form, lambda: _receipt_lines(done, store))
    return exits.OK


@erase.command("finish")
@click.option("--whole", is_flag=True, help="Write the whole file anew, however large.")
@pass_session
def erase_finish(session: Session, whole: bool) -> int:
    """Rewrite the bytes that an erase left, where a desk held the log or the file was large."""
    from db.erase.act import finish

    store = session.open()
    session.agent(store)
    if not finish(store.engine, whole=True if whole else None):
        say("Somebody is reading: close the other desks and do it again.")
        return exits.NOTHING
    click.echo("Nothing of what was erased is left in the file or its log.")
    return exits.OK


def one_customer(store: Store, text: str) -> int:
    """Return the one customer that is meant, by number or by letters.

    Raises:
        NotFound: Nobody is like that.
        Refused: Several are.
    """
    from db.errors import NotFound, Refused
    from db.identity.lookup import find_customers

    if text.isascii() and text.isdecimal() and len(text) < 10:
        return int(text)
    hits = store.ask(find_customers, text, 5)
    if not hits:
        raise NotFound(f"Nobody is like “{text}”.")
    exact = [hit for hit in hits if hit.name.casefold() == text.casefold()]
    if len(exact) == 1:
        return exact[0].customer_id
    if len(hits) > 1:
        listed = "; ".join(f"{hit.customer_id} {hit.name}" for hit in hits)
        raise Refused(f"Several are like “{text}”: {listed}. Give the number.")
    return hits[0].customer_id


def _some(values: tuple[str, ...]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return clean(", ".join(values[:SHOWN]), newlines=False) + more


def _preview_lines(seen: Preview) -> Iterator[str]:
    yield f"customer     {seen.customer_id} {clean(seen.name, newlines=False)}"
    yield f"known as     {_some(seen.names) or 'no whole name'}"
    yield f"addresses    {_some(seen.addresses) or 'none'}"
    yield f"their own    {seen.entries:,} entries, {seen.cases:,} cases"
    yield f"of others    {seen.others:,} entries name them, {seen.originals:,} originals would go"
    yield f"and          {seen.acts:,} acts, {seen.rows:,} other rows, {seen.broken:,} set aside"
    for word, count, masked in seen.lone:
        where = "masked everywhere" if masked else "masked in their own cases only"
        yield f"“{clean(word, newlines=False)}”  alone in {count:,} entries of others: {where}"
    for number, name in seen.namesakes[:SHOWN]:
        yield f"namesake     {number} {clean(name, newlines=False)} keeps the name"
    for what, name in seen.told:
        yield f"look at      the {what} “{clean(name, newlines=False)}”: it names them and stays"


def _state(row: Receipt) -> str:
    if not row.done_at:
        return "stopped: erase the customer again"
    return "" if row.scrubbed_at else "bytes not rewritten: centric erase finish"


def _receipt_lines(done: Receipt, store: Store) -> Iterator[str]:
    yield f"Customer {done.customer_id} was erased by {clean(done.agent, newlines=False)}."
    yield _KEPT[done.mode]
    yield f"{done.entries:,} entries and {done.cases:,} cases of theirs"
    yield f"{done.others:,} entries of others, in which they are masked now"
    yield f"{done.originals:,} originals and files removed"
    yield f"{done.acts:,} acts of the journal emptied; it still verifies"
    yield f"{done.rows:,} other rows masked, {done.broken:,} items that were set aside removed"
    if _state(done):
        yield _state(done)[0].upper() + _state(done)[1:]
    yield "What no program here can reach, and where they may still stand:"
    yield from (f"  {line}" for line in _out_of_reach(done, store))


def _out_of_reach(done: Receipt, store: Store) -> Iterator[str]:
    yield "the mailboxes and chats that messages came from"
    yield "exports, files saved from attachments, and what was printed or sent on"
    if store.engine.name != "sqlite":
        yield "the write-ahead log, standbys and dumps of PostgreSQL, until they are renewed"
        return
    from db.keeping.backup import listed, usual_folder

    path = Path(store.engine.place)
    older = [
        one
        for one in listed(usual_folder(path), path.stem)
        if one.stat().st_mtime * 1000 < (done.done_at or done.begun_at)
    ]
    if older:
        yield f"{len(older)} backups made before, the newest {clean(older[-1].name)}"
    else:
        yield "backups made before"


class _Counting:
    """Tells on a terminal what is looked at."""

    def __call__(self, what: str, count: int) -> None:
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[K{count:,} {what}\r", err=True, nl=False)
