"""``centric import``: ask what only a person knows, show what would come, and bring it in."""

from __future__ import annotations

import contextlib
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from types import FrameType
from typing import TYPE_CHECKING

import click

from connectors.contract import ConnectorError, Outcome, Progress
from console import jobs
from console.cli import exits
from console.cli.base import Command, pass_session
from console.cli.progress import Bar, Lines, Silent, Teller, items_read, write_json_line
from console.cli.questions import Wishes, ask_us, ask_work_since, ask_zone, check_us
from console.cli.session import Session, say
from console.text import one_line
from console.times import stamp

if TYPE_CHECKING:
    from db.preview import Preview
    from db.store import Store

EXIT_TERMINATED = 128 + signal.SIGTERM
WATCH_SECONDS = 1.0


class Interruption:
    """Ctrl-C and SIGTERM end an import between two batches; a second one ends it at once."""

    def __init__(self) -> None:
        self.signal = 0

    def asked(self) -> bool:
        """Say whether it was asked for."""
        return bool(self.signal)

    @contextlib.contextmanager
    def awaited(self) -> Iterator[None]:
        """Listen for as long as the block runs."""
        numbers = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self._note) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.signal:
            raise KeyboardInterrupt
        self.signal = number


@click.command("import", cls=Command)
@click.argument("paths", nargs=-1, required=True, metavar="PATH…")
@click.option(
    "--us",
    multiple=True,
    metavar="ADDRESS",
    help="An address (support@x.example), domain (@x.example), number or chat name that is ours; "
    "may be given more than once. It decides who wrote to whom, and is remembered.",
)
@click.option("--tz", metavar="ZONE", help="Time zone of files that state none: Europe/Lisbon.")
@click.option(
    "--date-order",
    type=click.Choice(["dmy", "mdy", "ymd"]),
    help="Order of day and month where a file leaves it open; else it is found out.",
)
@click.option(
    "--work-since",
    metavar="WHEN",
    help="What is older is history, not work: a duration (14d, 2w, 3m), a day (2026-11-01), "
    "all or none. Asked for; 14d where nobody is asked.",
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing.")
@click.option("--dry-run", is_flag=True, help="Say what would come; store nothing.")
@click.option("--watch", is_flag=True, help="Go on, and bring in what comes to the files.")
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
    paths: tuple[str, ...],
    us: tuple[str, ...],
    tz: str | None,
    date_order: str | None,
    work_since: str | None,
    yes: bool,
    dry_run: bool,
    watch: bool,
    form: str | None,
) -> int:
    """Bring files into the store: mbox, Maildir, .eml, Slack exports, WhatsApp chats.

    What a file is, is told by its content. An import can be interrupted; the same command again
    goes on where it was, and a file that was imported before adds nothing twice. A conversation
    becomes a case only if a customer had the last word in it and not before --work-since; all
    others are history, found on the timeline but not in any queue. With --watch a Maildir, a
    mailbox or a folder is looked at each second, and what comes is brought in as live mail.
    """
    lines = form == "ndjson" or (form is None and not sys.stdout.isatty())
    wishes = Wishes(us, tz or "", date_order or "", work_since or "", yes, dry_run, lines)
    check_us(us)
    plans, failures = jobs.plan_imports(paths)
    for failure in failures:
        _tell_failure(wishes, failure.path, failure.sentence)
    worst = _worst(failures)
    if not plans:
        return worst
    return _Import(session, plans, wishes, watch=watch and not dry_run).carry_out() or worst


