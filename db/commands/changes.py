"""The one door through which acts, undo and replay write: a row changed, and what was there before.

Three sorts of columns are kept apart. What a `Change` names is truth: it is journaled, guarded and
taken back. ``updated_at`` is journaled but not guarded: it goes back when nothing touched the row
since, else it stays. Counters, ranks, revisions and the search index are derived: `Writer.settle`
makes them right after every act, whichever way it went.
"""

from __future__ import annotations

from db.commands.derived import before_delete, settle
from db.commands.rows import (
    TABLES,
    Fields,
    Table,
    delete_sql,
    insert_sql,
    read,
    taken_sql,
    update_sql,
    used_sql,
)
from db.engine.interface import Connection, Value
from db.errors import Conflict, NotFound, Refused
from db.frozen import dataclass

UNGUARDED = frozenset({"updated_at"})


@dataclass(frozen=True, slots=True)
class Change:
    """One row, before and after.

    Attributes:
        key: The key columns and their values.
        before: Changed columns as they were; None where the row was not there.
        after: The same columns as they are now; None where the row is gone.
    """

    table: str
    key: Fields
    before: Fields | None
    after: Fields | None

    def inverse(self) -> Change:
        """Return the change that takes this one back."""
        return Change(self.table, self.key, self.after, self.before)


class InTheWay(Conflict):
    """A row is no longer what a change found or left; raised before anything is written.

    Attributes:
        change: What could not be carried out.
        column: The first column that differs; empty where the row itself is missing or there.
    """

    def __init__(self, change: Change, column: str = "", found: Value = None) -> None:
        wanted = (change.before or {}).get(column)
        called = TABLES[change.table].called
        where = f"the {column.removesuffix('_id').replace('_', ' ')} of " if column else ""
        super().__init__(f"{where}the {called} has changed since", wanted, found)
        self.change = change
        self.column = column


class Writer:
    """Writes changes within one transaction, keeps them, and settles what follows from them."""

    __slots__ = ("_rows", "changes", "connection", "now", "touched", "written")

    def __init__(self, connection: Connection, now: int) -> None:
        self.connection = connection
        self.now = now
        self.changes: list[Change] = []
        self.touched: set[int] = set()
        self.written = 0
        self._rows: dict[tuple[str, tuple[Value, ...]], int] = {}

    def update(self, table: str, key: Fields, fields: Fields) -> bool:
        """Set columns of a row; say whether any of them changed.

        Raises:
            NotFound: There is no such row.
            Refused: A name is taken.
        """
        stored = read(self.connection, table, key, tuple(fields))
        if stored is None:
            raise NotFound(f"There is no such {TABLES[table].called}.")
        after = {name: value for name, value in fields.items() if stored[name] != value}
        if not after:
            return False
        before = {name: stored[name] for name in after}
        self._write(Change(table, key, before, after))
        return True

    def insert(self, table: str, key: Fields, row: Fields) -> None:
        """Add a row.

        Raises:
            Refused: A name is taken.
        """
        self._write(Change(table, key, None, row))

    def delete(self, table: str, key: Fields) -> None:
        """Remove a row.

        Raises:
            NotFound: There is no such row.
            Refused: Something still points at it.
        """
        stored = read(self.connection, table, key, TABLES[table].columns)
        if stored is None:
            raise NotFound(f"There is no such {TABLES[table].called}.")
        self._write(Change(table, key, stored, None))

    def carry_out(self, change: Change, *, guarded: bool = True) -> None:
        """Write a change as it stands in the journal.

        Args:
            change: What to write; a kept name is left as it is when the change would remove it.
            guarded: Compare what is stored with ``change.before`` first.

        Raises:
            InTheWay: It differs.
            Refused: A name is taken, or something still points at the row.
        """
        table = TABLES[change.table]
        if table.kept and change.after is None:
            return
        if guarded:
            change = self._compared(change, table)
        if change.before is None or change.after is None or change.after:
            self._write(change)

    def stamp(self) -> None:
        """Mark every touched case as changed now."""
        for case_id in sorted(self.touched):
            stored = read(self.connection, "cases", {"id": case_id}, ("updated_at",))
            if stored is not None and int(stored["updated_at"] or 0) < self.now:
                self.update("cases", {"id": case_id}, {"updated_at": self.now})

    def settle(self) -> None:
        """Make right what is derived from the rows that were changed.

        Raises:
            Refused: The changes would leave the team without a lead.
        """
        settle(self.connection, self.changes, self.touched)

    def _compared(self, change: Change, table: Table) -> Change:
        stored = read(self.connection, change.table, change.key, table.columns)
        if change.before is None:
            if stored is not None:
                raise InTheWay(change)
            return change
        if stored is None:
            raise InTheWay(change)
        stale = [name for name, value in change.before.items() if stored[name] != value]
        for name in stale:
            if name not in UNGUARDED:
                raise InTheWay(change, name, stored[name])
        if stale and change.after is not None:
            before = {name: value for name, value in change.before.items() if name not in stale}
            after = {name: value for name, value in change.after.items() if name not in stale}
            return Change(change.table, change.key, before, after)
        return change

    def _write(self, change: Change) -> None:
        table = TABLES[change.table]
        if change.after is None:
            self._still_used(change, table)
            if change.table == "entry_texts":
                before_delete(self.connection, int(change.key["entry_id"] or 0))
            self.connection.run(delete_sql(change.table), change.key)
        else:
            self._name_taken(change, table)
            names = tuple(change.after)
            sql = (
                insert_sql(change.table, names)
                if change.before is None
                else update_sql(change.table, names)
            )
            self.connection.run(sql, {**change.key, **change.after})
        self._keep(change)

    def _keep(self, change: Change) -> None:
        """Keep a change; a second one of the same row becomes part of the first."""
        self.written += 1
        if change.table in ("cases", "case_tags"):
            self.touched.add(int(change.key["id" if change.table == "cases" else "case_id"] or 0))
        place = (change.table, tuple(change.key.values()))
        position = self._rows.get(place)
        if position is not None and change.before is not None and change.after is not None:
            first = self.changes[position]
            if first.after is not None:
                before = None if first.before is None else {**change.before, **first.before}
                after = {**first.after, **change.after}
                self.changes[position] = Change(change.table, change.key, before, after)
                return
        self._rows[place] = len(self.changes)
        self.changes.append(change)

    def _name_taken(self, change: Change, table: Table) -> None:
        for column in table.unique:
            if change.after is None or column not in change.after:
                continue
            value = change.after[column]
            if self.connection.value(taken_sql(change.table, column), {column: value}):
                raise Refused(
                    f"There is a {table.called} “{value!s}” already; choose another name."
                )

    def _still_used(self, change: Change, table: Table) -> None:
        for other, column in table.used_by:
            if self.connection.value(used_sql(other, column), {column: change.key["id"]}):
                name = (change.before or {}).get("name", "")
                what = TABLES[other].called
                raise Refused(
                    f"The {table.called} “{name!s}” is in use by now: a {what} belongs to it. "
                    f"Take the {what} out first."
                )
