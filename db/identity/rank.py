"""How well a customer answers what was typed: words are aligned in any order, slips forgiven.

The only module that uses rapidfuzz. It ranks the few hundred that the index brought, never all;
why someone matched is worked out for those alone that are shown.
"""

from __future__ import annotations

from collections.abc import Sequence

from rapidfuzz.distance import OSA, JaroWinkler

from db.identity.lookup_keys import Findable, local_words

PREFIX_FROM = 0.84  # a beginning counts more than a slip, the more the longer it is
INITIAL = 0.75
COMPANY_WEIGHT = 0.97
LOCAL_WEIGHT = 0.95
UNEXPLAINED = 0.02  # for each word of the name that was not asked for
HANDLE_PREFIX_FROM = 0.9
JOINED_WEIGHT = 0.98
UNLIKE = 0.55  # Jaro-Winkler below which the dearer distance is not asked
MEANT_FROM = 0.6  # how like a word must be to be named as what matched
CLEAR = 0.84  # a score from which a dearer look would add nothing


class Ranker:
    """Ranks customers for one question; remembers how like two words are."""

    def __init__(self, words: Sequence[str], whole: str, digits: str = "") -> None:
        """Take the question.

        Args:
            words: What was typed, in words of lower-case ASCII.
            whole: The same without spaces: for addresses and handles.
            digits: The digits of it, where it looks like a number; else empty.
        """
        self.words = tuple(words)
        self.whole = whole
        self.digits = digits
        self._local, _, self._host = whole.partition("@")
        self._one_word = len(self.words) == 1 or "@" in whole
        # The longest word chooses first: it says most.
        self._lengths = sorted(((word, max(2, len(word))) for word in self.words), key=_shortness)
        self._all_lengths = sum(length for _, length in self._lengths) or 1
        self._joined = "".join(self.words)
        initials = sum(length for word, length in self._lengths if len(word) == 1)
        # What the best answer can score: an initial never says it all.
        self.ideal = 1.0 - (1.0 - INITIAL) * initials / self._all_lengths
        self._likes: dict[tuple[str, str], float] = {}

    def score(self, person: Findable) -> float:
        """Return how well a customer answers: 0 to 1."""
        if self.digits:
            return max((self._phone(phone) for phone in person.phones), default=0.0)
        best = 0.0
        if self._one_word:
            for address in (*person.emails, *person.handles):
                best = max(best, self._address(address))
        for name in person.names or ((),):
            best = max(best, self._name(name, person.company))
        if best < CLEAR and not self._one_word:
            for email in person.emails:
                best = max(best, LOCAL_WEIGHT * self._name(local_words(email), ()))
        return best

    def reason(self, person: Findable) -> tuple[str, str]:
        """Return why someone matched, and the words that did.

        The first is ``name``, ``company``, ``name and company``, ``e-mail``, ``phone`` or
        ``handle``; the second stands as it is kept for looking up.
        """
        reasons: list[tuple[float, str, str]] = []
        if self.digits:
            reasons += [(self._phone(phone), "phone", f"+{phone}") for phone in person.phones]
        else:
            for name in person.names or ((),):
                reasons.append((self._name(name, person.company), *self._parts(name, person)))
            for email in person.emails:
                score = LOCAL_WEIGHT * self._name(local_words(email), ())
                if self._one_word:
                    score = max(score, self._address(email))
                reasons.append((score, "e-mail", email))
            if self._one_word:
                reasons += [(self._address(one), "handle", one) for one in person.handles]
        best = max(reasons, key=lambda one: one[0], default=(0.0, "", ""))
        return best[1], best[2]

    def _phone(self, phone: str) -> float:
        if phone.endswith(self.digits) or phone.startswith(self.digits):
            return HANDLE_PREFIX_FROM + 0.1 * len(self.digits) / len(phone)
        return 0.0

    def _address(self, address: str) -> float:
        if address == self.whole:
            return 1.0
        local, _, host = address.partition("@")
        if local == self.whole:
            return 0.99
        if self.whole and address.startswith(self.whole):
            of = local if len(self.whole) <= len(local) else address
            return HANDLE_PREFIX_FROM + 0.08 * len(self.whole) / len(of)
        score = LOCAL_WEIGHT * self._like(self._local, local)
        return score * COMPANY_WEIGHT if self._host and self._host != host else score

    def _name(self, name: Sequence[str], company: Sequence[str]) -> float:
        """Give each typed word the likest word that is still free; return how well that goes."""
        total, taken = self._aligned(name, company)
        score = total / self._all_lengths
        of_name = sum(place < len(name) for place in taken)
        if of_name:
            score -= UNEXPLAINED * (len(name) - of_name)
        if score < CLEAR and name and len(self.words) != len(name):
            score = max(score, JOINED_WEIGHT * self._like(self._joined, "".join(name)))
        return max(0.0, score)

    def _aligned(self, name: Sequence[str], company: Sequence[str]) -> tuple[float, list[int]]:
        kept = (*name, *company)
        names = len(name)
        likes = self._likes
        taken: list[int] = []
        total = 0.0
        for typed, length in self._lengths:
            best, best_place = 0.0, -1
            for place, word in enumerate(kept):
                like = likes.get((typed, word))
                if like is None:
                    like = likes[typed, word] = _likeness(typed, word)
                if place >= names:
                    like *= COMPANY_WEIGHT
                if like > best and place not in taken:
                    best, best_place = like, place
            if best_place >= 0:
                total += best * length
                taken.append(best_place)
        return total, taken

    def _parts(self, name: Sequence[str], person: Findable) -> tuple[str, str]:
        """Return which words of a name and a company were meant; unlike ones were not."""
        kept = (*name, *person.company)
        _, taken = self._aligned(name, person.company)
        taken = [
            place
            for place in taken
            if max(self._like(typed, kept[place]) for typed in self.words) >= MEANT_FROM
        ]
        words = " ".join(kept[place] for place in sorted(taken))
        of_name = any(place < len(name) for place in taken)
        of_company = any(place >= len(name) for place in taken)
        if of_name and of_company:
            return "name and company", words
        return ("company" if of_company else "name"), words

    def _like(self, typed: str, word: str) -> float:
        """Return how like two words are: 0 to 1."""
        like = self._likes.get((typed, word))
        if like is None:
            like = self._likes[typed, word] = _likeness(typed, word)
        return like


def _shortness(item: tuple[str, int]) -> int:
    return -item[1]


def _likeness(typed: str, word: str) -> float:
    if typed == word:
        return 1.0
    if word.startswith(typed):
        if len(typed) == 1:
            return INITIAL
        return PREFIX_FROM + (1.0 - PREFIX_FROM) * len(typed) / len(word)
    if len(typed) == 1 or len(word) == 1:
        return INITIAL if typed.startswith(word) else 0.0
    alike = JaroWinkler.normalized_similarity(typed, word)
    if alike < UNLIKE:
        return 0.5 * alike
    return 0.45 * alike + 0.55 * OSA.normalized_similarity(typed, word)
