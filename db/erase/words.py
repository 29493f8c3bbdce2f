"""The words that name a person, found and masked in any text.

Two sorts. *Certain* words stand for nobody else: addresses, phone numbers in any notation, handles,
whole names in any order. *Lone* words are a name's single words: “Ada” in a stranger's mail may be
somebody else, so they are masked in the person's own conversations, and elsewhere only where the
store says that they are rare (`db.erase.survey`) or a person said so.
"""

from __future__ import annotations

import bisect
import contextlib
import re
import unicodedata
from collections.abc import Iterable, Sequence

from db.frozen import dataclass
from db.identity.normalise import ROLE_MAILBOXES

MASK = "[erased]"
LONE_CHARACTERS = 3
HANDLE_CHARACTERS = 4
MAILBOX_CHARACTERS = 5
PHONE_DIGITS = 6
NAME_WORDS = 6

_PARTICLE_WORDS = """
the and von van der den de del della di da dos das la le los ten ter zu zum bin ibn al el
mr mrs ms miss herr frau prof dr sir madam jr sr via per from
"""
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_DIGITS = re.compile(r"\d+")
_WORDS = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_TRANSLITERATED = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ø": "oe", "å": "aa"})
# Between the words of a name: a space, a dot, a line end, “%20” in a link.
_BETWEEN = r"(?:[\W_]{0,3}|%20)"
# Between the digits of a number.
_SPACED = r"[\s./()\-\u2010-\u2015\u00a0]{0,3}"
_BEFORE = r"(?<![^\W_])"
_AFTER = r"(?:['’]?s)?(?![^\W_])"
_CJK = 0x2E80  # from here on words have no spaces between them


@dataclass(frozen=True, slots=True)
class Named:
    """What names a person, as people wrote it.

    Attributes:
        emails: Addresses.
        phones: Digits, with a plus where the country is known.
        handles: Names in chats and ids elsewhere.
        names: Whole names.
        also: Words that a person added.
        without: Words that a person took out, case-folded.
    """

    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    without: frozenset[str] = frozenset()

    def lone(self) -> tuple[str, ...]:
        """Return the single words by which the person may be called, case-folded."""
        words = [word for name in self.names for word in _words(name)]
        for email in self.emails:
            local = email.rpartition("@")[0].partition("+")[0]
            if len(local) >= MAILBOX_CHARACTERS and local.casefold() not in ROLE_MAILBOXES:
                words.append(local)
        words += [one for one in self.handles if len(one) < HANDLE_CHARACTERS]
        return tuple(
            dict.fromkeys(
                folded
                for word in words
                if _is_lone(folded := word.casefold()) and folded not in self.without
            )
        )

    def certain(self) -> tuple[str, ...]:
        """Return the patterns of what stands for nobody else."""
        found = [_email(one) for one in self.emails if one.casefold() not in self.without]
        found += [pattern for one in self.phones if (pattern := _phone(one))]
        found += [_word(one) for one in self.handles if len(one) >= HANDLE_CHARACTERS]
        for name in self.names:
            if len(words := _words(name)) > 1 and name.casefold() not in self.without:
                found += _whole_name(words[:NAME_WORDS])
        found += [_word(one) for one in self.also]
        return tuple(dict.fromkeys(found))


class Sieve:
    """Says fast which texts cannot name a person: nine of ten need no closer look.

    What it holds back never names them; what it lets through may.
    """

    __slots__ = ("_digits", "_words")

    def __init__(self, named: Named) -> None:
        words = [*named.lone(), *named.also]
        words += [email.rpartition("@")[0] for email in named.emails]
        words += named.handles
        for name in named.names:
            words += _words(name)[-1:]
        self._words = {one.casefold() for word in words for one in spellings(word)} - {""}
        self._digits = {national for one in named.phones if (national := _national(one)[1])}

    def passes(self, text: str) -> bool:
        """Say whether a text may name the person."""
        low = text.casefold()
        if any(word in low for word in self._words):
            return True
        if not self._digits:
            return False
        digits = "".join(_DIGITS.findall(text))
        return any(number in digits for number in self._digits)


