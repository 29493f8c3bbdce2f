"""Which rows acts may write, and the statements for them.

Names of tables and columns come from `TABLES` alone; what is not there never becomes part of a
statement, whatever a journal row says. Values are parameters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from db.engine.interface import Connection, Value

Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Table:
    """What acts may do with a table.

    Attributes:
        key: Columns that name a row.
        columns: All others that are truth, in the order of the schema.
        unique: Columns of which no two rows may hold the same value.
        used_by: ``(table, column)`` that may point at a row, so that it cannot go.
        kept: True for names that, once given, keep their number: undo leaves them.
        called: What people call a row of it.
    """

    key: tuple[str, ...]
    columns: tuple[str, ...]
    called: str
    unique: tuple[str, ...] = ()
    used_by: tuple[tuple[str, str], ...] = ()
    kept: bool = False


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_ID = ("id",)
TABLES: Mapping[str, Table] = {
    "cases": Table(
        _ID,
        _words(
            "subject status urgency owner_id team_id queue_id tier type waiting_on waiting_name"
            " waiting_since snoozed_until due_at resolution resolved_at merged_into spam history"
            " updated_at requester_id subject_key channel opened_at"
        ),
        "case",
        used_by=(
            ("entries", "case_id"),
            ("conversations", "case_id"),
            ("case_tags", "case_id"),
            ("case_links", "case_id"),
            ("case_links", "other_id"),
        ),
    ),
    "case_links": Table(("case_id", "other_id", "kind"), (), "link"),
    "conversations": Table(
        _ID,
        _words("channel source_id subject subject_key case_id first_at last_at"),
        "conversation",
        used_by=(("conversation_keys", "conversation_id"), ("entries", "conversation_id")),
    ),
    "conversation_keys": Table(("key",), ("conversation_id",), "name of a conversation"),
    "thread_rules": Table(
        _ID,
        _words("kind scope shape one_id other_id example made_by made_at undone_at"),
        "rule",
    ),
    "case_tags": Table(("case_id", "tag_id"), (), "tag"),
    "tags": Table(_ID, ("name",), "tag", unique=("name",), kept=True),
    "entries": Table(
        _ID,
        _words(
            "identity_id at kind direction channel case_id conversation_id author_id agent_id"
            " author subject preview characters lines attachments automatic pinned removed"
            " at_offset zone_source precision"
        ),
        "note",
    ),
    "entry_texts": Table(("entry_id",), _words("codec data folds defects"), "note"),
    "customers": Table(
        _ID,
        _words(
            "name named organization_id title stage vip risk risk_at goals success_owner_id"
            " language time_zone preferred_channel canonical_id created_at chosen_at"
        ),
        "customer",
        used_by=(
            ("identities", "customer_id"),
            ("customer_links", "one_id"),
            ("customer_links", "other_id"),
            ("match_decisions", "one_id"),
            ("match_decisions", "other_id"),
            ("customer_fields", "customer_id"),
            ("promises", "customer_id"),
        ),
    ),
    "customer_fields": Table(("customer_id", "name"), ("value",), "field"),
    "promises": Table(
        _ID,
        _words("customer_id case_id agent_id text due_at state made_at ended_at"),
        "promise",
    ),
    "organization_domains": Table(("domain",), ("organization_id",), "domain rule"),
    "customer_links": Table(
        _ID, _words("one_id other_id made_by made_at evidence undone_at"), "link"
    ),
    "match_decisions": Table(("one_id", "other_id"), _words("made_by made_at reason"), "decision"),
    "identities": Table(_ID, _words("customer_id state"), "address"),
    "organizations": Table(_ID, _words("name domain created_at"), "organization", kept=True),
    "queues": Table(
        _ID,
        _words("name position pin query sort folder shipped"),
        "queue",
        unique=("name",),
        used_by=(("cases", "queue_id"),),
    ),
    "agents": Table(_ID, _words("login name role active"), "agent", unique=("login",)),
    "teams": Table(
        _ID,
        ("name",),
        "team",
        unique=("name",),
        used_by=(("team_agents", "team_id"), ("cases", "team_id")),
    ),
    "team_agents": Table(("team_id", "agent_id"), (), "member"),
}


def read(
    connection: Connection, table: str, key: Fields, columns: tuple[str, ...]
) -> dict[str, Value] | None:
    """Return columns of a row by name, or None where it is missing."""
    row = connection.one(_select_sql(table, columns), key)
    return None if row is None else dict(zip(columns, row[1:], strict=True))


def _checked(table: str, columns: tuple[str, ...]) -> Table:
    """Return the table; a name that is not in `TABLES` never becomes part of a statement."""
    known = TABLES[table]
    for column in columns:
        if column not in known.columns:
            raise ValueError(f"{table} has no column {column} that acts may change.")
    return known


def _where(table: Table) -> str:
    return " and ".join(f"{column} = :{column}" for column in table.key)


@lru_cache(maxsize=256)
def _select_sql(table: str, columns: tuple[str, ...]) -> str:
    known = _checked(table, columns)
    listed = ", ".join(("1", *columns))
    return f"select {listed} from {table} where {_where(known)}"  # noqa: S608


@lru_cache(maxsize=256)
def update_sql(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that sets columns of a row."""
    known = _checked(table, columns)
    listed = ", ".join(f"{column} = :{column}" for column in columns)
    return f"update {table} set {listed} where {_where(known)}"  # noqa: S608


@lru_cache(maxsize=256)
def insert_sql(table: str, columns: tuple[str, ...]) -> str:
    """Return the statement that adds a row."""
    known = _checked(table, columns)
    names = (*known.key, *columns)
    values = ", ".join(f":{name}" for name in names)
    return f"insert into {table}({', '.join(names)}) values({values})"


@lru_cache(maxsize=64)
def delete_sql(table: str) -> str:
    """Return the statement that removes a row."""
    return f"delete from {table} where {_where(_checked(table, ()))}"  # noqa: S608


@lru_cache(maxsize=64)
def taken_sql(table: str, column: str) -> str:
    """Return the question whether a value of a unique column is taken."""
    _checked(table, (column,))
    return f"select 1 from {table} where {column} = :{column}"  # noqa: S608


@lru_cache(maxsize=64)
def used_sql(table: str, column: str) -> str:
    """Return the question whether any row points at one."""
    if column not in (*TABLES[table].key, *TABLES[table].columns):
        raise ValueError(f"{table} has no column {column}.")
    return f"select 1 from {table} where {column} = :{column} limit 1"  # noqa: S608
