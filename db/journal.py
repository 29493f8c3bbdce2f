"""What was done, by whom, and proof that it was not rewritten.

A row's payload is JSON: the command's arguments and every row that it changed, before and after.
``digest = sha256(salt, sentence, payload)``; ``hash = sha256(hash of the row before, digest, seq,
at, agent, command, undoes)``. An erase empties payload, sentence and salt and keeps the digest: the
chain still verifies, and without the salt nobody can try words against the digest.

Who is concerned stands in ``journal_subjects``: the case and the identity that asked (an identity
never changes, so the row is found under whichever customer it belongs to), and the customer for
acts on the customer itself.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from db.commands.changes import Change
from db.commands.rows import Fields
from db.engine.interface import Connection, Row, Value
from db.frozen import dataclass
from db.records import JournalRow

SALT_BYTES = 16
PAGE_ROWS = 200
GENESIS = bytes(32)
"""What the first row is chained to."""

NEWEST = 2**62
"""A ``before_seq`` that is after every row."""

SubjectKind = Literal["case", "customer", "identity"]
Subject = tuple[SubjectKind, int]

_HEAD = "select seq, hash, at from journal order by seq desc limit 1"
_APPEND = """
insert into journal(seq, at, agent_id, command, sentence, payload, salt, digest, hash, undoes)
values(:seq, :at, :agent, :command, :sentence, :payload, :salt, :digest, :hash, :undoes)
"""
_SUBJECT = """
insert into journal_subjects(kind, id, seq) values(:kind, :id, :seq) on conflict do nothing
"""
_UNDONE = "update journal set undone_by = :by where seq = :seq"
_ACT = "select seq, agent_id, command, sentence, payload, undone_by from journal where seq = :seq"
_COLUMNS = "j.seq, j.at, a.login, j.command, j.sentence, j.undoes, j.undone_by"
_HISTORY = f"""
select {_COLUMNS}
from journal_subjects s join journal j on j.seq = s.seq join agents a on a.id = j.agent_id
where s.kind = :kind and s.id = :id and s.seq < :before
order by s.seq desc limit :limit
"""  # noqa: S608 the columns are the constant above
_RECENT = f"""
select {_COLUMNS} from journal j join agents a on a.id = j.agent_id
where j.seq < :before order by j.seq desc limit :limit
"""  # noqa: S608 the columns are the constant above
_RECENT_OF = f"""
select {_COLUMNS} from journal j join agents a on a.id = j.agent_id
where j.agent_id = :agent and j.seq < :before order by j.seq desc limit :limit
"""  # noqa: S608 the columns are the constant above
_CHAIN = """
select seq, at, agent_id, command, sentence, payload, salt, digest, hash, undoes
from journal where seq > :after order by seq limit :limit
"""
# Each link between an act and what took it back must be seen from both ends.
_BROKEN_LINK = """
select min(seq) from (
  select j.seq from journal j left join journal b on b.seq = j.undone_by
  where j.undone_by <> 0 and (b.undoes is null or b.undoes <> j.seq)
  union all
  select j.seq from journal j left join journal b on b.seq = j.undoes
  where j.undoes <> 0 and (b.undone_by is null or b.undone_by <> j.seq)
) as broken
"""


@dataclass(frozen=True, slots=True)
class Act:
    """A row of the journal with what it changed.

    Attributes:
        changes: In the order in which they were written; empty when the payload was erased.
        subjects: Whom it concerned.
        erased: True where the payload is gone.
    """

    seq: int
    agent_id: int
    command: str
    sentence: str
    undone_by: int
    changes: tuple[Change, ...]
    subjects: tuple[Subject, ...]
    erased: bool


def append(
    connection: Connection,
    *,
    at: int,
    agent_id: int,
    command: str,
    sentence: str,
    arguments: Mapping[str, object],
    changes: Sequence[Change],
    subjects: Iterable[Subject],
    undoes: int = 0,
) -> int:
    """Write down an act at the end of the chain and return its number.

    No act is dated before the one that it follows, though the clocks of machines differ.
    """
    head = connection.one(_HEAD)
    seq, previous, last_at = (head[0] + 1, head[1], head[2]) if head else (1, GENESIS, at)
    at = max(at, last_at)
    concerned = tuple(dict.fromkeys(subjects))
    payload = _encode(arguments, changes, concerned)
    salt = os.urandom(SALT_BYTES)
    digest = _digest(salt, sentence, payload)
    row: dict[str, Value] = {
        "seq": seq,
        "at": at,
        "agent": agent_id,
        "command": command,
        "sentence": sentence,
        "payload": payload,
        "salt": salt,
        "digest": digest,
        "hash": _chained(previous, digest, seq, at, agent_id, command, undoes),
        "undoes": undoes,
    }
    connection.run(_APPEND, row)
    connection.many(_SUBJECT, [{"kind": k, "id": i, "seq": seq} for k, i in concerned])
    if undoes:
        connection.run(_UNDONE, {"by": seq, "seq": undoes})
    return seq


def act(connection: Connection, seq: int) -> Act | None:
    """Return an act with its changes, or None where there is no such row."""
    row = connection.one(_ACT, {"seq": seq})
    if row is None:
        return None
    number, agent_id, command, sentence, payload, undone_by = row
    if not payload:
        return Act(number, agent_id, command, sentence, undone_by, (), (), True)
    told = json.loads(payload)
    subjects = tuple((kind, subject_id) for kind, subject_id in told["subjects"])
    return Act(
        number, agent_id, command, sentence, undone_by, _changes(told["changes"]), subjects, False
    )


def history(
    connection: Connection,
    kind: SubjectKind,
    subject_id: int,
    limit: int = PAGE_ROWS,
    before_seq: int = NEWEST,
) -> list[JournalRow]:
    """Return what was done to a case, customer or identity, newest first."""
    params = {"kind": kind, "id": subject_id, "before": before_seq, "limit": _capped(limit)}
    return [JournalRow(*row) for row in connection.all(_HISTORY, params)]


def recent(
    connection: Connection, agent_id: int = 0, limit: int = PAGE_ROWS, before_seq: int = NEWEST
) -> list[JournalRow]:
    """Return the last acts of an agent, or of everyone (0), newest first."""
    params = {"agent": agent_id, "before": before_seq, "limit": _capped(limit)}
    sql = _RECENT_OF if agent_id else _RECENT
    return [JournalRow(*row) for row in connection.all(sql, params)]


def head(connection: Connection) -> tuple[int, str]:
    """Return the last row's number and hash (hexadecimal): kept elsewhere, it anchors the chain."""
    row = connection.one(_HEAD)
    return (row[0], row[1].hex()) if row else (0, GENESIS.hex())


