"""What was done: to a case, to a customer, by an agent, in a time; newest first."""

from __future__ import annotations

from db.engine.interface import Connection, Value
from db.journal import NEWEST, PAGE_ROWS
from db.records import JournalRow

_ACTS = """
select j.seq, j.at, a.login, j.command, j.sentence, j.undoes, j.undone_by
from journal j join agents a on a.id = j.agent_id
where j.seq < :before and j.at >= :since and j.at < :until
  and (:login = '' or a.login = :login)
"""
_OF_CASE = """
  and j.seq in (select seq from journal_subjects where kind = 'case' and id = :case)
"""
# An address never changes, so that what was done is found under whichever customer it belongs to.
_OF_CUSTOMER = """
  and j.seq in (
    select s.seq from journal_subjects s join customers m on m.id = s.id
    where s.kind = 'customer'
      and m.canonical_id = (select canonical_id from customers where id = :customer)
    union
    select s.seq from journal_subjects s join identities i on i.id = s.id
    join customers m on m.id = i.customer_id
    where s.kind = 'identity'
      and m.canonical_id = (select canonical_id from customers where id = :customer))
"""
_ORDER = " order by j.seq desc limit :limit"
_HASH = "select hash from journal where seq = :seq"
FOREVER = 2**62


def acts_page(
    connection: Connection,
    *,
    case_id: int = 0,
    customer_id: int = 0,
    login: str = "",
    since: int = 0,
    until: int = FOREVER,
    before_seq: int = NEWEST,
    limit: int = PAGE_ROWS,
) -> list[JournalRow]:
    """Return acts that all of these hold for.

    Args:
        connection: Where to read.
        case_id: Done to this case; 0 for any.
        customer_id: Done to any of the customers that are linked as this person, or to their cases;
            0 for any.
        login: Done by this agent; empty for any.
        since: Not before; UTC milliseconds.
        until: Before.
        before_seq: Further down than this act.
        limit: At most `PAGE_ROWS`.
    """
    sql = _ACTS + (_OF_CASE if case_id else "") + (_OF_CUSTOMER if customer_id else "") + _ORDER
    params: dict[str, Value] = {
        "login": login,
        "since": since,
        "until": until,
        "before": before_seq,
        "limit": max(1, min(limit, PAGE_ROWS)),
    }
    if case_id:
        params["case"] = case_id
    if customer_id:
        params["customer"] = customer_id
    return [JournalRow(*row) for row in connection.all(sql, params)]


def is_anchored(connection: Connection, seq: int, anchor: str) -> bool:
    """Say whether the journal still holds an act with the hash that was noted elsewhere.

    The chain alone cannot show that its end was cut off, or that all of it was written anew.
    """
    if not seq:
        return True
    found = connection.value(_HASH, {"seq": seq})
    return found is not None and bytes(found).hex() == anchor.lower()
