"""``centric customer`` and ``find``: who was that, and where was that."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, limit_option, output_option, pass_session, words
from console.cli.session import Session, say
from console.cli.told import line, sheet_lines
from console.output import Column, emit, emit_one, json_text, write_lines
from console.times import ago, stamp
from db import clock
from db.records import CustomerHit, FindHit

if TYPE_CHECKING:
    from db.store import Store

MOST_HITS = 200
PAGE_HITS = 200  # the longest page that the store gives

HIT_COLUMNS: tuple[Column[CustomerHit], ...] = (
    Column("number", lambda row: str(row.customer_id), right=True),
    Column("customer", lambda row: row.name, weight=2),
    Column("organization", lambda row: row.organization, weight=2),
    Column("open", lambda row: str(row.open_cases or ""), right=True),
    Column("last contact", lambda row: ago(row.last_at)),
    Column("matched", lambda row: f"{row.why} {row.matched}".strip(), weight=2),
)
FOUND_COLUMNS: tuple[Column[FindHit], ...] = (
    Column("case", lambda row: f"#{row.case_id}" if row.case_id else "", right=True),
    Column("when", lambda row: stamp(row.at)),
    Column("customer", lambda row: row.customer, weight=2),
    Column("how", lambda row: row.channel if row.kind == "message" else row.kind),
    Column("subject", lambda row: row.subject, weight=3),
    Column("text", lambda row: row.snippet, weight=4),
)


@click.command(cls=Command)
@click.argument("who", nargs=-1, required=True, metavar="WHO…")
@click.option("--list", "as_list", is_flag=True, help="List who is like that, also when it is one.")
@limit_option(20)
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "json", "ndjson", "csv", "ids", "html"]),
    default="text",
    show_default=True,
    help="How the answer is written; html is a sheet to print.",
)
@pass_session
def customer(session: Session, who: tuple[str, ...], as_list: bool, limit: int, form: str) -> int:
    r"""Show a customer's cheat sheet, by number or by half-remembered letters.

    Where several are like that they are listed, best first; programs that want one shape of
    answer say find: it always lists, and without words it answers each line of its input.

    \b
    centric customer 17 -o html > ada.html
    centric customer find adda moren -o ndjson
    centric customer find -o ndjson < names.txt
    """
    from db.errors import NotFound
    from db.identity.lookup import find_customers

    store = session.open()
    if who[0] == "find":
        who, as_list = who[1:], True
        if not who:
            return _answer_lines(store, limit or MOST_HITS, form)
    text = words(who)
    if not as_list and _is_number(text):
        with contextlib.suppress(NotFound):  # then it may be part of a phone number
            _show_sheet(store, int(text), form)
            return exits.OK
    hits = tuple(store.ask(find_customers, text, limit or MOST_HITS))
    if len(hits) == 1 and not as_list:
        _show_sheet(store, hits[0].customer_id, form)
        return exits.OK
    if form == "html":
        raise click.UsageError(f"{len(hits)} are like “{text}”: print one by its number.")
    emit(hits, form, HIT_COLUMNS, kind=CustomerHit, id_of=lambda row: row.customer_id)
    if not hits:
        say(f"Nobody is like “{text}”.")
        return exits.NOTHING
    return exits.OK


def _answer_lines(store: Store, limit: int, form: str) -> int:
    """Answer each line of standard input with one line: the question and who is like it."""
    from db.identity.lookup import find_customers

    if form not in ("text", "ndjson"):
        raise click.UsageError("Many questions are answered in lines: say -o ndjson.")
    found = False
    for asked in sys.stdin:
        text = asked.strip()
        if not text:
            continue
        hits = store.ask(find_customers, text, limit)
        found = found or bool(hits)
        if form == "ndjson":
            click.echo(json_text({"query": text, "hits": list(hits)}))
        else:
            best = hits[0] if hits else None
            told = f"{best.customer_id}  {line(best.name)}" if best else "nobody"
            click.echo(f"{line(text)}: {told}")
        sys.stdout.flush()
    return exits.OK if found else exits.NOTHING


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _show_sheet(store: Store, customer_id: int, form: str) -> None:
    from db.queries.sheet import cheat_sheet

    sheet = store.ask(cheat_sheet, customer_id)
    if form == "ids":
        click.echo(str(sheet.customer_id))
    elif form == "html":
        from console.sheet_page import page

        write_lines(page(sheet))
    else:
        emit_one(sheet, form, lambda: sheet_lines(sheet))


@click.command(cls=Command)
@click.argument("text", nargs=-1, required=True, metavar="TEXT…")
@click.option("--customer", "customer_id", type=click.IntRange(min=1), help="Only with this one.")
@click.option("--best", is_flag=True, help="Best first instead of newest first.")
@limit_option(50)
@output_option()
@pass_session
def find(
    session: Session,
    text: tuple[str, ...],
    customer_id: int | None,
    best: bool,
    limit: int,
    form: str,
) -> int:
    r"""Find entries by their words, and by who, when and what; newest first.

    What begins with a dash leaves out, and comes after two dashes.

    \b
    centric find invoice customer:ada after:2w
    centric find '"exact words"' is:open
    centric find -- refund -paid
    """
    from db.queries.find import find as find_entries

    store = session.open()
    agent_id = session.agent_id(store)
    hits: list[FindHit] = []
    before = 0
    while True:
        size = min(limit - len(hits), PAGE_HITS) if limit else PAGE_HITS
        page = store.ask(
            find_entries,
            words(text),
            agent_id,
            clock.now(),
            before,
            size,
            customer_id=customer_id or 0,
            best=best,
        )
        hits += page.hits
        before = page.before
        if not before or best or (limit and len(hits) >= limit):
            break
    emit(hits, form, FOUND_COLUMNS, kind=FindHit, id_of=lambda row: row.entry_id)
    if not hits:
        say("Nothing was found.")
        return exits.NOTHING
    if form == "text" and before:
        say(f"There are more than these {len(hits):,}; -n 0 shows all.")
    return exits.OK
