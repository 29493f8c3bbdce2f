"""Measure the customer finder: is the one who was meant among the first five, and at what cost?

``python -m bench.lookup [CUSTOMERS…]`` — invented people (`bench.names`) are put into a store, then
asked for with slips, swapped, cut short, by company, address and number. The peer, in the same
run, is rapidfuzz's ``process.extract`` over every name.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench.names import People, Person
from bench.tables import percentile, show
from db.identity.lookup import find_customers, index_customers
from db.identity.lookup_keys import company_words, words_of
from db.store import Store, open_store

DATA = Path(__file__).parent / "data"
QUERIES_OF_A_KIND = 60
SIZES = (10_000, 100_000)
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
    rows: list[tuple[object, ...]] = []
    everything: list[tuple[bool, bool, float]] = []
    for kind, asked in questions(persons).items():
        answers: list[tuple[bool, bool, float]] = []
        for typed, meant in asked:
            began = time.process_time()
            hits = find_customers(connection, typed)
            spent = (time.process_time() - began) * 1000
            found = [hit.customer_id for hit in hits[:5]]
            answers.append((bool(set(found[:1]) & meant), bool(set(found) & meant), spent))
            if misses and not set(found) & meant:
                names = [persons[one - 1].name for one in found]
                print("   ", typed, "->", persons[min(meant) - 1], "not", names)
        rows.append(_row(kind, answers))
        everything += answers
    rows.append(_row("all", everything))
    rows.append(_row("peer: one slip, every name scanned", _peer(persons)))
    show(f"{customers:,} customers", ("asked", "first", "of five", "CPU ms p50", "p95"), rows)
    store.close()


def _row(kind: str, answers: list[tuple[bool, bool, float]]) -> tuple[object, ...]:
    count = len(answers)
    spent = [answer[2] for answer in answers]
    return (
        kind,
        f"{sum(answer[0] for answer in answers) / count:.3f}",
        f"{sum(answer[1] for answer in answers) / count:.3f}",
        percentile(spent, 50),
        percentile(spent, 95),
    )


def _peer(persons: list[Person]) -> list[tuple[bool, bool, float]]:
    """Ask ``process.extract`` over every name."""
    from rapidfuzz import fuzz, process

    names = [" ".join(words_of(person.name)) for person in persons]
    answers = []
    for typed, meant in questions(persons)["one slip"]:
        began = time.process_time()
        found = process.extract(typed, names, scorer=fuzz.ratio, limit=5, score_cutoff=60)
        spent = (time.process_time() - began) * 1000
        places = [place + 1 for _, _, place in found]
        answers.append((bool(set(places[:1]) & meant), bool(set(places) & meant), spent))
    return answers


def run() -> None:
    """Measure for each size that is named on the command line, or the usual two."""
    for customers in [int(word) for word in sys.argv[1:] if word.isdigit()] or SIZES:
        measured(customers, misses="--misses" in sys.argv)


if __name__ == "__main__":
    run()
