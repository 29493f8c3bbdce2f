"""Who has a desk open, since when and from where: rows that go away by themselves.

A desk says every half minute that it is still there. What was not said for two minutes is over,
also where a desk was killed and could not say so.
"""

from __future__ import annotations

from db import clock
from db.engine.interface import Connection, Engine, Value
from db.engine.machine import host, machine, program
from db.frozen import dataclass
from db.records import AgentRow

LIVE_MILLISECONDS = 120_000
REFRESH_SECONDS = 30.0
ORIGIN_CHARACTERS = 253

_SEEN = """
insert into sessions(id, agent_id, machine, host, origin, began_at, seen_at)
values(:id, :agent, :machine, :host, :origin, :now, :now)
on conflict(id) do update set agent_id = excluded.agent_id, seen_at = excluded.seen_at
"""
_OVER = "delete from sessions where id = :id or seen_at < :since"
_OTHERS = """
select origin, host, began_at from sessions
where agent_id = :agent and origin <> :origin and seen_at > :since order by began_at, id
"""


@dataclass(frozen=True, slots=True)
class OpenDesk:
    """A desk that is open.

    Attributes:
        origin: The address from which its agent came; empty for the machine itself.
        host: The machine on which it runs.
        began_at: UTC milliseconds.
    """

    origin: str
    host: str
    began_at: int


def still_here(engine: Engine, agent: AgentRow, origin: str = "") -> None:
    """Say that this program's desk is open.

    Args:
        engine: Of the store.
        agent: Who works at it.
        origin: The address from which they came; empty for the machine itself.

    Raises:
        Unavailable: The store cannot be written.
    """
    row: dict[str, Value] = {
        "id": program(),
        "agent": agent.agent_id,
        "machine": machine(),
        "host": host(),
        "origin": origin[:ORIGIN_CHARACTERS],
        "now": clock.now(),
    }
    with engine.write(durable=False) as connection:
        connection.run(_SEEN, row)


def leave(engine: Engine) -> None:
    """Say that this program's desk is closed, and forget those that ended without a word.

    Raises:
        Unavailable: The store cannot be written.
    """
    with engine.write(durable=False) as connection:
        connection.run(_OVER, {"id": program(), "since": clock.now() - LIVE_MILLISECONDS})


def elsewhere(connection: Connection, agent: AgentRow, origin: str) -> tuple[OpenDesk, ...]:
    """Return the desks that an agent has open and that were opened from somewhere else."""
    since = clock.now() - LIVE_MILLISECONDS
    found = connection.all(
        _OTHERS, {"agent": agent.agent_id, "origin": origin[:ORIGIN_CHARACTERS], "since": since}
    )
    return tuple(OpenDesk(*row) for row in found)
