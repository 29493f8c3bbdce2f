"""How like two names are: words aligned in any order, with nicknames, initials and slips.

A name is words of lower-case ASCII (`db.identity.lookup_keys.words_of`). What each pair of aligned
words says is weighed by how rare the word is: two Kypuros say more than two Smiths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from itertools import permutations
from typing import TYPE_CHECKING, Literal, NamedTuple

from rapidfuzz.distance import OSA, JaroWinkler

if TYPE_CHECKING:
    from nicknames import NickNamer

NAME_WORDS = 4
NEARLY, LIKE, UNLIKE = 0.92, 0.85, 0.7
RARE_BITS = 10.0  # what one rare word says at most
LEAST_BITS = 1.5  # what a word says that half the store bears
MOST_BITS, FEWEST_BITS = 16.0, -8.0

Kind = Literal["same", "nickname", "initial", "nearly", "like", "unlike"]
# What an aligned pair says, as a share of what the rarer word would say if it were the same.
_SHARES: dict[str, float] = {"same": 1.0, "nickname": 0.7, "nearly": 0.75, "like": 0.4}
_INITIAL_BITS = 2.5  # one letter of about ten that names begin with, less that it may be anyone's
_UNLIKE_BITS = -5.0
_LEFT_OVER_BITS = -0.7  # a word of one name that the other does not have: a middle name, a second

Rarity = Callable[[str], float]


class Pair(NamedTuple):
    """Two words that were aligned."""

    one: str
    other: str
    kind: Kind
    likeness: float


class Likeness(NamedTuple):
    """How like two names are.

    Attributes:
        bits: What that says for (or against) one person, log2 of a likelihood ratio.
        share: 0 to 1, for people.
        pairs: The words that were aligned.
        whole: True where every word of the shorter name found its like, and there are two.
    """

    bits: float
    share: float
    pairs: tuple[Pair, ...]
    whole: bool


NOTHING = Likeness(0.0, 0.0, (), False)


def compare(one: Sequence[str], other: Sequence[str], rarity: Rarity) -> Likeness:
    """Return how like two names are.

    Args:
        one: Words of a name.
        other: Words of another.
        rarity: What it says, in bits, that two names have a word in common.
    """
    # Names of one length are ordered too, so that it does not matter which is named first.
    short, long = sorted(
        (tuple(one[:NAME_WORDS]), tuple(other[:NAME_WORDS])), key=lambda words: (len(words), words)
    )
    if not short:
        return NOTHING
    pairs = _aligned(short, long)
    bits = sum(_bits(pair, rarity) for pair in pairs)
    bits += _LEFT_OVER_BITS * (len(long) - len(short))
    letters = sum(max(len(pair.one), len(pair.other)) for pair in pairs)
    share = sum(max(len(p.one), len(p.other)) * p.likeness for p in pairs) / letters
    unlike = any(pair.kind == "unlike" for pair in pairs)
    if len(short) == 1:
        # A first name or a surname alone: it fits many, and only speaks with something else.
        bits = min(bits, 4.0) if not unlike else _UNLIKE_BITS / 2
    elif unlike:
        # One surname and two first names are a family, not a person.
        bits = min(bits, _UNLIKE_BITS / 2)
    joined = _joined(one, other, rarity) if len(one) != len(other) else None
    if joined is not None and joined.bits > bits:
        return joined
    whole = len(short) > 1 and not unlike
    return Likeness(max(FEWEST_BITS, min(MOST_BITS, bits)), share, pairs, whole)


def _joined(one: Sequence[str], other: Sequence[str], rarity: Rarity) -> Likeness | None:
    """Return the likeness of a name in one word to the same name in two."""
    left, right = "".join(one), "".join(other)
    if left != right or len(left) < 5:
        return None
    words = max((one, other), key=len)
    bits = min(MOST_BITS, sum(_rare(word, rarity) for word in words))
    return Likeness(bits, 1.0, (Pair(left, right, "same", 1.0),), len(words) > 1)


def _aligned(short: tuple[str, ...], long: tuple[str, ...]) -> tuple[Pair, ...]:
    """Return the best pairing of the words of two names, each used once."""
    table = [[pair_of(word, other) for other in long] for word in short]
    best: tuple[float, tuple[Pair, ...]] = (-1.0, ())
    for places in permutations(range(len(long)), len(short)):
        pairs = tuple(table[row][place] for row, place in enumerate(places))
        total = sum(pair.likeness for pair in pairs) - 0.001 * sum(
            row != place for row, place in enumerate(places)
        )
        if total > best[0]:
            best = (total, pairs)
    return best[1]


@lru_cache(maxsize=50_000)
def pair_of(one: str, other: str) -> Pair:
    """Return how like two words are."""
    if one == other:
        return Pair(one, other, "same" if len(one) > 1 else "initial", 1.0)
    if len(one) == 1 or len(other) == 1:
        fits = one.startswith(other) or other.startswith(one)
        return Pair(one, other, "initial" if fits else "unlike", 0.8 if fits else 0.0)
    alike = JaroWinkler.normalized_similarity(one, other)
    if alike < UNLIKE:
        return _nickname(one, other) or Pair(one, other, "unlike", 0.5 * alike)
    both = 0.45 * alike + 0.55 * OSA.normalized_similarity(one, other)
    if both < NEARLY and (nickname := _nickname(one, other)):
        return nickname
    slips = OSA.distance(one, other)
    if alike >= NEARLY and slips <= 1 + (len(one) > 7):
        return Pair(one, other, "nearly", both)
    if alike >= LIKE and slips <= 3:
        return Pair(one, other, "like", both)
    return Pair(one, other, "unlike", 0.5 * both)


def _nickname(one: str, other: str) -> Pair | None:
    return Pair(one, other, "nickname", 0.95) if _stand_for_each_other(one, other) else None


def _stand_for_each_other(one: str, other: str) -> bool:
    return other in forms_of(one) or one in forms_of(other)


@lru_cache(maxsize=20_000)
def forms_of(word: str) -> frozenset[str]:
    """Return the names that a first name stands for, and those that stand for it."""
    namer = _namer()
    return frozenset(namer.nicknames_of(word) | namer.canonicals_of(word))


@cache
def _namer() -> NickNamer:
    from nicknames import NickNamer

    return NickNamer()


def _bits(pair: Pair, rarity: Rarity) -> float:
    if pair.kind == "initial":
        return _INITIAL_BITS
    if pair.kind == "unlike":
        return _UNLIKE_BITS
    rare = _rare(pair.one, rarity)
    if pair.one != pair.other:
        # A slip makes a word that nobody bears: only the known spelling says how rare it is.
        rare = min(rare, _rare(pair.other, rarity))
    return _SHARES[pair.kind] * rare


def _rare(word: str, rarity: Rarity) -> float:
    return max(LEAST_BITS, min(RARE_BITS, rarity(word)))
