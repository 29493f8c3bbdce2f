"""``centric why-thread`` and ``original``: why a message is where it is, and what it came as."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, output_option, pass_session
from console.cli.session import Session, say
from console.output import Column, emit, emit_one
from console.text import clean, one_line
from console.times import stamp

if TYPE_CHECKING:
    from connectors.contract import Entry
    from db.queries.why_thread import ThreadRuleRow, WhyThread

_HEADERS = (
    *("from", "sender", "reply-to", "to", "cc", "subject", "date", "message-id", "in-reply-to"),
    *("references", "thread-index", "x-gm-thrid", "auto-submitted", "precedence", "list-id"),
    *("list-unsubscribe", "return-path", "authentication-results"),
)
_SHOWN = 500

RULE_COLUMNS: tuple[Column[ThreadRuleRow], ...] = (
    Column("rule", lambda row: str(row.rule_id), right=True),
    Column("says", lambda row: row.sentence, weight=4),
    Column("taught by", lambda row: row.made_by),
    Column("when", lambda row: stamp(row.made_at)),
    Column("forgotten", lambda row: stamp(row.undone_at) if row.undone_at else ""),
)


@click.command("why-thread", cls=Command)
@click.argument("which", required=False, metavar="ENTRY")
@click.option("--rules", is_flag=True, help="List what corrections taught instead.")
@output_option(ids=False)
@pass_session
def why_thread(session: Session, which: str | None, rules: bool, form: str) -> int:
    r"""Say why a message is in its conversation.

    ENTRY is a Message-ID, or the number that centric show NUMBER -o json tells. Shown are the
    headers that count, every name that they give it, the conversations that bear one of these,
    with a score of 100 and the reason, and the decision. A wrong one is corrected, and the
    correction is remembered:

    \b
    centric do case.merge 42 17     bring case 42 into 17
    centric do case.split ENTRY     split a message off, with what followed it
    centric do thread.forget RULE   forget what a correction taught
    """
    from db.queries import why_thread as questions

    store = session.open()
    if rules:
        emit(store.ask(questions.thread_rules), form, RULE_COLUMNS, kind=questions.ThreadRuleRow)
        return exits.OK
    if not which:
        raise click.UsageError("Name an entry or a Message-ID, or say --rules.")
    number = store.ask(questions.entry_named, which)
    raw = _original(session, number)
    entry, headers = _read(raw)
    found = store.ask(questions.why_thread, number, entry)
    emit_one(found, form, lambda: _why_lines(found, headers))
    return exits.OK


@click.command(cls=Command)
@click.argument("which", metavar="ENTRY")
@click.option("--headers", is_flag=True, help="Only its headers.")
@click.option("--part", metavar="PART", help="Only the bytes of an attachment, by its part number.")
@pass_session
def original(session: Session, which: str, headers: bool, part: str | None) -> int:
    r"""Print a message as it was received, its headers, or one of its files.

    ENTRY is its number or its Message-ID. On a terminal what could act on it is shown harmless; on
    a pipe the bytes are exact.

    \b
    centric original 7 --part 2 > invoice.pdf
    """
    from db.queries.why_thread import entry_named

    number = session.open().ask(entry_named, which)
    data = _original(session, number)
    if not data:
        say("No original was kept of that entry: it was written here, or its source has none.")
        return exits.NOTHING
    if part:
        from connectors.mail.files import attachment_bytes

        data = attachment_bytes(data, part)
    elif headers:
        data = _head(data)
    if sys.stdout.isatty():
        click.echo(clean(data.decode("utf-8", "replace")))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    return exits.OK


def _original(session: Session, number: int) -> bytes:
    """Return the original of an entry; none where none was kept."""
    from db.errors import NotFound
    from db.queries import entry as questions

    try:
        return session.open().ask(questions.original, number)
    except NotFound:
        return b""


def _read(raw: bytes) -> tuple[Entry | None, list[tuple[str, str]]]:
    """Return what is read in an original, and the headers that count."""
    from connectors.contract import ConnectorError
    from connectors.mail.message import read

    if not raw:
        return None, []
    try:
        found = read(raw)
    except ConnectorError:
        return None, []
    fields = found.headers.fields
    shown = [(name, " ".join(value.split())) for name in _HEADERS for value in fields.get(name, ())]
    return found.entry, shown


def _head(raw: bytes) -> bytes:
    ends = [place for mark in (b"\r\n\r\n", b"\n\n") if (place := raw.find(mark)) >= 0]
    return raw[: min(ends)] + b"\n" if ends else raw


def _why_lines(found: WhyThread, headers: list[tuple[str, str]]) -> Iterator[str]:
    yield f"Entry {found.entry_id}, case #{found.case_id}, conversation {found.conversation_id}"
    facts = [found.direction, f"automatic: {found.automatic}" if found.automatic else ""]
    yield one_line(", ".join(fact for fact in facts if fact), _SHOWN)
    yield ""
    for header, value in headers:
        yield f"  {header.title()}: {one_line(value, _SHOWN)}"
    if headers:
        yield ""
    yield "Names"
    for name in found.names:
        where = f"conversation {name.conversation_id}" if name.conversation_id else "nobody's"
        known = f", {name.seen} seen" if name.seen else ""
        person = f" with {one_line(name.person, 100)}" if name.person else ""
        yield f"  {name.meaning}: {one_line(name.name, 200)}{person} → {where}{known}"
    yield ""
    yield "Candidates"
    for one in found.candidates:
        mark = "✓" if one.chosen else " "
        yield (
            f"  {mark} {one.score:3} conversation {one.conversation_id}, case #{one.case_id},"
            f" {one.entries} messages since {stamp(one.first_at)}: {one_line(one.subject, 100)}"
        )
        yield f"        {one_line(one.reason, _SHOWN)}"
    yield ""
    yield one_line(found.decision, _SHOWN)
