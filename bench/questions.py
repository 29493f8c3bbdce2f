"""What is asked of a store and of the naive layout: the same customers, cases and words."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable

from bench.fill import NOW
from db.identity.lookup import find_customers
from db.queries import desk, entry, find, sheet, timeline
from db.store import Store

ROUNDS = 200
AGENT = 3
PAGE = 64  # as the desk asks


class Questions:
    """What is asked of both layouts, with the same customers, cases and words."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._connection = connection = store.engine.connection()
        draw = random.Random(5)
        # Weighted by entries: a person who writes much is looked at much.
        entries = connection.all(
            "select i.customer_id, e.case_id, e.id from entries e"
            " join identities i on i.id = e.identity_id order by e.id"
        )
        self.entry_count = len(entries)
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
            page = self._store.ask(timeline.timeline_page, customer_id=customer, before=key)
            key = page.before or key
        return key

    def ours(self) -> dict[str, Callable[[int], object]]:
        """Return the questions as the console asks them."""
        ask = self._store.ask
        pick = lambda values, number: values[number % len(values)]  # noqa: E731
        return {
            "timeline page, customer": lambda n: ask(
                timeline.timeline_page, customer_id=pick(self.customers, n)
            ),
            "timeline, heaviest ten": lambda n: ask(
                timeline.timeline_page, customer_id=pick(self.heavy, n)
            ),
            "timeline, ten pages deep": lambda n: ask(
                timeline.timeline_page,
                customer_id=pick(self.heavy, n),
                before=self._deep[pick(self.heavy, n)],
            ),
            "timeline page, case": lambda n: ask(
                timeline.timeline_page, case_id=pick(self.cases, n)
            ),
            "texts of 20 entries": lambda n: ask(entry.entry_texts, pick(self.entries, n)),
            "queue list 64": lambda n: ask(desk.case_page, "", AGENT, NOW, limit=PAGE),
            "queue list, a folder": lambda n: ask(
                desk.case_page, pick(self.folders, n), AGENT, NOW, limit=PAGE
            ),
            "queue list, by waiting": lambda n: ask(
                desk.case_page, "waiting:us", AGENT, NOW, limit=PAGE, sort="waiting"
            ),
            "counts of 30 queues": lambda n: ask(desk.queues, AGENT, NOW),
            "case header": lambda n: ask(desk.case_detail, pick(self.cases, n), AGENT),
            "cheat sheet": lambda n: ask(sheet.cheat_sheet, pick(self.customers, n)),
            "cheat sheet, heaviest": lambda n: ask(sheet.cheat_sheet, pick(self.heavy, n)),
            "find, common word": lambda n: ask(find.find, pick(self.common, n), AGENT, NOW),
            "find, middling word": lambda n: ask(find.find, pick(self.middling, n), AGENT, NOW),
            "find, rare word": lambda n: ask(find.find, pick(self.rare, n), AGENT, NOW),
            "find in one customer": lambda n: ask(
                find.find, pick(self.common, n), AGENT, NOW, customer_id=pick(self.customers, n)
            ),
            "find as typed, 2 letters": lambda n: ask(
                find.find_as_typed, pick(self.middling, n)[:2], AGENT, NOW
            ),
            "find a customer": lambda n: ask(find_customers, pick(self.names, n)[1:]),
            "status line": lambda n: ask(desk.status, AGENT),
        }

    def naively(self, plain: sqlite3.Connection) -> dict[str, Callable[[int], object]]:
        """Return the same questions as the naive layout answers them."""
        run = lambda sql, *values: plain.execute(sql, values).fetchall()  # noqa: E731
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
            "queue list 64": lambda n: run(queue.format(more="", order=sorted_by), NOW),
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
