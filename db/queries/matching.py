"""Who may be one person: suggestions by likelihood, one pair side by side, and why."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from db.among import among
from db.engine.interface import Connection, Row
from db.errors import NotFound
from db.identity.evidence import Evidence, Judge, Signal, probability, unpack_signals
from db.identity.people import Person, load_people
from db.identity.suggest import SCALE, SUGGESTED_BITS
from db.identity.weights import load_weights
from db.identity.wording import day, in_words, sentence
from db.records.matches import MatchPair, MatchSide, Reason, Why

PAGE_ROWS = 200
NAMES = 6
HANDLES = 12
FACTS = 12
EXPLAINED = 6  # links and suggestions

# A pair stands for the people its ends belong to; what was decided since is left out.
_SUGGESTED = """
select s.one_id, s.other_id, s.bits, s.signals, k.canonical_id, m.canonical_id,
  coalesce(nullif(f.name, ''), k.name), coalesce(nullif(g.name, ''), m.name)
from match_suggestions s
join customers k on k.id = s.one_id
join customers m on m.id = s.other_id
join customers f on f.id = case when k.face_id > 0 then k.face_id else k.canonical_id end
join customers g on g.id = case when m.face_id > 0 then m.face_id else m.canonical_id end
where k.canonical_id <> m.canonical_id and (s.bits < :bits or (s.bits = :bits
  and (s.one_id > :one or (s.one_id = :one and s.other_id > :other))))
  and not exists (
    select 1 from match_decisions d
    join customers p on p.id = d.one_id join customers q on q.id = d.other_id
    where (d.one_id = s.one_id and d.other_id = s.other_id)
      or (p.canonical_id = k.canonical_id and q.canonical_id = m.canonical_id)
      or (p.canonical_id = m.canonical_id and q.canonical_id = k.canonical_id))
order by s.bits desc, s.one_id, s.other_id limit :rows
"""
_COUNT = """
select count(*) from match_suggestions s
join customers k on k.id = s.one_id join customers m on m.id = s.other_id
where k.canonical_id <> m.canonical_id and not exists (
  select 1 from match_decisions d where d.one_id = s.one_id and d.other_id = s.other_id)
"""
_SUGGESTED_ONE = "select one_id, other_id, bits from match_suggestions where one_id in (:among)"
_SUGGESTED_OTHER = """
select one_id, other_id, bits from match_suggestions where other_id in (:among)
"""
_MEMBERS = """
select m.id, m.canonical_id, m.face_id, m.name, coalesce(g.name, ''), m.title, m.cases, m.entries,
  m.first_at, m.last_inbound_at, m.last_outbound_at
from customers k join customers m on m.canonical_id = k.canonical_id
left join organizations g on g.id = m.organization_id
where k.id = :id order by case when m.id = m.face_id then 0 else 1 end, m.id
"""
_IDENTITIES = """
select id, kind, network, raw, name from identities
where customer_id in (:among) and own = 0 and state <> 'rejected' order by entries desc, id
"""
_NAMES = "select name, times from identity_names where identity_id in (:among)"
_FACTS = """
select kind, raw, at from identity_facts where identity_id in (:among) and kind <> 'mailbox'
"""
_LINK = """
select coalesce(a.name, ''), l.made_at, l.evidence, l.made_by from customer_links l
left join agents a on a.id = l.made_by
where l.undone_at = 0 and ((l.one_id in (:among) and l.other_id = :other)
  or (l.other_id in (:among) and l.one_id = :other))
order by l.id
"""
_DECIDED = """
select coalesce(a.name, ''), d.made_at, d.reason from match_decisions d
left join agents a on a.id = d.made_by
join customers p on p.id = d.one_id join customers q on q.id = d.other_id
where (p.canonical_id = :one and q.canonical_id = :other)
  or (p.canonical_id = :other and q.canonical_id = :one)
