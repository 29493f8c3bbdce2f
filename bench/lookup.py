"""Measure the customer finder: is the one who was meant among the first five, and at what cost?

``python -m bench.lookup [CUSTOMERS…] [--census] [--other] [--misses] [--peer] [--asked=N]``

Invented people (`bench.names`), or people as a census has them (`bench.census`), are put into a
store and asked for in sixteen ways of being wrong (`bench.slips`, or those of another hand,
`bench.slips_other`). Fresh processes ask their first question. The peer, in the same run, is
rapidfuzz's ``process.extract`` over every name.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from bench.names import People, Person
from bench.slips import Kind
from bench.tables import percentile, show
from db.identity.lookup import find_customers
from db.identity.lookup_index import index_customers
from db.identity.lookup_keys import company_words, words_of
from db.store import Store, open_store

DATA = Path(__file__).parent / "data"
ASKED_OF_A_KIND = 60
SIZES = (10_000, 100_000)
SLICE = 5_000  # customers in a transaction
FRESH = 8  # processes that ask one question each
_ASK_ONCE = """
import sys, time
began = time.process_time()
from db.identity.lookup import find_customers
from db.store import open_store
loaded = time.process_time()
store = open_store(sys.argv[1])
opened = time.process_time()
store.ask(find_customers, sys.argv[2])
asked = time.process_time()
store.ask(find_customers, sys.argv[2])
print(loaded - began, opened - loaded, asked - opened, time.process_time() - asked)
"""
_ORGANIZATION = "insert into organizations(id, name, created_at) values(:id, :name, 0)"
_CUSTOMER = """
insert into customers(id, canonical_id, name, organization_id, created_at)
values(:id, :id, :name, :organization, 0)
"""
_IDENTITY = """
insert into identities(id, kind, value, raw, name, customer_id)
values(:id, :kind, :value, :value, :name, :customer) on conflict do nothing
"""


def drawn(customers: int, census: bool) -> list[Person]:
    """Return that many people, the same ones each time."""
    if census:
        from bench.census import CensusPeople

        of_census = CensusPeople()
        return [of_census.person() for _ in range(customers)]
    people = People()
    return [people.person() for _ in range(customers)]


def filled(persons: list[Person], path: Path) -> Store:
    """Return a store with these people."""
    if path.exists():
        return open_store(str(path))
    DATA.mkdir(exist_ok=True)
    store = open_store(str(path), create=True)
    companies = dict.fromkeys(person.company for person in persons if person.company)
    number = {name: place for place, name in enumerate(companies, 1)}
    with store.engine.write(durable=False) as connection:
        rows = [{"id": place, "name": name} for name, place in number.items()]
        connection.many(_ORGANIZATION, rows)
    began = time.process_time()
    for start in range(0, len(persons), SLICE):
        some = range(start + 1, min(start + SLICE, len(persons)) + 1)
        with store.engine.write(durable=False) as connection:
            connection.many(_CUSTOMER, [_customer(one, persons, number) for one in some])
            connection.many(_IDENTITY, [row for one in some for row in _identities(one, persons)])
            index_customers(connection, some)
    took = time.process_time() - began
    print(f"{len(persons):,} customers filled: {took / len(persons) * 1e6:.0f} µs CPU each")
    return store


def _customer(place: int, persons: list[Person], number: dict[str, int]) -> dict[str, object]:
    person = persons[place - 1]
    return {"id": place, "name": person.name, "organization": number.get(person.company)}


def _identities(place: int, persons: list[Person]) -> list[dict[str, object]]:
    person = persons[place - 1]
    return [
        {"id": place * 2 + at, "kind": kind, "value": value, "name": person.name, "customer": place}
        for at, (kind, value) in enumerate((("email", person.email), ("phone", person.phone)))
        if value
    ]


class Meant:
    """Whom a question may mean: namesakes at one company are as good as each other."""

    def __init__(self, persons: list[Person]) -> None:
        self.same_name = Counter(words_of(person.name) for person in persons)
        self.same_ends = Counter(_ends(person) for person in persons)
        self._companies: dict[tuple[str, ...], set[int]] = {}
        self._locals: dict[str, set[int]] = {}
        for place, person in enumerate(persons, 1):
            if person.company:
                self._companies.setdefault(company_words(person.company), set()).add(place)
            self._locals.setdefault(person.email.partition("@")[0], set()).add(place)
        self._persons = persons

    def by(self, kind: str, place: int, typed: str) -> set[int]:
        """Return whom these words mean."""
        person = self._persons[place - 1]
        first = words_of(person.name)[:1]
        if kind.startswith("address before"):
            return self._locals[person.email.partition("@")[0]]
        if kind == "start of the name":
            start = " ".join(words_of(typed))
            everyone = enumerate(self._persons, 1)
            return {at for at, one in everyone if " ".join(words_of(one.name)).startswith(start)}
        if kind == "beginnings":
            parts = typed.split()
            return {
                other
                for other, one in enumerate(self._persons, 1)
                if self._begins(words_of(one.name), parts)
            }
        if "company" in kind:
            colleagues = self._companies[company_words(person.company)]
            if kind.startswith("company"):
                return colleagues
            size = 1 if kind.startswith("initial") else 100
            return {
                other
                for other in colleagues
                if {word[:size] for word in words_of(self._persons[other - 1].name)}
                & {first[0][:size]}
            }
        return {place}

    @staticmethod
    def _begins(words: tuple[str, ...], parts: list[str]) -> bool:
        return len(words) > 1 and words[0].startswith(parts[0]) and words[-1].startswith(parts[-1])


def _ends(person: Person) -> tuple[str, ...]:
    words = words_of(person.name)
    return (*words[:1], *words[-1:])


def questions(
    persons: list[Person], kinds: dict[str, Kind], count: int, seed: int = 7
) -> dict[str, list[tuple[str, set[int]]]]:
    """Return for each kind what is typed, and whom it may mean."""
    draw = random.Random(seed)
    meant = Meant(persons)
    asked: dict[str, list[tuple[str, set[int]]]] = {}
    for kind, typed_for in kinds.items():
        asked[kind] = []
        for _ in range(3_000 * count):
            if len(asked[kind]) == count:
                break
            place = draw.randrange(len(persons)) + 1
            person = persons[place - 1]
            if not person.name or meant.same_ends[_ends(person)] > 1:
                continue
            typed = typed_for(person, draw)
            if typed and (
                kind == "ASCII only" or words_of(typed) not in meant.same_name
            ):  # it is nobody else's name
                asked[kind].append((typed, meant.by(kind, place, typed)))
    return asked


def measured(customers: int, options: set[str], count: int) -> None:
    """Print recall and CPU for each kind."""
    persons = drawn(customers, "--census" in options)
    path = DATA / f"lookup-{'census' if '--census' in options else 'invented'}-{customers}.db"
    store = filled(persons, path)
    connection = store.engine.connection()
    if "--other" in options:
        from bench.slips_other import KINDS
    else:
        from bench.slips import KINDS
    rows: list[tuple[object, ...]] = []
    everything: list[tuple[bool, bool, float]] = []
    asked = questions(persons, KINDS, count)
    for kind, some in asked.items():
        answers: list[tuple[bool, bool, float]] = []
        for typed, meant in some:
            began = time.process_time()
            hits = find_customers(connection, typed)
            spent = (time.process_time() - began) * 1000
            found = [hit.customer_id for hit in hits[:5]]
            answers.append((bool(set(found[:1]) & meant), bool(set(found) & meant), spent))
            missed = found if "--misses" in options else found[:1]
            if options & {"--misses", "--second"} and not set(missed) & meant:
                names = [persons[one - 1].name for one in found]
                print("   ", kind, "|", typed, "->", persons[min(meant) - 1], "not", names)
        rows.append(_row(kind, answers))
        everything += answers
    rows.append(_row("all", everything))
    if "--peer" in options:
        rows.append(_row("peer: one slip, every name scanned", _peer(persons, asked["one slip"])))
    show(f"{customers:,} customers", ("asked", "first", "of five", "CPU ms p50", "p95"), rows)
    store.close()
    _tell_index(path, customers)
    _ask_fresh(path, [typed for some in asked.values() for typed, _ in some])


def _row(kind: str, answers: list[tuple[bool, bool, float]]) -> tuple[object, ...]:
    count = max(1, len(answers))
    spent = [answer[2] for answer in answers] or [0.0]
    return (
        kind,
        f"{sum(answer[0] for answer in answers) / count:.3f}",
        f"{sum(answer[1] for answer in answers) / count:.3f}",
        percentile(spent, 50),
        percentile(spent, 95),
    )


def _tell_index(path: Path, customers: int) -> None:
    """Print the bytes of the index, where this SQLite can count them."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(
            "select name, sum(pgsize) from dbstat where name like 'customer_%'"
            " or name like 'finder_%' group by name"
        ).fetchall()
    except sqlite3.OperationalError:
        return
    sizes = {name: size / customers for name, size in rows}
    print(", ".join(f"{name} {size:.0f}" for name, size in sizes.items()), "bytes a customer")


