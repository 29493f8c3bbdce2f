"""What an arriving message does to the work: a case for each conversation, and history apart.

An imported conversation is work only if its last human words are a customer's and recent; every
other one is born closed, outside counters. As long as no agent has touched a case, what it is
follows from its conversations alone, whatever the order in which their entries came. Once an
agent has touched it, a customer's words reopen it, and ours make it wait for the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from db.arriving import Arrival
from db.case_rows import Case, CaseTable
from db.conversations import Conversation, found
from db.engine.interface import Connection
from db.identity.link import Identity, People

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


class Cases:
    """The cases of one transaction."""

    def __init__(self, connection: Connection, people: People, arrival: Arrival) -> None:
        self._connection = connection
        self._people = people
        self._arrival = arrival
        self._table = CaseTable(connection, people)
        self._of: dict[Conversation, Case] = {}
        self._conversations: dict[int, Conversation] = {}
        self._members: dict[Case, dict[Conversation, None]] = {}
        self._topics: dict[tuple[int, str], Case] = {}
        self._touched: dict[Case, None] = {}
        self.customers: set[int] = set()

    # Finding

    def load(self, conversations: Iterable[Conversation]) -> None:
        """Find the cases of stored conversations, following merges."""
        stored = [one for one in conversations if one.stored and one not in self._of]
        self._table.load(one.case_id for one in stored if one.case_id)
        for one in stored:
            case = self._table.get(one.case_id)
            if case is None:
                continue
            self._conversations[one.id] = one
            self._belong(one, case)
            if one.home is None and not case.requester.own:
                one.home = case.requester

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
        stored = self._table.conversations_of(case)
        return any(number not in self._conversations for number in stored)

    def _move(self, conversation: Conversation, target: Case) -> None:
        """Take a conversation, with its stored entries, to another case."""
        old = self._of[conversation]
        self._belong(conversation, target)
        target.updated_at = max(target.updated_at, conversation.last_at)
        self._touched[target] = None
        if conversation.stored and old.id:  # a case that was made a moment ago holds entries too
            self._table.number((target,))
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
        if self._table.is_held(case):
            self._table.number((target,))
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
            self._table.number((target,))
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
            self._table.link(old, target, "related")
        elif self._shared(old, gone):
            self._touched[old] = None
        else:
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
        if conversation.changed and self._shared(case, conversation):
            case = self._leave(case, conversation)
        if not self._shared(case, conversation):
            case.subject, case.subject_key = conversation.subject, conversation.subject_key
            case.requester = conversation.home or case.requester
            case.opened_at = conversation.first_at
        return case

    def _leave(self, case: Case, conversation: Conversation) -> Case:
        """Give a conversation a case of its own again."""
        requester = conversation.home or case.requester
        if conversation.stored and not conversation.changed:
            # Its home was read from the case, which may be another conversation's.
            number = self._connection.value(
                _FIRST_HOME, {"case": case.id, "conversation": conversation.id}
            )
            if number is not None:
                requester = self._people.by_ids((number,))[number]
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
            if not self._joined(case, conversation, spoken):
                self._open(case)
        elif case.unresolved and conversation.last_human_direction == "inbound":
            return  # it was work by another import's date, and nobody has answered
        elif self._arrival.live and case.unresolved:
            if any(direction == "outbound" for _at, direction in spoken):
                self._wait_for_customer(case, conversation.last_human_at)
        elif conversation.channel == "phone" and self._joined(case, conversation, spoken):
            return
        elif self._shared(case, conversation):
            self._leave(case, conversation)
        else:
            self._close_as_history(case, conversation)

    def _joined(
        self, case: Case, conversation: Conversation, spoken: Sequence[tuple[int, str]]
    ) -> bool:
        """Take a conversation to the open case of the same customer about the same, if any.

        A call log asks for nothing and can keep no case open: it joins only a case that later words
        will not make history again.
        """
        other = self._same_topic(case, conversation)
        if other is None or other is case:
            return False
        if not (conversation.last_human_direction or other.worked or self._arrival.live):
            return False
        self._move(conversation, other)
        other.steps += len(spoken)
        if other.worked:
            self._speak(other, conversation, spoken)
        return True

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
        # Of the customer and not of all who are linked as them: a link that is taken back leaves
        # no case behind that holds the words of both.
        return customer.id, case.subject_key

    def _same_topic(self, case: Case, conversation: Conversation) -> Case | None:
        """Return the open case of the same customer about the same subject."""
        customer = (conversation.home or case.requester).customer
        if customer is None or not conversation.subject_key:
            return None
        topic = (customer.id, conversation.subject_key)
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
        for other in self._table.open_about(*topic):
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
        self._table.link(following, case, "follow_up")
        self._touched[following] = None

    # Writing

    def number(self) -> None:
        """Give new cases their numbers, in the order in which they came."""
        self._table.number(case for case in self._touched if not case.gone)
        for conversation, case in self._of.items():
            conversation.case_id = case.id

    def flush(self) -> None:
        """Write the cases, after their entries."""
        self._table.flush(list(self._touched))
        for case in self._touched:
            customer = case.requester.customer
            self.customers.update({case.counted, customer.id if customer else 0} - {0})
