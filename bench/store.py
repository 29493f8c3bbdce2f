"""Time every read of the desk against a naive layout of the same rows, in the same run.

``python -m bench.store [ENTRIES…]``. The naive layout is what a first sketch would be: the text
inline in one table, single-column indexes, a join for each question, ``ORDER BY rank`` over all
hits. CPU is what the process used, the wall is what a person waits; the floor says how fast this
machine is just now: on a busy one every figure grows with it.
"""

from __future__ import annotations

import random
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.fill import NOW, filled
from bench.tables import percentile, show
from db.engine.interface import Connection
from db.identity.lookup import find_customers
from db.queries import desk, entry, find, sheet, timeline
from db.store import Store
from db.texts import unpack

DATA = Path(__file__).parent / "data"
ROUNDS = 200
NAIVE_ROUNDS = 25
AGENT = 3
SIZES = (10_000, 100_000)

_NAIVE = """
create table message(id integer primary key, customer_id integer, case_id integer, at integer,
  author text, subject text, body text, direction text, channel text);
create index message_customer on message(customer_id);
create index message_case on message(case_id);
create index message_at on message(at);
create table ticket(id integer primary key, customer_id integer, subject text, status text,
  urgency integer, owner_id integer, queue_id integer, waiting_on text, waiting_since integer,
  updated_at integer, open integer, snoozed_until integer);
create index ticket_customer on ticket(customer_id);
create index ticket_owner on ticket(owner_id);
create index ticket_queue on ticket(queue_id);
create index ticket_open on ticket(open);
create table person(id integer primary key, name text, company text);
create virtual table message_fts using fts5(subject, body, content='message', content_rowid='id');
"""


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of CPU and wall, sorted apart."""

    cpu: list[float]
    wall: list[float]


def timed(question: Callable[[int], object], rounds: int) -> Spent:
    """Ask a question many times, with the number of the round, once before to warm up."""
    question(0)
    cpu: list[float] = []
    wall: list[float] = []
    for number in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        question(number)
        cpu.append((time.process_time() - began_cpu) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    return Spent(cpu, wall)


def naive(store: Store, path: Path) -> sqlite3.Connection:
    """Return the same rows in the naive layout, copying them where that was not done."""
    fresh = not path.exists()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("pragma cache_size=-65536")
    if not fresh:
        return connection
    source = store.engine.connection()
    connection.executescript(_NAIVE)
    connection.execute("pragma synchronous=off")
    connection.execute("begin")
    rows = source.all(
        "select e.id, i.customer_id, e.case_id, e.at, e.author, e.subject, t.codec, t.data,"
        " e.direction, e.channel from entries e join identities i on i.id = e.identity_id"
        " join entry_texts t on t.entry_id = e.id"
    )
    connection.executemany(
        "insert into message values(?, ?, ?, ?, ?, ?, ?, ?, ?)",
        ((*row[:6], unpack(row[6], row[7]), *row[8:]) for row in rows),
    )
    connection.executemany(
        "insert into ticket values(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        source.all(
            "select c.id, i.customer_id, c.subject, c.status, c.urgency_rank, c.owner_id,"
            " c.queue_id, c.waiting_on, c.waiting_since, c.updated_at, c.unresolved,"
            " c.snoozed_until from cases c join identities i on i.id = c.requester_id"
        ),
    )
    connection.executemany(
        "insert into person values(?, ?, ?)",
        source.all(
            "select k.id, k.name, g.name from customers k"
            " left join organizations g on g.id = k.organization_id"
        ),
    )
    connection.execute("insert into message_fts(message_fts) values('rebuild')")
    connection.execute("commit")
    return connection


class Questions:
    """What is asked of both layouts, with the same customers, cases and words."""

    def __init__(self, connection: Connection, plain: sqlite3.Connection) -> None:
        self._connection = connection
        self._plain = plain
        draw = random.Random(5)
        # Weighted by entries: a person who writes much is looked at much.
        entries = connection.all(
            "select i.customer_id, e.case_id, e.id from entries e"
            " join identities i on i.id = e.identity_id order by e.id"
        )
        drawn = [entries[draw.randrange(len(entries))] for _ in range(ROUNDS)]
        self.customers = [row[0] for row in drawn]
        self.cases = [row[1] for row in drawn]
        self.entries = [
            [row[2] for row in entries[at : at + 20]]
            for at in (draw.randrange(len(entries) - 20) for _ in range(ROUNDS))
        ]
        self.heavy = [
            row[0]
            for row in connection.all("select id from customers order by entries desc limit 10")
        ]
        terms = [
            row[0]
            for row in connection.all(
                "select term from terms where length(term) > 3 order by entries desc"
            )
        ]
        self.common = terms[20:60]
        self.middling = terms[500:700]
        self.rare = terms[-2000:]
        self.names = [
            row[0] for row in connection.all("select name from customers order by id limit 400")
        ]
        self.folders = [queue for queue in desk.queues(connection, AGENT, NOW) if queue.folder]
        self._deep = {customer: self._deep_key(customer) for customer in self.heavy}

    def _deep_key(self, customer: int) -> timeline.TimelineKey | None:
        key = None
        for _ in range(10):
            page = timeline.timeline_page(self._connection, customer_id=customer, before=key)
            key = page.before or key
        return key

    def ours(self) -> dict[str, Callable[[int], object]]:
        """Return the questions as the console asks them."""
        ask = self._connection
        pick = lambda values, number: values[number % len(values)]  # noqa: E731
        return {
            "timeline page, customer": lambda n: timeline.timeline_page(
                ask, customer_id=pick(self.customers, n)
            ),
            "timeline, heaviest ten": lambda n: timeline.timeline_page(
                ask, customer_id=pick(self.heavy, n)
            ),
            "timeline, ten pages deep": lambda n: timeline.timeline_page(
                ask, customer_id=pick(self.heavy, n), before=self._deep[pick(self.heavy, n)]
            ),
            "timeline page, case": lambda n: timeline.timeline_page(
                ask, case_id=pick(self.cases, n)
            ),
            "texts of 20 entries": lambda n: entry.entry_texts(ask, pick(self.entries, n)),
            "queue list 100": lambda n: desk.case_page(ask, "", AGENT, NOW),
            "queue list, a folder": lambda n: desk.case_page(
                ask, pick(self.folders, n), AGENT, NOW
            ),
            "queue list, by waiting": lambda n: desk.case_page(
                ask, "waiting:us", AGENT, NOW, sort="waiting"
            ),
            "counts of 30 queues": lambda n: desk.queues(ask, AGENT, NOW),
            "case header": lambda n: desk.case_detail(ask, pick(self.cases, n), AGENT),
            "cheat sheet": lambda n: sheet.cheat_sheet(ask, pick(self.customers, n)),
            "cheat sheet, heaviest": lambda n: sheet.cheat_sheet(ask, pick(self.heavy, n)),
            "find, common word": lambda n: find.find(ask, pick(self.common, n), AGENT, NOW),
            "find, middling word": lambda n: find.find(ask, pick(self.middling, n), AGENT, NOW),
            "find, rare word": lambda n: find.find(ask, pick(self.rare, n), AGENT, NOW),
            "find in one customer": lambda n: find.find(
                ask, pick(self.common, n), AGENT, NOW, customer_id=pick(self.customers, n)
            ),
            "find as typed, 2 letters": lambda n: find.find_as_typed(
                ask, pick(self.middling, n)[:2], AGENT, NOW
            ),
            "find a customer": lambda n: find_customers(ask, pick(self.names, n)[1:]),
            "status line": lambda n: desk.status(ask, AGENT),
        }

    def naively(self) -> dict[str, Callable[[int], object]]:
        """Return the same questions as the naive layout answers them."""
        run = lambda sql, *values: self._plain.execute(sql, values).fetchall()  # noqa: E731
        pick = lambda values, number: values[number % len(values)]  # noqa: E731
        page = "select * from message where customer_id = ? order by at desc limit 50"
        match = (
            "select m.id, snippet(message_fts, 1, '[', ']', '…', 20) from message_fts"
            " join message m on m.id = message_fts.rowid where message_fts match ?"
            " order by rank limit 50"
        )
        queue = (
            "select t.*, p.name, p.company from ticket t join person p on p.id = t.customer_id"
            " where t.open = 1 and t.snoozed_until <= ? {more} order by {order} limit 100"
        )
        sorted_by = "t.urgency, t.waiting_since, t.id"
        return {
            "timeline page, customer": lambda n: run(page, pick(self.customers, n)),
            "timeline, heaviest ten": lambda n: run(page, pick(self.heavy, n)),
            "timeline, ten pages deep": lambda n: run(page + " offset 500", pick(self.heavy, n)),
            "timeline page, case": lambda n: run(
                "select * from message where case_id = ? order by at desc limit 50",
                pick(self.cases, n),
            ),
            "queue list 100": lambda n: run(queue.format(more="", order=sorted_by), NOW),
            "queue list, a folder": lambda n: run(
                queue.format(more="and t.queue_id = ?", order=sorted_by),
                NOW,
                pick(self.folders, n).queue_id,
            ),
            "queue list, by waiting": lambda n: run(
                queue.format(more="and t.waiting_on = 'us'", order="t.waiting_since"), NOW
            ),
            "counts of 30 queues": lambda n: [
                run(
                    "select count(*), min(waiting_since) from ticket where open = 1"
                    " and snoozed_until <= ? and queue_id = ?",
                    NOW,
                    queue_id,
                )
                for queue_id in range(100, 130)
            ],
            "cheat sheet": lambda n: self._sheet(run, pick(self.customers, n)),
            "cheat sheet, heaviest": lambda n: self._sheet(run, pick(self.heavy, n)),
            "find, common word": lambda n: run(match, f'"{pick(self.common, n)}"'),
            "find, middling word": lambda n: run(match, f'"{pick(self.middling, n)}"'),
            "find, rare word": lambda n: run(match, f'"{pick(self.rare, n)}"'),
            "find in one customer": lambda n: run(
                match.replace("order by", "and m.customer_id = ? order by"),
                f'"{pick(self.common, n)}"',
                pick(self.customers, n),
            ),
            "find as typed, 2 letters": lambda n: run(match, f'"{pick(self.middling, n)[:2]}"*'),
            "find a customer": lambda n: run(
                "select * from person where name like ? limit 20", f"%{pick(self.names, n)[1:]}%"
            ),
        }

    def _sheet(self, run: Callable[..., object], customer: int) -> object:
        return [
            run("select * from person where id = ?", customer),
            run("select count(*), min(at), max(at) from message where customer_id = ?", customer),
            run("select * from ticket where customer_id = ? and open = 1", customer),
            run("select * from message where customer_id = ? order by at desc limit 3", customer),
        ]


def measured(entries: int) -> None:
    """Print one table for a store of that size."""
    store = filled(DATA / f"store-{entries}.db", entries)
    plain = naive(store, DATA / f"naive-{entries}.db")
    questions = Questions(store.engine.connection(), plain)
    theirs = questions.naively()
    rows: list[tuple[object, ...]] = []
    for name, question in questions.ours().items():
        ours = timed(question, ROUNDS)
        row: list[object] = [name, *(percentile(ours.cpu, p) for p in (50, 95))]
        row.append(percentile(ours.wall, 95))
        if name in theirs:
            other = timed(theirs[name], NAIVE_ROUNDS)
            row += [percentile(other.cpu, p) for p in (50, 95)]
            row.append(f"{percentile(other.cpu, 50) / max(percentile(ours.cpu, 50), 1e-3):.1f}×")
        else:
            row += ["", "", ""]
        rows.append(tuple(row))
    floor = timed(lambda _: sum(range(10_000)), ROUNDS)
    rows.append(("floor: sum(range(10,000))", percentile(floor.cpu, 50), *[""] * 5))
    heads = ("milliseconds", "CPU p50", "p95", "wall p95", "naive p50", "p95", "ratio")
    show(f"{entries:,} entries", heads, rows)
    plain.close()
    store.close()


def run() -> None:
    """Measure each size named on the command line, or the usual two."""
    for entries in [int(word) for word in sys.argv[1:] if word.isdigit()] or SIZES:
        measured(entries)


if __name__ == "__main__":
    run()
