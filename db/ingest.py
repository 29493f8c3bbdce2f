"""The way in: a batch of entries from a connector becomes rows, exactly once.

What needs no lock is done before the lock is taken; then a slice of the batch is written in one
short transaction, and the cursor with the last slice. An entry that the store cannot take is set
aside with its bytes, and the rest goes on.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from connectors.contract import Batch, Entry, Outcome, Quarantined, Recognised
from db import clock
from db.arriving import Arrival
from db.engine.interface import Connection, Engine
from db.errors import StoreError
from db.frozen import dataclass
from db.identity.normalise import sound
from db.identity.own import load_own
from db.ids import take
from db.quarantine import release, set_aside
from db.received import seal

if TYPE_CHECKING:
    from db.arrival import Prepared
    from db.landing import Landing

__all__ = ["Arrival", "StoreSink"]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is written in one transaction: as much as may hold the lock for so long.

    Attributes:
        least: Entries in a slice.
        most: The same.
        seconds: What a slice is cut for, by what the last one took.
        characters: Of text in a slice.
    """

    least: int
    most: int
    seconds: float
    characters: int


# Agents wait for the lock that a slice holds. Where nobody else writes, a large slice needs half
# the CPU for each entry; whoever comes then waits for one of them, once.
BESIDE_OTHERS = Pace(32, 160, 0.02, 400_000)
ALONE = Pace(200, 1_000, 0.25, 4_000_000)
OTHERS_SECONDS = 300.0  # for so long after another's commit slices stay short

_SOURCE = "select id from sources where name = :name"
_ADD_SOURCE = """
insert into sources(id, name, connector, title, time_zone, created_at)
values(:id, :name, :connector, :title, :zone, :now) on conflict(name) do nothing
"""
_CURSOR = """
select c.value from cursors c join sources s on s.id = c.source_id
where s.name = :name and c.scope = :scope
"""
_SET_CURSOR = """
insert into cursors(source_id, scope, value, at) values(:source, :scope, :value, :now)
on conflict(source_id, scope) do update set value = excluded.value, at = excluded.at
"""
_ANYONE_ERASED = "select exists(select 1 from erased_marks)"
_SUCCESS = "update sources set last_success_at = :now, last_error = '' where id = :source"


