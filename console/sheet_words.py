"""The cheat sheet in words: what the widget, the plain text and the printed page say alike."""

from __future__ import annotations

from collections.abc import Sequence

from console import times
from console.text import one_line
from db.records import CheatSheet, Fact, Handle, Mood, PromiseLine, RollUp, Tried

DOUBTS = {"suggested": "perhaps theirs", "rejected": "not theirs"}
ENDINGS = {
    "answer": "answered",
    "workaround": "worked around",
    "fix": "fixed",
    "not_actionable": "nothing could be done",
}
WORKED = frozenset({"answer", "workaround", "fix"})
_BARS = "▁▂▃▄▅▆▇█"
_TEXT_CHARACTERS = 400


def certainty(sheet: CheatSheet) -> str:
    """Return how sure we are that all of this is one person, in plain words."""
    handles = [handle for handle in sheet.handles if handle.state != "rejected"]
    confirmed = sum(handle.state == "confirmed" for handle in handles)
    observed = [handle for handle in handles if handle.state == "observed"]
    used = [handle for handle in observed if handle.entries]
    perhaps = sum(handle.state == "suggested" for handle in handles)
    checked = sum(handle.verified for handle in used)
    parts: list[str] = []
    if confirmed:
        parts.append(f"{_addresses(confirmed, not parts)} confirmed by a colleague")
    if used:
        mails = any(handle.kind == "email" for handle in used)
        proof = f" ({checked} proved)" if checked else " (not proved)"
        parts.append(f"wrote from {_addresses(len(used), not parts)}{proof if mails else ''}")
    if len(observed) > len(used):
        unused = _addresses(len(observed) - len(used), not parts)
        parts.append(f"{unused} not used yet")
    if perhaps:
        parts.append(f"{_addresses(perhaps, not parts)} perhaps theirs")
    if len(sheet.members) > 1:
        parts.append(f"{len(sheet.members)} records linked as one")
    return ", ".join(parts)


def _addresses(count: int, first: bool) -> str:
    """Return how many; what is counted is said once."""
    return f"{count} {'address' if count == 1 else 'addresses'}" if first else f"{count}"


def doubt(handle: Handle) -> str:
    """Return what is doubtful about an address; empty where nothing is."""
    return DOUBTS.get(handle.state, "")


def mood_words(mood: Mood) -> str:
    """Return a mood with what says so; untrusted."""
    return f"{mood.word}: “{mood.words}” ({times.short_day(mood.at)})"


def promise_words(promise: PromiseLine) -> str:
    """Return a promise with its time; untrusted."""
    case = f" (#{promise.case_id})" if promise.case_id else ""
    return f"{promise.text}{case}"


def promise_due(promise: PromiseLine) -> str:
    """Return when a promise is due; empty where no time was said."""
    return times.due(promise.due_at) if promise.due_at else ""


def tried_words(tried: Tried) -> str:
    """Return how a case ended: ``#12 Invoice twice: fixed – “We credited…”``; untrusted."""
    said = f" – “{tried.words}”" if tried.words else ""
    return f"#{tried.case_id} {tried.subject or '(no subject)'}: {ending(tried)}{said}"


def ending(tried: Tried) -> str:
    """Return how a case ended, in a word or two."""
    return ENDINGS.get(tried.resolution, tried.resolution.replace("_", " "))


def fact_words(fact: Fact) -> str:
    """Return a fact with where it was read; untrusted."""
    where = f", read on {times.short_day(fact.at)}" if fact.at else ""
    return f"{fact.kind} {fact.value}{where}"


def company_words(roll_up: RollUp) -> str:
    """Return an organization in figures; empty where they are the only one there."""
    if roll_up.people < 2:
        return ""
    people = f"{roll_up.people}{'+' if roll_up.more else ''}"
    parts = [f"{people} people"]
    if roll_up.open_cases:
        parts.append(f"{roll_up.open_cases} open")
    if roll_up.vips:
        parts.append(f"{roll_up.vips} VIP")
    return ", ".join(parts)


def strip(activity: Sequence[int]) -> str:
    """Return the activity of twelve months as bars; a month without any is a dot."""
    most = max(activity, default=0)
    if not most:
        return ""
    return "".join(
        _BARS[min(len(_BARS) - 1, (count * len(_BARS) - 1) // most)] if count else "·"
        for count in activity
    )


def field_words(fields: Sequence[tuple[str, str]]) -> str:
    """Return the fields that the team named; untrusted."""
    return " · ".join(f"{one_line(name, 40)}: {one_line(value, 80)}" for name, value in fields)


def address_words(sheet: CheatSheet) -> str:
    """Return how they like to be addressed: language, their clock, channel."""
    channels = {"email": "mail", "phone": "calls", "sms": "SMS"}
    here = times.zone_clock(sheet.time_zone) if sheet.time_zone else ""
    wanted = channels.get(sheet.preferred_channel, sheet.preferred_channel)
    parts = [
        one_line(sheet.language, 20),
        f"{here} there" if here else "",
        f"prefers {one_line(wanted, 12)}" if wanted else "",
    ]
    return " · ".join(part for part in parts if part)
