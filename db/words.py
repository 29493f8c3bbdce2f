"""The words of the vocabulary that are stored: each enumeration in its order, as a tuple."""

from __future__ import annotations

from typing import Final

STATUSES: Final = ("new", "open", "pending", "on_hold", "resolved", "closed")
UNRESOLVED: Final = ("new", "open", "pending", "on_hold")
"""Statuses in which a case is somebody's work."""

URGENCIES: Final = ("low", "normal", "high", "urgent")
URGENCY_RANK: Final = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
"""What is stored in ``cases.urgency_rank`` beside the word: queue order, most urgent first."""

WAITING_ON: Final = ("us", "customer", "third_party", "team")
CASE_TYPES: Final = ("question", "incident", "request", "feedback", "task")
RESOLUTIONS: Final = ("answer", "workaround", "fix", "duplicate", "no_response", "not_actionable")
LINK_KINDS: Final = ("related", "duplicate_of", "follow_up", "split_from")
ENTRY_KINDS: Final = ("message", "note", "call", "event", "survey", "review")
DIRECTIONS: Final = ("inbound", "outbound", "internal")
CHANNELS: Final = ("email", "chat", "phone", "sms", "social", "review", "web", "api")
ADDRESS_KINDS: Final = ("email", "phone", "handle", "external_id", "name")
OWN_KINDS: Final = ("email", "domain", "phone", "handle", "name")
STAGES: Final = ("prospect", "onboarding", "active", "at_risk", "former")
ROLES: Final = ("lead", "agent", "read_only")
ZONE_SOURCES: Final = ("stated", "assumed", "none")
PRECISIONS: Final = ("ms", "s", "min", "day")


def is_unresolved(status: str, *, merged_into: int = 0, spam: int = 0, history: int = 0) -> bool:
    """Say whether a case is work: what ``cases.unresolved`` holds, decided here alone."""
    return status in UNRESOLVED and not (merged_into or spam or history)
