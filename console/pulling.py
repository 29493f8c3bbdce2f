"""Pulling mail accounts as jobs: once, or for as long as somebody wants to see what comes.

Nothing here asks or prints: the command line does that, and the desk starts the command line as a
child process. The connection and the parsing are in a worker child; this process alone writes.
"""

from __future__ import annotations

import os
import random
import socket
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from connectors.contract import (
    AuthError,
    Context,
    Outcome,
    Progress,
    RateLimited,
    Recognised,
    Transient,
)
from console.accounts import MailAccount, find_secret
from db.frozen import dataclass

if TYPE_CHECKING:
    from db.accounts import AccountPull
    from db.store import Store

POLL_SECONDS = 0.2
HELD_SECONDS = 20.0
FIRST_BACK_OFF_SECONDS = 5.0
LONGEST_BACK_OFF_SECONDS = 300.0
LONGEST_ASKED_SECONDS = 6 * 3600.0

OnProgress = Callable[[Progress, Outcome], None]
Stop = Callable[[], bool]
Ask = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Job:
    """One account to be pulled, and by which rules.

    Attributes:
        default_since: Since when a message is work, where that was never said; UTC milliseconds.
        since: The same, said now; None leaves what was said before.
        ask: Asks for a password; None where nobody can answer.
    """

    account: MailAccount
    default_since: int
    since: int | None = None
    ask: Ask | None = None


def holder() -> str:
    """Return who pulls: machine and process."""
    return f"{socket.gethostname()} {os.getpid()}"


def pull_once(store: Store, job: Job, on_progress: OnProgress, stop: Stop) -> Outcome:
    """Pull an account to its end.

    Raises:
        Held: Another program pulls it.
        ConnectorError: It cannot be pulled; what was committed stays.
        ConfigError: Its password is not to be found.
        StoreError: The store cannot be written.
    """
    lease = _take(store, job)
    try:
        return _log_in_and_run(job, lease, on_progress, stop)
    finally:
        lease.let_go()


def _log_in_and_run(
    job: Job, lease: AccountPull, on_progress: OnProgress, stop: Stop, *, waiting: bool = False
) -> Outcome:
    """Run the reader; a token that was refused is renewed once, a password never tried again."""
    try:
        secret = find_secret(job.account, job.ask)
        return _run(job, lease, secret, on_progress, stop, waiting=waiting)
    except AuthError:
        if job.account.auth not in ("google", "microsoft"):
            raise
    secret = find_secret(job.account, job.ask)
    return _run(job, lease, secret, on_progress, stop, waiting=waiting)


def watch(
    store: Store, job: Job, on_progress: OnProgress, stop: Stop, tell: Callable[[str], None]
) -> None:
    """Pull an account, and then whatever comes, until somebody asks to stop.

    Args:
        store: Open for writing.
        job: What.
        on_progress: Told after each batch.
        stop: Asked often.
        tell: Told in a sentence what stands in the way and is waited for.

    Raises:
        AuthError: The login was refused: nothing changes that but a person.
        ConnectorError: The server is not to be trusted.
        ConfigError: Its password is not to be found.
        StoreError: The store cannot be written.
    """
    from db.accounts import Held

    failures, told = 0, ""
    while not stop():
        began = time.monotonic()
        try:
            lease = _take(store, job)
        except Held as error:
            if str(error) != told:
                told = str(error)
                tell(told)
            _wait(HELD_SECONDS, stop)
            continue
        try:
            _settle(store, _log_in_and_run(job, lease, on_progress, stop))
            if not stop():
                _settle(store, _log_in_and_run(job, lease, on_progress, stop, waiting=True))
            failures = 0
        except Held as error:  # this machine slept, and another one has taken over
            told = str(error)
            tell(told)
        except (Transient, RateLimited) as error:
            failures = 1 if time.monotonic() - began > LONGEST_BACK_OFF_SECONDS else failures + 1
            seconds = back_off(error, failures)
            tell(f"{error} Trying again in {_duration(seconds)}.")
            lease.let_go()
            _wait(seconds, stop)
        finally:
            lease.let_go()


def _settle(store: Store, outcome: Outcome) -> None:
    """Do what would cost too much after each batch, where something came."""
    if outcome.new or outcome.revised:
        from console import jobs

        jobs.settle(store)


def back_off(error: Exception, failures: int) -> float:
    """Return how long to wait: what the server asked for, or longer each time, never in step."""
    if isinstance(error, RateLimited) and error.after_seconds:
        return min(error.after_seconds, LONGEST_ASKED_SECONDS) * random.uniform(1.0, 1.1)
    seconds = FIRST_BACK_OFF_SECONDS * 2.0 ** min(failures - 1, 10)
    return min(seconds, LONGEST_BACK_OFF_SECONDS) * random.uniform(0.7, 1.3)


def _take(store: Store, job: Job) -> AccountPull:
    from db.accounts import AccountPull

    account = job.account
    lease = AccountPull(store.engine, account.label, account.address, holder())
    lease.take(job.default_since, job.since, (account.address, *account.own))
    return lease


def _run(
    job: Job,
    lease: AccountPull,
    secret: str,
    on_progress: OnProgress,
    stop: Stop,
    *,
    waiting: bool = False,
) -> Outcome:
    """Run the reader once, and note how it ended."""
    from connectors.contract import ConnectorError
    from connectors.runner import run

    stopped = False

    def asked() -> bool:
        nonlocal stopped
        stopped = stopped or stop()
        return stopped

    def progress(reached: Progress, outcome: Outcome) -> None:
        lease.renew()
        on_progress(reached, outcome)

    account = job.account
    try:
        outcome = run(
            Recognised("imap", account.address, "mail"),
            Context(settings=account.settings(watch=waiting), secret=secret),
            lease.sink(),
            on_progress=progress,
            stop=asked,
        )
    except AuthError as error:
        _forget_token(account)
        lease.ended(str(error))
        raise
    except ConnectorError as error:
        lease.ended(str(error))
        raise
    lease.ended(whole=not stopped)
    return outcome


def _forget_token(account: MailAccount) -> None:
    """Let the next login ask for a new token."""
    if account.auth in ("google", "microsoft"):
        from console.tokens import forget_access

        forget_access(account)


def _wait(seconds: float, stop: Stop) -> None:
    until = time.monotonic() + seconds
    while not stop() and (left := until - time.monotonic()) > 0:
        time.sleep(min(POLL_SECONDS, left))


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{round(seconds)} seconds"
    return f"{round(seconds / 60)} minutes" if seconds < 5400 else f"{seconds / 3600:.1f} hours"
