"""Cases as rows: read for a batch, changed in memory by `db.cases`, written once at its end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from db.among import among
from db.engine.interface import Connection, Value
from db.identity.link import Identity, People
from db.ids import take
from db.waiting import unanswered_since
from db.words import is_unresolved

_COLUMNS = (
    "c.id, c.requester_id, c.subject, c.subject_key, c.channel, c.status, c.waiting_on,"
    " c.waiting_since, c.snoozed_until, c.resolution, c.resolved_at, c.merged_into, c.spam,"
    " c.history, c.worked, c.unresolved, c.opened_at, c.updated_at, c.revision"
)
_BY_ID = f"select {_COLUMNS} from cases c where c.id in (:among)"  # noqa: S608  # a constant
_SAME_TOPIC = f"""
select {_COLUMNS} from identities i
join cases c on c.requester_id = i.id and c.unresolved = 1
where i.customer_id = :customer and c.subject_key = :topic
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


class CaseTable:
    """The cases that one transaction has read or made."""

    def __init__(self, connection: Connection, people: People) -> None:
        self._connection = connection
        self._people = people
        self._by_id: dict[int, Case] = {}
        self._members: dict[int, list[int]] = {}
        self._links: list[tuple[Case, Case, str]] = []

    def load(self, wanted: Iterable[int]) -> None:
        """Read cases by number, and those that they were merged into."""
        lacking = set(wanted) - self._by_id.keys()
        while lacking:
            rows = list(among(self._connection, _BY_ID, sorted(lacking)))
            self._keep(rows)
            lacking = {row[11] for row in rows if row[11]} - self._by_id.keys()

    def get(self, number: int) -> Case | None:
        """Return a case that was loaded, or the one that it was merged into in the end."""
        case = self._by_id.get(number)
        seen = {number}
        while case is not None and case.merged_into and case.merged_into not in seen:
            following = self._by_id.get(case.merged_into)
            if following is None:
                break
            seen.add(following.id)
            case = following
        return case

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

    def open_about(self, customer_id: int, topic: str) -> list[Case]:
        """Return the unresolved cases of a customer with this subject, as stored, oldest first."""
        rows = self._connection.all(_SAME_TOPIC, {"customer": customer_id, "topic": topic})
        return self._keep(rows)

    def conversations_of(self, case: Case) -> list[int]:
        """Return the conversations that belonged to a case when this transaction first asked."""
        if not case.stored:
            return []
        if case.id not in self._members:
            rows = self._connection.all(_MEMBERS, {"case": case.id})
            self._members[case.id] = [row[0] for row in rows]
        return self._members[case.id]

    def is_held(self, case: Case) -> bool:
        """Say whether something an agent made names the case."""
        return bool(self._connection.value(_HELD, {"id": case.id}))

    def link(self, one: Case, other: Case, kind: str) -> None:
        """Link two cases once both are written."""
        self._links.append((one, other, kind))

    def number(self, cases: Iterable[Case]) -> None:
        """Give cases that have none their numbers."""
        fresh = [case for case in cases if not case.id]
        if fresh:
            first = take(self._connection, "cases", len(fresh))
            for number, case in enumerate(fresh, first):
                case.id = number
                self._by_id[number] = case

    def flush(self, touched: Sequence[Case]) -> None:
        """Write cases, after their entries: since when they wait is read from these."""
        kept = [case for case in touched if not case.gone]
        for case in kept:
            if case.unresolved and case.waiting_on == "us":
                since = unanswered_since(self._connection, case.id)
                if since is not None:
                    case.waiting_since = since
        self._connection.many(_ADD, [case.row() for case in kept if not case.stored])
        self._connection.many(_SET, [case.row() for case in kept if case.stored])
        gone = [case for case in touched if case.gone and case.stored]
        self._connection.many(_REMOVE, [{"id": case.id} for case in gone])
        self._connection.many(
            _LINK,
            [{"one": one.id, "other": other.id, "kind": kind} for one, other, kind in self._links],
        )
