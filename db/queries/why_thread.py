"""Why a message is in its conversation: its names, who else bears them, what was decided."""

from __future__ import annotations

from collections.abc import Sequence

from connectors.contract import Entry
from db.arrival import prepare
from db.conversations import digest
from db.direction import head
from db.engine.interface import Connection
from db.errors import NotFound
from db.frozen import dataclass
from db.identity.own import load_own
from db.thread_rules import load_rules
from db.threading import RULES, Name, names_of
from db.tokens import Tokens

SCORES = {
    "chat": 100,
    "address": 99,
    "token": 98,
    "id": 95,
    "taught": 90,
    "gmail": 80,
    "outlook": 75,
    "subject": 50,
}
"""How much a name is worth, of 100; a message that shares an id and nobody is worth `SUGGESTED`."""
SUGGESTED = 20
OWN = 10  # that it bears its own id says nothing about others
OWN_ID = "its own Message-ID"
CANDIDATES = 20

_BY_MESSAGE_ID = "select entry_id from origins where message_id = :id order by entry_id limit 1"
_EXISTS = "select 1 from entries where id = :id"
_STORED = """
select e.conversation_id, e.case_id, e.automatic, e.direction, o.message_id, s.name
from entries e left join origins o on o.entry_id = e.id left join sources s on s.id = o.source_id
where e.id = :id order by o.source_id limit 1
"""
_KEY = "select conversation_id from conversation_keys where key = :key"
_CONVERSATION = """
select id, case_id, subject, entries, first_at, last_at, joined_id from conversations where id = :id
"""
_BEARERS = """
select e.id, e.conversation_id from origins o join entries e on e.id = o.entry_id
where o.message_id = :id and e.id <> :entry order by e.id limit 20
"""
_RULES = """
select r.id, r.kind, r.scope, r.shape, r.one_id, r.other_id, r.example, a.login, r.made_at,
  r.undone_at
from thread_rules r join agents a on a.id = r.made_by order by r.id
"""


@dataclass(frozen=True, slots=True)
class ThreadName:
    """A name by which a message may belong to others.

    Attributes:
        rule: A key of `RULES`; ``meaning`` is its words.
        name: What of the message it is; untrusted.
        person: Who must be on both; empty for nobody.
        conversation_id: Whose it is; 0 where nobody bears it.
        seen: Messages of the store with that id, this one aside.
    """

    rule: str
    meaning: str
    name: str
    person: str
    conversation_id: int
    seen: int


@dataclass(frozen=True, slots=True)
class ThreadCandidate:
    """A conversation that a message could belong to.

    Attributes:
        score: Of 100: the worth of the best name that leads there.
        reason: What led there, or why it does not count.
    """

    conversation_id: int
    case_id: int
    subject: str
    entries: int
    first_at: int
    last_at: int
    score: int
    chosen: bool
    reason: str


@dataclass(frozen=True, slots=True)
class WhyThread:
    """Why a message is where it is.

    Attributes:
        direction: As it was stored.
        automatic: Why a program wrote it; empty for a person's words.
        decision: One sentence.
    """

    entry_id: int
    message_id: str
    conversation_id: int
    case_id: int
    direction: str
    automatic: str
    names: tuple[ThreadName, ...]
    candidates: tuple[ThreadCandidate, ...]
    decision: str


@dataclass(frozen=True, slots=True)
class ThreadRuleRow:
    """What a correction taught.

    Attributes:
        kind: ``mark`` or ``apart``.
        sentence: What it says.
        undone_at: When it was forgotten; 0 while it stands.
    """

    rule_id: int
    kind: str
    sentence: str
    made_by: str
    made_at: int
    undone_at: int


def entry_named(connection: Connection, word: str) -> int:
    """Return the entry of a number or a Message-ID.

    Raises:
        NotFound: There is none.
    """
    bare = word.strip().removeprefix("#")
    if bare.isascii() and bare.isdigit() and len(bare) < 19:
        if connection.value(_EXISTS, {"id": int(bare)}):
            return int(bare)
        raise NotFound(f"There is no entry {bare} in this store.")
    found = connection.value(_BY_MESSAGE_ID, {"id": bare.strip("<>")})
    if found is None:
        raise NotFound(f"No message with the id {bare[:200]} is in this store.")
    return int(found)


def thread_rules(connection: Connection) -> tuple[ThreadRuleRow, ...]:
    """Return what corrections taught, forgotten ones too, in their order."""
    out = []
    for number, kind, scope, shape, one, other, example, login, made, undone in connection.all(
        _RULES
    ):
        sentence = (
            f"mails from {scope} with the same mark like {example} ({shape}) belong together"
            if kind == "mark"
            else f"conversations {one} and {other} ({example}) are not one"
        )
        out.append(ThreadRuleRow(number, kind, sentence, login, made, undone))
    return tuple(out)


