"""Evidence in words: a sentence first, then each signal with what carries it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from db.identity.evidence import Evidence, Signal

SAID = 3  # signals in the sentence
SHOWN_CHARACTERS = 80
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def day(at: int) -> str:
    """Return the day of a moment, in UTC: ``3 May 2026``."""
    try:
        moment = _EPOCH + timedelta(milliseconds=at)
    except OverflowError:
        return "an unknown day"
    return f"{moment.day} {moment:%B %Y}"


def in_words(signal: Signal) -> str:
    """Return what a signal says; it holds untrusted text."""
    one, other = signal.one[:SHOWN_CHARACTERS], signal.other[:SHOWN_CHARACTERS]
    read = f" in the signature of the mail of {day(signal.at)}" if signal.entry_id else ""
    if signal.kind == "name":
        if one == other:
            return f"same name, {one}"
        return f"name {round(100 * signal.share)} % alike, {one} and {other}"
    if signal.kind == "thread":
        return f"both wrote in case #{signal.case_id}, last on {day(signal.at)}"
    if signal.kind == "both_there":
        return f"both were on one message of case #{signal.case_id} on {day(signal.at)}"
    same = {
        "mailbox": f"same mailbox, {one} and {other}",
        "claimed": f"a mail of {day(signal.at)} claims the address {one}, but it failed its check",
        "phone": f"same phone {one}{read}",
        "domain": f"same domain {one}",
        "company": f"same company {one}{read}",
        "local": f"same word before the sign, {one} and {other}",
        "handle": f"same handle, {one} and {other}",
        "other_name": f"the names differ, {one} and {other}",
        "other_domain": f"different companies, {one} and {other}",
        "other_account": f"different accounts in one place, {one} and {other}",
        "veto": f"a system numbers them as two people, {one} and {other}",
    }
    return same.get(signal.kind, signal.kind.replace("_", " "))


def sentence(signals: Sequence[Signal]) -> str:
    """Return why in one sentence: what speaks for it most, and what most against it."""
    ordered = sorted(signals, key=lambda signal: -signal.bits)
    said = [in_words(signal) for signal in ordered if signal.bits > 0][:SAID]
    against = [in_words(signal) for signal in ordered[::-1] if signal.bits < 0][:1]
    if not said:
        return f"Nothing speaks for it{'; ' + against[0] if against else ''}."
    text = "; ".join(said) + (f"; but {against[0]}" if against else "")
    return f"{text[:1].upper()}{text[1:]}."


def told(evidence: Evidence) -> str:
    """Return the sentence of all evidence."""
    return sentence(evidence.signals)
