"""What could not be read or stored: kept as received, counted, tried again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from connectors.contract import Quarantined
from db.among import among
from db.engine.interface import Connection, Value
from db.identity.normalise import flat, sound
from db.ids import take
from db.raws import keep_raw

PLACE_CHARACTERS = 500

_HELD = """
update quarantine set tries = tries + 1, last_at = :now, reason = :reason, place = :place
where source_id = :source and external_id = :external_id
"""
_ADD = """
insert into quarantine(id, source_id, external_id, place, reason, original, size, first_at, last_at)
values(:id, :source, :external_id, :place, :reason, :original, :size, :now, :now)
"""
_ANY = "select exists(select 1 from quarantine where source_id = :source)"
_FOUND = """
select external_id from quarantine where source_id = :source and external_id in (:among)
"""
_REMOVE = "delete from quarantine where source_id = :source and external_id = :external_id"


def set_aside(connection: Connection, source_id: int, item: Quarantined, now: int) -> bool:
    """Keep something that could not be read, and return whether it was held already.

    Args:
        connection: Inside `Engine.write`.
        source_id: Where it came from.
        item: With its bytes.
        now: UTC milliseconds.
    """
    row: dict[str, Value] = {
        "source": source_id,
        "external_id": sound(item.external_id)[:1000],
        "place": flat(item.where, PLACE_CHARACTERS),
        "reason": flat(item.reason, PLACE_CHARACTERS),
        "now": now,
    }
    if connection.run(_HELD, row):
        return True
    connection.run(
        _ADD,
        {
            **row,
            "id": take(connection, "quarantine"),
            "original": keep_raw(connection, item.raw),
            "size": len(item.raw),
        },
    )
    return False


def release(
    connection: Connection, source_id: int, stored: Sequence[str], refused: Iterable[Quarantined]
) -> None:
    """Forget what was set aside before and could be stored now.

    Args:
        connection: Inside `Engine.write`.
        source_id: Where it came from.
        stored: External ids of this slice.
        refused: What of them was refused; it stays.
    """
    if not connection.value(_ANY, {"source": source_id}):
        return
    kept = {sound(item.external_id)[:1000] for item in refused}
    for (external_id,) in list(among(connection, _FOUND, stored, source=source_id)):
        if external_id not in kept:
            connection.run(_REMOVE, {"source": source_id, "external_id": external_id})
