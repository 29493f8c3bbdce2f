"""The rows of a large store on their way in: collected table by table, loaded in slices."""

from __future__ import annotations

from db.engine.bulk import load
from db.engine.interface import Connection, Value

# What others point at stands before them.
COLUMNS: dict[str, tuple[str, ...]] = {
    table: tuple(columns.split())
    for table, columns in {
        "own_addresses": "kind value",
        "agents": "id login name role",
        "queues": "id name position query folder",
        "tags": "id name",
        "sources": "id name connector title created_at last_success_at",
        "organizations": "id name domain created_at",
        "customers": "id canonical_id name organization_id vip created_at",
        "identities": "id kind value raw name customer_id own source_id",
        "cases": "id requester_id subject subject_key channel status urgency urgency_rank owner_id"
        " queue_id waiting_on waiting_since snoozed_until due_at resolution resolved_at worked"
        " unresolved opened_at updated_at revision",
        "case_tags": "case_id tag_id",
        "conversations": "id channel source_id subject subject_key case_id entries first_at last_at"
        " last_human_at last_human_direction",
        "entries": "identity_id at id kind direction channel case_id conversation_id author_id"
        " agent_id author subject preview characters lines attachments pinned",
        "entry_identities": "identity_id at entry_id",
        "entry_texts": "entry_id codec data folds",
        "entry_parties": "entry_id role position identity_id name",
        "origins": "source_id external_id entry_id content_key message_id",
    }.items()
}
_SET_BLOCK = "update id_blocks set next = :next where name = :name and next < :next"
_LARGEST = "select max(id) from {table}"


class Rows:
    """Rows that wait to be loaded."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[tuple[Value, ...]]] = {table: [] for table in COLUMNS}

    def add(self, table: str, *values: Value) -> None:
        """Take a row, its values in the order of `COLUMNS`."""
        self._waiting[table].append(values)

    def flush(self, connection: Connection) -> None:
        """Load what waits."""
        for table, rows in self._waiting.items():
            if rows:
                load(connection, table, COLUMNS[table], rows)
                rows.clear()

    def keep_ids(self, connection: Connection) -> None:
        """Remember the ids that were given, so that none is given again."""
        for table in ("agents", "queues", "tags", "sources", "organizations", "customers",
                      "identities", "cases", "conversations"):  # fmt: skip
            largest = connection.value(_LARGEST.format(table=table)) or 0
            connection.run(_SET_BLOCK, {"name": table, "next": int(largest) + 1})
