"""A fictional store of any size: the demo's team after years of work, by plain inserts.

The same seed and present give the same store. Customers write with falling frequency (Zipf), over
five growing years, in threads; of the cases at most `UNRESOLVED` are open, as a team of a dozen
leaves them, whatever the history. What is derived (counters, search, the customer finder) is made
by the same functions that make it elsewhere.
"""

from __future__ import annotations

import bisect
import itertools
import random
from collections.abc import Callable

from console.demo.crowd import People, Person
from console.demo.people import load_cast
from console.demo.prose import Prose
from console.demo.rows import Rows
from console.demo.stories import DAY, HOUR, MINUTE, load_stories
from console.demo.thread import AGENTS, OUR_IDENTITY, SOURCE, Thread, phone_of
from db.counters import recount
from db.engine.bulk import unsearched, weigh
from db.engine.interface import Connection, Value
from db.identity.lookup_index import index_customers
from db.ids import ENTRY_DAY_SHIFT
from db.search import collect_terms, index_rows
from db.store import Store
from db.words import STATUSES, URGENCIES, URGENCY_RANK, WAITING_ON

YEARS = 5 * 365 * DAY
UNRESOLVED = 7_000
WAITS_AT_MOST = 90 * DAY  # an open case; most were opened in the last weeks
TITLE = "Tidewater's mailbox of five years"
CASES_A_SLICE = 2_000
ENTRIES_A_CUSTOMER = 10
CUSTOMERS_A_SLICE = 2_000
FOLDERS = (
    "Billing", "Bookings", "Technical", "Questions", "Onboarding", "Channel portals", "Payments",
    "Card terminals", "Door keys", "Website", "Housekeeping app", "Breakfast lists", "City tax",
    "Group bookings", "Gift vouchers", "Newsletters", "Data protection", "Contracts", "Training",
    "Partners", "Press", "Ideas",
)  # fmt: skip
TAGS = (
    "billing", "vat", "refund", "invoice", "double-booking", "channel-sync", "performance",
    "calendar", "payments", "terminal", "keys", "website", "mobile", "printer", "export", "import",
    "price-list", "season", "group", "voucher", "newsletter", "privacy", "contract", "training",
    "feature-wish", "bug", "urgent-call", "vip", "city-tax", "breakfast", "parking", "wifi",
    "login", "password", "permissions", "translation", "timezone", "report", "statistics", "api",
)  # fmt: skip
Told = Callable[[int], object]


