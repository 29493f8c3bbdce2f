"""Measure the customer finder: is the one who was meant among the first five, and at what cost?

``python -m bench.lookup [CUSTOMERS…]`` — invented people (`bench.names`) are put into a store, then
asked for with slips, swapped, cut short, by company, address and number. The peer, in the same
run, is rapidfuzz's ``process.extract`` over every name.
"""

from __future__ import annotations

import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench.names import People, Person
from db.identity.lookup import find_customers, index_customers
from db.identity.lookup_keys import company_words, words_of
from db.store import Store, open_store

DATA = Path(__file__).parent / "data"
QUERIES_OF_A_KIND = 60
_NEIGHBOURS = {
    "a": "sq",
    "e": "wr",
    "i": "uo",
    "o": "ip",
    "n": "bm",
    "r": "et",
    "s": "ad",
    "t": "ry",
}


def filled(customers: int) -> tuple[Store, list[Person]]:
    """Return a store with that many invented customers, and who they are."""
    people = People()
    persons = [people.person() for _ in range(customers)]
    path = DATA / f"lookup-{customers}.db"
    if path.exists():
        return open_store(str(path)), persons
    DATA.mkdir(exist_ok=True)
    store = open_store(str(path), create=True)
    companies = dict.fromkeys(person.company for person in persons if person.company)
    number = {name: place for place, name in enumerate(companies, 1)}
    began = time.process_time()
    with store.engine.write(durable=False) as connection:
        connection.many(
            "insert into organizations(id, name, created_at) values(:id, :name, 0)",
            [{"id": place, "name": name} for name, place in number.items()],
        )
        connection.many(
            "insert into customers(id, canonical_id, name, organization_id, created_at)"
            " values(:id, :id, :name, :organization, 0)",
            [
                {"id": place, "name": person.name, "organization": number.get(person.company)}
                for place, person in enumerate(persons, 1)
            ],
        )
        connection.many(
            "insert into identities(id, kind, value, raw, name, customer_id)"
            " values(:id, :kind, :value, :value, :name, :customer)",
            [
                {
                    "id": place * 2 + (kind == "phone"),
                    "kind": kind,
                    "value": value if kind == "email" else f"{value}",
                    "name": person.name,
                    "customer": place,
                }
                for place, person in enumerate(persons, 1)
                for kind, value in (("email", person.email), ("phone", person.phone))
                if value
            ],
        )
    with store.engine.write(durable=False) as connection:
        index_customers(connection, range(1, customers + 1))
    took = time.process_time() - began
    print(f"{customers:,} customers filled: {took / customers * 1e6:.0f} µs CPU each")
    return store, persons


def slip(word: str, draw: random.Random) -> str:
    """Return a word with one letter missing, doubled, swapped, or a neighbour's key hit."""
    if len(word) < 4:
        return word + draw.choice("aeionrst")
    at = draw.randrange(1, len(word) - 1)
    kind = draw.randrange(4)
    if kind == 0:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + draw.choice("aeionrst") + word[at:]
    if kind == 2:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    return word[:at] + draw.choice(_NEIGHBOURS.get(word[at], "aeio")) + word[at + 1 :]


def _slipped(words: list[str], slips: int, draw: random.Random) -> str:
    for _ in range(slips):
        at = max(range(len(words)), key=lambda place: len(words[place]) * draw.random())
        words[at] = slip(words[at], draw)
    return " ".join(words)


