"""Fill a store with N invented entries, by plain inserts, with all that is derived in place.

The same seed gives the same store. Customers write with falling frequency (Zipf), over five
growing years; words fall in frequency as they do in a language; at most 7,000 cases are unresolved,
as a team of a dozen leaves them, whatever the history.
"""

from __future__ import annotations

import bisect
import itertools
import random
import time
from pathlib import Path

from bench.names import People, Person
from db.counters import recount
from db.engine.interface import Connection, Value
from db.identity.lookup import index_customers
from db.ids import DAY_MILLISECONDS, ENTRY_DAY_SHIFT
from db.search import collect_terms, index_rows, indexed
from db.store import Store, open_store
from db.texts import pack, pack_folds
from db.words import STATUSES, URGENCIES, URGENCY_RANK, WAITING_ON

NOW = 1_780_000_000_000  # UTC milliseconds: in May 2026
YEARS_MILLISECONDS = 5 * 365 * DAY_MILLISECONDS
UNRESOLVED = 7_000
AGENTS = 12
FOLDERS = 22
TAGS = 60
VOCABULARY = 12_000
BATCH = 2_000
Rows = list[dict[str, Value]]

_SYLLABLES = """
ba be bi bo bu ca ce ci co cu da de di do du fa fe fi fo ga ge go ha he hi ho ka ke ki la le li lo
lu ma me mi mo mu na ne ni no nu pa pe pi po ra re ri ro ru sa se si so su ta te ti to tu va ve vi
""".split()


def _insert(table: str, columns: str) -> str:
    names = columns.split()
    return (
        f"insert into {table}({', '.join(names)}) values({', '.join(':' + name for name in names)})"
    )


ENTRY = _insert(
    "entries",
    "identity_id at id kind direction channel case_id author_id agent_id author subject preview"
    " characters lines attachments automatic pinned",
)
CASE = _insert(
    "cases",
    "id requester_id subject subject_key channel status urgency urgency_rank owner_id queue_id"
    " waiting_on waiting_since snoozed_until due_at resolved_at spam history unresolved opened_at"
    " updated_at",
)
TEXT = _insert("entry_texts", "entry_id codec data folds")
PARTY = _insert("entry_parties", "entry_id role position identity_id name")
OTHER = _insert("entry_identities", "identity_id at entry_id")
IDENTITY = _insert("identities", "id kind value raw name customer_id own")
CUSTOMER = _insert("customers", "id canonical_id name organization_id vip created_at")
TAGGED = _insert("case_tags", "case_id tag_id")