class Large:
    """Draws and inserts; one for each store."""

    def __init__(self, connection: Connection, entries: int, seed: int, now: int) -> None:
        self._connection = connection
        self._entries = entries
        self._now = now
        self.draw = random.Random(seed)
        self._people = People(seed, companies=max(20, entries // 120))
        self.team = load_cast().team
        guests = [self._people.surname() for _ in range(4_000)]
        self.prose = Prose(load_stories(), self.draw, guests)
        count = max(20, entries // ENTRIES_A_CUSTOMER)
        self._weights = list(itertools.accumulate(1 / (place + 2.7) for place in range(count)))
        # A case has 2.9 entries; of those opened in the last weeks half of `_open_chance` are open.
        recent = entries / 2.9 * (1 - (1 - WAITS_AT_MOST / YEARS) ** (1 / 0.6))
        self._open_chance = min(0.9, 2 * UNRESOLVED / recent)
        self.persons: list[Person] = []
        self._days: dict[int, int] = {}
        self.rows = Rows()
        self.index: list[dict[str, Value]] = []

    def fill(self, told: Told) -> None:
        """Insert everything; ``told`` hears how many entries there are so far."""
        self._found()
        made = case_id = 0
        while made < self._entries:
            case_id += 1
            room = self._entries - made
            made += self._case(case_id, made / self._entries, room)
            if case_id % CASES_A_SLICE == 0:
                self._flush()
                told(made)
        self._flush()
        told(made)
        self.rows.keep_ids(self._connection)
        weigh(self._connection)
        recount(self._connection)
        for first in range(1, len(self.persons) + 1, CUSTOMERS_A_SLICE):
            last = min(first + CUSTOMERS_A_SLICE, len(self.persons) + 1)
            index_customers(self._connection, range(first, last))

    def _found(self) -> None:
        """Set down who works here, and who will write."""
        rows, began = self.rows, self._now - YEARS
        for kind, value in (("domain", self.team.domain.removeprefix("@")),):
            rows.add("own_addresses", kind, value)
        for number in range(2, AGENTS + 2):
            name = f"{self._people.surname()}"
            rows.add("agents", number, f"{name.lower()}{number}", name, "agent")
        for number, folder in enumerate(FOLDERS, 100):
            rows.add("queues", number, folder, number, "", 1)
        for number, tag in enumerate(TAGS, 1):
            rows.add("tags", number, tag)
        rows.add("sources", SOURCE, "mail", "mbox", TITLE, began, self._now)
        rows.add("identities", OUR_IDENTITY, "email", self.team.address, self.team.address,
                 self.team.name, None, 1, SOURCE)  # fmt: skip
        houses: dict[str, int] = {}
        for number in range(1, len(self._weights) + 1):
            person = self._people.person()
            self.persons.append(person)
            house = None
            if person.company:
                house = houses.get(person.domain)
                if house is None:
                    house = houses[person.domain] = len(houses) + 1
                    rows.add("organizations", house, person.company, person.domain, began)
            vip = int(self.draw.random() < 0.02)
            rows.add("customers", number, number, person.name, house, vip, began)
            rows.add("identities", number * 2, "email", person.email, person.email, person.name,
                     number, 0, SOURCE)  # fmt: skip
            if person.phone:
                phone = phone_of(number)
                rows.add("identities", number * 2 + 1, "phone", phone, phone, person.name, number,
                         0, SOURCE)  # fmt: skip
        rows.flush(self._connection)

    def customer(self) -> int:
        """Draw who writes: a few write much."""
        return bisect.bisect_left(self._weights, self.draw.random() * self._weights[-1]) + 1

    def _case(self, case_id: int, progress: float, room: int) -> int:
        """Add a case with its entries, and return how many."""
        draw = self.draw
        customer = self.customer()
        person = self.persons[customer - 1]
        requester = customer * 2 + int(bool(person.phone) and draw.random() < 0.1)
        count = min(room, 9, 1 + int(draw.expovariate(0.42)))
        at = self._now - YEARS + int(YEARS * progress**0.6)
        unresolved = draw.random() < self._open_chance * (1 - (self._now - at) / WAITS_AT_MOST)
        times = []
        for _ in range(count):
            times.append(min(at, self._now))
            at += draw.randint(10 * MINUTE, 30 * HOUR)
        thread = Thread(self, case_id, customer, requester)
        for turn, moment in enumerate(times):
            thread.entry(turn, moment, last=turn == count - 1, unresolved=unresolved)
        self._case_row(case_id, requester, thread, times, unresolved)
        return count

    def _case_row(
        self, case_id: int, requester: int, thread: Thread, times: list[int], unresolved: bool
    ) -> None:
        draw, rows = self.draw, self.rows
        urgency = draw.choices(URGENCIES, (3, 12, 70, 15))[0]
        status = draw.choice(STATUSES[:4]) if unresolved else draw.choice(STATUSES[4:])
        waiting_on = WAITING_ON[0]
        if unresolved and thread.answered:
            waiting_on = draw.choice(WAITING_ON[1:])
            status = draw.choice(("open", "pending", "on_hold"))
        elif unresolved:
            status = draw.choice(("new", "open"))
        for tag in sorted(
            {draw.randint(1, len(TAGS)) for _ in range(draw.choice((0, 0, 1, 1, 2)))}
        ):
            rows.add("case_tags", case_id, tag)
        topic = thread.subject.casefold()
        rows.add(
            "cases", case_id, requester, thread.subject, topic, thread.channel, status, urgency,
            URGENCY_RANK[urgency], None if status == "new" else draw.randint(2, AGENTS + 1),
            draw.choice((None, 100 + draw.randrange(len(FOLDERS)))), waiting_on,
            thread.waiting_since or times[-1],
            self._now + DAY if unresolved and draw.random() < 0.05 else 0,
            times[-1] + DAY if unresolved and draw.random() < 0.3 else 1 << 52,
            "" if unresolved else "answer", 0 if unresolved else times[-1], 1, int(unresolved),
            times[0], times[-1], len(times),
        )  # fmt: skip
        rows.add(
            "conversations", case_id, thread.channel, SOURCE, thread.subject, topic, case_id,
            thread.counted, times[0], times[-1], times[-1],
            "outbound" if thread.answered else "inbound",
        )  # fmt: skip

    def entry_id(self, at: int) -> int:
        """Return the next id of a day."""
        day = at // DAY
        number = self._days[day] = self._days.get(day, -1) + 1
        return (day << ENTRY_DAY_SHIFT) + number

    def _flush(self) -> None:
        self.rows.flush(self._connection)
        index_rows(self._connection, self.index)
        self.index.clear()


def build_large(
    store: Store, entries: int, seed: int, now: int, told: Told = lambda made: None
) -> None:
    """Fill an empty store.

    Args:
        store: With nothing in it.
        entries: How many.
        seed: One seed, one store.
        now: The fictional present, UTC milliseconds.
        told: Hears how many entries there are so far.
    """
    with store.engine.write(durable=False) as connection, unsearched(connection):
        Large(connection, entries, seed, now).fill(told)
    collect_terms(store.engine)
