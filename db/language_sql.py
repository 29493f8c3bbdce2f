"""From the tree of a query to portable SQL: a condition on cases (``c``) or entries (``e``, ``c``).

Values are parameters, always. Where an index of the desk can serve a term, the term is written so
that it does: plain comparisons, and ``not coalesce(…, false)`` around what is negated.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from db.engine.interface import Bound, Value
from db.language import Asker, Filter, Query, Text, moment
from db.language_search import match_of
from db.words import URGENCY_RANK

_AUTHORS = ("author", "from")
_RECIPIENTS = ("to", "cc", "bcc", "participant")

_COLUMN = {
    "status": "c.status",
    "waiting": "c.waiting_on",
    "type": "c.type",
    "number": "c.id",
}
_TAG = (
    "exists (select 1 from case_tags l join tags t on t.id = l.tag_id"
    " where l.case_id = c.id and t.name in ({values}))"
)
_LOGIN = "c.owner_id in (select a.id from agents a where a.login in ({values}))"
_QUEUE = "c.queue_id in (select q.id from queues q where lower(q.name) in ({values}))"
_ORGANIZATION = (
    "c.requester_id in (select i.id from identities i join customers k on k.id = i.customer_id"
    " join organizations g on g.id = k.organization_id where {test})"
)
_CUSTOMER = (
    "c.requester_id in (select i.id from identities i join customers k on k.id = i.customer_id"
    " where k.canonical_id in ({values}))"
)
_VIP = (
    "c.requester_id in (select i.id from customers v join customers k"
    " on k.canonical_id = v.canonical_id join identities i on i.customer_id = k.id"
    " where v.vip = 1)"
)
_UNSEEN = (
    "c.updated_at > coalesce((select s.entry_at from seen s"
    " where s.agent_id = {agent} and s.case_id = c.id), 0) and exists (select 1 from entries u"
    " where u.case_id = c.id and u.removed = 0 and u.agent_id <> {agent}"
    " and u.at > coalesce((select s.entry_at from seen s"
    " where s.agent_id = {agent} and s.case_id = c.id), 0))"
)
_SOME_ENTRY = "exists (select 1 from entries e where e.case_id = c.id and e.removed = 0 and {test})"
_SOME_PARTY = (
    "exists (select 1 from entry_parties p join identities i on i.id = p.identity_id"
    " where p.entry_id = e.id and p.role in ({roles}) and {test})"
)
_TEXT_OF_CASE = (
    "c.id in (select f.case_id from search({value}) found join entries f on f.id = found.rowid"
    " where f.removed = 0)"
)

_IS_OF_CASE = {
    "open": "c.unresolved = 1",
    "resolved": "c.status in ('resolved', 'closed')",
    "snoozed": "c.snoozed_until > 0 and c.snoozed_until > {now}",  # 0: its index holds no others
    "incomplete": "c.owner_id is null and c.status <> 'new'",
    "history": "c.history = 1",
    "junk": "c.spam = 1",
    "vip": _VIP,
    "unseen": _UNSEEN,
}
_OF_ENTRY = {
    ("is", "automatic"): "e.automatic <> ''",
    ("is", "note"): "e.kind = 'note'",
    ("is", "pinned"): "e.pinned = 1",
    ("has", "attachment"): "e.attachments > 0",
    ("has", "note"): "e.kind = 'note'",
}
_HAS_OF_CASE = {
    "owner": "c.owner_id is not null",
    "tag": "exists (select 1 from case_tags l where l.case_id = c.id)",
}


@dataclass(frozen=True, slots=True)
class Where:
    """A condition and its parameters; the condition is never empty."""

    sql: str
    params: dict[str, Bound] = field(default_factory=dict)


def where_cases(query: Query, asker: Asker, prefix: str = "p") -> Where:
    """Return the condition on ``cases c`` that a query means.

    Args:
        query: What is asked; its words are looked for in the entries of the case.
        asker: Who asks, and when.
        prefix: Of the parameter names, for several queries in one statement.
    """
    writer = _Writer(asker, prefix, entries=False)
    parts = [writer.text(text) for text in query.texts if text.field in ("from", "to")]
    parts += _words_of_cases(query, writer)
    parts += [writer.filter(term) for term in query.filters]
    return writer.where(parts)


def where_entries(query: Query, asker: Asker, prefix: str = "p") -> Where:
    """Return the condition on ``entries e join cases c`` of all that the index does not answer.

    Words and subjects are the index's (`db.language_search.match_of`); ``from:`` and ``to:`` are
    narrowed there and decided here.
    """
    writer = _Writer(asker, prefix, entries=True)
    parts = [writer.text(text) for text in query.texts if text.field in ("from", "to")]
    parts += [writer.filter(term) for term in query.filters]
    return writer.where(parts)


def _words_of_cases(query: Query, writer: _Writer) -> list[str]:
    parts = []
    for text in query.texts:
        if text.field not in ("from", "to"):
            match = match_of(Query((Text(text.field, text.values),)))
            condition = _TEXT_OF_CASE.format(value=writer.name(match))
            parts.append(_negated(condition) if text.negated else condition)
    return parts


def _negated(condition: str) -> str:
    return f"not coalesce(({condition}), false)"


class _Writer:
    """Writes conditions and collects their parameters."""

    def __init__(self, asker: Asker, prefix: str, *, entries: bool) -> None:
        self._asker = asker
        self._prefix = prefix
        self._entries = entries
        self._params: dict[str, Bound] = {}
        self._names: dict[tuple[type, Bound], str] = {}

    def name(self, value: Bound) -> str:
        """Return the placeholder of a value."""
        key = (type(value), value)
        if key not in self._names:
            name = f"{self._prefix}{len(self._names)}"
            self._names[key] = name
            self._params[name] = value
        return ":" + self._names[key]

    def where(self, parts: Sequence[str]) -> Where:
        """Return all parts together."""
        return Where(" and ".join(f"({part})" for part in parts) or "1 = 1", self._params)

    def filter(self, term: Filter) -> str:
        """Return the condition of a property."""
        condition = self._filter(term)
        return _negated(condition) if term.negated else condition

    def text(self, term: Text) -> str:
        """Return the condition of ``from:`` or ``to:``."""
        roles = _AUTHORS if term.field == "from" else _RECIPIENTS
        tests = []
        for value in term.values:
            tests += [self._contains("p.name", value), self._contains("i.value", value)]
        condition = _SOME_PARTY.format(roles=self._values(roles), test=f"({' or '.join(tests)})")
        if term.field == "from":
            authors = " or ".join(self._contains("e.author", value) for value in term.values)
            condition = f"{authors} or {condition}"
        condition = self._of_entry(f"({condition})")
        return _negated(condition) if term.negated else condition

    def _filter(self, term: Filter) -> str:
        if term.field in _COLUMN:
            values: list[Value] = list(term.values)
            if term.field == "number":
                values = [int(value) for value in term.values]
            return f"{_COLUMN[term.field]} in ({self._values(values)})"
        if term.field == "urgency":  # by rank: the index of the desk begins with it
            ranks = [URGENCY_RANK[value] for value in term.values]
            return f"c.urgency_rank in ({self._values(ranks)})"
        if term.field == "channel":
            column = "e.channel" if self._entries else "c.channel"
            return f"{column} in ({self._values(term.values)})"
        if term.field in ("after", "before"):
            return self._time(term)
        if term.field in ("is", "has"):
            return " or ".join(f"({self._state(term.field, value)})" for value in term.values)
        if term.field == "owner":
            return self._owner(term.values)
        return self._named(term)

    def _time(self, term: Filter) -> str:
        """Several times mean any of them: the earliest after, the latest before."""
        column = "e.at" if self._entries else "c.updated_at"
        moments = [moment(value, self._asker) for value in term.values]
        if term.field == "after":
            return f"{column} >= {self.name(min(moments))}"
        return f"{column} < {self.name(max(moments))}"

    def _state(self, field: str, value: str) -> str:
        if (field, value) in _OF_ENTRY:
            return self._of_entry(_OF_ENTRY[field, value])
        if field == "has":
            return _HAS_OF_CASE[value]
        now = self.name(self._asker.now) if value == "snoozed" else ""
        agent = self.name(self._asker.agent_id) if value == "unseen" else ""
        return _IS_OF_CASE[value].format(now=now, agent=agent)

    def _owner(self, values: Sequence[str]) -> str:
        tests = []
        logins = [value for value in values if value.lower() not in ("me", "none")]
        words = {value.lower() for value in values}
        if "me" in words:
            tests.append(f"c.owner_id = {self.name(self._asker.agent_id)}")
        if "none" in words:
            tests.append("c.owner_id is null")
        if logins:
            tests.append(_LOGIN.format(values=self._values(logins)))
        return " or ".join(tests)

    def _named(self, term: Filter) -> str:
        if term.field == "tag":
            return _TAG.format(values=self._values(term.values))
        if term.field == "queue":
            names = [_lower(value) for value in term.values]
            names += [value.lower() for value in term.values]  # PostgreSQL folds every letter
            return _QUEUE.format(values=self._values(list(dict.fromkeys(names))))
        if term.field == "org":
            tests = [self._contains("g.name", value) for value in term.values]
            tests += [f"g.domain = {self.name(value.lower())}" for value in term.values]
            return _ORGANIZATION.format(test=f"({' or '.join(tests)})")
        people: list[int] = []
        for value in term.values:
            people += customers_named(value, self._asker.people)
        return _CUSTOMER.format(values=self._values(people) or "null")

    def _of_entry(self, test: str) -> str:
        return test if self._entries else _SOME_ENTRY.format(test=test)

    def _contains(self, column: str, value: str) -> str:
        """Return a test for a part of a text, in any case, without LIKE.

        The engines fold ASCII alone the same way, so other letters are tried as they are written
        in common.
        """
        forms = [_lower(value)]
        if not value.isascii():
            forms += [value.lower(), value.upper(), value.title(), value]
        tests = []
        for form in dict.fromkeys(forms):
            tests.append(f"replace(lower({column}), {self.name(_lower(form))}, '')")
        return "(" + " or ".join(f"{test} <> lower({column})" for test in tests) + ")"

    def _values(self, values: Sequence[Value]) -> str:
        return ", ".join(self.name(value) for value in values)


def customers_named(value: str, people: Callable[[str], tuple[int, ...]]) -> tuple[int, ...]:
    """Return the customers that ``customer:`` means: a number is an id, all else is looked up."""
    if value.isascii() and value.isdigit() and len(value) <= 15:
        return (int(value),)
    return people(value)


def _lower(text: str) -> str:
    """Lower ASCII letters alone, as SQLite's ``lower`` does."""
    return "".join(character.lower() if character.isascii() else character for character in text)