class _Import:
    """One call of the command: its answers, and what it does with them."""

    def __init__(
        self, session: Session, plans: Sequence[jobs.Plan], wishes: Wishes, *, watch: bool = False
    ) -> None:
        self.session = session
        self.watch = watch
        self.plans = plans
        self.wishes = wishes
        self.reading = jobs.Reading(ask_zone(plans, wishes), wishes.date_order)
        self.interruption = Interruption()
        self.teller = _teller(wishes)

    def carry_out(self) -> int:
        """Ask, preview, import; return the exit code."""
        store = self._store()
        us = self._us(store)
        since = ask_work_since(self.wishes, self.reading)
        with self.interruption.awaited():
            if self.wishes.dry_run or self.wishes.asks:
                self._preview(store, us, since)
                if self.interruption.asked():
                    return self._interrupted("Nothing was stored.")
            if self.wishes.dry_run or store is None:
                return exits.OK
        if self.wishes.asks and not click.confirm("Import?", default=True, err=True):
            say("Nothing was imported.")
            return exits.OK
        jobs.remember_own(store, us)
        with self.interruption.awaited():
            if self.watch:
                return self._run_and_watch(store, since)
            return self._run(store, since)

    def _run_and_watch(self, store: Store, since: int) -> int:
        """Import, then import what comes, until somebody ends it."""
        from connectors.watched import is_fresh, mark_of

        paths = [plan.path for plan in self.plans]
        seen = mark_of(paths)
        self._run(store, since)
        sys.stdout.flush()
        again = is_fresh(seen)
        while not self.interruption.asked():
            time.sleep(WATCH_SECONDS)
            mark = mark_of(paths)
            if mark != seen or again:
                again = is_fresh(mark)
                seen = mark
                self._bring_in(store, paths, since)
        return self._interrupted("What came is kept.")

    def _bring_in(self, store: Store, paths: Sequence[str], since: int) -> None:
        """Import what came to the files; say so when something did."""
        plans, failures = jobs.plan_imports(paths)
        for failure in failures:
            _tell_failure(self.wishes, failure.path, failure.sentence)
        for plan in plans:
            try:
                reached = jobs.run_import(
                    store, plan, self.reading, since, live=True, stop=self.interruption.asked
                )
            except ConnectorError as error:
                _tell_failure(self.wishes, plan.path, str(error))
                continue
            if reached.outcome.new or reached.outcome.revised or reached.outcome.quarantined:
                jobs.settle(store)
                self._tell_outcome(plan, reached)
                sys.stdout.flush()

    def _store(self) -> Store | None:
        """Open the store; a preview does not make one."""
        from db.errors import NoStore

        if not self.wishes.dry_run:
            return self.session.open(create=True)
        try:
            return self.session.open()
        except NoStore:
            return None

    def _us(self, store: Store | None) -> tuple[str, ...]:
        """Return the addresses to be remembered as ours, asking once where there is none yet."""
        if self.wishes.us or (store is not None and jobs.own_words(store)):
            return self.wishes.us
        if self.wishes.asks:
            return ask_us(self.plans, self.reading)
        say(
            "Nobody is known to be “us” yet, so every message counts as a customer's. "
            "Say who is: centric import --us support@x.example, or centric own add."
        )
        return ()

    def _preview(self, store: Store | None, us: Sequence[str], since: int) -> None:
        known = jobs.own_words(store) if store is not None else ()
        forecast = jobs.Forecast((*known, *us), since)
        for plan in self.plans:
            self.teller.begin(plan.path)
            try:
                forecast.look(
                    plan,
                    self.reading,
                    on_progress=self.teller.update,
                    stop=self.interruption.asked,
                )
            except ConnectorError as error:
                self.teller.end()
                _tell_failure(self.wishes, plan.path, str(error))
            finally:
                self.teller.end()
        if not self.interruption.asked():
            self._tell_preview(forecast.results())

    def _tell_preview(self, results: Sequence[Preview]) -> None:
        """Say what would come: cases that are open, conversations that are history."""
        work = sum(result.work for result in results)
        history = sum(result.history for result in results)
        messages = sum(result.messages for result in results)
        began = min((one.first_at for one in results if one.messages), default=0)
        ended = max((one.last_at for one in results if one.messages), default=0)
        if self.wishes.lines:
            figures = {"open": work, "history": history, "messages": messages}
            times = {"first_at": began, "last_at": ended}
            write_json_line("preview", {**figures, **times})
            return
        when = f" from {stamp(began)} to {stamp(ended)}" if messages else ""
        click.echo(
            f"{messages:,} messages{when}: {work:,} open, {history:,} history.",
            err=not self.wishes.dry_run,
        )

    def _run(self, store: Store, since: int) -> int:
        total, code = Outcome(), exits.OK
        for plan in self.plans:
            outcome, failed = self._run_one(store, plan, since)
            total += outcome
            code = code or failed
            if self.interruption.asked():
                break
        if total.new or total.revised:
            jobs.settle(store)
        if self.wishes.lines:
            write_json_line("total", _figures(total))
        elif len(self.plans) > 1:
            click.echo(f"In all: {_summary(total)}")
        if self.interruption.asked():
            return self._interrupted("What was read is kept. To go on, run the same command again.")
        if total.quarantined + total.held and not self.wishes.lines:
            say("What could not be read is kept: centric quarantine")
        return code

    def _run_one(self, store: Store, plan: jobs.Plan, since: int) -> tuple[Outcome, int]:
        """Import one file; return what it came to and an exit code."""
        reached = jobs.Imported(Outcome())

        def update(progress: Progress, outcome: Outcome) -> None:
            nonlocal reached
            reached = jobs.Imported(outcome)
            self.teller.update(progress, outcome)

        self.teller.begin(plan.path)
        failed = ""
        try:
            reached = jobs.run_import(
                store, plan, self.reading, since, on_progress=update, stop=self.interruption.asked
            )
        except ConnectorError as error:
            failed = str(error)
        finally:
            self.teller.end()
        if failed:
            _tell_failure(self.wishes, plan.path, failed)
        self._tell_outcome(plan, reached)
        return reached.outcome, exits.BAD_INPUT if failed else exits.OK

    def _tell_outcome(self, plan: jobs.Plan, reached: jobs.Imported) -> None:
        if self.wishes.lines:
            figures = _figures(reached.outcome)
            write_json_line("outcome", {"path": plan.path, "went_on": reached.went_on, **figures})
            return
        after = ", after what was read before" if reached.went_on else ""
        click.echo(f"{_shown(plan.path)}: {_summary(reached.outcome)}{after}")

    def _interrupted(self, sentence: str) -> int:
        say(f"Interrupted. {sentence}")
        terminated = self.interruption.signal == signal.SIGTERM
        return EXIT_TERMINATED if terminated else exits.INTERRUPTED


