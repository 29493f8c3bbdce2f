"""What an arriving message does to the work: a case for each conversation, and history apart.

An imported conversation is work only if its last human words are a customer's and recent; every
other one is born closed, outside counters. As long as no agent has touched a case, what it is
follows from its conversations alone, whatever the order in which their entries came. Once an
agent has touched it, a customer's words reopen it, and ours make it wait for the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.among import among
from db.conversations import Conversation, found
from db.engine.interface import Connection, Value
from db.identity.link import Identity, People
from db.ids import take
from db.words import is_unresolved

_COLUMNS = (
    "c.id, c.requester_id, c.subject, c.subject_key, c.channel, c.status, c.waiting_on,"
    " c.waiting_since, c.snoozed_until, c.resolution, c.resolved_at, c.merged_into, c.spam,"
    " c.history, c.worked, c.unresolved, c.opened_at, c.updated_at, c.revision"
)
_BY_ID = f"select {_COLUMNS} from cases c where c.id in (:among)"  # noqa: S608  # a constant
_SAME_TOPIC = f"""
select {_COLUMNS} from customers k
join identities i on i.customer_id = k.id
join cases c on c.requester_id = i.id and c.unresolved = 1
where k.canonical_id = :customer and c.subject_key = :topic
order by c.id
"""  # noqa: S608  # a constant
_ADD = """
insert into cases(id, requester_id, subject, subject_key, channel, status, waiting_on,
  waiting_since, resolved_at, merged_into, history, unresolved, opened_at, updated_at, revision)
values(:id, :requester, :subject, :subject_key, :channel, :status, :waiting_on, :waiting_since,
  :resolved_at, 0, :history, :unresolved, :opened_at, :updated_at, 1)
"""
_SET = """
update cases set requester_id = :requester, subject = :subject, subject_key = :subject_key,
  status = :status, waiting_on = :waiting_on, waiting_since = :waiting_since,
  waiting_name = case when :waiting_on in ('us', 'customer') then '' else waiting_name end,
  snoozed_until = :snoozed_until, resolution = :resolution, resolved_at = :resolved_at,
  merged_into = :merged_into, history = :history, unresolved = :unresolved,
  opened_at = :opened_at, updated_at = :updated_at, revision = revision + :steps
where id = :id
"""
_REMOVE = "delete from cases where id = :id"
_HELD = """
select exists(select 1 from drafts where case_id = :id)
  or exists(select 1 from seen where case_id = :id)
  or exists(select 1 from case_tags where case_id = :id)
  or exists(select 1 from case_links where case_id = :id or other_id = :id)
  or exists(select 1 from journal_subjects where kind = 'case' and id = :id)
"""
_LINK = """
insert into case_links(case_id, other_id, kind) values(:one, :other, :kind) on conflict do nothing
"""
_MEMBERS = "select id from conversations where case_id = :case and joined_id = 0"
_REPOINT = """
update entries set case_id = :case, conversation_id = :conversation
where case_id = :old_case and conversation_id = :old
"""
_REPOINT_CONVERSATION = "update conversations set case_id = :case where id = :id"
_FIRST_HOME = """
select e.identity_id from entries e join identities i on i.id = e.identity_id
where e.case_id = :case and e.conversation_id = :conversation and i.own = 0
order by e.at, e.id limit 1
"""
_UNANSWERED = """
select min(at) from entries
where case_id = :case and direction = 'inbound' and automatic = '' and removed = 0
  and kind in ('message', 'review') and at > coalesce((
    select max(at) from entries
    where case_id = :case and direction = 'outbound' and automatic = '' and removed = 0
      and kind in ('message', 'review')), :earliest)
"""
_EARLIEST = -(2**62)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How to look at what arrives.

    Attributes:
        work_since: Only a customer's words that are newer open a case; UTC milliseconds.
        time_zone: Of the source, where its format states none; IANA name.
        live: True for mail as it comes in: a case that it opened stays one when we answer.
    """

    work_since: int
    time_zone: str = ""
    live: bool = False


