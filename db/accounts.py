"""Mail accounts in the store: who pulls one, how far, where each message is kept on its server."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from connectors.contract import Batch, Entry, Outcome, Quarantined, Recognised
from db import clock
from db.among import among
from db.arriving import Arrival
from db.engine.interface import Connection, Engine, Value
from db.errors import Refused
from db.frozen import dataclass
from db.identity.normalise import flat, sound
from db.identity.own import add_own
from db.ids import take
from db.ingest import StoreSink

if TYPE_CHECKING:
    from db.arrival import Prepared

# All mail is one source, so that a letter in two mailboxes, or in a file too, is one entry.
MAIL = "mail"
LEASE_MILLISECONDS = 5 * 60_000
RENEW_MILLISECONDS = 30_000
FOLDER_CHARACTERS = 500
LABELS_CHARACTERS = 2_000
SCOPE = "imap"

_SOURCE = "select id from sources where name = :name"
_ADD_SOURCE = """
insert into sources(id, name, connector, title, created_at)
values(:id, :name, 'imap', :title, :now) on conflict(name) do nothing
"""
_ADD_PULL = """
insert into pulls(source_id, work_since) values(:source, :since) on conflict(source_id) do nothing
"""
_PULL = "select holder, held_until, work_since, complete from pulls where source_id = :source"
_HOLD = "update pulls set holder = :holder, held_until = :until where source_id = :source"
_LET_GO = """
update pulls set holder = '', held_until = 0 where source_id = :source and holder = :holder
"""
_SET_SINCE = "update pulls set work_since = :since where source_id = :source"
_COMPLETE = "update pulls set complete = 1 where source_id = :source"
_CURSOR = "select value from cursors where source_id = :source and scope = :scope"
_SET_CURSOR = """
insert into cursors(source_id, scope, value, at) values(:source, :scope, :value, :now)
on conflict(source_id, scope) do update set value = excluded.value, at = excluded.at
"""
_SUCCESS = "update sources set last_success_at = :now, last_error = '' where id = :source"
_FAILURE = "update sources set last_error = :problem where id = :source"
_PLACE = """
insert into places(source_id, folder, validity, uid, entry_id, quarantine_id, labels, at)
values(:source, :folder, :validity, :uid, :entry, :quarantine, :labels, :now)
on conflict(source_id, folder, validity, uid) do update
set entry_id = excluded.entry_id, quarantine_id = excluded.quarantine_id, labels = excluded.labels
"""
_HELD = """
select external_id, id from quarantine where source_id = :source and external_id in (:among)
"""
_ACCOUNTS = """
select s.id, s.name, s.title, s.last_success_at, s.last_error, p.holder, p.held_until, p.complete
from sources s join pulls p on p.source_id = s.id order by s.name
"""
_HAVE = """
select p.uid, p.entry_id, p.quarantine_id, coalesce(q.reason, ''), coalesce(q.size, 0),
  (select count(*) from entries e where e.id = p.entry_id),
  (select count(*) from erasures)
from places p left join quarantine q on q.id = p.quarantine_id
where p.source_id = :source and p.folder = :folder and p.validity = :validity order by p.uid
"""


class Held(Refused):
    """Another program pulls the account; ``str()`` says which."""


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account that was pulled.

    Attributes:
        name: As the configuration calls it.
        last_success_at: UTC milliseconds; 0 for never.
        problem: What went wrong last; empty when nothing did.
        holder: Who pulls it; empty for nobody.
        complete: True once everything that was there had been read.
    """

    source_id: int
    name: str
    title: str
    last_success_at: int
    problem: str
    holder: str
    complete: bool


@dataclass(frozen=True, slots=True)
class Kept:
    """What the store has of a message on a server.

    Attributes:
        entry_id: 0 where it was set aside, or belonged to someone who was erased.
        quarantine_id: 0 where it was read.
        reason: Why it was set aside.
        size: Bytes that were kept of it when it was set aside.
        stored: True where its entry is in the store.
        erased: True where it belonged to a customer who was erased.
    """

    uid: int
    entry_id: int
    quarantine_id: int
    reason: str
    size: int
    stored: bool
    erased: bool