def _teller(wishes: Wishes) -> Teller:
    if wishes.lines:
        return Lines()
    return Bar() if sys.stderr.isatty() else Silent()


def _tell_failure(wishes: Wishes, path: str, sentence: str) -> None:
    say(f"centric: {sentence}")
    if wishes.lines:
        write_json_line("failed", {"path": path, "reason": sentence})


def _worst(failures: Sequence[jobs.Unreadable]) -> int:
    if not failures:
        return exits.OK
    return exits.NO_INPUT if all(one.missing for one in failures) else exits.BAD_INPUT


def _shown(path: str) -> str:
    """Return a path as one line that a terminal can only show."""
    return one_line(path, 1_000)


def _figures(outcome: Outcome) -> dict[str, object]:
    return {"read": items_read(outcome), **asdict(outcome)}


def _summary(outcome: Outcome) -> str:
    """Return an outcome in words: what is zero and unusual is left out."""
    parts = [f"{outcome.new:,} new", f"{outcome.same:,} already there"]
    if outcome.revised:
        parts.append(f"{outcome.revised:,} revised")
    if outcome.quarantined:
        parts.append(f"{outcome.quarantined:,} set aside")
    if outcome.held:
        parts.append(f"{outcome.held:,} still set aside")
    if outcome.erased:
        parts.append(f"{outcome.erased:,} of erased customers left out")
    return f"{', '.join(parts)}; {items_read(outcome):,} read"
