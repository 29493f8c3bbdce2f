"""``centric why`` and ``centric matches``: who may be one person, and what speaks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, Group, limit_option, output_option, pass_session
from console.cli.session import Session, say
from console.output import Column, emit, emit_one
from console.text import clean
from db.records import MatchPair, Why

if TYPE_CHECKING:
    from collections.abc import Iterator

PAIR_COLUMNS: tuple[Column[MatchPair], ...] = (
    Column("likely", lambda row: f"{100 * row.score:.1f} %", right=True),
    Column("one", lambda row: str(row.one_id), right=True),
    Column("", lambda row: row.one, weight=1),
    Column("other", lambda row: str(row.other_id), right=True),
    Column("", lambda row: row.other, weight=1),
    Column("why", lambda row: row.sentence, weight=3),
)


@click.group(cls=Group)
def why() -> None:
    """Explain what Centric thinks: a sentence first, then each thing with its weight."""


@why.command("customer")
@click.argument("one", type=click.IntRange(min=1), metavar="NUMBER")
@click.argument("other", type=click.IntRange(min=1), metavar="[OTHER]", required=False)
@output_option(ids=False)
@pass_session
def why_customer(session: Session, one: int, other: int | None, form: str) -> int:
    r"""Say why two customers are one person, may be, or are not; with one, who they are or may be.

    Weights are bits: each doubles the odds, or halves them where it is negative.

    \b
    centric why customer 17 42
    """
    from db.queries import matching

    store = session.open()
    if other is not None:
        answer = store.ask(matching.why, one, other)
        if form in ("ndjson", "csv"):
            emit([answer], form, (), kind=Why)
        else:
            emit_one(answer, form, lambda: list(why_lines(answer)))
        return exits.OK
    answers = store.ask(matching.explain, one)
    if form == "text":
        for place, answer in enumerate(answers):
            click.echo("\n".join(([""] if place else []) + list(why_lines(answer))))
    else:
        emit(answers, form, (), kind=Why)
    if not answers:
        say(f"Customer {one} is one record, linked with nobody, and nobody is like them.")
        return exits.NOTHING
    return exits.OK


def why_lines(answer: Why) -> Iterator[str]:
    """Yield an answer in words: who, what holds, why, each signal with weight and entry."""
    zone = {"linked": "linked", "suggested": "suggested", "apart": "kept apart"}[answer.zone]
    names = f"{answer.one} (customer {answer.one_id}) and {answer.other}"
    yield clean(f"{names} (customer {answer.other_id}): {zone}.", newlines=False)
    if answer.decided:
        yield clean(answer.decided, newlines=False)
    yield clean(answer.sentence, newlines=False)
    yield f"{100 * answer.score:.1f} % likely by the evidence alone ({answer.bits:+.1f} bits)."
    for reason in answer.reasons:
        entry = f" (entry {reason.entry_id})" if reason.entry_id else ""
        yield clean(f"  {reason.bits:+6.1f}  {reason.text}{entry}", newlines=False)


@click.command(cls=Command)
@click.option(
    "--above",
    type=click.FloatRange(0, 1),
    default=0.5,
    show_default=True,
    help="Only pairs that are at least so likely.",
)
@click.option(
    "--anew", is_flag=True, help="Compare everyone again first; imports do it for the new."
)
@limit_option(50)
@output_option(ids=False)
@pass_session
def matches(session: Session, above: float, anew: bool, limit: int, form: str) -> int:
    r"""List who is suggested to be one person, likeliest first.

    \b
    centric do customer.merge 17 42     they are one person
    centric do match.reject 17 42       they are not; never suggested again
    centric do customer.unmerge 42      they are not after all
    """
    from db.queries.matching import suggestions

    store = session.open()
    if anew:
        from db.identity.suggest import rebuild

        say(f"Pairs that are suggested now: {rebuild(store.engine):,}.")
    rows = store.ask(suggestions, limit or 100_000, above)
    emit(rows, form, PAIR_COLUMNS, kind=MatchPair)
    if not rows:
        say("Nobody is suggested to be somebody else.")
        return exits.NOTHING
    return exits.OK
