"""How like two written names are, 0 to 1, with nothing known of the store: persons and companies.

Words are aligned in any order; initials, nicknames, slips, other scripts, titles, legal forms and
words written together are understood. From 0.5 on two names are likelier one than two.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA, JaroWinkler

from db.identity.alike import forms_of
from db.identity.lookup_keys import COMPANY_FORMS, words_of

WORDS = 10
OTHER_CHARACTERS = 200
EXTRA_PERSON, EXTRA_COMPANY = 0.3, 0.75  # what a word that only the longer name has takes away
LACKING = 0.62  # what is left where a word of the shorter name has no like in the longer
NUMBERS = 0.45  # what is left where numbers differ: Fund II is not Fund III
ALONE = 0.55  # what is left where only one word agrees with a name of several
INITIAL, NICKNAME = 0.78, 0.9

_TITLE_WORDS = """
mr mrs ms miss mx dr prof sir dame lord lady rev herr frau monsieur madame senor senora don dona jr
sr ii iii phd md esq hon eng ing dipl mag haji sheikh shaikh
"""
_FORM_WORDS = """
ltda oao zao pao ao ojsc cjsc jsc pjsc pvt pte sdn bhd kk ggmbh eg ev se spzoo sp zoo doo dd lp sca
scs eurl sasu aps asa hf ehf kft rt zrt nyrt sro as ad ead ood eood the of and for de limitada
anonima societe sociedad aktiengesellschaft gesellschaft obshchestvo otvetstvennostyu ogranichennoy
kabushiki kaisha incorporated corporate
"""
# Words that many companies have: they tell little apart.
_COMMON_WORDS = """
group holding holdings international global services service trading trade company enterprise
enterprises industries industry industrial systems solutions technologies technology bank foundation
association institute center centre national general limited partners investment investments
management consulting development engineering construction shipping transport logistics energy oil
gas petroleum import export commercial finance financial capital fund state federal ministry
department university college school
"""
_TITLES = frozenset(_TITLE_WORDS.split())
_FORMS = COMPANY_FORMS | frozenset(_FORM_WORDS.split())
_COMMON = frozenset(_COMMON_WORDS.split())
# In a sentence these are words like others, and no sign of a company.
_NO_SIGN = frozenset(["de", "the", "of", "and", "for", "as", "ad", "se", "co", "sp", "dd", "ab"])
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}


def likeness(one: str, other: str) -> float:
    """Return how like two names are.

    Args:
        one: As written, in any script; untrusted.
        other: Another.
    """
    company = _is_company(one) or _is_company(other)
    left, right = _words(one, company), _words(other, company)
    if not left or not right:
        return 0.0
    if left == right or sorted(left) == sorted(right):
        return 1.0
    short, long = sorted((_telling(left, company), _telling(right, company)), key=_size)
    score = _aligned(short, long, company)
    joined = _joined(short, long)
    return round(max(score, joined, _acronym(short, long)), 4)


def _size(words: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
    """Order names of one length too, so that it does not matter which is named first."""
    return len(words), words


def _words(name: str, company: bool) -> tuple[str, ...]:
    """Return the words of a name without titles; an umlaut is read as it is mostly written."""
    name = name[:OTHER_CHARACTERS].replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
    words = words_of(name.replace(".", " ").replace("-", " ").replace("&", " and "))[:WORDS]
    bare = words if company else tuple(word for word in words if word not in _TITLES)
    return bare or words


def _is_company(name: str) -> bool:
    words = set(words_of(name))
    return bool(words & (_FORMS - _NO_SIGN) or words & _COMMON)


def _telling(words: Sequence[str], company: bool) -> tuple[str, ...]:
    if not company:
        return tuple(words)
    bare = tuple(_ROMAN.get(word, word) for word in words if word not in _FORMS)
    return bare or tuple(words)


def _weight(word: str, company: bool) -> float:
    if len(word) == 1:
        return 1.5
    size = min(8.0, len(word)) + 1
    return size * 0.35 if company and word in _COMMON else size


def _aligned(short: Sequence[str], long: Sequence[str], company: bool) -> float:
    """Return the likeness of names whose words are paired best first."""
    found = sorted(
        (
            (pair_likeness(one, other, company), -abs(row - column), row, column)
            for row, one in enumerate(short)
            for column, other in enumerate(long)
        ),
        reverse=True,
    )
    mine: dict[int, tuple[int, float]] = {}
    taken: set[int] = set()
    for like, _, row, column in found:
        if like > 0 and row not in mine and column not in taken:
            mine[row] = (column, like)
            taken.add(column)
    said = weighed = 0.0
    for row, word in enumerate(short):
        weight = _weight(word, company)
        if row in mine:
            weight = max(weight, _weight(long[mine[row][0]], company))
            said += weight * mine[row][1]
        weighed += weight
    extra = EXTRA_COMPANY if company else EXTRA_PERSON
    weighed += extra * sum(
        _weight(word, company) for place, word in enumerate(long) if place not in taken
    )
    score = said / weighed if weighed else 0.0
    lacking = [word for row, word in enumerate(short) if row not in mine]
    if any(not (company and word in _COMMON) for word in lacking):
        score *= LACKING
    if _numbers(short) != _numbers(long):
        score *= NUMBERS
    strong = [row for row, (_, like) in mine.items() if len(short[row]) > 1 and like > 0.6]
    if len(strong) < 2 and len(long) > 1 and not company:
        score *= ALONE
    return score


def _numbers(words: Sequence[str]) -> set[str]:
    return {word.lstrip("0") for word in words if word.isdigit()}


@lru_cache(maxsize=50_000)
def pair_likeness(one: str, other: str, company: bool = False) -> float:
    """Return how like two words are; 0 where they are not."""
    if one == other:
        return 1.0
    if one.isdigit() or other.isdigit():
        return 0.0
    if len(one) == 1 or len(other) == 1:
        return INITIAL if one[0] == other[0] and not company else 0.0
    alike = JaroWinkler.normalized_similarity(one, other)
    slips = OSA.distance(one, other)
    longest = max(len(one), len(other))
    if not company and alike < 0.95 and (other in forms_of(one) or one in forms_of(other)):
        return NICKNAME
    both = 0.45 * alike + 0.55 * (1 - slips / longest)
    if slips <= 1 and longest > 3:
        return max(both, 0.9)
    if slips <= 1 + longest // 5 and alike >= 0.85:
        return both
    if alike >= 0.88 and both >= 0.72:
        return both - 0.08
    if min(len(one), len(other)) >= 4 and (one.startswith(other) or other.startswith(one)):
        return 0.7
    return 0.0


def _joined(short: Sequence[str], long: Sequence[str]) -> float:
    """Return the likeness of names that are cut into words elsewhere."""
    left, right = "".join(short), "".join(long)
    if len(short) == len(long) or min(len(left), len(right)) < 6:
        return 0.0
    if len(short) == 1 and len(long) == 3:
        right = "".join((long[0], long[-1])) if len(left) < len(right) else right
    like = float(OSA.normalized_similarity(left, right))
    return like if like >= 0.88 else 0.0


def _acronym(short: Sequence[str], long: Sequence[str]) -> float:
    """Return the likeness of an acronym to what it stands for."""
    if len(short) != 1 or len(long) < 3 or len(short[0]) != len(long):
        return 0.0
    return 0.6 if short[0] == "".join(word[0] for word in long) else 0.0
