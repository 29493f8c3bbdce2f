"""The words of the vocabulary, in the order in which they are offered."""

from __future__ import annotations

STATUSES = ("new", "open", "pending", "on_hold", "resolved", "closed")
ACTIVE_STATUSES = ("new", "open")
WAITING_STATUSES = ("pending", "on_hold")
DONE_STATUSES = ("resolved", "closed")
UNRESOLVED = ACTIVE_STATUSES + WAITING_STATUSES
URGENCIES = ("urgent", "high", "normal", "low")
URGENCY_RANK = {"urgent": 0, "high": 1, "normal": 2, "low": 3}
RESOLUTIONS = ("answer", "workaround", "fix", "duplicate", "no_response", "not_actionable")
CASE_TYPES = ("question", "incident", "request", "feedback", "task")
LINK_KINDS = ("related", "duplicate_of", "follow_up", "split_from")
WAITING_ON = ("us", "customer", "third_party", "team")
CHANNELS = ("email", "chat", "phone", "sms", "social", "review", "web", "api")
ENTRY_KINDS = ("message", "note", "call", "event", "survey", "review")
DIRECTIONS = ("inbound", "outbound", "internal")
ADDRESS_KINDS = ("email", "phone", "handle", "external_id", "name")
OWN_KINDS = ("email", "domain", "phone", "handle", "name")
STAGES = ("prospect", "onboarding", "active", "at_risk", "former")
ROLES = ("lead", "agent", "read_only")
ZONE_SOURCES = ("stated", "assumed", "none")
PRECISIONS = ("ms", "s", "min", "day")
QUEUE_SORTS = ("urgency", "waiting", "due", "updated")


def is_unresolved(status: str, *, merged_into: int = 0, spam: int = 0, history: int = 0) -> bool:
    """Say whether a case is work: what ``cases.unresolved`` holds."""
    return status in UNRESOLVED and not (merged_into or spam or history)