def why_thread(connection: Connection, entry_id: int, read: Entry | None) -> WhyThread:
    """Say why a message is in its conversation.

    Args:
        connection: For reading.
        entry_id: The message.
        read: What is read in its original; None where none was kept.

    Raises:
        NotFound: There is no such entry.
    """
    row = connection.one(_STORED, {"id": entry_id})
    if row is None:
        raise NotFound(f"There is no entry {entry_id} in this store.")
    conversation, case_id, automatic, direction, message_id, source = row
    names = _names(connection, read, str(source or "")) if read is not None else ()
    told = [_told(connection, name, entry_id, str(message_id or "")) for name in names]
    candidates = _candidates(connection, told, int(conversation), entry_id)
    chosen = next((one for one in candidates if one.chosen), None)
    return WhyThread(
        entry_id,
        str(message_id or ""),
        int(conversation),
        int(case_id),
        str(direction),
        str(automatic),
        tuple(told),
        tuple(candidates[:CANDIDATES]),
        _decision(chosen, told, read is not None),
    )


def _names(connection: Connection, read: Entry, source: str) -> tuple[Name, ...]:
    own = load_own(connection)
    prepared = prepare(read, source)
    heading = head(read, prepared.guests, lambda guest: own.has(guest.key, guest.name))
    return names_of(
        prepared,
        heading,
        source,
        Tokens(connection),
        load_rules(connection),
        lambda guest: own.has(guest.key, guest.name),
    )


def _told(connection: Connection, name: Name, entry_id: int, message_id: str) -> ThreadName:
    found = connection.value(_KEY, {"key": digest(name.key)}) or 0
    seen = 0
    if name.rule == "id":
        seen = len(connection.all(_BEARERS, {"id": name.shown, "entry": entry_id}))
    meaning = OWN_ID if name.shown == message_id else RULES[name.rule]
    return ThreadName(
        name.rule, meaning, name.shown, name.person, _standing(connection, int(found)), seen
    )


def _standing(connection: Connection, number: int) -> int:
    """Return the conversation that stands for one after all joins."""
    seen: set[int] = set()
    while number and number not in seen:
        seen.add(number)
        row = connection.one(_CONVERSATION, {"id": number})
        if row is None or not row[6]:
            break
        number = int(row[6])
    return number


def _candidates(
    connection: Connection, names: Sequence[ThreadName], stored: int, entry_id: int
) -> list[ThreadCandidate]:
    """Return the conversations that the names lead to, the best first."""
    led: dict[int, tuple[int, str]] = {}
    for name in names:
        person = f", with {name.person} on both" if name.person else ""
        reason = f"{name.meaning} {name.name}{person}"
        score = OWN if name.meaning == OWN_ID else SCORES[name.rule]
        if name.conversation_id and score > led.get(name.conversation_id, (0, ""))[0]:
            led[name.conversation_id] = (score, reason)
    for wanted in dict.fromkeys(name.name for name in names if name.rule == "id"):
        for _, number in connection.all(_BEARERS, {"id": wanted, "entry": entry_id}):
            standing = _standing(connection, int(number))
            led.setdefault(
                standing, (SUGGESTED, f"knows {wanted}, but has no person in common: not joined")
            )
    out = []
    for number, (score, reason) in led.items():
        row = connection.one(_CONVERSATION, {"id": number})
        if row is not None:
            here, case_id, subject, entries, first_at, last_at, _ = row
            if here == stored and entries < 2:
                score, reason = OWN, "it stands there alone"
            out.append(
                ThreadCandidate(
                    here,
                    case_id,
                    subject,
                    entries,
                    first_at,
                    last_at,
                    score,
                    here == stored,
                    reason,
                )
            )
    return sorted(out, key=lambda one: (-one.score, one.conversation_id))


def _decision(
    chosen: ThreadCandidate | None, names: Sequence[ThreadName], has_original: bool
) -> str:
    if not has_original:
        return "No original was kept of it, so its headers cannot be weighed again."
    if not names:
        return "It shares no name with anything: it has a conversation of its own."
    if chosen is None:
        return "An agent put it where it is: none of its names leads there."
    if chosen.entries < 2:
        return "Nothing that it names was there: it began a conversation."
    seen = [name for name in names if name.seen and name.conversation_id == chosen.conversation_id]
    best = seen[0] if seen else None
    told = f"{best.meaning} {best.name}, with {best.person} on both" if best else chosen.reason
    return f"It belongs to {chosen.entries} messages of case #{chosen.case_id}: {told}."
