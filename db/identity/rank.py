"""How well a customer answers what was typed: words are aligned in any order, slips forgiven.

The only module of the finder that uses rapidfuzz. It ranks the few hundred that the index brought,
never all; why someone matched is worked out for those alone that are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rapidfuzz.distance import OSA, JaroWinkler

from db.identity.lookup_keys import Findable, local_words, one_word, sound_of
from db.identity.nicknames import forms_of

PREFIX_FROM, PREFIX_SHARE = 0.8, 0.1  # a beginning counts, the more the longer it is
INITIAL = 0.75
NICKNAME = 0.92
SOUNDS = (0.72, 0.8, 0.86)  # words that sound alike, at least: one sound, two, more
SOUND_ASKED_FROM = 0.5
SOUND_MORE = 0.04  # and more than what looks as like
COMPANY_WEIGHT = 0.97
OF_COMPANY_NAME_WEIGHT = 0.94  # of a name's words, where a company is meant, but for the first
LOCAL_WEIGHT = 0.95
HOST_WEIGHT = 0.3  # of an address
UNEXPLAINED = 0.02  # for each word of the name that was not asked for
COMPANY_UNEXPLAINED = 0.01
OUT_OF_ORDER = 0.012  # also an initial that is not the first name's
MIDDLE_WEIGHT = 0.3  # of a word between two that were found: a middle name remembered wrong
FOUND_FROM = 0.8
HANDLE_PREFIX_FROM = 0.9
JOINED_WEIGHT = 0.98
UNLIKE = 0.55  # Jaro-Winkler below which the dearer distance is not asked
MEANT_FROM = 0.6  # how like a word must be to be named as what matched
CLEAR = 0.84  # a score from which a dearer look would add nothing


class Ranker:
    """Ranks customers for one question; remembers how like two words are."""

    def __init__(
        self, words: Sequence[str], whole: str, digits: str = "", of_company: bool = False
    ) -> None:
        """Take the question.

        Args:
            words: What was typed, in words of lower-case ASCII; of an address what is before its
                sign.
            whole: All of it without spaces: for addresses and handles.
            digits: The digits of it, where it looks like a number; else empty.
            of_company: A legal form was typed, so that a company is meant.
        """
        self._company_weight = 1.0 if of_company else COMPANY_WEIGHT
        self._name_weight = OF_COMPANY_NAME_WEIGHT if of_company else 1.0
        self.words = tuple(words)
        self.whole = whole
        self.digits = digits
        self._local, sign, self._host = whole.partition("@")
        self._address_typed = bool(sign and self._local)
        self._one_word = len(self.words) == 1 or self._address_typed
        self._likes: dict[str, dict[str, float]] = {word: {} for word in self.words}
        order = sorted(range(len(self.words)), key=lambda at: -len(self.words[at]))
        # The longest word chooses first: it says most.
        self._asked = [
            (at, self.words[at], max(2, len(self.words[at])), self._likes[self.words[at]])
            for at in order
        ]
        self._all_lengths = sum(length for _, _, length, _ in self._asked) or 1
        self._joined = "".join(self.words)
        initials = sum(length for _, word, length, _ in self._asked if len(word) == 1)
        # What the best answer can score: an initial never says it all.
        self.ideal = 1.0 - (1.0 - INITIAL) * initials / self._all_lengths
        self._others: dict[tuple[str, str], float] = {}

    def score(self, person: Findable) -> float:
        """Return how well a customer answers: 0 to 1."""
        if self.digits:
            return max((self._phone(phone) for phone in person.phones), default=0.0)
        best = 0.0
        if self._one_word:
            for address in (*person.emails, *person.handles):
                best = max(best, self._address(address))
            if self._address_typed:
                return best
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
            for name in () if self._address_typed else person.names or ((),):
                reasons.append((self._name(name, person.company), *self._parts(name, person)))
            for email in person.emails:
                score = LOCAL_WEIGHT * self._name(local_words(email), ())
                if self._one_word:
                    score = self._address(email)
                reasons.append((score, "e-mail", email))
            if self._one_word:
                reasons += [(self._address(one), "handle", one) for one in person.handles]
        best = max(reasons, key=lambda one: one[0], default=(0.0, "", ""))
        return best[1], best[2]

    def _phone(self, phone: str) -> float:
        share = 0.1 * len(self.digits) / len(phone)
        if phone.endswith(self.digits):
            return HANDLE_PREFIX_FROM + share
        if phone.startswith(self.digits):
            return HANDLE_PREFIX_FROM + share - 0.005
        if self.digits in phone:
            return HANDLE_PREFIX_FROM + share - 0.02
        tail = phone[-len(self.digits) :]
        return 0.9 * OSA.normalized_similarity(self.digits, tail)

    def _address(self, address: str) -> float:
        if address == self.whole:
            return 1.0
        local, _, host = address.partition("@")
        if local == self.whole:
            return 0.99
        if self.whole and address.startswith(self.whole):
            of = local if len(self.whole) <= len(local) else address
            return HANDLE_PREFIX_FROM + 0.08 * len(self.whole) / len(of)
        score = LOCAL_WEIGHT * self._like(one_word(self._local), one_word(local))
        if not self._address_typed:
            return score
        if not self._host:
            return score
        hosts = 1.0 if self._host == host else self._like(self._host, host)
        return (1.0 - HOST_WEIGHT) * score / LOCAL_WEIGHT * 0.99 + HOST_WEIGHT * hosts

    def _name(self, name: Sequence[str], company: Sequence[str]) -> float:
        """Give each typed word the likest word that is still free; return how well that goes."""
        likes, places = self._aligned(name, company)
        score = self._weighed(likes)
        of_name = [
            place
            for like, place in zip(likes, places, strict=True)
            if 0 <= place < len(name) and like >= MEANT_FROM
        ]
        if of_name:
            score -= UNEXPLAINED * (len(name) - len(of_name))
            swapped = any(one > other for one, other in pairwise(of_name))
            if swapped or (len(self.words[0]) == 1 and places[0] > 0):
                score -= OUT_OF_ORDER
        of_company = sum(
            place >= len(name) and like >= MEANT_FROM
            for like, place in zip(likes, places, strict=True)
        )
        if of_company:
            score -= COMPANY_UNEXPLAINED * (len(company) - of_company)
        if name and len(self.words) != len(name):
            joined = "".join(name)
            if abs(len(joined) - len(self._joined)) < 3:
                score = max(score, JOINED_WEIGHT * self._like(self._joined, joined))
        return max(0.0, score)

    def _weighed(self, likes: Sequence[float]) -> float:
        """Return the mean by length; a middle word says little where both others were found."""
        total, lengths = 0.0, self._all_lengths
        between = len(likes) > 2 and likes[0] >= FOUND_FROM and likes[-1] >= FOUND_FROM
        for at, _, length, _ in self._asked:
            total += likes[at] * length
            if between and 0 < at < len(likes) - 1 and likes[at] < FOUND_FROM:
                total -= likes[at] * length * (1.0 - MIDDLE_WEIGHT)
                lengths -= length * (1.0 - MIDDLE_WEIGHT)  # type: ignore[assignment]
        return total / lengths

    def _aligned(
        self, name: Sequence[str], company: Sequence[str]
    ) -> tuple[list[float], list[int]]:
        """Return for each typed word how like its word is, and where that stands; -1 for none."""
        kept = (*name, *company)
        names = len(name)
        found = [0.0] * len(self.words)
        places = [-1] * len(self.words)
        contested = False
        for at, typed, _, likes in self._asked:
            best, best_place = 0.0, -1
            for place, word in enumerate(kept):
                like = likes.get(word)
                if like is None:
                    like = likes[word] = likeness(typed, word)
                if place >= names:
                    like *= self._company_weight
                elif at:
                    like *= self._name_weight
                if like > best:
                    best, best_place = like, place
            contested = contested or (best_place in places and best_place >= 0)
            found[at], places[at] = best, best_place
        return self._settled(kept, names) if contested else (found, places)

    def _settled(self, kept: Sequence[str], names: int) -> tuple[list[float], list[int]]:
        """Give each kept word to the one typed word that is likest to it."""
        wishes = [
            (likes[word] * self._weight(at, place >= names), length, at, place)
            for at, _, length, likes in self._asked
            for place, word in enumerate(kept)
        ]
        wishes.sort(reverse=True)
        found = [0.0] * len(self.words)
        places = [-1] * len(self.words)
        for like, _, at, place in wishes:
            if places[at] < 0 and place not in places:
                found[at], places[at] = like, place
        return found, places

    def _weight(self, at: int, of_company: bool) -> float:
        if of_company:
            return self._company_weight
        return self._name_weight if at else 1.0

    def _parts(self, name: Sequence[str], person: Findable) -> tuple[str, str]:
        """Return which words of a name and a company were meant; unlike ones were not."""
        kept = (*name, *person.company)
        likes, places = self._aligned(name, person.company)
        taken = sorted(
            place
            for like, place in zip(likes, places, strict=True)
            if place >= 0 and like >= MEANT_FROM
        )
        words = " ".join(kept[place] for place in taken)
        of_name = any(place < len(name) for place in taken)
        of_company = any(place >= len(name) for place in taken)
        if of_name and of_company:
            return "name and company", words
        return ("company" if of_company else "name"), words

    def _like(self, typed: str, word: str) -> float:
        """Return how like two words are: 0 to 1."""
        like = self._others.get((typed, word))
        if like is None:
            like = self._others[typed, word] = likeness(typed, word)
        return like


def likeness(typed: str, word: str) -> float:
    """Return how like a typed word is to one that is kept: 0 to 1."""
    if typed == word:
        return 1.0
    if len(typed) == 1 or len(word) == 1:
        return INITIAL if typed.startswith(word) or word.startswith(typed) else 0.0
    alike = JaroWinkler.normalized_similarity(typed, word)
    if alike < UNLIKE:
        return NICKNAME if word in forms_of(typed) else 0.5 * alike
    best = 0.45 * alike + 0.55 * OSA.normalized_similarity(typed, word)
    if word.startswith(typed):
        best = max(best, PREFIX_FROM + PREFIX_SHARE * len(typed) / len(word))
    if best < NICKNAME and word in forms_of(typed):
        return NICKNAME
    if SOUND_ASKED_FROM <= best < NICKNAME:
        sound = sound_of(typed)
        if sound == sound_of(word):
            return max(SOUNDS[min(len(sound), 3) - 1], best + SOUND_MORE)
    return best