def accounts(connection: Connection) -> tuple[AccountRow, ...]:
    """Return every account that was pulled, by name."""
    now = clock.now()
    return tuple(
        AccountRow(number, name.partition(":")[2], title, at, error,
                   holder if until > now else "", bool(complete))
        for number, name, title, at, error, holder, until, complete in connection.all(_ACCOUNTS)
    )  # fmt: skip


def kept_of(connection: Connection, source_id: int, folder: str, validity: int) -> list[Kept]:
    """Return what the store has of a folder, by UID."""
    rows = connection.all(
        _HAVE,
        {"source": source_id, "folder": flat(folder, FOLDER_CHARACTERS), "validity": validity},
    )
    return [
        Kept(uid, entry, aside, reason, size, bool(stored), bool(erased and not stored))
        for uid, entry, aside, reason, size, stored, erased in rows
    ]


def cursor_of(connection: Connection, source_id: int) -> str:
    """Return how far an account was read; empty for not at all."""
    return str(connection.value(_CURSOR, {"source": source_id, "scope": SCOPE}) or "")


class AccountPull:
    """The right to pull an account, held by one program at a time, and what was reached by it."""

    def __init__(self, engine: Engine, name: str, title: str, holder: str) -> None:
        """Name an account; nothing is written yet.

        Args:
            engine: Of the store.
            name: As the configuration calls it.
            title: For people: the address.
            holder: Who asks: ``desk7 4711``, machine and process.
        """
        self._engine = engine
        self._name = f"imap:{sound(name)}"
        self._title = flat(title, 200)
        self._holder = holder
        self._renewed = 0
        self.source_id = 0
        self.work_since = 0
        self.complete = False

    def take(self, default_since: int, since: int | None, own: Iterable[str] = ()) -> None:
        """Take the lease, making the account's rows at the first time.

        Args:
            default_since: Since when a message is work, where that was never said.
            since: The same, said now; None leaves what was said before.
            own: Addresses that are ours by this account.

        Raises:
            Held: Another program has it, and is alive as far as can be seen.
        """
        now = clock.now()
        with self._engine.write() as connection:
            self.source_id = self._row(connection, now)
            row: dict[str, Value] = {
                "source": self.source_id,
                "since": default_since if since is None else since,
            }
            connection.run(_ADD_PULL, row)
            if since is not None:
                connection.run(_SET_SINCE, row)
            holder, until, self.work_since, complete = connection.one(
                _PULL, {"source": self.source_id}
            ) or ("", 0, 0, 0)
            self.complete = bool(complete)
            if holder and holder != self._holder and until > now and not _is_dead(holder):
                raise Held(f"{self._title} is being pulled already, by {_words(holder)}.")
            self._hold(connection, now)
            for address in own:
                add_own(connection, address)

    def _row(self, connection: Connection, now: int) -> int:
        found = connection.value(_SOURCE, {"name": self._name})
        if found is None:
            found = take(connection, "sources")
            row: dict[str, Value] = {
                "id": found,
                "name": self._name,
                "title": self._title,
                "now": now,
            }
            connection.run(_ADD_SOURCE, row)
        return int(found)

    def _hold(self, connection: Connection, now: int) -> None:
        self._renewed = now
        connection.run(
            _HOLD,
            {"source": self.source_id, "holder": self._holder, "until": now + LEASE_MILLISECONDS},
        )

    def renew(self) -> None:
        """Keep the lease, where it is time to; nothing is written in between.

        Raises:
            Held: Another program took it: this one was away for too long.
        """
        now = clock.now()
        if now - self._renewed < RENEW_MILLISECONDS:
            return
        with self._engine.write(durable=False) as connection:
            self.check(connection)
            self._hold(connection, now)

    def check(self, connection: Connection) -> None:
        """Refuse to write without the lease.

        Raises:
            Held: Another program took it.
        """
        row = connection.one(_PULL, {"source": self.source_id})
        if row is None or row[0] != self._holder:
            raise Held(f"{self._title} is being pulled by another program now.")

    def ended(self, problem: str = "", *, whole: bool = False) -> None:
        """Note how a pull ended.

        Args:
            problem: What went wrong, in a sentence.
            whole: True when everything that is there was read.
        """
        with self._engine.write(durable=False) as connection:
            row: dict[str, Value] = {
                "source": self.source_id,
                "now": clock.now(),
                "problem": flat(problem, 500),
            }
            if problem:
                connection.run(_FAILURE, row)
            elif whole:
                connection.run(_SUCCESS, row)
            if whole and not self.complete:
                connection.run(_COMPLETE, row)
                self.complete = True

    def let_go(self) -> None:
        """Give the lease back."""
        with self._engine.write(durable=False) as connection:
            connection.run(_LET_GO, {"source": self.source_id, "holder": self._holder})

    def sink(self) -> AccountSink:
        """Return where the runner writes: what comes after the first whole pull came in live."""
        arrival = Arrival(self.work_since, live=self.complete)
        return AccountSink(self._engine, Recognised("imap", self._title, MAIL), arrival, self)


