"""How well a customer answers what was typed: words are aligned in any order, slips forgiven.

The only module that uses rapidfuzz. It ranks the few hundred that the index brought, never all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA, JaroWinkler

from db.identity.lookup_keys import Findable, local_words

PREFIX_FROM = 0.84  # a beginning counts more than a slip, the more the longer it is
INITIAL = 0.75
COMPANY_WEIGHT = 0.97
LOCAL_WEIGHT = 0.95
UNEXPLAINED = 0.02  # for each word of the name that was not asked for
HANDLE_PREFIX_FROM = 0.9
JOINED_WEIGHT = 0.98


@dataclass(frozen=True, slots=True)
class Ranked:
    """How one customer does.

    Attributes:
        score: 0 to 1.
        why: ``name``, ``company``, ``name and company``, ``e-mail``, ``phone`` or ``handle``.
        matched: The words that matched, as they are kept for looking up.
    """

    score: float
    why: str
    matched: str


NOTHING = Ranked(0.0, "", "")


@dataclass(slots=True)
class Ranker:
    """Ranks customers for one question; remembers how like two words are.

    Attributes:
        words: What was typed, in words.
        whole: What was typed, without spaces, lower case: for addresses and handles.
        digits: The digits of it, where it looks like a number; else empty.
    """

    words: tuple[str, ...]
    whole: str
    digits: str = ""
    _likeness: dict[tuple[str, str], float] = field(default_factory=dict)

    def rank(self, person: Findable) -> Ranked:
        """Return how well a customer answers."""
        best = NOTHING
        if self.digits:
            best = self._phone(person)
        for email in person.emails:
            best = max(best, self._address(email, "e-mail"), key=_score)
        for handle in person.handles:
            best = max(best, self._address(handle, "handle"), key=_score)
        if best.score >= 1.0 or not self.words:
            return best
        for name in person.names or ((),):
            best = max(best, self._aligned(name, person.company), key=_score)
        for email in person.emails:
            local = local_words(email)
            if local not in person.names:
                ranked = self._aligned(local, ())
                ranked = Ranked(ranked.score * LOCAL_WEIGHT, "e-mail", email)
                best = max(best, ranked, key=_score)
        return best

    def _phone(self, person: Findable) -> Ranked:
        for phone in person.phones:
            if phone.endswith(self.digits) or phone.startswith(self.digits):
                share = len(self.digits) / len(phone)
                return Ranked(HANDLE_PREFIX_FROM + 0.1 * share, "phone", f"+{phone}")
        return NOTHING

    def _address(self, address: str, why: str) -> Ranked:
        if not self.whole:
            return NOTHING
        if address == self.whole:
            return Ranked(1.0, why, address)
        local = address.partition("@")[0]
        if local == self.whole:
            return Ranked(0.99, why, address)
        if address.startswith(self.whole):
            share = len(self.whole) / len(local if len(self.whole) <= len(local) else address)
            return Ranked(HANDLE_PREFIX_FROM + 0.08 * share, why, address)
        wanted = self.whole.partition("@")[0]
        score = LOCAL_WEIGHT * self._like(wanted, local)
        if "@" in self.whole and address.partition("@")[2] != self.whole.partition("@")[2]:
            score *= COMPANY_WEIGHT
        return Ranked(score, why, address)

    def _aligned(self, name: Sequence[str], company: Sequence[str]) -> Ranked:
        """Give each typed word the likest word that is still free."""
        kept = [(word, 1.0) for word in name] + [(word, COMPANY_WEIGHT) for word in company]
        pairs = [
            (weight * self._like(typed, word), number, place)
            for number, typed in enumerate(self.words)
            for place, (word, weight) in enumerate(kept)
        ]
        pairs.sort(reverse=True)
        scores = [0.0] * len(self.words)
        taken: set[int] = set()
        given: set[int] = set()
        for score, number, place in pairs:
            if number not in given and place not in taken:
                given.add(number)
                taken.add(place)
                scores[number] = score
        lengths = [max(2, len(word)) for word in self.words]
        total = sum(score * length for score, length in zip(scores, lengths, strict=True))
        score = total / sum(lengths)
        of_name = sum(place < len(name) for place in taken)
        if of_name:
            score -= UNEXPLAINED * (len(name) - of_name)
        whole = "".join(name)
        if name and len(self.words) != len(name):
            joined = JOINED_WEIGHT * self._like("".join(self.words), whole)
            if joined > score:
                return Ranked(joined, "name", " ".join(name))
        return Ranked(max(0.0, score), *_reason(kept, taken, len(name)))

    def _like(self, typed: str, word: str) -> float:
        """Return how like two words are: 0 to 1."""
        key = (typed, word)
        known = self._likeness.get(key)
        if known is None:
            known = self._likeness[key] = _likeness(typed, word)
        return known


def _score(ranked: Ranked) -> float:
    return ranked.score


def _likeness(typed: str, word: str) -> float:
    if typed == word:
        return 1.0
    if word.startswith(typed):
        if len(typed) == 1:
            return INITIAL
        return PREFIX_FROM + (1.0 - PREFIX_FROM) * len(typed) / len(word)
    if len(typed) == 1 or len(word) == 1:
        return INITIAL if typed.startswith(word) else 0.0
    alike = 0.55 * OSA.normalized_similarity(typed, word)
    return alike + 0.45 * JaroWinkler.normalized_similarity(typed, word)


def _reason(kept: Sequence[tuple[str, float]], taken: set[int], name_words: int) -> tuple[str, str]:
    words = " ".join(kept[place][0] for place in sorted(taken))
    of_name = any(place < name_words for place in taken)
    of_company = any(place >= name_words for place in taken)
    if of_name and of_company:
        return "name and company", words
    return ("company" if of_company else "name"), words
