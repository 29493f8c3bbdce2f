"""Correct what belongs together: bring a case into another, split a message off, forget a lesson.

A correction teaches: where both cases bear the same mark of another program, mails of its senders
follow that mark from now on; two conversations that were parted are not joined again. What was
taught is a row of ``thread_rules``, shown by ``centric why-thread --rules``, and goes with undo.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, CaseNumber, CaseState, Command
from db.conversations import digest
from db.engine.interface import Value
from db.errors import NotFound, Refused
from db.subjects import subject_key
from db.thread_rules import load_rules, marks_of, shape_of
from db.words import is_unresolved

ENTRIES_MOST = 5_000

_CONVERSATIONS = "select id from conversations where case_id = :case and joined_id = 0 order by id"
_ENTRIES = "select id from entries where case_id = :case order by id"
_TURN = """
select status, waiting_on, waiting_since, merged_into, spam, history from cases where id = :id
"""
# Who wrote what under which subject: by this a mark of another program is known.
_SUBJECTS = """
select distinct e.subject, i.value from entries e join identities i on i.id = e.author_id
where e.case_id = :case and e.kind = 'message' and e.direction = 'inbound' and i.kind = 'email'
limit 500
"""
_KNOWN_KEY = "select conversation_id from conversation_keys where key = :key"
_ENTRY = """
select e.id, e.at, e.kind, e.direction, e.case_id, e.conversation_id, e.identity_id, e.subject,
  v.channel, v.source_id, v.subject_key
from entries e left join conversations v on v.id = e.conversation_id where e.id = :id
"""
_FROM_HERE = """
select e.id, e.identity_id, e.direction, e.automatic, e.at, e.subject from entries e
where e.conversation_id = :conversation and e.case_id = :case
  and (e.at > :at or (e.at = :at and e.id >= :id)) order by e.at, e.id