class Filler:
    """Draws and inserts; one for each store."""

    def __init__(self, connection: Connection, entries: int, seed: int = 1) -> None:
        self._connection = connection
        self._entries = entries
        self._draw = random.Random(seed)
        self._people = People(seed, companies=max(20, entries // 120))
        self._customers = max(20, entries // 10)
        self._words = self._vocabulary()
        self._word_weights = list(
            itertools.accumulate(1 / (rank + 2.7) for rank in range(len(self._words)))
        )
        self._customer_weights = list(
            itertools.accumulate(1 / (rank + 2.7) for rank in range(self._customers))
        )
        self._persons: list[Person] = []
        self._identities: list[tuple[int, ...]] = []
        self._days: dict[int, int] = {}
        self._rows: dict[str, Rows] = {CASE: []}  # what others point at goes in first
        self._index: Rows = []

    def fill(self) -> int:
        """Insert everything and return how many entries there are."""
        self._base()
        made = case_id = 0
        unresolved_from = self._entries - min(UNRESOLVED * 3, self._entries // 3)
        while made < self._entries:
            case_id += 1
            made += self._case(case_id, made / self._entries, made >= unresolved_from)
            if case_id % BATCH == 0:
                self._flush()
        self._flush()
        self._connection.run("update id_blocks set next = 1000000000")
        recount(self._connection)
        index_customers(self._connection, range(1, self._customers + 1))
        return made

    def _vocabulary(self) -> list[str]:
        words: dict[str, None] = {}
        while len(words) < VOCABULARY:
            rare = len(words) // 4_000
            words["".join(self._draw.choices(_SYLLABLES, k=self._draw.randint(1, 3) + rare))] = None
        return list(words)

    def _base(self) -> None:
        agents: Rows = [{"id": n, "login": f"agent{n}"} for n in range(2, AGENTS + 2)]
        self._connection.many(
            "insert into agents(id, login, name) values(:id, :login, :login)", agents
        )
        folders: Rows = [{"id": 100 + n, "name": f"Folder {n}"} for n in range(FOLDERS)]
        self._connection.many(
            "insert into queues(id, name, position, query, folder) values(:id, :name, :id, '', 1)",
            folders,
        )
        tags: Rows = [{"id": n, "name": f"tag{n}"} for n in range(1, TAGS + 1)]
        self._connection.many("insert into tags(id, name) values(:id, :name)", tags)
        self._people_rows()

    def _people_rows(self) -> None:
        companies: dict[str, int] = {}
        customers: Rows = []
        identities: Rows = [_identity(1, "email", "help@desk.example", "Help desk", None)]
        for number in range(1, self._customers + 1):
            person = self._people.person()
            self._persons.append(person)
            company = companies.setdefault(person.company, len(companies) + 1)
            customers.append(
                {
                    "id": number,
                    "canonical_id": number,
                    "name": person.name,
                    "organization_id": company if person.company else None,
                    "vip": int(self._draw.random() < 0.02),
                    "created_at": 0,
                }
            )
            mine = [number * 2]
            identities.append(_identity(number * 2, "email", person.email, person.name, number))
            if person.phone:
                mine.append(number * 2 + 1)
                phone = _number(person, number)
                identities.append(_identity(mine[1], "phone", phone, person.name, number))
            self._identities.append(tuple(mine))
        rows: Rows = [{"id": place, "name": name} for name, place in companies.items() if name]
        self._connection.many(
            "insert into organizations(id, name, created_at) values(:id, :name, 0)", rows
        )
        self._connection.many(CUSTOMER, customers)
        self._connection.many(IDENTITY, identities)

    def _customer(self) -> int:
        drawn = self._draw.random() * self._customer_weights[-1]
        return bisect.bisect_left(self._customer_weights, drawn) + 1

    def _text(self, least: int, most: int) -> str:
        count = self._draw.randint(least, most)
        return " ".join(self._draw.choices(self._words, cum_weights=self._word_weights, k=count))

    def _case(self, case_id: int, progress: float, may_be_open: bool) -> int:
        """Add a case with its entries, and return how many."""
        draw = self._draw
        customer = self._customer()
        requester = draw.choice(self._identities[customer - 1])
        count = min(9, 1 + int(draw.expovariate(0.42)))
        opened = NOW - YEARS_MILLISECONDS + int(YEARS_MILLISECONDS * progress**0.6)
        times = sorted(
            min(NOW, opened + draw.randrange(5 * DAY_MILLISECONDS)) for _ in range(count)
        )
        subject = self._text(2, 7)
        for place, at in enumerate(times):
            self._entry(case_id, customer, requester, subject, at, place % 3 == 1)
        unresolved = may_be_open and draw.random() < 0.95
        self._case_row(case_id, requester, subject, times, unresolved)
        return count

    def _case_row(
        self, case_id: int, requester: int, subject: str, times: list[int], unresolved: bool
    ) -> None:
        draw = self._draw
        urgency = draw.choices(URGENCIES, (3, 12, 70, 15))[0]
        status = draw.choice(STATUSES[:4]) if unresolved else draw.choice(STATUSES[4:])
        for tag in {draw.randint(1, TAGS) for _ in range(draw.choice((0, 0, 1, 1, 2)))}:
            self._add(TAGGED, {"case_id": case_id, "tag_id": tag})
        waiting_on = WAITING_ON[0 if status in ("new", "open") else draw.choice((1, 1, 2, 3))]
        self._add(
            CASE,
            {
                "id": case_id,
                "requester_id": requester,
                "subject": subject,
                "subject_key": subject,
                "channel": "email",
                "status": status,
                "urgency": urgency,
                "urgency_rank": URGENCY_RANK[urgency],
                "owner_id": None if status == "new" else draw.randint(2, AGENTS + 1),
                "queue_id": draw.choice((None, 100 + draw.randrange(FOLDERS))),
                "waiting_on": waiting_on,
                "waiting_since": times[-1],
                "snoozed_until": NOW + DAY_MILLISECONDS if draw.random() < 0.05 else 0,
                "due_at": times[-1] + DAY_MILLISECONDS if draw.random() < 0.3 else 1 << 52,
                "resolved_at": 0 if unresolved else times[-1],
                "spam": 0,
                "history": 0,
                "unresolved": int(unresolved),
                "opened_at": times[0],
                "updated_at": times[-1],
            },
        )

    def _entry(
        self, case_id: int, customer: int, requester: int, subject: str, at: int, reply: bool
    ) -> None:
        draw = self._draw
        day = at // DAY_MILLISECONDS
        number = self._days[day] = self._days.get(day, -1) + 1
        entry_id = (day << ENTRY_DAY_SHIFT) + number
        person = self._persons[customer - 1]
        said = self._text(10, 120)
        folds: tuple[tuple[int, int, str], ...] = ()
        text = said
        if draw.random() < 0.45:
            text = f"{said}\n> {self._text(10, 60)}"
            folds = ((len(said) + 1, len(text), "quote"),)
        codec, data = pack(text)
        others: list[int] = []
        if draw.random() < 0.03:
            others = [self._customer() * 2]
            if others[0] != requester:
                self._add(OTHER, {"identity_id": others[0], "at": at, "entry_id": entry_id})
        author, author_id = ("Help desk", 1) if reply else (person.name, requester)
        self._add(
            ENTRY,
            {
                "identity_id": requester,
                "at": at,
                "id": entry_id,
                "kind": "message",
                "direction": "outbound" if reply else "inbound",
                "channel": "email",
                "case_id": case_id,
                "author_id": author_id,
                "agent_id": 0,
                "author": author,
                "subject": subject,
                "preview": said[:160],
                "characters": len(text),
                "lines": text.count("\n") + 1,
                "attachments": int(draw.random() < 0.1),
                "automatic": "auto-replied" if draw.random() < 0.03 else "",
                "pinned": int(draw.random() < 0.002),
            },
        )
        folded = pack_folds(folds)
        self._add(TEXT, {"entry_id": entry_id, "codec": codec, "data": data, "folds": folded})
        parties = [(1, "Help desk"), (requester, person.name)]
        for role, (identity, name) in zip(
            ("from", "to"), parties if reply else reversed(parties), strict=True
        ):
            row: dict[str, Value] = {"entry_id": entry_id, "role": role, "position": 0}
            self._add(PARTY, {**row, "identity_id": identity, "name": name})
        address = person.email if requester % 2 == 0 else _number(person, customer)
        who = [("Help desk", "help@desk.example"), (person.name, address)]
        on = {requester, *others}
        self._index.append(indexed(entry_id, subject, text, folds, who, on))

    def _add(self, sql: str, row: dict[str, Value]) -> None:
        self._rows.setdefault(sql, []).append(row)

    def _flush(self) -> None:
        for sql, rows in self._rows.items():
            self._connection.many(sql, rows)
            rows.clear()
        index_rows(self._connection, self._index)
        self._index.clear()


def _number(person: Person, customer: int) -> str:
    """Return a phone number that nobody else has."""
    return f"{person.phone[:4]}{customer:09}"


def _identity(
    number: int, kind: str, value: str, name: str, customer: int | None
) -> dict[str, Value]:
    return {
        "id": number,
        "kind": kind,
        "value": value,
        "raw": value,
        "name": name,
        "customer_id": customer,
        "own": int(customer is None),
    }


def filled(path: Path, entries: int, seed: int = 1) -> Store:
    """Return a store with that many entries, filling it where there is none."""
    if path.exists():
        return open_store(str(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    store = open_store(str(path), create=True)
    began = time.process_time()
    with store.engine.write(durable=False) as connection:
        made = Filler(connection, entries, seed).fill()
    collect_terms(store.engine)
    took = time.process_time() - began
    print(f"{path.name}: {made:,} entries in {took:.0f} s CPU, {path.stat().st_size >> 20} MB")
    return store