order by d.made_at limit 1
"""


def suggestions(
    connection: Connection, limit: int = PAGE_ROWS, least: float = 0.0
) -> tuple[MatchPair, ...]:
    """Return who may be one person, likeliest first; each two people once.

    Args:
        connection: Where to read.
        limit: How many at most.
        least: Only those at least so likely, 0 to 1.
    """
    return _grouped(_walk(connection, limit, least))


def _walk(connection: Connection, limit: int, least: float) -> list[MatchPair]:
    found: dict[tuple[int, int], MatchPair] = {}
    bits, one, other = 1 << 40, 0, 0
    while len(found) < limit:
        rows = connection.all(
            _SUGGESTED, {"bits": bits, "one": one, "other": other, "rows": PAGE_ROWS}
        )
        for row in rows:
            pair = _pair(row)
            if pair.score < least:
                return list(found.values())
            if len(found) < limit:
                found.setdefault((pair.one_id, pair.other_id), pair)
        if len(rows) < PAGE_ROWS:
            break
        one, other, bits = rows[-1][0], rows[-1][1], rows[-1][2]
    return list(found.values())


def _grouped(pairs: list[MatchPair]) -> tuple[MatchPair, ...]:
    """Return pairs with the number of people that each may be a part of."""
    group: dict[int, set[int]] = {}
    for pair in pairs:
        both = group.get(pair.one_id, {pair.one_id}) | group.get(pair.other_id, {pair.other_id})
        group.update(dict.fromkeys(both, both))
    return tuple(replace(pair, group=len(group[pair.one_id])) for pair in pairs)


def suggested(connection: Connection) -> int:
    """Return how many pairs wait for a decision."""
    return int(connection.value(_COUNT))


def _pair(row: Row) -> MatchPair:
    signals = unpack_signals(row[3])
    bits = row[2] / SCALE
    left, right = (row[4], row[6]), (row[5], row[7])
    if left[0] > right[0]:
        left, right = right, left
    return MatchPair(
        one_id=left[0],
        other_id=right[0],
        one=left[1],
        other=right[1],
        score=round(probability(bits), 4),
        bits=bits,
        sentence=sentence(signals),
        reasons=_reasons(signals),
    )


def _reasons(signals: Iterable[Signal]) -> tuple[Reason, ...]:
    ordered = sorted(signals, key=lambda signal: -signal.bits)
    return tuple(
        Reason(one.kind, in_words(one), round(one.bits, 1), one.entry_id, one.at) for one in ordered
    )


def match_side(connection: Connection, customer_id: int) -> MatchSide:
    """Return a customer as they are laid beside another, over all who are linked as them.

    Raises:
        NotFound: There is no such customer.
    """
    members = connection.all(_MEMBERS, {"id": customer_id})
    if not members:
        raise NotFound(f"There is no customer {customer_id} in this store.")
    identities = list(among(connection, _IDENTITIES, [row[0] for row in members]))
    names: dict[str, int] = dict.fromkeys((row[3] for row in members if row[3]), 1 << 30)
    for name, times in among(connection, _NAMES, [row[0] for row in identities]):
        names[name] = names.get(name, 0) + times
    facts = sorted(
        among(connection, _FACTS, [row[0] for row in identities]), key=lambda row: -row[2]
    )
    return MatchSide(
        customer_id=members[0][1],
        name=members[0][3],
        organization=next((row[4] for row in members if row[4]), ""),
        title=next((row[5] for row in members if row[5]), ""),
        names=tuple(sorted(names, key=lambda name: -names[name])[:NAMES]),
        handles=tuple(
            f"{raw} ({network})" if network else raw for _, _, network, raw, _ in identities
        )[:HANDLES],
        facts=tuple(dict.fromkeys(f"{kind} {raw}" for kind, raw, _ in facts))[:FACTS],
        cases=sum(row[6] for row in members),
        entries=sum(row[7] for row in members),
        first_at=min((row[8] for row in members if row[8]), default=0),
        last_at=max(max(row[9], row[10]) for row in members),
    )


def why(connection: Connection, one_id: int, other_id: int) -> Why:
    """Return why two customers are, may be, or are not one person, as of now.

    Raises:
        NotFound: There is no such customer.
    """
    one, other = _person(connection, one_id), _person(connection, other_id)
    evidence = _best(connection, one, other)
    linked = one.canonical_id == other.canonical_id
    decided = _how_linked(connection, one_id, other_id) if linked else _told_apart(
        connection, one.canonical_id, other.canonical_id
    )  # fmt: skip
    suggestion = evidence.bits >= SUGGESTED_BITS and evidence.is_grounded and not evidence.vetoed
    zone = "linked" if linked else "apart" if decided or not suggestion else "suggested"
    return Why(
        one_id=one_id,
        other_id=other_id,
        one=one.name,
        other=other.name,
        zone=zone,
        score=round(evidence.probability, 4),
        bits=round(evidence.bits, 2),
        sentence=sentence(evidence.signals),
        decided=decided,
        reasons=_reasons(evidence.signals),
    )


def explain(connection: Connection, customer_id: int) -> tuple[Why, ...]:
    """Return why a customer is one person with those linked, and who else may be, likeliest first.

    Raises:
        NotFound: There is no such customer.
    """
    members = connection.all(_MEMBERS, {"id": customer_id})
    if not members:
        raise NotFound(f"There is no customer {customer_id} in this store.")
    ids = sorted(row[0] for row in members)
    answers = [why(connection, ids[0], other) for other in ids[1 : EXPLAINED + 1]]
    near: dict[tuple[int, int], int] = {}
    for sql in (_SUGGESTED_ONE, _SUGGESTED_OTHER):
        for one, other, bits in among(connection, sql, ids):
            near[one, other] = bits
    for one, other in sorted(near, key=lambda pair: -near[pair])[:EXPLAINED]:
        if not {one, other} <= set(ids):
            answers.append(why(connection, one, other))
    return tuple(answers)


def _person(connection: Connection, customer_id: int) -> Person:
    found = load_people(connection, [customer_id]).get(customer_id)
    if found is None:
        raise NotFound(f"There is no customer {customer_id} in this store.")
    return found


def _best(connection: Connection, one: Person, other: Person) -> Evidence:
    """Return the evidence of the likest of those who are linked as the one and as the other."""
    judge = Judge(connection, load_weights(connection))
    if one.canonical_id == other.canonical_id:
        return judge.evidence(one, other)
    left, right = (
        load_people(connection, [row[0] for row in connection.all(_MEMBERS, {"id": number})][:6])
        for number in (one.customer_id, other.customer_id)
    )
    every = (judge.evidence(mine, theirs) for mine in left.values() for theirs in right.values())
    return max(every, key=lambda evidence: evidence.bits)


def _how_linked(connection: Connection, one_id: int, other_id: int) -> str:
    if one_id == other_id:
        return "This is one customer."
    rows = list(among(connection, _LINK, [one_id], other=other_id))
    if not rows:
        members: Sequence[Row] = connection.all(_MEMBERS, {"id": one_id})
        return f"Both are linked through others; {len(members)} records are one person."
    name, at, evidence, _ = rows[0]
    return f"Linked by {name or 'an unknown agent'} on {day(at)}: {evidence}"


def _told_apart(connection: Connection, one: int, other: int) -> str:
    row = connection.one(_DECIDED, {"one": one, "other": other})
    if row is None:
        return ""
    return f"Told apart by {row[0] or 'an unknown agent'} on {day(row[1])}." + (
        f" {row[2]}" if row[2] else ""
    )
