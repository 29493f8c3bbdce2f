"""``centric pull``: bring in what is new in the mailboxes of the configuration."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import UTC
from typing import TYPE_CHECKING

import click

from connectors.contract import ConnectorError, Outcome, Progress
from console.accounts import MailAccount, find_account, mail_accounts
from console.cli import exits
from console.cli.base import Command, pass_session
from console.cli.importing import EXIT_TERMINATED, Interruption
from console.cli.progress import Bar, Lines, Silent, Teller, items_read, write_json_line
from console.cli.session import Session, say
from console.cli.when import DEFAULT_WORK_DAYS, parse_work_since, system_zone, zone_or_none
from console.config import ConfigError, config_path
from console.pulling import Job, pull_once, watch
from db import clock
from db.accounts import Held

if TYPE_CHECKING:
    from db.store import Store

CHILD_SECONDS = 10.0


@click.command("pull", cls=Command)
@click.argument("names", nargs=-1, metavar="[ACCOUNT]…")
@click.option("--watch", "watching", is_flag=True, help="Go on, and bring in mail as it comes.")
@click.option(
    "--work-since",
    metavar="WHEN",
    help="What is older is history, not work: a duration (14d, 2w, 3m), a day (2026-11-01), "
    "all or none. Remembered for the account; 14d at its first pull.",
)
@click.option("-y", "--yes", is_flag=True, help="Ask nothing, not even a password.")
@click.option("--child", is_flag=True, hidden=True, help="End when the program that began it did.")
@click.option(
    "-o",
    "--output",
    "form",
    type=click.Choice(["text", "ndjson"]),
    help="Text, or a JSON line for each step; JSON lines are the default on a pipe.",
)
@pass_session
def pull(
    session: Session,
    names: tuple[str, ...],
    watching: bool,
    work_since: str | None,
    yes: bool,
    child: bool,
    form: str | None,
) -> int:
    """Bring in what is new in the mailboxes of the configuration, all or those that are named.

    A mailbox is only looked at: nothing in it changes, not even what is unread. The newest mail
    comes first and the years before it after; a pull can be interrupted, and the next one goes on
    where it was. Two programs never pull the same mailbox at once.
    """
    config = session.config
    chosen = tuple(find_account(config, name) for name in names) or mail_accounts(config)
    if not chosen:
        raise ConfigError(f"No mail account is set up in {config_path()}: centric connect mail.")
    lines = form == "ndjson" or (form is None and not sys.stdout.isatty())
    if watching and len(chosen) > 1:
        return _watch_each(session, chosen, work_since, lines, os.getppid() if child else 0)
    job = _Pull(session, work_since or "", yes, lines, os.getppid() if child else 0)
    return job.carry_out(chosen, watching)


class _Pull:
    """One call of the command."""

    def __init__(
        self, session: Session, work_since: str, yes: bool, lines: bool, parent: int = 0
    ) -> None:
        self.parent = parent
        self.store: Store = session.open(create=True)
        self.lines = lines
        self.asks = not yes and sys.stdin.isatty() and sys.stderr.isatty()
        self.since = _moment(work_since) if work_since else None
        self.interruption = Interruption()
        self.teller: Teller = Lines() if lines else Bar() if sys.stderr.isatty() else Silent()
        self.told = Outcome()

    def carry_out(self, accounts: Sequence[MailAccount], watching: bool) -> int:
        """Pull one account after the other; return the exit code."""
        code = exits.OK
        with self.interruption.awaited():
            for account in accounts:
                code = self._one(account, watching) or code
                if self.interruption.asked():
                    break
        if self.told.new or self.told.revised:
            from console import jobs

            jobs.settle(self.store)
        if self.interruption.asked():
            say("Interrupted. What was read is kept; the next pull goes on from here.")
            terminated = self.interruption.signal == signal.SIGTERM
            return EXIT_TERMINATED if terminated else exits.INTERRUPTED
        return code

    def _one(self, account: MailAccount, watching: bool) -> int:
        reached = Outcome()

        def update(progress: Progress, outcome: Outcome) -> None:
            nonlocal reached
            reached = outcome
            self.teller.update(progress, outcome)

        self.teller.begin(account.label)
        problem = ""
        job = Job(account, _default_since(account), self.since, _once(_ask) if self.asks else None)
        stop = self._is_over
        try:
            if watching:
                watch(self.store, job, update, stop, lambda told: self._tell(account, told))
            else:
                reached = pull_once(self.store, job, update, stop)
        except Held as error:
            self.teller.end()
            self._tell(account, str(error))
            return exits.OK
        except (ConnectorError, ConfigError) as error:
            problem = str(error)
        finally:
            self.teller.end()
        self.told += reached
        if problem:
            self._tell(account, problem, failed=True)
        self._tell_outcome(account, reached)
        return exits.UNAVAILABLE if problem else exits.OK

    def _is_over(self) -> bool:
        """Say whether somebody asked to stop, or the desk that began this is gone."""
        return self.interruption.asked() or (self.parent > 0 and os.getppid() != self.parent)

    def _tell(self, account: MailAccount, sentence: str, *, failed: bool = False) -> None:
        say(f"centric: {account.label}: {sentence}")
        if self.lines:
            write_json_line(
                "failed" if failed else "waiting", {"path": account.label, "reason": sentence}
            )

    def _tell_outcome(self, account: MailAccount, outcome: Outcome) -> None:
        if self.lines:
            figures = {"path": account.label, "read": items_read(outcome), **asdict(outcome)}
            write_json_line("outcome", figures)
            return
        parts = [f"{outcome.new:,} new", f"{outcome.same:,} already there"]
        if outcome.quarantined:
            parts.append(f"{outcome.quarantined:,} set aside: centric quarantine")
        click.echo(f"{account.label}: {', '.join(parts)}")


def _watch_each(
    session: Session,
    accounts: Sequence[MailAccount],
    work_since: str | None,
    lines: bool,
    parent: int,
) -> int:
    """Watch several accounts, each in a process of its own."""
    more = ["--work-since", work_since] if work_since else []
    form = ["-o", "ndjson" if lines else "text"]
    interruption = Interruption()
    with interruption.awaited(), contextlib.ExitStack() as stack:
        children = [
            stack.enter_context(
                subprocess.Popen(  # our own program
                    [
                        sys.executable, "-m", "console", "--store", session.store_url,
                        "--agent", session.login, "pull", account.label, "--watch", "--yes",
                        "--child",
                        *more, *form,
                    ],
                    stdin=subprocess.DEVNULL,
                )
            )
            for account in accounts
        ]  # fmt: skip
        while any(child.poll() is None for child in children):
            if interruption.asked() or (parent and os.getppid() != parent):
                break
            time.sleep(0.2)
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                child.terminate()
        until = time.monotonic() + CHILD_SECONDS
        for child in children:
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
    if interruption.asked():
        return EXIT_TERMINATED if interruption.signal == signal.SIGTERM else exits.INTERRUPTED
    return max((child.returncode for child in children), default=exits.OK)


def _ask(question: str) -> str:
    answer: str = click.prompt(question, hide_input=True, err=True)
    return answer


def _once(ask: Callable[[str], str]) -> Callable[[str], str]:
    """Ask a question once, however often the answer is needed."""
    answers: dict[str, str] = {}

    def answer(question: str) -> str:
        if question not in answers:
            answers[question] = ask(question)
        return answers[question]

    return answer


def _moment(text: str) -> int:
    try:
        return parse_work_since(text, clock.now(), zone_or_none(system_zone()) or UTC)
    except ValueError as error:
        raise click.UsageError(str(error)) from None


def _default_since(account: MailAccount) -> int:
    try:
        return _moment(account.work_since or f"{DEFAULT_WORK_DAYS}d")
    except click.UsageError as error:
        raise ConfigError(f"{config_path()}: [mail.{account.label}]: {error.message}") from None