"""
_ALL_OF = "select count(*) from entries where case_id = :case"
_ALL_SAID = "select entries from conversations where id = :conversation"
_ID_AND_PEOPLE = """
select o.message_id, i.value, i.own from origins o
join entry_parties p on p.entry_id = o.entry_id join identities i on i.id = p.identity_id
where o.entry_id = :id and o.message_id <> ''
"""
_RULE = "select kind, undone_at, example from thread_rules where id = :id"


@dataclass(frozen=True, slots=True)
class MergeCase(Command):
    """Bring a case, with all that was said in it, into another."""

    name: ClassVar[str] = "case.merge"
    title: ClassVar[str] = "Merge into…"
    help: ClassVar[str] = "Bring a case into another; what mail joins them is learnt."

    case_id: CaseNumber
    into_id: Annotated[int, Argument("The case that stays", kind="case")]
    learn: Annotated[bool, Argument("Learn the mark that both bear", kind="flag")] = True

    def apply(self, act: Act) -> str:
        """Merge them; see `Command.apply`."""
        case, into = act.case(self.case_id), act.case(self.into_id)
        if case.case_id == into.case_id:
            raise Refused("A case cannot be merged into itself: name the case that stays.")
        for one in (case, into):
            if one.merged_into:
                raise Refused(
                    f"#{one.case_id} was merged into #{one.merged_into}; name that one instead."
                )
        entries = act.connection.all(_ENTRIES, {"case": case.case_id})
        if len(entries) > ENTRIES_MOST:
            raise Refused(
                f"#{case.case_id} has {len(entries):,} entries, and at most {ENTRIES_MOST:,} are"
                " moved at once: merge the other case into this one."
            )
        taught = _learn(act, case.case_id, into.case_id) if self.learn else ""
        for (number,) in act.connection.all(_CONVERSATIONS, {"case": case.case_id}):
            act.change("conversations", number, case_id=into.case_id)
        for (number,) in entries:
            act.change("entries", number, case_id=into.case_id)
        _take_over_turn(act, case.case_id, into.case_id)
        act.change("cases", case.case_id, merged_into=into.case_id, status="closed")
        act.touch_case(into.case_id)
        return f"Merged #{case.case_id} into #{into.case_id}{taught}"


@dataclass(frozen=True, slots=True)
class SplitCase(Command):
    """Split a message off, with what followed it in its conversation, into a case of its own."""

    name: ClassVar[str] = "case.split"
    title: ClassVar[str] = "Split off"
    help: ClassVar[str] = "Split a message and what followed it off into a case of its own."

    entry_id: Annotated[int, Argument("Entry number", kind="note")]
    only: Annotated[bool, Argument("This message alone", kind="flag")] = False

    def apply(self, act: Act) -> str:
        """Split it; see `Command.apply`."""
        found = act.connection.one(_ENTRY, {"id": self.entry_id})
        if found is None:
            raise NotFound(f"There is no entry {self.entry_id} in this store.")
        _, at, kind, _, case_id, conversation, _, _, channel, source, _ = found
        case = act.case(int(case_id))
        if kind != "message" or channel is None:
            raise Refused("Only a message can be split off; a note is written on a case.")
        where = {"conversation": conversation, "case": case_id, "at": at, "id": self.entry_id}
        moving = act.connection.all(_FROM_HERE, where)
        if self.only:
            moving = [row for row in moving if row[0] == self.entry_id]
        if len(moving) == act.connection.value(_ALL_OF, {"case": case_id}):
            raise Refused(f"That is all there is in #{case_id}: nothing would be left of it.")
        new = _new_case(act, case, moving)
        act.insert("case_links", {"case_id": new, "other_id": case_id, "kind": "split_from"}, {})
        if len(moving) == act.connection.value(_ALL_SAID, {"conversation": conversation}):
            act.change("conversations", int(conversation), case_id=new)
            target = int(conversation)
        else:
            target = _new_conversation(act, new, channel, source, moving)
            _part(act, int(conversation), target, str(moving[0][5]))
            for row in moving:
                _move_keys(act, int(row[0]), int(conversation), target)
        for row in moving:
            act.change("entries", int(row[0]), case_id=new, conversation_id=target)
        act.touch_case(int(case_id))
        act.touch_case(new)
        said = "message" if len(moving) == 1 else f"{len(moving)} messages"
        return f"Split {said} off #{case_id} as #{new}"


@dataclass(frozen=True, slots=True)
class ForgetThreadRule(Command):
    """Forget what a correction taught; what was corrected stays."""

    name: ClassVar[str] = "thread.forget"
    title: ClassVar[str] = "Forget a thread rule"
    help: ClassVar[str] = "Forget a rule that merging or splitting taught; see why-thread --rules."

    rule_id: Annotated[int, Argument("Rule number", kind="number")]

    def apply(self, act: Act) -> str:
        """Forget it; see `Command.apply`."""
        row = act.connection.one(_RULE, {"id": self.rule_id})
        if row is None:
            raise NotFound(
                f"There is no thread rule {self.rule_id}. They are listed by:"
                " centric why-thread --rules"
            )
        if row[1]:
            return f"Rule {self.rule_id} was forgotten already"
        act.change("thread_rules", self.rule_id, undone_at=act.now)
        return f"Forgot rule {self.rule_id}"


def _learn(act: Act, case_id: int, into_id: int) -> str:
    """Teach the mark that both cases bear, for the senders of its domain; say so."""
    one, other = _marks(act, case_id), _marks(act, into_id)
    shared = sorted(one.keys() & other.keys())
    if not shared:
        return ""
    domain, mark = shared[0]
    standing = load_rules(act.connection)
    shape = shape_of(mark)
    if not any(rule.scope == domain and rule.shape == shape for rule in standing.marks):
        row: dict[str, Value] = {
            "kind": "mark",
            "scope": domain,
            "shape": shape,
            "example": mark,
            "made_by": act.agent.agent_id,
            "made_at": act.now,
        }
        act.insert("thread_rules", ids.take(act.connection, "thread_rules"), row)
    (conversation,) = act.connection.one(_CONVERSATIONS, {"case": into_id}) or (0,)
    if conversation:
        for author in sorted(one[domain, mark] | other[domain, mark]):
            _leave_key(act, digest(f"mark {mark} {author}"), conversation)
    return f"; mails from {domain} with {mark} or the like stay together from now on"


def _marks(act: Act, case_id: int) -> dict[tuple[str, str], set[str]]:
    """Return (domain, mark) of the subjects of a case, with who wrote them."""
    found: dict[tuple[str, str], set[str]] = {}
    for subject, author in act.connection.all(_SUBJECTS, {"case": case_id}):
        for mark in marks_of(subject):
            found.setdefault((author.rpartition("@")[2], mark), set()).add(author)
    return found


def _leave_key(act: Act, key: str, conversation: int) -> None:
    if act.connection.value(_KNOWN_KEY, {"key": key}) is None:
        act.insert("conversation_keys", {"key": key}, {"conversation_id": conversation})


def _take_over_turn(act: Act, case_id: int, into_id: int) -> None:
    """Let the case that stays wait for us where the other did, since the older of both."""
    status, waiting, since, *_ = act.connection.one(_TURN, {"id": case_id}) or ("", "", 0)
    there = act.connection.one(_TURN, {"id": into_id})
    if there is None or waiting != "us" or not is_unresolved(status):
        return
    stays, theirs, their_since, _, spam, history = there
    if is_unresolved(stays, spam=spam, history=history):
        if theirs != "us" or since < their_since:
            act.change("cases", into_id, waiting_on="us", waiting_since=since)
        return
    act.change(
        "cases", into_id, status="open", waiting_on="us", waiting_since=since, history=0,
        resolution="", resolved_at=0, snoozed_until=0,
    )  # fmt: skip


def _new_case(act: Act, old: CaseState, moving: list[tuple[Value, ...]]) -> int:
    """Make a case for messages: work if the old one is, or a customer had the last word."""
    spoken = [row for row in moving if row[2] in ("inbound", "outbound") and not row[3]]
    asks = bool(spoken) and spoken[-1][2] == "inbound"
    work = asks or is_unresolved(old.status, merged_into=old.merged_into, history=old.history)
    first = next((row for row in moving if row[2] == "inbound"), moving[0])
    last_at = int((spoken or moving)[-1][4] or 0)
    number = ids.take(act.connection, "cases")
    row: dict[str, Value] = {
        "subject": first[5],
        "subject_key": subject_key(str(first[5])),
        "channel": old.channel,
        "requester_id": first[1],
        "status": "open" if work else "closed",
        "waiting_on": "us" if asks or not work else "customer",
        "waiting_since": last_at,
        "resolved_at": 0 if work else last_at,
        "history": int(not work),
        "opened_at": int(first[4] or 0),
        "updated_at": act.now,
    }
    act.insert("cases", number, row)
    act.subjects += [("case", number), ("identity", int(first[1] or 0))]
    return number


def _new_conversation(
    act: Act, case_id: int, channel: Value, source: Value, moving: list[tuple[Value, ...]]
) -> int:
    number = ids.take(act.connection, "conversations")
    subject = str(moving[0][5])
    row: dict[str, Value] = {
        "channel": channel,
        "source_id": source,
        "subject": subject,
        "subject_key": subject_key(subject),
        "case_id": case_id,
        "first_at": moving[0][4],
        "last_at": moving[-1][4],
    }
    act.insert("conversations", number, row)
    return number


def _part(act: Act, one: int, other: int, subject: str) -> None:
    """Teach that two conversations are not one."""
    row: dict[str, Value] = {
        "kind": "apart",
        "one_id": one,
        "other_id": other,
        "example": subject[:200],
        "made_by": act.agent.agent_id,
        "made_at": act.now,
    }
    act.insert("thread_rules", ids.take(act.connection, "thread_rules"), row)


def _move_keys(act: Act, entry_id: int, old: int, new: int) -> None:
    """Let answers to a message find its new conversation."""
    rows = act.connection.all(_ID_AND_PEOPLE, {"id": entry_id})
    for message_id, value, own in rows:
        for who in {str(value), f"own {value}"} if own else {str(value)}:
            key = digest(f"{message_id} {who}")
            if act.connection.value(_KNOWN_KEY, {"key": key}) == old:
                act.change("conversation_keys", {"key": key}, conversation_id=new)