def _ask_fresh(path: Path, typed: list[str]) -> None:
    """Ask one question in each of several new processes."""
    spent = []
    for text in random.Random(3).sample(typed, FRESH):
        command = [sys.executable, "-c", _ASK_ONCE, str(path), text]
        out = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        spent.append([float(word) * 1000 for word in out.split()])
    parts = zip(*spent, strict=True)
    words = ("load", "open", "first question", "same again")
    told = (
        f"{word} {percentile([*part], 50)} (most {max(part):.1f})"
        for word, part in zip(words, parts, strict=True)
    )
    print("a fresh process, CPU ms:", ", ".join(told))


def _peer(
    persons: list[Person], asked: list[tuple[str, set[int]]]
) -> list[tuple[bool, bool, float]]:
    """Ask ``process.extract`` over every name."""
    from rapidfuzz import fuzz, process

    names = [" ".join(words_of(person.name)) for person in persons]
    answers = []
    for typed, meant in asked:
        began = time.process_time()
        found = process.extract(typed, names, scorer=fuzz.ratio, limit=5, score_cutoff=60)
        spent = (time.process_time() - began) * 1000
        places = [place + 1 for _, _, place in found]
        answers.append((bool(set(places[:1]) & meant), bool(set(places) & meant), spent))
    return answers


def run() -> None:
    """Measure for each size that is named on the command line, or the usual two."""
    options = {word for word in sys.argv[1:] if word.startswith("--")}
    count = next(
        (int(word[8:]) for word in options if word.startswith("--asked=")), ASKED_OF_A_KIND
    )
    for customers in [int(word) for word in sys.argv[1:] if word.isdigit()] or SIZES:
        measured(customers, options, count)


if __name__ == "__main__":
    run()
