"""What leaves the store: frozen, slotted records.

Times are UTC milliseconds; 0 means “never” unless said otherwise. Names, subjects and texts were
written by strangers: whoever shows them cleans them first.

Every record is imported from here; the modules behind are loaded at the first use of one of theirs.
To make a record class costs a millisecond, and no command needs them all.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from db.records.acts import Done as Done
    from db.records.acts import DraftRow as DraftRow
    from db.records.acts import JournalRow as JournalRow
    from db.records.case import CaseDetail as CaseDetail
    from db.records.customers import CheatSheet as CheatSheet
    from db.records.customers import Contact as Contact
    from db.records.customers import CustomerHit as CustomerHit
    from db.records.customers import Fact as Fact
    from db.records.customers import Handle as Handle
    from db.records.customers import Mood as Mood
    from db.records.customers import NoteLine as NoteLine
    from db.records.customers import PromiseLine as PromiseLine
    from db.records.customers import RollUp as RollUp
    from db.records.customers import Tried as Tried
    from db.records.finding import FindHit as FindHit
    from db.records.finding import FindPage as FindPage
    from db.records.keeping import QuarantineRow as QuarantineRow
    from db.records.keeping import StoreStatus as StoreStatus
    from db.records.keeping import StoreTotals as StoreTotals
    from db.records.lists import NO_DEADLINE as NO_DEADLINE
    from db.records.lists import CaseKey as CaseKey
    from db.records.lists import CaseLine as CaseLine
    from db.records.lists import CasePage as CasePage
    from db.records.lists import CaseRow as CaseRow
    from db.records.lists import QueueRow as QueueRow
    from db.records.matches import MatchPair as MatchPair
    from db.records.matches import MatchSide as MatchSide
    from db.records.matches import Reason as Reason
    from db.records.matches import Why as Why
    from db.records.people import AgentRow as AgentRow
    from db.records.people import TeamRow as TeamRow
    from db.records.timeline import AttachmentRow as AttachmentRow
    from db.records.timeline import EntryDetail as EntryDetail
    from db.records.timeline import EntryText as EntryText
    from db.records.timeline import PartyRow as PartyRow
    from db.records.timeline import TimelineItem as TimelineItem
    from db.records.timeline import TimelineKey as TimelineKey
    from db.records.timeline import TimelinePage as TimelinePage

_PLACES: dict[str, tuple[str, ...]] = {
    "people": (
        "AgentRow",
        "TeamRow",
    ),
    "lists": (
        "NO_DEADLINE",
        "QueueRow",
        "CaseKey",
        "CaseRow",
        "CasePage",
        "CaseLine",
    ),
    "case": ("CaseDetail",),
    "matches": ("MatchPair", "MatchSide", "Reason", "Why"),
    "timeline": (
        "TimelineKey",
        "TimelineItem",
        "TimelinePage",
        "AttachmentRow",
        "EntryText",
        "PartyRow",
        "EntryDetail",
    ),
    "customers": (
        "Handle",
        "Contact",
        "NoteLine",
        "Fact",
        "Mood",
        "PromiseLine",
        "RollUp",
        "Tried",
        "CheatSheet",
        "CustomerHit",
    ),
    "finding": (
        "FindHit",
        "FindPage",
    ),
    "acts": (
        "Done",
        "JournalRow",
        "DraftRow",
    ),
    "keeping": (
        "QuarantineRow",
        "StoreStatus",
        "StoreTotals",
    ),
}
_MODULE_OF = {name: module for module, names in _PLACES.items() for name in names}


def __getattr__(name: str) -> object:
    """Return a record class, loading the module that has it."""
    module = _MODULE_OF.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(f"db.records.{module}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """Return what can be imported from here."""
    return sorted(_MODULE_OF)
