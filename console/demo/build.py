"""Builds the fictional store: its script passes through the same doors as real mail and agents."""

from __future__ import annotations

import getpass
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path

from connectors.contract import Batch, Entry, Sink
from console.demo.ada import play_ada
from console.demo.automatic import automatic_mails
from console.demo.entries import SOURCES, Agent, mail_entry
from console.demo.hostile import hostile_mails
from console.demo.people import Cast, Person, load_cast
from console.demo.script import Script, Step, cast_plots
from console.demo.stories import HOUR, load_stories
from db import clock
from db.agents import agent_for
from db.commands.registry import build
from db.engine.sqlite import SqliteEngine
from db.engine.sqlite_connection import Connection
from db.identity.own import add_own
from db.identity.suggest import match_new
from db.ingest import Arrival
from db.records import AgentRow
from db.search import collect_terms
from db.store import Store, open_store

FOLDERS = ("Billing", "Bookings", "Technical", "Questions", "Onboarding")
LOOK_AHEAD = 300  # steps: about a fortnight
ORGANIZATION = """
insert into organizations(id, name, domain, created_at) values(:id, :name, :domain, :at)
"""
CASE_OF = """
select e.case_id, e.identity_id from origins o
join sources s on s.id = o.source_id
join entries e on e.id = o.entry_id
where s.name = :source and o.external_id = :external_id
"""
CUSTOMER_OF = """
select k.canonical_id from identities i join customers k on k.id = i.customer_id
where i.kind = 'email' and i.value = :email
"""


class Builder:
    """Runs the steps of a script on a store that can be built again, and so need not be synced."""

    def __init__(self, store: Store, cast: Cast, login: str) -> None:
        self._store = store
        self._known: set[str] = set()
        self._cast = cast
        arrival = Arrival(work_since=0, live=True)
        self._sinks: dict[str, Sink] = {
            channel: store.sink(recognised, "demo", arrival)
            for channel, recognised in SOURCES.items()
        }
        names = [(login, ""), *cast.agents]
        self._agents: dict[str, AgentRow] = {
            one: agent_for(store.engine, one, name) for one, name in names
        }

    def run(self, steps: Sequence[Step]) -> None:
        """Let everything happen, in its order.

        An arrival takes with it the next arrivals of other customers of whom nothing else is due
        before: the store takes thirty at once in the time of four.
        """
        arrived: set[int] = set()
        for number, step in enumerate(steps):
            if step.entry is None:
                with clock.stopped(step.at):
                    self._act(step)
            elif step.order not in arrived:
                together = _free_arrivals(steps[number : number + LOOK_AHEAD], arrived)
                arrived.update(one.order for one in together)
                self._arrive(together)

    def _arrive(self, steps: Sequence[Step]) -> None:
        for channel, run in groupby(steps, key=lambda step: step.channel):
            entries = []
            for step in run:
                entry = step.entry() if step.entry else Entry("", 0)
                entries.append(entry)
                if step.thread and step.thread.origin is None:
                    step.thread.origin = (SOURCES[channel].source, entry.external_id)
            with clock.stopped(steps[-1].at):
                self._sinks[channel].write(Batch(tuple(entries)))

    def do(self, login: str, name: str, arguments: Sequence[str] | Mapping[str, str]) -> None:
        """Give a command by its name and arguments."""
        self._store.do(build(name, arguments), self._agents[login])

    def _act(self, step: Step) -> None:
        name, *rest = step.command
        case_id = str(self.case_of(step))
        person = step.thread.person if step.thread else None
        if person and person.email not in self._known:
            self._known.add(person.email)
            house = person.organization
            for field, value in (
                ("title", person.title),
                ("time_zone", house.zone),
                ("language", house.language),
            ):
                self._edit(step.agent, person, field, value)
        if person and name == "customer.edit":
            self._edit(step.agent, person, *rest)
            return
        if name == "note.add":
            text, *pinned = rest
            note = {"text": text, "case_id": case_id, "pinned": "yes" if pinned else "no"}
            self.do(step.agent, name, note)
        else:
            self.do(step.agent, name, [case_id, *rest])

    def _edit(self, login: str, person: Person, field: str, value: str) -> None:
        connection = self._store.engine.connection()
        customer_id = connection.value(CUSTOMER_OF, {"email": person.email})
        self.do(login, "customer.edit", [str(customer_id), field, value])

    def case_of(self, step: Step) -> int:
        """Return the number of the case that a step belongs to."""
        origin = step.thread.origin if step.thread else None
        if origin is None:
            raise LookupError("An act came before the first entry of its case.")
        source, external_id = origin
        row = self._store.engine.connection().one(
            CASE_OF, {"source": source, "external_id": external_id}
        )
        if row is None:
            raise LookupError(f"{external_id} did not arrive.")
        return int(row[0])


