"""A token for a reply: what comes back with it finds the conversation of its case."""

from __future__ import annotations

from db.conversations import digest
from db.engine.interface import Engine
from db.errors import NotFound
from db.tokens import Tokens

PEOPLE = 50

_CONVERSATION = """
select id from conversations where case_id = :case and joined_id = 0 and channel = 'email'
order by last_at desc, id desc limit 1
"""
_PEOPLE = """
select distinct i.value from entries e join entry_parties p on p.entry_id = e.id
join identities i on i.id = p.identity_id
where e.case_id = :case and e.conversation_id = :conversation and i.own = 0 and i.kind = 'email'
  and p.role in ('author', 'from', 'reply_to', 'to', 'cc')
limit :people
"""
_ADD = (
    "insert into conversation_keys(key, conversation_id) values(:key, :id) on conflict do nothing"
)


def token_for(engine: Engine, case_id: int) -> str:
    """Return a new token for a reply on a case.

    In a Message-ID it counts with one of those who are on the conversation now; behind a plus in an
    address of ours (`db.tokens.plus_address`) from anyone.

    Raises:
        NotFound: The case holds no mail that could be answered.
        Unavailable: The store cannot be written.
    """
    with engine.write(durable=False) as connection:
        conversation = connection.value(_CONVERSATION, {"case": case_id})
        if conversation is None:
            raise NotFound(f"There is no mail in #{case_id} that a reply could belong to.")
        tokens = Tokens(connection)
        token = tokens.issue()
        secret = tokens.verified(token)
        wanted = {"case": case_id, "conversation": conversation, "people": PEOPLE}
        people = [value for (value,) in connection.all(_PEOPLE, wanted)]
        keys = [f"token {secret}", *(f"token {secret} {who}" for who in people)]
        connection.many(_ADD, [{"key": digest(key), "id": conversation} for key in keys])
    return token