KINDS: dict[str, Callable[[Person, random.Random], str]] = {
    "one slip": lambda one, draw: _slipped([*words_of(one.name)], 1, draw),
    "two slips": lambda one, draw: _slipped([*words_of(one.name)], 2, draw),
    "swapped": lambda one, _: " ".join(reversed(words_of(one.name))),
    "swapped, a slip": lambda one, draw: _slipped([*words_of(one.name)][::-1], 1, draw),
    "beginnings": lambda one, _: " ".join(
        word[: max(3, len(word) * 2 // 3)] for word in words_of(one.name)
    ),
    "as written": lambda one, _: one.name,
    "initial, company": lambda one, _: " ".join((one.name[0], *company_words(one.company)[:2])),
    "address before @": lambda one, _: one.email.partition("@")[0],
    "address, a slip": lambda one, draw: (
        slip(one.email.partition("@")[0], draw) + "@" + one.email.partition("@")[2]
    ),
    "phone tail": lambda one, _: one.phone[-7:],
    "company, a slip": lambda one, draw: _slipped([*company_words(one.company)], 1, draw),
    "first, company slip": lambda one, draw: " ".join(
        (words_of(one.name)[0], slip(company_words(one.company)[0], draw))
    ),
}


def questions(persons: list[Person], seed: int = 7) -> dict[str, list[tuple[str, set[int]]]]:
    """Return for each kind what is typed, and whom it may mean."""
    draw = random.Random(seed)
    same_name = Counter(person.name for person in persons)
    colleagues: dict[str, set[int]] = {}
    firsts: dict[tuple[str, str], set[int]] = {}
    initials: dict[tuple[str, str], set[int]] = {}
    for place, person in enumerate(persons, 1):
        colleagues.setdefault(person.company, set()).add(place)
        firsts.setdefault((words_of(person.name)[0], person.company), set()).add(place)
        initials.setdefault((words_of(person.name)[0][0], person.company), set()).add(place)
    asked: dict[str, list[tuple[str, set[int]]]] = {}
    for kind, typed in KINDS.items():
        asked[kind] = []
        while len(asked[kind]) < QUERIES_OF_A_KIND:
            place = draw.randrange(len(persons))
            person = persons[place]
            wants_company = "company" in kind
            if same_name[person.name] > 1 or (wants_company and not person.company):
                continue
            if kind == "phone tail" and not person.phone:
                continue
            meant = {place + 1}
            first = words_of(person.name)[0]
            if kind == "company, a slip":
                meant = colleagues[person.company]
            elif kind == "first, company slip":
                meant = firsts[first, person.company]
            elif kind == "initial, company":
                if not person.name[0].isascii():
                    continue
                meant = initials[first[0], person.company]
            asked[kind].append((typed(person, draw), meant))
    return asked


def measured(customers: int, misses: bool = False) -> None:
    """Print recall and CPU for each kind."""
    store, persons = filled(customers)
    connection = store.engine.connection()
    times: list[float] = []
    first = five = asked = 0
    print(f"\n{customers:,} customers     @1    @5   CPU ms p50   p95")
    for kind, kinds in questions(persons).items():
        hit_first = hit_five = 0
        spent: list[float] = []
        for typed, meant in kinds:
            began = time.process_time()
            hits = find_customers(connection, typed)
            spent.append((time.process_time() - began) * 1000)
            found = [hit.customer_id for hit in hits[:5]]
            hit_first += bool(set(found[:1]) & meant)
            hit_five += bool(set(found) & meant)
            if misses and not set(found) & meant:
                names = [persons[one - 1].name for one in found]
                print("   ", typed, "->", persons[min(meant) - 1], "not", names)
        times += spent
        first, five, asked = first + hit_first, five + hit_five, asked + len(kinds)
        spent.sort()
        print(
            f"{kind:20} {hit_first / len(kinds):6.3f}{hit_five / len(kinds):6.3f}"
            f"{statistics.median(spent):9.2f}{spent[int(len(spent) * 0.95)]:9.2f}"
        )
    times.sort()
    print(
        f"{'all':20} {first / asked:6.3f}{five / asked:6.3f}"
        f"{statistics.median(times):9.2f}{times[int(len(times) * 0.95)]:9.2f}"
    )
    _peer(persons)
    store.close()


def _peer(persons: list[Person], queries: int = 60) -> None:
    """Print the same for ``process.extract`` over every name: a scan."""
    from rapidfuzz import fuzz, process

    names = [" ".join(words_of(person.name)) for person in persons]
    spent, five = [], 0
    for typed, meant in questions(persons)["one slip"][:queries]:
        began = time.process_time()
        found = process.extract(typed, names, scorer=fuzz.ratio, limit=5, score_cutoff=60)
        spent.append((time.process_time() - began) * 1000)
        five += any(place + 1 in meant for _, _, place in found)
    spent.sort()
    print(
        f"{'peer: one slip, scan':20}       {five / queries:6.3f}"
        f"{statistics.median(spent):9.2f}{spent[int(len(spent) * 0.95)]:9.2f}"
    )


def run() -> None:
    """Measure for each size that is named; 10,000 without one."""
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or [10_000]
    for customers in sizes:
        measured(customers, misses="--misses" in sys.argv)


if __name__ == "__main__":
    run()
