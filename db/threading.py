"""By what a mail is put into its conversation: every name that counts, and the rule behind it.

Names follow from the mail alone, so that no order of arrival changes what belongs together: a mail
that holds names of two conversations joins them. Beside each name stands the person who must be on
both mails; an address of ours that only the recipient knows needs nobody beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from connectors.contract import Entry
from db.arrival import Guest
from db.direction import Heading, company
from db.thread_rules import ThreadRules
from db.tokens import Tokens

PERIOD_MS = 14 * 86_400_000
"""Mails without ids, on the same subject with the same person, belong together for half of it."""
SUBJECT_PERSONS = 5  # a mail to more people than this is found by its ids alone
SUBJECT_BYTES = 3  # shorter subjects say nothing; two Chinese characters may say all


class Letter(Protocol):
    """What must be known of an entry; see `db.arrival.Prepared`."""

    @property
    def entry(self) -> Entry:
        """As it came."""

    @property
    def subject(self) -> str:
        """On one line."""

    @property
    def topic(self) -> str:
        """The subject as threads are compared by it."""

    @property
    def guests(self) -> tuple[Guest, ...]:
        """Parties with an address."""

    @property
    def thread_ids(self) -> tuple[str, ...]:
        """Ids, nearest first."""

    @property
    def tokens(self) -> tuple[tuple[str, bool], ...]:
        """What looks like a token of ours."""

    @property
    def human(self) -> bool:
        """True for a person's words."""


class Name(NamedTuple):
    """A key of a conversation, before it is digested.

    Attributes:
        key: Two mails with the same key belong together.
        rule: Which of `RULES` made it.
        shown: What of the mail it is, fit to show.
        person: Who must be on both; empty for nobody.
    """

    key: str
    rule: str
    shown: str
    person: str


RULES = {
    "chat": "the source names the conversation",
    "id": "Message-ID, In-Reply-To, References",
    "token": "an id that we made, with our seal",
    "address": "an address that we made for this conversation",
    "outlook": "Outlook's Thread-Index",
    "gmail": "Gmail's conversation number",
    "taught": "a mark in the subject, as an agent taught it",
    "subject": "same subject and person within a week, without ids",
}


def names_of(
    one: Letter,
    heading: Heading,
    source: str,
    tokens: Tokens | None,
    rules: ThreadRules,
    is_own: Callable[[Guest], bool],
) -> tuple[Name, ...]:
    """Return by what an entry is put into its conversation; nothing: into one of its own."""
    entry = one.entry
    if entry.thread:
        key = f"thread {source} {entry.thread}"
        return (Name(key, "chat", entry.thread, ""),)
    people = company(entry, one.guests, heading, is_own)
    own = [Name(f"{found} {who}", "id", found, who) for found in one.thread_ids for who in people]
    if entry.hints and one.topic:
        own += _hinted(entry, one.topic, people)
    if one.tokens and tokens is not None:
        own += _sealed(one, people, tokens)
    own += _taught(one, heading, people, rules)
    own += _by_subject(one, people)
    return tuple(dict.fromkeys(own))


def _hinted(entry: Entry, topic: str, people: tuple[str, ...]) -> list[Name]:
    """A hint counts with the subject alone: programs copy it where a conversation is not."""
    return [
        Name(f"{hint} {topic} {who}", hint.partition(" ")[0], hint.partition(" ")[2], who)
        for hint in entry.hints
        for who in people
    ]


def _sealed(one: Letter, people: tuple[str, ...], tokens: Tokens) -> list[Name]:
    found: list[Name] = []
    for word, addressed in one.tokens:
        secret = tokens.verified(word)
        if not secret:
            continue
        if addressed:
            found.append(Name(f"token {secret}", "address", word, ""))
        found += [Name(f"token {secret} {who}", "token", word, who) for who in people]
    return found


def _taught(
    one: Letter, heading: Heading, people: tuple[str, ...], rules: ThreadRules
) -> list[Name]:
    if heading.author is None or not rules.marks:
        return []
    return [
        Name(f"mark {mark} {who}", "taught", mark, who)
        for mark in rules.marks_in(one.subject, heading.author.key.value)
        for who in people
    ]


def _by_subject(one: Letter, people: tuple[str, ...]) -> list[Name]:
    """Name what a mail is about, where it carries no ids: it may be an answer that lost them.

    Two rows of periods overlap, so that any two mails within half a period share one of them.
    """
    entry, topic = one.entry, one.topic
    if not one.human or entry.channel != "email" or entry.in_reply_to or entry.references:
        return []
    if len(topic.encode("utf-8")) < SUBJECT_BYTES or len(people) > SUBJECT_PERSONS:
        return []
    periods = (f"a{entry.at // PERIOD_MS}", f"b{(entry.at + PERIOD_MS // 2) // PERIOD_MS}")
    return [
        Name(f"topic {period} {topic} {who}", "subject", topic, who)
        for period in periods
        for who in people
    ]