@dataclass(slots=True, eq=False)
class Case:
    """A case that this batch touches; the names are those of the columns.

    Attributes:
        id: 0 until it is numbered.
        counted: The customer that counts it, and whether it counts as open there; as stored.
        steps: Entries that came to it in this batch.
    """

    id: int
    requester: Identity
    subject: str
    subject_key: str
    channel: str
    status: str
    waiting_on: str
    waiting_since: int
    snoozed_until: int
    resolution: str
    resolved_at: int
    merged_into: int
    spam: int
    history: int
    worked: int
    unresolved: int
    opened_at: int
    updated_at: int
    revision: int
    stored: bool = False
    gone: bool = False
    steps: int = 0
    counted: int = 0

    def row(self) -> dict[str, Value]:
        """Return it as parameters of a statement."""
        return {
            "id": self.id,
            "requester": self.requester.id,
            "subject": self.subject,
            "subject_key": self.subject_key,
            "channel": self.channel,
            "status": self.status,
            "waiting_on": self.waiting_on,
            "waiting_since": self.waiting_since,
            "snoozed_until": self.snoozed_until,
            "resolution": self.resolution,
            "resolved_at": self.resolved_at,
            "merged_into": self.merged_into,
            "history": self.history,
            "unresolved": self.unresolved,
            "opened_at": self.opened_at,
            "updated_at": self.updated_at,
            "steps": self.steps,
        }

    def settle(self) -> None:
        """Bring ``unresolved`` in line with the rest."""
        self.unresolved = int(
            is_unresolved(
                self.status,
                merged_into=self.merged_into,
                spam=self.spam,
                history=self.history,
            )
        )


