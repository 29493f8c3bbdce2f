"""How someone's last words sound: told by words that say so themselves, never guessed.

Only what they wrote counts, and only phrases that leave little doubt; most messages have no mood.
The newest message that has one decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from db.records import Contact, Mood

SAID_CHARACTERS = 80

# From the clearest to the faintest; a phrase in several languages each.
_PHRASES = {
    "angry": """
unacceptable|disgrace\\w*|outrage\\w*|furious|fed up|worst (?:service|support)|ridiculous
|scandal\\w*|lawyers?|solicitor|legal action|sue you|rip[- ]?off|scam|never again|sick of
|how dare|unverschämt\\w*|unfassbar|frechheit|anwalt|nie wieder|skandal|inacceptable|scandaleux
|avocat|inaceptable|vergüenza|abogado|inaccettabile|vergogna|avvocato|inaceitável|vergonha
|onacceptabel|schandalig\\w*
""",
    "unhappy": """
disappoint\\w*|frustrat\\w*|annoy\\w*|unhappy|not happy|still (?:not|no|waiting|broken|nothing)
|(?:second|third|fourth|fifth) time|(?:2nd|3rd|4th) time|again and again|no (?:answer|reply
|response)|complain\\w*|cancel (?:my|our|the) (?:contract|subscription|account|order)|money back
|not working|does(?:n't|not) work|waste of time|enttäusch\\w*|verärgert|immer noch|beschwerde
|kündig\\w*|ärgerlich|déçue?s?|toujours (?:pas|rien)|réclamation|résili\\w*|decepcionad\\w*
|sigue sin|reclamación|delus[oai]|reclamo|ainda não|dececionad\\w*|teleurgesteld|nog steeds
|klacht
""",
    "thankful": """
thank you so much|thanks so much|many thanks|thanks a lot|thank you very much|really appreciate
|much appreciated|you saved|life ?saver|vielen dank|herzlichen dank|tausend dank|merci beaucoup
|mille mercis|muchas gracias|mil gracias|grazie mille|muito obrigad[oa]|hartelijk dank
""",
    "pleased": """
works (?:now|perfectly|great|again)|perfect|great service|excellent|love (?:it|your)|very happy
|awesome|brilliant|wonderful|funktioniert (?:jetzt|wieder)|super service|parfait|perfecto
|perfetto|perfeito|geweldig
""",
}


def _pattern(text: str) -> re.Pattern[str]:
    phrases = "".join(line.strip() for line in text.strip().splitlines())
    return re.compile(rf"(?<!\w)(?:{phrases})(?!\w)", re.IGNORECASE)


_PATTERNS = {word: _pattern(text) for word, text in _PHRASES.items()}
_DENIED = re.compile(r"(?:\bnot|\bno|n't|\bnever|\bnicht|\bkein\w*|\bpas|\bno es|\bnon)\s*$", re.I)


def mood_of(contacts: Iterable[Contact]) -> Mood | None:
    """Return the mood of the newest words of theirs that have one.

    Args:
        contacts: Newest first; only what came in counts.
    """
    for contact in contacts:
        if contact.direction != "inbound":
            continue
        for word, pattern in _PATTERNS.items():
            found = pattern.search(contact.preview)
            if found is None or _DENIED.search(contact.preview[: found.start()]):
                continue
            words = _around(contact.preview, found.start(), found.end())
            return Mood(word, words, contact.entry_id, contact.at)
    return None


def _around(text: str, start: int, end: int) -> str:
    """Return the sentence that says it, cut where it is long."""
    begin = max(text.rfind(sign, 0, start) for sign in ".!?\n") + 1
    stops = [place for sign in ".!?\n" if (place := text.find(sign, end)) >= 0]
    stop = min(stops, default=len(text) - 1) + 1
    sentence = " ".join(text[begin:stop].split())
    if len(sentence) <= SAID_CHARACTERS:
        return sentence
    begin = max(begin, min(start, end - SAID_CHARACTERS))
    return " ".join(text[begin : begin + SAID_CHARACTERS].split())