def verify(connection: Connection) -> int:
    """Walk the chain; return the number of the first row that was altered, or 0.

    A removed or inserted row shows as the one after it. That rows at the very end were cut off, or
    the whole chain was written anew, only an anchor kept elsewhere shows; see `head`.
    """
    seq, previous = 0, GENESIS
    while rows := connection.all(_CHAIN, {"after": seq, "limit": 1000}):
        for row in rows:
            if row[0] != seq + 1 or not _holds(row, previous):
                return int(row[0])
            seq, previous = row[0], row[8]
    return int(connection.value(_BROKEN_LINK) or 0)


def decode(payload: str) -> tuple[Change, ...]:
    """Return the changes of a payload."""
    return _changes(json.loads(payload)["changes"])


def _changes(listed: Iterable[Sequence[Any]]) -> tuple[Change, ...]:  # as JSON has it
    return tuple(
        Change(table, _revived(key), _maybe(before), _maybe(after))
        for table, key, before, after in listed
    )


def _holds(row: Row, previous: bytes) -> bool:
    seq, at, agent_id, command, sentence, payload, salt, digest, chained, undoes = row
    erased = payload == "" and sentence == "" and salt == b""
    if not erased and _digest(salt, sentence, payload) != digest:
        return False
    return bool(_chained(previous, digest, seq, at, agent_id, command, undoes) == chained)


def _digest(salt: bytes, sentence: str, payload: str) -> bytes:
    said = sentence.encode("utf-8")
    parts = (b"%d.%d." % (len(salt), len(said)), salt, said, payload.encode("utf-8"))
    return hashlib.sha256(b"".join(parts)).digest()


def _chained(
    previous: bytes, digest: bytes, seq: int, at: int, agent_id: int, command: str, undoes: int
) -> bytes:
    line = b"%d.%d.%d.%d." % (seq, at, agent_id, undoes) + command.encode("utf-8")
    return hashlib.sha256(previous + digest + line).digest()


def _encode(
    arguments: Mapping[str, object], changes: Sequence[Change], subjects: Sequence[Subject]
) -> str:
    rows = [(c.table, c.key, c.before, c.after) for c in changes]
    payload = {"arguments": arguments, "changes": rows, "subjects": subjects}
    return _JSON.encode(payload)


def _plain(value: object) -> object:
    """Bytes have no form of their own in JSON."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} cannot stand in the journal.")


# Kept: to make one costs more than what it encodes.
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), default=_plain)


def _revived(fields: Mapping[str, Any]) -> Fields:  # as JSON has it
    return {
        name: base64.b64decode(value["base64"]) if isinstance(value, dict) else value
        for name, value in fields.items()
    }


def _maybe(fields: Mapping[str, Any] | None) -> Fields | None:
    return None if fields is None else _revived(fields)


def _capped(limit: int) -> int:
    return max(1, min(limit, PAGE_ROWS))
