"""What stands on the cheat sheet beside the profile: promises, what was tried, facts, figures."""

from __future__ import annotations

from collections.abc import Sequence

from db import clock
from db.among import among
from db.engine.interface import Connection
from db.records import Fact, PromiseLine, RollUp, Tried

PROMISES = 10
TRIED = 3
RESOLVED_LOOKED_AT = 20  # cases of each handle, the last changed
MONTHS = 12
MONTH_MILLISECONDS = 2_629_746_000  # a twelfth of a year
ACTIVE_ENTRIES = 600  # of each handle
FACTS = 12
PEOPLE_COUNTED = 200

_PROMISES = """
select id, case_id, text, due_at, agent_id from promises
where customer_id in (:among) and state = 'open'
"""
_LOGINS = "select id, login from agents where id in (:among)"
_RESOLVED = """
select id, subject, resolution, resolved_at from (
  select id, subject, resolution, resolved_at, merged_into, spam, status from cases
  where requester_id = :identity and unresolved = 0 order by updated_at desc limit :rows) newest
where resolution in ('answer', 'workaround', 'fix', 'not_actionable')
  and merged_into = 0 and spam = 0 and status in ('resolved', 'closed')
order by resolved_at desc limit :tried
"""
_LAST_ANSWER = """
select preview from entries
where case_id = :case and direction = 'outbound' and automatic = '' and removed = 0
order by at desc, id desc limit 1
"""
_ACTIVITY = """
select (:now - at) / :month, count(*) from (
  select at from entries where identity_id = :identity and at > :since
  order by at desc limit :rows) newest
group by 1
"""
_FACTS = """
select kind, raw, entry_id, at from identity_facts
where identity_id in (:among) and kind <> 'mailbox'
"""
_FIELDS = "select name, value, customer_id from customer_fields where customer_id in (:among)"
_ROLL_UP = """
select count(*), coalesce(sum(open_cases), 0), coalesce(sum(vip), 0),
  coalesce(max(last_inbound_at), 0)
from (
  select id, canonical_id, open_cases, vip, last_inbound_at from customers
  where organization_id = :organization order by last_inbound_at desc limit :rows) people
"""


def promises_of(connection: Connection, members: Sequence[int]) -> tuple[PromiseLine, ...]:
    """Return the open promises to a person, the next due first; those without a time last."""
    rows = list(among(connection, _PROMISES, members))
    rows.sort(key=lambda row: (row[3] == 0, row[3], row[0]))
    del rows[PROMISES:]
    logins: dict[int, str] = dict(among(connection, _LOGINS, [row[4] for row in rows]))
    return tuple(
        PromiseLine(number, case_id, text, due_at, logins.get(agent_id, ""))
        for number, case_id, text, due_at, agent_id in rows
    )


def tried(connection: Connection, identities: Sequence[int]) -> tuple[Tried, ...]:
    """Return how their last cases ended, and with which answer."""
    rows = []
    for identity in identities:
        params = {"identity": identity, "rows": RESOLVED_LOOKED_AT, "tried": TRIED}
        rows += connection.all(_RESOLVED, params)
    rows.sort(key=lambda row: (-row[3], -row[0]))
    return tuple(
        Tried(case_id, subject, how, at, connection.value(_LAST_ANSWER, {"case": case_id}) or "")
        for case_id, subject, how, at in rows[:TRIED]
    )


def activity(connection: Connection, identities: Sequence[int]) -> tuple[int, ...]:
    """Return how many entries each of the last twelve months has, the oldest first."""
    now = clock.now()
    counts = [0] * MONTHS
    for identity in identities:
        params = {
            "identity": identity,
            "now": now,
            "month": MONTH_MILLISECONDS,
            "since": now - MONTHS * MONTH_MILLISECONDS,
            "rows": ACTIVE_ENTRIES,
        }
        for ago, entries in connection.all(_ACTIVITY, params):
            counts[MONTHS - 1 - max(0, min(MONTHS - 1, int(ago)))] += entries
    return tuple(counts) if any(counts) else ()


def facts_of(connection: Connection, identities: Sequence[int]) -> tuple[Fact, ...]:
    """Return what was read in their messages, newest first, each thing once."""
    rows = sorted(among(connection, _FACTS, identities), key=lambda row: (-row[3], row[0], row[1]))
    facts: dict[tuple[str, str], Fact] = {}
    for row in rows:
        facts.setdefault((row[0], row[1].casefold()), Fact(*row))
    return tuple(facts.values())[:FACTS]


def fields_of(connection: Connection, members: Sequence[int]) -> tuple[tuple[str, str], ...]:
    """Return the fields that the team named; the member who is shown speaks first.

    Args:
        connection: Where to read.
        members: The member who is shown, then the others.
    """
    order = {member: place for place, member in enumerate(members)}
    rows = sorted(among(connection, _FIELDS, members), key=lambda row: -order[row[2]])
    return tuple(sorted({row[0]: row[1] for row in rows}.items()))


def roll_up(connection: Connection, organization_id: int) -> RollUp | None:
    """Return an organization in figures; None where there is none."""
    if not organization_id:
        return None
    params = {"organization": organization_id, "rows": PEOPLE_COUNTED}
    row = connection.one(_ROLL_UP, params) or (0, 0, 0, 0)
    people, open_cases, vips, last_at = (int(part) for part in row)
    return RollUp(organization_id, people, open_cases, vips, last_at, people >= PEOPLE_COUNTED)
