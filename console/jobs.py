"""Imports as jobs: what is read, how far it was read before, what it would bring, and the run.

Nothing here asks or prints: the command line does that, and the desk starts the command line as a
child process. Parsing happens in a worker child of the runner's; this process alone writes.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.contract import Batch, Context, Outcome, Progress, Recognised, Sink
from db.frozen import dataclass

if TYPE_CHECKING:
    from db.engine.interface import Connection
    from db.preview import Preview, PreviewCounter
    from db.store import Store

HEAD_BYTES = 512  # what stays the same when a mailbox grows; a smaller file is read again whole
EDGE_BYTES = 65_536
# Only these grow at their end; anything else that changed is another file, and read from its start.
GROWING = frozenset({"mbox"})
# Their cursor tells what is new, however much there is: a pass with nothing new reads nothing.
WATCHFUL = frozenset({"maildir"})
GUESS_ENTRIES = 2_000
GUESS_SHARE = 0.4  # an address on so many of the messages is likely the mailbox's own

OnProgress = Callable[[Progress, Outcome], None]
Stop = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Plan:
    """One file or folder that will be read.

    Attributes:
        path: As it was named.
        scope: What its cursor belongs to; see `scope_of`.
    """

    path: str
    recognised: Recognised
    scope: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A path that cannot be imported, and the sentence that says why.

    Attributes:
        missing: True where there is nothing at that path.
    """

    path: str
    sentence: str
    missing: bool


@dataclass(frozen=True, slots=True)
class Reading:
    """How files are to be read.

    Attributes:
        time_zone: IANA name for formats that state none; may be empty.
        date_order: ``dmy``, ``mdy``, ``ymd`` or empty.
    """

    time_zone: str = ""
    date_order: str = ""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An address that may be “us”.

    Attributes:
        entries: Messages of the sample that it is on.
        of: Messages in the sample.
    """

    address: str
    entries: int
    of: int


def plan_imports(paths: Sequence[str]) -> tuple[list[Plan], list[Unreadable]]:
    """Say of each path what it is, and of those that cannot be imported why."""
    from connectors.contract import BadFile
    from connectors.registry import recognise

    plans: list[Plan] = []
    failures: list[Unreadable] = []
    for path in paths:
        if not _is_utf_8(path) and os.path.lexists(path):
            sentence = f"The name of {path} is not UTF-8, so it cannot be imported: rename it."
            failures.append(Unreadable(path, sentence, False))
            continue
        try:
            recognised = recognise(path)
            plans.append(Plan(path, recognised, scope_of(path, recognised)))
        except BadFile as error:
            failures.append(Unreadable(path, str(error), not os.path.lexists(path)))
        except OSError as error:
            failures.append(Unreadable(path, f"{path} cannot be read: {error.strerror}.", False))
    return plans, failures


def _is_utf_8(path: str) -> bool:
    """Say whether a path can be told to a worker, which is told everything in UTF-8."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def scope_of(path: str, recognised: Recognised) -> str:
    """Return what the cursor of a file belongs to: its name and what its first bytes are.

    A mailbox that has grown keeps its scope and is read on from where it was left; so does a file
    that was moved. A changed export is another scope: it is read again, and what is there already
    is recognised by its ids.
    """
    real = os.path.realpath(path)
    name = os.path.basename(real)
    digest = hashlib.sha256(recognised.connector.encode())
    if os.path.isdir(real):
        digest.update(os.fsencode(real))
    else:
        with open(real, "rb") as file:
            if recognised.connector in GROWING:
                digest.update(file.read(HEAD_BYTES))
            else:
                size = os.fstat(file.fileno()).st_size
                digest.update(b"%d" % size + file.read(EDGE_BYTES))
                file.seek(max(0, size - EDGE_BYTES))
                digest.update(file.read(EDGE_BYTES))
    return f"{os.fsencode(name).decode('utf-8', 'replace')} {digest.hexdigest()[:16]}"


def context_of(plan: Plan, reading: Reading) -> Context:
    """Return what the connector of a plan is given."""
    return Context(path=plan.path, time_zone=reading.time_zone, date_order=reading.date_order)


def suggest_own(plans: Iterable[Plan], reading: Reading) -> list[Suggestion]:
    """Return addresses that are likely ours: those that most messages of a sample are on.

    The owner of a mailbox is on nearly everything in it, as sender or recipient.
    """
    from connectors.runner import survey

    seen: Counter[str] = Counter()
    read = 0

    def look(batch: Batch) -> None:
        nonlocal read
        for entry in batch.entries:
            read += 1
            seen.update(
                {
                    party.address.value.strip().lower()
                    for party in entry.parties
                    if party.address.kind == "email" and not party.bot
                }
            )

    for plan in plans:
        if read >= GUESS_ENTRIES:
            break
        survey(plan.recognised, context_of(plan, reading), look, stop=lambda: read >= GUESS_ENTRIES)
    return [
        Suggestion(address, entries, read)
        for address, entries in seen.most_common(3)
        if entries >= GUESS_SHARE * read
    ]


@dataclass(frozen=True, slots=True)
class Imported:
    """What reading a file came to.

    Attributes:
        outcome: Items read in this run, each counted once.
        went_on: True where reading began after what an earlier run had read.
    """

    outcome: Outcome
    went_on: bool = False


