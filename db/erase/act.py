"""Erase a customer: look, take out entry by entry in short transactions, then the rest in one.

The order makes it safe to be stopped at any place. The first transaction writes down that it has
begun and keeps the past from coming in again. Until the last one the person's addresses are still
there, so that a second run finds what the first left. The last one takes the addresses, the
profile and the acts, and is the act of the journal. The bytes are rewritten after it.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from db import clock
from db.counters import recount
from db.engine.interface import Connection, Engine
from db.erase.entries import ANONYMISE, REMOVE, Entries, drop_unused
from db.erase.person import Person, load_person
from db.erase.record import keep_marks, person_mark, salt
from db.erase.rows import Rest, stand_in_for
from db.erase.survey import Progress, Survey, find_near, survey
from db.erase.words import Mask, Named
from db.errors import Refused
from db.frozen import dataclass
from db.ids import take

if TYPE_CHECKING:
    from db.records import AgentRow

SLICE_SECONDS = 0.02  # agents wait for the lock no longer

_OPEN = "select id from erasures where customer_id = :customer and done_at = 0"
_BEGIN = """
insert into erasures(id, customer_id, agent_id, mode, begun_at)
values(:id, :customer, :agent, :mode, :now)
"""
_AGAIN = "update erasures set mode = :mode, agent_id = :agent where id = :id"
_DONE = "update erasures set done_at = :now, counts = :counts where id = :id"
_SCRUBBED = "update erasures set scrubbed_at = :now where scrubbed_at = 0 and done_at > 0"
_COLUMNS = """
select e.id, e.customer_id, a.login, e.mode, e.begun_at, e.done_at, e.scrubbed_at, e.counts
from erasures e join agents a on a.id = e.agent_id
"""
_ALL = _COLUMNS + " order by e.id desc"
_ONE = _COLUMNS + " where e.id = :id"


@dataclass(frozen=True, slots=True)
class Preview:
    """What an erase would reach.

    Attributes:
        customer_id: The canonical number of the customer.
        name: As it is shown; it is asked for to confirm.
        addresses: Everything by which they are reached.
        names: Whole names, and words that were added.
        lone: Single words of the names: how many entries of others hold each, and whether it is
            masked there too. In the person's own conversations all of them are.
        entries: On their timeline.
        cases: That they asked for.
        others: Entries of others that name them, or that they are on.
        originals: Originals of others that name them, and go.
        acts: Rows of the journal that are emptied.
        rows: Other rows that name them.
        broken: Items set aside that name them.
        namesakes: Others with the same name, whose own entries keep it.
        told: What the team named after them, such as a tag; it is left to the team.
    """

    customer_id: int
    name: str
    addresses: tuple[str, ...]
    names: tuple[str, ...]
    lone: tuple[tuple[str, int, bool], ...]
    entries: int
    cases: int
    others: int
    originals: int
    acts: int
    rows: int
    broken: int
    namesakes: tuple[tuple[int, str], ...]
    told: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erase came to; it names nobody.

    Attributes:
        done_at: When the rows were gone; 0 where it was stopped before.
        scrubbed_at: When the bytes were rewritten; 0 where they were not.
        entries: On their timeline.
        others: Entries of others in which they were masked.
        originals: Originals and files that are gone.
        acts: Rows of the journal that were emptied.
    """

    erasure_id: int
    customer_id: int
    agent: str
    mode: str
    begun_at: int
    done_at: int
    scrubbed_at: int
    entries: int = 0
    cases: int = 0
    others: int = 0
    originals: int = 0
    acts: int = 0
    rows: int = 0
    broken: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """What was done before the last transaction, for it.

    Attributes:
        done: Entries that were taken care of already.
        raws: SHA-256 of bytes that may be unused now.
        touched: Identities of others whose entries changed in number.
        resumed: An earlier run was stopped: what it left unused and uncounted is not known.
    """

    erasure_id: int
    found: Survey
    salted: bytes
    stand_in: int
    done: frozenset[int]
    raws: frozenset[bytes]
    touched: frozenset[int]
    resumed: bool


def preview(
    engine: Engine,
    customer_id: int,
    also: Iterable[str] = (),
    without: Iterable[str] = (),
    progress: Progress | None = None,
) -> Preview:
    """Look for a customer everywhere, and change nothing.

    Raises:
        NotFound: There is no such customer.
    """
    with engine.read() as connection:
        person = load_person(connection, customer_id, also, without, again=True)
    found = survey(engine, person, progress)
    named = person.named
    return Preview(
        customer_id=person.customer_id,
        name=person.name,
        addresses=tuple(
            dict.fromkeys(one.casefold() for one in (*named.emails, *named.phones, *named.handles))
        ),
        names=(*named.names, *named.also),
        lone=tuple((word, count, word in found.rare) for word, count in found.lone.items()),
        entries=len(found.own),
        cases=len(person.cases),
        others=len(found.beside | found.elsewhere),
        originals=len(found.originals - found.own),
        acts=len(found.acts),
        rows=sum(map(len, found.rows.values())),
        broken=len(found.quarantined),
        namesakes=person.namesakes,
        told=tuple(found.told),
    )