class Cases:
    """The cases of one transaction."""

    def __init__(self, connection: Connection, people: People, arrival: Arrival) -> None:
        self._connection = connection
        self._people = people
        self._arrival = arrival
        self._by_id: dict[int, Case] = {}
        self._of: dict[Conversation, Case] = {}
        self._conversations: dict[int, Conversation] = {}
        self._members: dict[Case, dict[Conversation, None]] = {}
        self._topics: dict[tuple[int, str], Case] = {}
        self._touched: dict[Case, None] = {}
        self._links: list[tuple[Case, Case, str]] = []
        self.customers: set[int] = set()

    # Finding

    def load(self, conversations: Iterable[Conversation]) -> None:
        """Find the cases of stored conversations, following merges."""
        stored = [one for one in conversations if one.stored and one not in self._of]
        self._load_ids({one.case_id for one in stored if one.case_id})
        for one in stored:
            case = self._by_id.get(one.case_id)
            if case is None:
                continue
            self._conversations[one.id] = one
            self._belong(one, self._final(case))
            if one.home is None and not case.requester.own:
                one.home = case.requester

    def _load_ids(self, wanted: set[int]) -> None:
        lacking = wanted - self._by_id.keys()
        while lacking:
            rows = list(among(self._connection, _BY_ID, sorted(lacking)))
            self._keep(rows)
            lacking = {row[11] for row in rows if row[11]} - self._by_id.keys()

    def _keep(self, rows: Sequence[tuple[object, ...]]) -> list[Case]:
        requesters = self._people.by_ids(int(str(row[1])) for row in rows)
        kept = []
        for row in rows:
            number = int(str(row[0]))
            if number not in self._by_id:
                case = Case(number, requesters[int(str(row[1]))], *row[2:], stored=True)  # type: ignore[arg-type,misc]  # columns of a row
                customer = case.requester.customer
                case.counted = customer.id if customer else 0
                self._by_id[number] = case
            kept.append(self._by_id[number])
        return kept

    def _final(self, case: Case) -> Case:
        """Return the case that this one was merged into in the end; a ring ends where it began."""
        seen = {case.id}
        while case.merged_into and case.merged_into not in seen:
            following = self._by_id.get(case.merged_into)
            if following is None:
                break
            seen.add(following.id)
            case = following
        return case

    def of(self, conversation: Conversation) -> Case:
        """Return the case of a conversation that was settled."""
        return self._of[found(conversation)]

    # Belonging

    def _belong(self, conversation: Conversation, case: Case) -> None:
        old = self._of.get(conversation)
        if old is not None:
            self._members.get(old, {}).pop(conversation, None)
        self._of[conversation] = case
        self._members.setdefault(case, {})[conversation] = None

    def _shared(self, case: Case, conversation: Conversation) -> bool:
        """Say whether other conversations belong to the case too."""
        if any(one is not conversation for one in self._members.get(case, ())):
            return True
        if not case.stored:
            return False
        rows = self._connection.all(_MEMBERS, {"case": case.id})
        return any(number not in self._conversations for (number,) in rows)

    def _move(self, conversation: Conversation, target: Case) -> None:
        """Take a conversation, with its stored entries, to another case."""
        old = self._of[conversation]
        self._belong(conversation, target)
        target.updated_at = max(target.updated_at, conversation.last_at)
        self._touched[target] = None
        if conversation.stored and old.stored:
            self._number(target)
            self._connection.run(
                _REPOINT,
                {
                    "case": target.id,
                    "conversation": conversation.id,
                    "old_case": old.id,
                    "old": conversation.id,
                },
            )
            self._connection.run(_REPOINT_CONVERSATION, {"case": target.id, "id": conversation.id})
        if not old.worked and not self._shared(old, conversation):
            self._dissolve(old, target)
        else:
            self._touched[old] = None

    def _dissolve(self, case: Case, target: Case) -> None:
        """Let go of a case that nobody touched; its number stays known where something holds it."""
        case.gone = True
        self._touched[case] = None
        if not case.stored:
            return
        if self._connection.value(_HELD, {"id": case.id}):
            self._number(target)
            case.gone = False
            case.merged_into, case.status = target.id, "closed"
            case.settle()

    def join(self, kept: Conversation, gone: Conversation) -> None:
        """Bring together the cases of two conversations that turned out to be one."""
        kept = found(kept)
        if gone not in self._of:
            return
        old = self._of[gone]
        if kept not in self._of:
            self._belong(kept, old)
        target = self._of[kept]
        if target is not old and old.worked and not target.worked:
            self._move(kept, old)
            target = old
        if gone.stored and kept.stored:
            self._number(target)
            self._connection.run(
                _REPOINT,
                {
                    "case": old.id if target.worked and old.worked else target.id,
                    "conversation": kept.id,
                    "old_case": old.id,
                    "old": gone.id,
                },
            )
        self._members[old].pop(gone, None)
        self._touched[target] = None
        if target is old:
            return
        if old.worked:
            self._links.append((old, target, "related"))
        elif not self._shared(old, gone):
            self._dissolve(old, target)

    # Deciding

    def settle(
        self, conversation: Conversation, homes: Identity, spoken: Sequence[tuple[int, str]]
    ) -> None:
        """Decide the case of a conversation that entries came to.

        Args:
            conversation: With the new entries counted in.
            homes: The identity of its first new entry, for a conversation without outsiders.
            spoken: ``(at, direction)`` of each new entry; the direction of human words, else empty.
        """
        case = self._of.get(conversation)
        if case is None:
            case = self._born(conversation, conversation.home or homes)
        elif not case.worked:
            case = self._follow(case, conversation)
        case.steps += len(spoken)
        case.updated_at = max(case.updated_at, conversation.last_at)
        self._touched[case] = None
        if case.worked:
            self._speak(case, conversation, spoken)
        else:
            self._weigh(case, conversation, spoken)

    def _born(self, conversation: Conversation, requester: Identity) -> Case:
        """Make a case for a conversation: history until it is weighed."""
        case = Case(
            0, requester, conversation.subject, conversation.subject_key, conversation.channel,
            "closed", "us", conversation.last_at, 0, "", conversation.last_at, 0, 0, 1, 0, 0,
            conversation.first_at, conversation.last_at, 1,
        )  # fmt: skip
        self._belong(conversation, case)
        return case

    def _follow(self, case: Case, conversation: Conversation) -> Case:
        """Let an untouched case follow what earlier entries said of who asks, and about what."""
        if conversation.topic_changed and self._shared(case, conversation):
            case = self._leave(case, conversation)
        if not self._shared(case, conversation):
            case.subject, case.subject_key = conversation.subject, conversation.subject_key
            case.requester = conversation.home or case.requester
            case.opened_at = conversation.first_at
        return case

    def _leave(self, case: Case, conversation: Conversation) -> Case:
        """Give a conversation a case of its own again."""
        requester = case.requester
        if conversation.stored:
            number = self._connection.value(
                _FIRST_HOME, {"case": case.id, "conversation": conversation.id}
            )
            if number is not None:
                requester = self._people.by_ids((number,))[number]
        elif conversation.home is not None:
            requester = conversation.home
        own = self._born_beside(conversation, requester)
        self._move_from(conversation, case, own)
        return own

    def _born_beside(self, conversation: Conversation, requester: Identity) -> Case:
        old = self._of[conversation]
        own = self._born(conversation, requester)
        self._belong(conversation, old)
        return own

    def _move_from(self, conversation: Conversation, case: Case, own: Case) -> None:
        self._move(conversation, own)
        self._touched[case] = None

    def _is_work(self, conversation: Conversation) -> bool:
        return (
            conversation.last_human_direction == "inbound"
            and conversation.last_human_at >= self._arrival.work_since
        )

    def _weigh(
        self, case: Case, conversation: Conversation, spoken: Sequence[tuple[int, str]]
    ) -> None:
        """Decide whether a case that nobody touched is work."""
        if self._is_work(conversation):
            other = self._same_topic(case, conversation)
            if other is not None and other is not case:
                self._move(conversation, other)
                other.steps += len(spoken)
                if other.worked:
                    self._speak(other, conversation, spoken)
                return
            self._open(case)
        elif case.unresolved and conversation.last_human_direction == "inbound":
            return  # it was work by another import's date, and nobody has answered
        elif self._arrival.live and case.unresolved:
            if any(direction == "outbound" for _at, direction in spoken):
                self._wait_for_customer(case, conversation.last_human_at)
        elif self._shared(case, conversation):
            self._leave(case, conversation)
        else:
            self._close_as_history(case, conversation)

    def _open(self, case: Case) -> None:
        if not case.unresolved:
            case.status, case.history, case.resolved_at = "new", 0, 0
        case.waiting_on = "us"
        case.settle()
        topic = self._topic(case)
        if topic:
            self._topics.setdefault(topic, case)

    def _close_as_history(self, case: Case, conversation: Conversation) -> None:
        case.status, case.history = "closed", 1
        case.resolved_at = case.waiting_since = conversation.last_at
        case.settle()

    def _topic(self, case: Case) -> tuple[int, str] | None:
        customer = case.requester.customer
        if customer is None or not case.subject_key:
            return None
        return customer.canonical_id, case.subject_key

    def _same_topic(self, case: Case, conversation: Conversation) -> Case | None:
        """Return the open case of the same customer about the same subject."""
        customer = (conversation.home or case.requester).customer
        if customer is None or not conversation.subject_key:
            return None
        topic = (customer.canonical_id, conversation.subject_key)
        known = self._topics.get(topic)
        if (
            known is not None
            and known.unresolved
            and not known.gone
            and self._topic(known) == topic
        ):
            return known
        if customer.is_new:
            return None
        rows = self._connection.all(_SAME_TOPIC, {"customer": topic[0], "topic": topic[1]})
        for other in self._keep(rows):
            if other.unresolved and not other.gone and self._topic(other) == topic:
                self._topics[topic] = other
                return other
        return None

    def _speak(
        self, case: Case, conversation: Conversation, spoken: Sequence[tuple[int, str]]
    ) -> None:
        """Let new words change a case that agents have touched, if they are its latest."""
        latest = (conversation.last_human_at, conversation.last_human_direction)
        if case.spam or latest not in spoken:
            return
        if latest[1] == "outbound":
            if case.unresolved:
                self._wait_for_customer(case, latest[0])
        elif latest[0] >= self._arrival.work_since:
            if case.status == "closed":
                self._follow_up(case, conversation)
            else:
                self._reopen(case)

    def _reopen(self, case: Case) -> None:
        if case.status != "new":
            case.status = "open"
        case.waiting_on, case.snoozed_until = "us", 0
        case.resolution, case.resolved_at, case.history = "", 0, 0
        case.settle()

    def _wait_for_customer(self, case: Case, since: int) -> None:
        case.waiting_on, case.waiting_since = "customer", since

    def _follow_up(self, case: Case, conversation: Conversation) -> None:
        """Go on in a new case, linked to the closed one, from this entry on."""
        steps = case.steps
        case.steps = 0
        following = self._born(conversation, conversation.home or case.requester)
        following.steps = steps
        following.opened_at = following.waiting_since = conversation.last_human_at
        self._open(following)
        self._links.append((following, case, "follow_up"))
        self._touched[following] = None

    # Writing

    def _number(self, case: Case) -> None:
        if not case.id:
            case.id = take(self._connection, "cases")
            self._by_id[case.id] = case

    def number(self) -> None:
        """Give new cases their numbers, in the order in which they came."""
        fresh = [case for case in self._touched if not case.id and not case.gone]
        if fresh:
            first = take(self._connection, "cases", len(fresh))
            for number, case in enumerate(fresh, first):
                case.id = number
                self._by_id[number] = case
        for conversation, case in self._of.items():
            conversation.case_id = case.id

    def flush(self) -> None:
        """Write the cases, after their entries: since when they wait is read from these."""
        touched = [case for case in self._touched if not case.gone]
        for case in touched:
            if case.unresolved and case.waiting_on == "us":
                since = self._connection.value(
                    _UNANSWERED, {"case": case.id, "earliest": _EARLIEST}
                )
                if since is not None:
                    case.waiting_since = since
        self._connection.many(_ADD, [case.row() for case in touched if not case.stored])
        self._connection.many(_SET, [case.row() for case in touched if case.stored])
        gone = [case for case in self._touched if case.gone and case.stored]
        self._connection.many(_REMOVE, [{"id": case.id} for case in gone])
        self._connection.many(
            _LINK,
            [{"one": one.id, "other": other.id, "kind": kind} for one, other, kind in self._links],
        )
        for case in self._touched:
            customer = case.requester.customer
            self.customers.update({case.counted, customer.id if customer else 0} - {0})
