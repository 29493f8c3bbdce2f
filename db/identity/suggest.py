"""Whom an import suggests to be one person: looked for once, at its end, kept until decided.

Only what is new is compared, with the few that are near it (`db.identity.nearby`); everything is
read without a lock, and written in short transactions. Suggestions are derived: they can be made
anew at any time, and no one is linked by them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from db import clock
from db.engine.interface import Connection, Engine, Value
from db.identity.evidence import Evidence, Judge, agreements, pack_signals
from db.identity.facts import Unread, mark_read, read_facts, unread
from db.identity.nearby import Nearby, partners
from db.identity.people import Person, load_people, people_of
from db.identity.weights import Weights, estimate, is_stale, keep, load_weights

SUGGESTED_BITS = 0.0
LOOKED_INTO_BITS = -8.0  # below, not even a common case would make a suggestion
OPPOSED = frozenset({"other_domain", "other_account"})
SLICE = 100
SCALE = 100  # bits are stored in hundredths

_DROP = "delete from match_suggestions where one_id = :id or other_id = :id"
_KEEP = """
insert into match_suggestions(one_id, other_id, bits, signals, at)
values(:one, :other, :bits, :signals, :at)
on conflict(one_id, other_id) do update set bits = excluded.bits, signals = excluded.signals,
  at = excluded.at
"""


def match_new(engine: Engine) -> int:
    """Read what new messages say of their writers, and suggest who is one person.

    Returns:
        How many pairs were suggested.
    """
    connection = engine.connection()
    after = written = 0
    judge: Judge | None = None
    while new := unread(connection, after):
        after = new[-1].id
        read_facts(engine, new)
        judge = judge or Judge(connection, _weights(engine))
        customers = sorted(set(people_of(connection, [one.id for one in new]).values()))
        written += _suggest(engine, judge, customers, new)
    return written


def _weights(engine: Engine) -> Weights:
    """Return the weights, estimated anew where the store has grown since."""
    connection = engine.connection()
    if is_stale(connection):
        bits, customers = estimate(connection)
        with engine.write(durable=False) as writing:
            keep(writing, bits, customers)
    return load_weights(connection)


def suggest(engine: Engine, customer_ids: Sequence[int]) -> int:
    """Suggest anew who is the same person as these customers; return how many pairs that are."""
    judge = Judge(engine.connection(), load_weights(engine.connection()))
    return sum(
        _suggest(engine, judge, customer_ids[start : start + SLICE], ())
        for start in range(0, len(customer_ids), SLICE)
    )


def _suggest(
    engine: Engine, judge: Judge, customer_ids: Sequence[int], read: Sequence[Unread]
) -> int:
    found = list(_suggested(engine.connection(), judge, customer_ids))
    now = clock.now()
    with engine.write(durable=False) as writing:
        writing.many(_DROP, [{"id": number} for number in customer_ids])
        writing.many(_KEEP, [_row(evidence, now) for evidence in found])
        mark_read(writing, read)
    return len(found)


def _suggested(connection: Connection, judge: Judge, some: Sequence[int]) -> Iterator[Evidence]:
    """Yield the pairs that these customers are in, each once."""
    nearby = Nearby(connection)
    people = load_people(connection, some)
    told_apart = partners(connection, some)
    real = [person for person in people.values() if not person.is_nobody]
    nearby.read(real)
    judge.read_cases(real)
    near: dict[int, list[int]] = {}
    for number, person in people.items():
        if not person.is_nobody:
            near[number] = nearby.of(person, _met(connection, judge, person))
    lacking = {other for others in near.values() for other in others if other not in people}
    everyone = {**people, **load_people(connection, lacking)}
    seen: set[tuple[int, int]] = set()
    for number, others in near.items():
        for other in others:
            pair = (min(number, other), max(number, other))
            if pair in seen or other not in everyone or other in told_apart.get(number, ()):
                continue
            seen.add(pair)
            one, two = everyone[pair[0]], everyone[pair[1]]
            if one.canonical_id == two.canonical_id or two.is_nobody or one.is_nobody:
                continue
            if (evidence := weighed(judge, one, two)) is not None:
                yield evidence


def weighed(judge: Judge, one: Person, other: Person) -> Evidence | None:
    """Return the evidence for a pair, where it is enough for a suggestion."""
    if not agreements(one, other).keys() - OPPOSED:
        # Only names and common cases are left to speak for it.
        loudest = min(judge.loudest(one), judge.loudest(other))
        if loudest + judge.weights.prior < LOOKED_INTO_BITS:
            return None
    quick = judge.quick(one, other)
    if sum(signal.bits for signal in quick) + judge.weights.prior < LOOKED_INTO_BITS:
        return None
    evidence = judge.evidence(one, other)
    if evidence.vetoed or evidence.bits < SUGGESTED_BITS or not evidence.is_grounded:
        return None
    return evidence


def _met(connection: Connection, judge: Judge, person: Person) -> Iterable[int]:
    """Return who wrote in the cases in which a customer wrote last."""
    identities: set[int] = set()
    for case_id in judge.cases_of(person):
        identities.update(judge.writers(case_id))
    identities.difference_update(person.identities)
    return people_of(connection, sorted(identities)).values()


def _row(evidence: Evidence, now: int) -> dict[str, Value]:
    one, other = sorted((evidence.one_id, evidence.other_id))
    if one != evidence.one_id:
        evidence = replace(evidence, one_id=one, other_id=other)
    return {
        "one": one,
        "other": other,
        "bits": round(evidence.bits * SCALE),
        "signals": pack_signals(evidence.signals),
        "at": now,
    }


def rebuild(engine: Engine) -> int:
    """Suggest anew for everyone; return how many pairs that are."""
    connection = engine.connection()
    with engine.write(durable=False) as writing:
        writing.run("delete from match_suggestions")
    every = [row[0] for row in connection.all("select id from customers order by id")]
    return suggest(engine, every)