def prepare(
    engine: Engine,
    agent: AgentRow,
    customer_id: int,
    mode: str,
    confirmed: Callable[[Person], None],
    also: Iterable[str] = (),
    without: Iterable[str] = (),
    progress: Progress | None = None,
) -> Prepared:
    """Take the person out of every entry, in short transactions.

    Args:
        engine: Of the store.
        agent: Who erases; may.
        customer_id: Whom.
        mode: One of `db.commands.erase.MODES`.
        confirmed: Raises where it is not this person that is meant.
        also: Further words that name them.
        without: Words of their names that shall stay.
        progress: Told what is looked at, and how many of it were.

    Raises:
        NotFound: There is no such customer.
    """
    with engine.write() as connection:
        person = load_person(connection, customer_id, also, without, again=mode != ANONYMISE)
        confirmed(person)
        erasure_id, resumed = _begin(connection, agent, person, mode)
        salted = salt(connection, create=True)
        keep_marks(connection, erasure_id, (person_mark(salted, *key) for key in person.keys))
        stand_in = 0 if mode == REMOVE else stand_in_for(connection, person)
    found = survey(engine, person, progress)
    jobs = _Jobs(found)
    raws: set[bytes] = set()
    touched: set[int] = set()
    done: set[int] = set()
    waiting = jobs.all()
    while waiting:
        until = time.monotonic() + SLICE_SECONDS
        with engine.write() as connection:
            entries = Entries(connection, person, mode, stand_in, salted)
            while waiting:
                entry_id = waiting.pop()
                jobs.do(entries, entry_id)
                done.add(entry_id)
                if time.monotonic() > until:
                    break
            keep_marks(connection, erasure_id, entries.marks)
        raws |= entries.raws
        touched |= entries.touched
        if progress:
            progress("erased", len(done))
    return Prepared(
        erasure_id,
        found,
        salted,
        stand_in,
        done=frozenset(done),
        raws=frozenset(raws),
        touched=frozenset(touched),
        resumed=resumed,
    )


def complete(connection: Connection, prepared: Prepared, mode: str) -> Receipt:
    """Take the person out of everything else, in the transaction of the act."""
    found = prepared.found
    person = found.person
    entries = Entries(connection, person, mode, prepared.stand_in, prepared.salted)
    find_near(connection, found)
    jobs = _Jobs(found)
    for entry_id in jobs.all():
        if entry_id not in prepared.done:  # it came in meanwhile
            jobs.do(entries, entry_id)
    entries.touched |= prepared.touched
    Rest(connection, found, mode, prepared.stand_in, entries).erase(prepared.salted)
    if prepared.resumed:
        recount(connection)
    keep_marks(connection, prepared.erasure_id, entries.marks)
    gone = drop_unused(connection, None if prepared.resumed else prepared.raws | entries.raws)
    counts = {
        "entries": len(found.own),
        "cases": len(person.cases),
        "others": len(found.beside | found.elsewhere),
        "originals": gone,
        "acts": len(found.acts),
        "rows": sum(map(len, found.rows.values())),
        "broken": len(found.quarantined),
    }
    now = clock.now()
    connection.run(_DONE, {"id": prepared.erasure_id, "now": now, "counts": json.dumps(counts)})
    return receipt(connection, prepared.erasure_id)


def finish(engine: Engine, *, whole: bool | None = None) -> bool:
    """Rewrite the bytes that erases left; say whether nothing is left.

    Args:
        engine: Of the store.
        whole: Write the whole file anew; None leaves it to its size.
    """
    from db.erase.scrub import scrub

    if not scrub(engine, whole=whole).log:
        return False
    with engine.write() as connection:
        connection.run(_SCRUBBED, {"now": clock.now()})
    return True


def receipt(connection: Connection, erasure_id: int) -> Receipt:
    """Return the receipt of an erase.

    Raises:
        Refused: There is none of that number.
    """
    row = connection.one(_ONE, {"id": erasure_id})
    if row is None:
        raise Refused(f"There is no receipt {erasure_id}; centric erase receipts lists them.")
    return _receipt(row)


def receipts(connection: Connection) -> list[Receipt]:
    """Return every erase, newest first."""
    return [_receipt(row) for row in connection.all(_ALL)]


def _receipt(row: tuple[object, ...]) -> Receipt:
    *columns, counts = row
    return Receipt(*columns, **json.loads(str(counts)))  # type: ignore[arg-type]  # as selected


def _begin(connection: Connection, agent: AgentRow, person: Person, mode: str) -> tuple[int, bool]:
    found = connection.value(_OPEN, {"customer": person.customer_id})
    if found is not None:
        connection.run(_AGAIN, {"id": found, "mode": mode, "agent": agent.agent_id})
        return int(found), True
    number = take(connection, "erasures")
    connection.run(
        _BEGIN,
        {
            "id": number,
            "customer": person.customer_id,
            "agent": agent.agent_id,
            "mode": mode,
            "now": clock.now(),
        },
    )
    return number, False


class _Jobs:
    """Which entry is done how."""

    def __init__(self, found: Survey) -> None:
        self._found = found
        named = found.person.named
        self._every = Mask.every(named)
        self._everywhere = found.everywhere()
        self._addresses = Mask.certain(
            Named(emails=named.emails, phones=named.phones, handles=named.handles)
        )

    def all(self) -> list[int]:
        """Return the entries; from the end they are done, those of others first."""
        found = self._found
        return [
            *sorted(found.own),
            *sorted((found.beside | found.elsewhere | found.namesakes) - found.own),
        ]

    def do(self, entries: Entries, entry_id: int) -> None:
        """Do one entry."""
        found = self._found
        if entry_id in found.own:
            entries.own(entry_id, self._every)
            return
        mask = self._everywhere
        if entry_id in found.beside:
            mask = self._every
        elif entry_id in found.namesakes:
            mask = self._addresses
        entries.mask(entry_id, mask, original=entry_id in found.originals)