class StoreSink:
    """Where a runner writes what it read: a `connectors.contract.Sink` on a store."""

    def __init__(
        self, engine: Engine, recognised: Recognised, scope: str, arrival: Arrival
    ) -> None:
        """Make a sink.

        Args:
            engine: Of the store.
            recognised: The file or server that is read.
            scope: What the cursor belongs to.
            arrival: Since when a message is work, and whether it comes in live.
        """
        self._engine = engine
        self._recognised = recognised
        self._scope = scope
        self._arrival = arrival
        self._slice = ALONE.least
        self._mark: int | None = None  # from the first slice on, which may set up the file
        self._others_until = 0.0

    def cursor(self) -> str:
        """Return the last committed cursor of this source and scope; empty when there is none."""
        found = self._engine.connection().value(
            _CURSOR, {"name": self._recognised.source, "scope": self._scope}
        )
        return str(found or "")

    def write(self, batch: Batch) -> Outcome:
        """Commit a batch, and its cursor with the last of it; what is there already is not written.

        Raises:
            Unavailable: The store cannot be written; nothing after the last slice is lost, since
                the cursor was not moved.
        """
        batch, left_out = self._admitted(batch)
        changed, same = self._changed(batch.entries)
        outcome = Outcome(same=same, erased=left_out)
        while True:
            pace = self._pace()
            piece, changed = self._cut(changed, pace)
            ready, refused = self._prepare(piece)
            if not changed:
                refused = [*batch.quarantined, *refused]
            with self._engine.write(durable=False) as connection:
                started = time.perf_counter()
                outcome += self._land(connection, ready, refused)
                if not changed:
                    self._finish(connection, batch.cursor)
            self._adapt(pace, len(piece), time.perf_counter() - started)
            if self._mark is None:
                self._mark = self._engine.change_mark()
            if not changed:
                return outcome

    def _pace(self) -> Pace:
        """Return how large slices may be: short ones for a while after anyone else wrote."""
        mark = self._engine.change_mark()
        if self._mark is not None and mark != self._mark:
            self._mark = mark
            self._others_until = time.monotonic() + OTHERS_SECONDS
        return BESIDE_OTHERS if time.monotonic() < self._others_until else ALONE

    def _cut(self, entries: list[Entry], pace: Pace) -> tuple[list[Entry], list[Entry]]:
        """Return what goes into the next transaction, and what is left."""
        characters = place = 0
        for entry in entries[: max(pace.least, min(self._slice, pace.most))]:
            place += 1
            characters += len(entry.text or "")
            if characters >= pace.characters:
                break
        return entries[:place], entries[place:]

    def _adapt(self, pace: Pace, entries: int, seconds: float) -> None:
        """Choose the size of the next slice by how long the lock was held for this one."""
        if seconds > 1.25 * pace.seconds:
            self._slice = max(pace.least, self._slice * 3 // 4)
        elif seconds < 0.6 * pace.seconds and entries >= self._slice:
            self._slice = min(pace.most, self._slice * 2)

    def _admitted(self, batch: Batch) -> tuple[Batch, int]:
        """Leave out what would bring back a customer who was erased."""
        connection = self._engine.connection()
        if not connection.value(_ANYONE_ERASED):
            return batch, 0
        from db.erase.record import admit

        found = admit(connection, self._recognised.source, batch.entries, batch.quarantined)
        kept = replace(batch, entries=tuple(found.entries), quarantined=tuple(found.quarantined))
        return kept, found.left_out

    def _changed(self, entries: Sequence[Entry]) -> tuple[list[Entry], int]:
        """Leave out what is stored unchanged, before any work is done for it."""
        connection = self._engine.connection()
        source_id = connection.value(_SOURCE, {"name": self._recognised.source})
        if source_id is None or not entries:
            return list(entries), 0
        from db.landing import stored_origins

        ids = [sound(entry.external_id) for entry in entries]
        stored = stored_origins(connection, source_id, ids)
        changed = [
            entry
            for entry, external_id in zip(entries, ids, strict=True)
            if stored.get(external_id, (0, None))[1] != entry.content_key
        ]
        return changed, len(entries) - len(changed)

    def _prepare(self, entries: Sequence[Entry]) -> tuple[list[Prepared], list[Quarantined]]:
        """Make entries ready; those that cannot be are set aside."""
        ready: list[Prepared] = []
        refused: list[Quarantined] = []
        if entries:  # most passes bring nothing, and what comes along takes 50 ms
            from db.arrival import prepare
        for entry in entries:
            try:
                ready.append(prepare(entry, self._recognised.source))
            except (ValueError, TypeError, AttributeError, OverflowError) as error:
                refused.append(_refusal(entry, error))
        return ready, refused

    def _land(
        self, connection: Connection, ready: list[Prepared], refused: list[Quarantined]
    ) -> Outcome:
        """Write a slice; where it fails as a whole, entry by entry."""
        source_id = self._source(connection)
        outcome, landed = Outcome(), ready
        connection.run("savepoint slice")
        try:
            if ready:
                outcome += self._landing(connection, source_id).write(ready)
        except _refusals(connection):
            connection.run("rollback to slice")
            landed = []
            for one in ready:
                single, refusal = self._land_alone(connection, source_id, one)
                outcome += single
                if refusal:
                    refused = [*refused, refusal]
                else:
                    landed.append(one)
        connection.run("release slice")
        now = clock.now()
        originals = [one.digest for one in landed if one.digest]
        seal(connection, self._chain(connection), originals, now)
        for item in refused:
            held = set_aside(connection, source_id, item, now)
            outcome += Outcome(held=1) if held else Outcome(quarantined=1)
        release(connection, source_id, [one.external_id for one in ready], refused)
        return outcome

    def _chain(self, connection: Connection) -> int:
        """Return the source in whose chain what comes is sealed."""
        return self._source(connection)

    def _land_alone(
        self, connection: Connection, source_id: int, one: Prepared
    ) -> tuple[Outcome, Quarantined | None]:
        """Write one entry, or say why it must be set aside."""
        connection.run("savepoint single")
        try:
            outcome = self._landing(connection, source_id).write([one])
        except _refusals(connection) as error:
            connection.run("rollback to single")
            connection.run("release single")
            return Outcome(), _refusal(one.entry, error)
        connection.run("release single")
        return outcome, None

    def _landing(self, connection: Connection, source_id: int) -> Landing:
        from db.landing import Landing

        return Landing(
            connection, self._recognised.source, source_id, load_own(connection), self._arrival
        )

    def _source(self, connection: Connection) -> int:
        """Return the id of the source, making its row at the first batch."""
        name = self._recognised.source
        found = connection.value(_SOURCE, {"name": name})
        if found is None:
            found = take(connection, "sources")
            connection.run(
                _ADD_SOURCE,
                {
                    "id": found,
                    "name": name,
                    "connector": self._recognised.connector,
                    "title": self._recognised.title,
                    "zone": self._arrival.time_zone,
                    "now": clock.now(),
                },
            )
        return int(found)

    def _finish(self, connection: Connection, cursor: str | None) -> None:
        """Move the cursor, and note the success."""
        source_id = self._source(connection)
        now = clock.now()
        if cursor is not None:
            connection.run(
                _SET_CURSOR,
                {"source": source_id, "scope": self._scope, "value": cursor, "now": now},
            )
        connection.run(_SUCCESS, {"source": source_id, "now": now})


def _refusals(connection: Connection) -> tuple[type[Exception], ...]:
    """Return what is raised when a store cannot take an entry, and could take another."""
    return (*connection.refusals, OverflowError, ValueError, KeyError)


def _refusal(entry: Entry, error: Exception) -> Quarantined:
    """Return an entry as something set aside, with the bytes that there are."""
    raw = entry.original
    if not raw:
        words = {"subject": entry.subject, "text": entry.text, "at": entry.at}
        raw = json.dumps(words, default=str).encode("utf-8", "replace")
    reason = str(error) if isinstance(error, (ValueError, StoreError)) else ""
    if not reason.endswith("."):
        reason = f"The store cannot take it ({type(error).__name__}: {error})."
    external_id = str(entry.external_id)[:1000] or "no id"
    return Quarantined(external_id, f"entry {external_id[:200]}", reason, raw)
