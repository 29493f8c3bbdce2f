"""What an import must know and only a person does: the time zone, who “we” are, what is work."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC

import click

from console import jobs
from console.cli.session import say
from console.cli.when import DEFAULT_WORK_DAYS, parse_work_since, system_zone, zone_or_none
from console.text import clean, one_line
from db import clock
from db.frozen import dataclass

DEFAULT_WORK_SINCE = f"{DEFAULT_WORK_DAYS}d"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line.

    Attributes:
        us: Addresses that are ours, as written.
        time_zone: IANA name; empty when it was not given.
        date_order: ``dmy``, ``mdy``, ``ymd`` or empty.
        work_since: As written; empty when it was not given.
        yes: Ask nothing.
        dry_run: Show what would come, store nothing.
        lines: JSON lines instead of text.
    """

    us: tuple[str, ...] = ()
    time_zone: str = ""
    date_order: str = ""
    work_since: str = ""
    yes: bool = False
    dry_run: bool = False
    lines: bool = False

    @property
    def asks(self) -> bool:
        """Say whether there is a person who can answer."""
        return not self.yes and sys.stdin.isatty() and sys.stderr.isatty()


def ask_zone(plans: Sequence[jobs.Plan], wishes: Wishes) -> str:
    """Return the time zone for files that state none; empty where all of them do.

    Raises:
        click.UsageError: It is needed and nobody can be asked, or there is no such zone.
    """
    if wishes.time_zone:
        if zone_or_none(wishes.time_zone) is None:
            raise click.UsageError(
                f"There is no time zone “{wishes.time_zone}”. Name one like Europe/Lisbon or UTC."
            )
        return wishes.time_zone
    silent = [plan for plan in plans if plan.recognised.needs_zone]
    if not silent:
        return ""
    name = one_line(silent[0].path, 200)
    if not wishes.asks:
        raise click.UsageError(
            f"{name} does not say in which time zone it was written: add --tz, such as "
            f"--tz {system_zone() or 'Europe/Lisbon'}."
        )
    while True:
        answer: str = click.prompt(
            f"{name} states no time zone. In which one was it written?",
            default=system_zone() or "UTC",
            err=True,
        )
        if zone_or_none(answer) is not None:
            return answer
        say(f"There is no time zone “{answer}”. Name one like Europe/Lisbon or UTC.")


def check_us(us: Sequence[str]) -> None:
    """Refuse an own address that cannot be one, before anything is read.

    Raises:
        click.UsageError: One cannot be.
    """
    from db.identity.own import parse_own

    for text in us:
        try:
            parse_own(text)
        except ValueError as error:
            raise click.UsageError(f"--us: {error}") from error


def ask_us(plans: Sequence[jobs.Plan], reading: jobs.Reading) -> tuple[str, ...]:
    """Ask whose address is “us”, with those that are likely; nothing is an answer too."""
    from db.identity.own import parse_own

    say("Looking at the first messages …")
    suggestions = jobs.suggest_own(plans, reading)
    for suggestion in suggestions:
        share = 100 * suggestion.entries // max(1, suggestion.of)
        say(f"  {suggestion.address} is on {share} % of {suggestion.of:,} messages.")
    say(
        "Which addresses are yours, the team's? Addresses, whole domains (@x.example), numbers or\n"
        "chat names, with commas between; they decide who wrote to whom. A dash: none of them."
    )
    while True:
        answer: str = click.prompt(
            "Ours",
            default=clean(suggestions[0].address, newlines=False) if suggestions else "-",
            err=True,
        )
        parts = tuple(part.strip() for part in answer.split(",") if part.strip())
        if parts == ("-",):
            return ()
        try:
            for part in parts:
                parse_own(part)
        except ValueError as error:
            say(str(error))
            continue
        return parts


def ask_work_since(wishes: Wishes, reading: jobs.Reading) -> int:
    """Return since when a message is work; UTC milliseconds.

    Raises:
        click.UsageError: What was given cannot be understood.
    """
    zone = zone_or_none(reading.time_zone or system_zone() or "UTC") or UTC
    if wishes.work_since or not wishes.asks:
        try:
            return parse_work_since(wishes.work_since or DEFAULT_WORK_SINCE, clock.now(), zone)
        except ValueError as error:
            raise click.UsageError(f"--work-since: {error}") from error
    while True:
        answer: str = click.prompt(
            "Since when is a message that waits for an answer work, and not history?",
            default=DEFAULT_WORK_SINCE,
            err=True,
        )
        try:
            return parse_work_since(answer, clock.now(), zone)
        except ValueError as error:
            say(str(error))
