"""What agents taught about conversations: which marks in a subject name one, and which two differ.

A mark is what another program writes into subjects, such as ``OPS-42``: an agent who brings two of
its mails together teaches its shape (``OPS-9``) for the senders of that domain. Two conversations
that an agent parted are never joined again by an id that both know.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from db.engine.interface import Connection

MARKS_IN_SUBJECT = 5
_MARKS = "select id, scope, shape from thread_rules where kind = 'mark' and undone_at = 0"
_APART = """
select one_id, other_id from thread_rules where kind = 'apart' and undone_at = 0
"""
# A word with a digit in it, as programs number what they write about: OPS-42, #4711, INC0012345.
_MARK = re.compile(
    r"(?<![\w#])(?:[A-Za-z]{2,12}[-_/:#]\d{1,15}|#?[A-Za-z]{0,12}\d{2,15})(?:[-/]\d{1,12}){0,3}(?!\w)"
)
_DIGITS = re.compile(r"\d+")


class Mark(NamedTuple):
    """A taught shape: of subjects from one domain or address."""

    rule_id: int
    scope: str
    shape: str


class ThreadRules:
    """The rules that stand, read for one transaction."""

    def __init__(
        self, marks: tuple[Mark, ...] = (), apart: frozenset[tuple[int, int]] = frozenset()
    ) -> None:
        self.marks = marks
        self.apart = apart

    def marks_in(self, subject: str, author: str) -> tuple[str, ...]:
        """Return the marks in a subject that name a conversation of this sender."""
        scopes = {author, author.rpartition("@")[2]}
        shapes = {mark.shape for mark in self.marks if mark.scope in scopes}
        return tuple(mark for mark in marks_of(subject) if shape_of(mark) in shapes)

    def parted(self, one: int, other: int) -> bool:
        """Say whether an agent parted two conversations."""
        return (min(one, other), max(one, other)) in self.apart


def load_rules(connection: Connection) -> ThreadRules:
    """Return the rules of a store that stand."""
    marks = tuple(Mark(*row) for row in connection.all(_MARKS))
    pairs = ((min(one, other), max(one, other)) for one, other in connection.all(_APART))
    return ThreadRules(marks, frozenset(pairs))


def marks_of(subject: str) -> tuple[str, ...]:
    """Return the words of a subject that may be a program's number, upper case, in order."""
    found = (match[0].upper() for match in _MARK.finditer(subject[:500]))
    return tuple(dict.fromkeys(found))[:MARKS_IN_SUBJECT]


def shape_of(mark: str) -> str:
    """Return what the marks of one program have in common: ``OPS-42`` is ``OPS-9``."""
    return _DIGITS.sub("9", mark.upper())