class AccountSink(StoreSink):
    """Where mail of an account goes: entries as ever, and with them where the server keeps each."""

    def __init__(
        self, engine: Engine, recognised: Recognised, arrival: Arrival, pull: AccountPull
    ) -> None:
        super().__init__(engine, recognised, SCOPE, arrival)
        self._pull = pull
        self._batch = Batch()
        self._reached = ""

    def cursor(self) -> str:
        """Return how far the account was read."""
        self._reached = cursor_of(self._engine.connection(), self._pull.source_id)
        return self._reached

    def write(self, batch: Batch) -> Outcome:
        """Commit a batch with its cursor; a cursor that says nothing new is not written.

        Raises:
            Held: Another program pulls the account now.
        """
        is_empty = not (batch.entries or batch.quarantined)
        if is_empty and batch.cursor in (None, self._reached):
            return Outcome()
        self._batch = batch
        return super().write(batch)

    def _land(
        self, connection: Connection, ready: list[Prepared], refused: list[Quarantined]
    ) -> Outcome:
        """Write a slice, while nobody else pulls the account."""
        self._pull.check(connection)
        return super()._land(connection, ready, refused)

    def _chain(self, connection: Connection) -> int:
        return self._pull.source_id

    def _finish(self, connection: Connection, cursor: str | None) -> None:
        """Note where each message is kept, and move the account's cursor."""
        super()._finish(connection, None)
        now = clock.now()
        self._note_places(connection, now)
        if cursor is not None:
            row: dict[str, Value] = {
                "source": self._pull.source_id,
                "scope": SCOPE,
                "value": cursor,
                "now": now,
            }
            connection.run(_SET_CURSOR, row)
            self._reached = cursor

    def _note_places(self, connection: Connection, now: int) -> None:
        from db.landing import stored_origins  # 30 ms that a pull with nothing new does not pay

        source_id = self._source(connection)
        items: list[Entry | Quarantined] = [*self._batch.entries, *self._batch.quarantined]
        ids = [sound(item.external_id) for item in items]
        entries = stored_origins(connection, source_id, ids)
        held: dict[str, int] = dict(
            among(connection, _HELD, [one[:1000] for one in ids], source=source_id)
        )
        rows: list[dict[str, Value]] = []
        for item, external_id in zip(items, ids, strict=True):
            if item.place is None:
                continue
            entry_id = entries.get(external_id, (0, ""))[0]
            rows.append(
                {
                    "source": self._pull.source_id,
                    "folder": flat(item.place.folder, FOLDER_CHARACTERS),
                    "validity": item.place.validity,
                    "uid": item.place.uid,
                    "entry": entry_id,
                    "quarantine": 0 if entry_id else held.get(external_id[:1000], 0),
                    "labels": sound(item.place.labels)[:LABELS_CHARACTERS],
                    "now": now,
                }
            )
        connection.many(_PLACE, rows)


def _words(holder: str) -> str:
    machine, _, process = holder.rpartition(" ")
    return f"process {process} on {machine}"


def _is_dead(holder: str) -> bool:
    """Say whether the holder ran on this machine and does not any more."""
    import os
    import socket

    machine, _, process = holder.rpartition(" ")
    if machine != socket.gethostname() or not process.isdigit():
        return False
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