class Mask:
    """Finds some words and puts a mask in their place."""

    __slots__ = ("_pattern",)

    def __init__(self, patterns: Iterable[str]) -> None:
        """Make a mask of patterns; with none it finds nothing."""
        # The longest first: of two that begin at one place the whole name wins over its word.
        listed = sorted(dict.fromkeys(patterns), key=len, reverse=True)
        self._pattern = re.compile("|".join(listed), re.IGNORECASE) if listed else None

    @staticmethod
    def certain(named: Named) -> Mask:
        """Return the mask for texts of strangers."""
        return Mask(named.certain())

    @staticmethod
    def every(named: Named, lone: Iterable[str] | None = None) -> Mask:
        """Return the mask with lone words: all of them, or these."""
        words = named.lone() if lone is None else lone
        return Mask((*named.certain(), *(_word(word) for word in words)))

    def names(self, text: str) -> bool:
        """Say whether a text holds one of the words."""
        return self._pattern is not None and self._pattern.search(text) is not None

    def text(self, text: str) -> str:
        """Return a text with every word masked."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def folded(
        self, text: str, folds: Sequence[tuple[int, int, str]]
    ) -> tuple[str, tuple[tuple[int, int, str], ...]]:
        """Return a text with every word masked, and its folds where they are then."""
        if self._pattern is None:
            return text, tuple(folds)
        parts: list[str] = []
        ends, shifts = [-1], [0]
        start = shift = 0
        for match in self._pattern.finditer(text):
            parts += (text[start : match.start()], MASK)
            start = match.end()
            shift += len(MASK) - (match.end() - match.start())
            ends.append(match.end())
            shifts.append(shift)
        parts.append(text[start:])

        def moved(place: int) -> int:
            # A place within a word goes behind its mask.
            at = bisect.bisect_right(ends, place) - 1
            if at + 1 < len(ends) and place > _start_of(at + 1):
                at += 1
                return ends[at] + shifts[at]
            return place + shifts[at]

        def _start_of(number: int) -> int:
            return ends[number] - len(MASK) + (shifts[number] - shifts[number - 1])

        masked = "".join(parts)
        kept = tuple(
            (begin, end, kind)
            for old_begin, old_end, kind in folds
            if (begin := moved(old_begin)) < (end := min(moved(old_end), len(masked)))
        )
        return masked, kept


def spellings(word: str) -> tuple[str, ...]:
    """Return a word as it may stand in a text: composed or not, with and without its accents."""
    found = [word, unicodedata.normalize("NFC", word), unicodedata.normalize("NFD", word)]
    if not word.isascii():
        low = unicodedata.normalize("NFC", word).casefold()
        found.append(low.translate(_TRANSLITERATED))
        bare = "".join(
            c for c in unicodedata.normalize("NFD", word) if not unicodedata.combining(c)
        )
        found += [bare, word.encode("ascii", "backslashreplace").decode("ascii")]
    return tuple(dict.fromkeys(one for one in found if one))


def _words(name: str) -> list[str]:
    return [word for word in _WORDS.findall(name) if word.casefold() not in _PARTICLES]


def _is_lone(folded: str) -> bool:
    if folded in _PARTICLES or folded.isdigit():
        return False
    return len(folded) >= LONE_CHARACTERS or (len(folded) == 2 and ord(folded[0]) >= _CJK)


def _alternatives(word: str) -> str:
    return "|".join(re.escape(one) for one in spellings(word))


def _word(word: str) -> str:
    """Return the pattern of a word that stands alone; an underscore is no letter."""
    if any(ord(letter) >= _CJK for letter in word):
        return f"(?:{_alternatives(word)})"
    return f"{_BEFORE}(?:{_alternatives(word)}){_AFTER}"


def _whole_name(words: Sequence[str]) -> list[str]:
    first, *middle, last = (f"(?:{_alternatives(word)})" for word in words)
    inner = "".join(f"(?:{_BETWEEN}{one})?" for one in middle)
    cjk = any(ord(letter) >= _CJK for word in words for letter in word)
    before, after = ("", "") if cjk else (_BEFORE, _AFTER)
    return [
        f"{before}{first}{inner}{_BETWEEN}{last}{after}",
        f"{before}{last}{_BETWEEN}{first}{inner}{after}",
    ]


def _email(email: str) -> str:
    local, _, domain = email.rpartition("@")
    hosts = [re.escape(domain)]
    if "xn--" in domain:
        with contextlib.suppress(UnicodeError):
            hosts.append(re.escape(domain.encode("ascii").decode("idna")))
    # A plus tag is the same mailbox; “%40” is the sign in a link.
    mailbox = rf"(?<![\w.+-]){re.escape(local)}(?:\+[\w.-]{{1,64}})?"
    return rf"{mailbox}(?:@|%40)(?:{'|'.join(hosts)})(?![\w-])"


def _phone(value: str) -> str:
    """Return the pattern of a number in every notation; empty for one that is too short."""
    country, national = _national(value)
    if not national:
        return ""
    spaced = _SPACED.join(national)
    prefix = rf"(?:(?:\+|00){_SPACED}{_SPACED.join(country)}{_SPACED})?" if country else r"\+?"
    return rf"(?<!\d){prefix}(?:\(?0\)?{_SPACED})?{spaced}(?!\d)"


def _national(value: str) -> tuple[str, str]:
    """Return the country code of a number and the rest; empty for one that is too short."""
    digits = value.lstrip("+")
    country, national = "", digits
    if value.startswith("+"):
        import phonenumbers

        try:
            parsed = phonenumbers.parse(value, None)
        except phonenumbers.NumberParseException:
            pass
        else:
            country = str(parsed.country_code)
            national = digits.removeprefix(country)
    national = national.lstrip("0")
    if len(national) < PHONE_DIGITS or not (national.isascii() and national.isdigit()):
        return "", ""
    return country, national