def _free_arrivals(steps: Sequence[Step], arrived: set[int]) -> list[Step]:
    """Return the arrivals among these steps that wait for nothing, one of each customer."""
    busy: set[str | int] = set()
    found: list[Step] = []
    for step in steps:
        who = step.thread.person.email if step.thread else step.order
        if step.order in arrived or who in busy:
            continue
        busy.add(who)
        if step.entry is not None:
            found.append(step)
    return sorted(found, key=lambda step: step.channel)


def _found(store: Store, cast: Cast, at: int) -> None:
    """Set down who “we” are and which houses there are, before anything arrives."""
    with store.engine.write(durable=False) as connection:
        for own in (cast.team.domain, "+44 7700 900999"):
            add_own(connection, own)
        houses = {person.organization.domain: person.organization for person in cast.people}
        for number, house in enumerate(houses.values(), 1):
            connection.run(
                ORGANIZATION, {"id": number, "name": house.name, "domain": house.domain, "at": at}
            )
        connection.run(
            "update id_blocks set next = :next where name = 'organizations'",
            {"next": len(houses) + 1},
        )
        connection.run("update id_blocks set next = 601 where name = 'cases'")


def _script(cast: Cast, login: str, seed: int, now: int) -> Script:
    agents = {one: Agent(one, name) for one, name in cast.agents}
    agents[login] = Agent(login, login)
    script = Script(cast, agents, random.Random(seed), now)
    play_ada(script)
    people = [person for person in cast.people if person.name != "Ada Moreno"]
    cast_plots(script, load_stories(), people, [login, *(one for one, _ in cast.agents)])
    for mail in (
        *hostile_mails(now - 2 * HOUR, cast.team.address),
        *automatic_mails(script.chance, now, cast.team.address),
    ):
        arrival = partial(mail_entry, mail)
        script.steps.append(Step(mail.at, len(script.steps), None, entry=arrival, channel="email"))
    return script


def build_demo(path: Path, seed: int = 7, *, login: str = "", now: int = 0) -> None:
    """Build the fictional store.

    Args:
        path: Where; nothing may stand there.
        seed: One seed, one store: apart from the journal's salts, byte for byte the same content.
        login: The agent who will open it; the system's user when empty.
        now: The fictional present, UTC milliseconds; the current full hour when 0.
    """
    login = login or getpass.getuser()
    now = now or clock.now() // HOUR * HOUR
    cast = load_cast()
    with clock.stopped(now - 600 * 24 * HOUR):
        open_store(str(path), create=True).close()
        engine = _OneTransaction(path)
        store = Store(engine, str(path))
        _found(store, cast, clock.now())
        builder = Builder(store, cast, login)
        for name in FOLDERS:
            builder.do(login, "queue.add", [name])
    script = _script(cast, login, seed, now)
    builder.run(sorted(script.steps, key=lambda step: (step.at, step.order)))
    with clock.stopped(now):
        engine.commit()
        collect_terms(engine)
        engine.commit()
        match_new(engine)
        engine.commit()
    store.close()


class _OneTransaction(SqliteEngine):
    """The engine with all its transactions in one: a demo cut short is simply built again."""

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """Join the transaction that runs, beginning it at the first use."""
        connection = self.connection()
        if not connection.raw.in_transaction:
            connection.raw.execute("pragma synchronous=normal")
            connection.raw.execute("begin immediate")
        yield connection

    def commit(self) -> None:
        """Make what was written so far visible."""
        raw = self.connection().raw
        if raw.in_transaction:
            raw.execute("commit")