class FileSink:
    """A sink that knows whether its file was read to the end.

    A file that was left in the middle, or has changed since, is read on from its cursor. One that
    was read to its end and has not changed is read again from its start: every item is then
    compared with what is stored, and what was set aside gets another try.
    """

    def __init__(self, inner: Sink, size: int, *, watchful: bool = False) -> None:
        """Wrap the store's sink of a file.

        Args:
            inner: Where batches go.
            size: Of the file, in bytes; 0 when unknown.
            watchful: True to go on from the cursor also where nothing has changed.
        """
        self._inner = inner
        self._size = size
        stored = _stored_cursor(inner.cursor())
        self._reached = stored.get("at", "")
        unchanged = stored.get("whole") == str(size)
        self._begun = "" if unchanged and not watchful else self._reached

    @property
    def goes_on(self) -> bool:
        """Say whether reading begins after what was read before."""
        return bool(self._begun)

    def cursor(self) -> str:
        """Return where the connector goes on; empty for the start."""
        return self._begun

    def write(self, batch: Batch) -> Outcome:
        """Commit a batch and its cursor."""
        if batch.cursor is None:
            return self._inner.write(batch)
        self._reached = batch.cursor
        return self._inner.write(replace(batch, cursor=json.dumps({"at": batch.cursor})))

    def finish(self) -> None:
        """Remember that the file was read to its end."""
        whole = json.dumps({"at": self._reached, "whole": str(self._size)})
        self._inner.write(Batch(cursor=whole))


def _stored_cursor(text: str) -> dict[str, str]:
    try:
        stored = json.loads(text) if text else {}
    except ValueError:
        return {}
    return stored if isinstance(stored, dict) else {}


def run_import(
    store: Store,
    plan: Plan,
    reading: Reading,
    work_since: int,
    *,
    live: bool = False,
    on_progress: OnProgress | None = None,
    stop: Stop | None = None,
) -> Imported:
    """Read a file into the store, from where it was left.

    Args:
        store: Open for writing.
        plan: What is read.
        reading: How.
        work_since: Only what customers wrote since then opens cases; UTC milliseconds.
        live: True for mail as it comes in.
        on_progress: Told after each batch.
        stop: Asked between batches.

    Returns:
        What it came to; also when it was stopped, for what was committed until then.

    Raises:
        ConnectorError: It cannot be read further; what was committed stays.
        StoreError: The store cannot be written.
    """
    from connectors.runner import run
    from db.ingest import Arrival

    arrival = Arrival(work_since, reading.time_zone, live)
    sink = FileSink(
        store.sink(plan.recognised, plan.scope, arrival),
        plan.recognised.size,
        watchful=plan.recognised.connector in WATCHFUL and not store.ask(_sets_aside),
    )
    stopped = False

    def asked() -> bool:
        nonlocal stopped
        stopped = stop is not None and stop()
        return stopped

    outcome = run(
        plan.recognised, context_of(plan, reading), sink, on_progress=on_progress, stop=asked
    )
    if not stopped:
        sink.finish()
    return Imported(outcome, sink.goes_on)


def _sets_aside(connection: Connection) -> bool:
    """Say whether anything waits for another try."""
    return bool(connection.value("select exists(select 1 from quarantine)"))


class Forecast:
    """Counts what an import would come to, by the rules of the import itself, storing nothing."""

    def __init__(self, own: Iterable[str], work_since: int) -> None:
        """Start at nothing.

        Args:
            own: Who “we” are, as written.
            work_since: Only what customers wrote since then opens cases; UTC milliseconds.
        """
        self._own = tuple(own)
        self._since = work_since
        self._counters: dict[str, PreviewCounter] = {}

    def look(
        self,
        plan: Plan,
        reading: Reading,
        *,
        on_progress: OnProgress | None = None,
        stop: Stop | None = None,
    ) -> None:
        """Read a file for its heads and count it in.

        Raises:
            ConnectorError: It cannot be read further.
        """
        from connectors.runner import survey
        from db.preview import PreviewCounter

        source = plan.recognised.source
        counter = self._counters.setdefault(source, PreviewCounter(self._own, self._since, source))

        def see(batch: Batch) -> None:
            for entry in batch.entries:
                counter.add(entry)

        survey(plan.recognised, context_of(plan, reading), see, on_progress=on_progress, stop=stop)

    def results(self) -> list[Preview]:
        """Return what each source came to."""
        return [counter.result() for counter in self._counters.values()]


def settle(store: Store) -> None:
    """Do once, after everything was imported, what would cost too much after each batch."""
    from db.identity.suggest import match_new
    from db.search import catch_up

    catch_up(store.engine)
    match_new(store.engine)


def own_words(store: Store) -> tuple[str, ...]:
    """Return who “we” are in words that a person would write."""
    from db.identity.own import list_own

    return tuple(f"@{value}" if kind == "domain" else value for kind, value in store.ask(list_own))


def remember_own(store: Store, addresses: Iterable[str]) -> None:
    """Remember addresses as ours.

    Raises:
        ValueError: One cannot be an address; none of them is remembered.
    """
    from db.identity.own import add_own

    addresses = tuple(addresses)
    if addresses:
        with store.engine.write() as connection:
            for address in addresses:
                add_own(connection, address)
