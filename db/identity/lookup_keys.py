"""What a customer can be found by: one normalised text, and from it alone the words and keys.

The text is stored; what stands in the index is computed from it, and from nothing else. So a
delete can name exactly what was inserted (SQLite 3.40 never notices a wrong one), and a rebuild
gives what was there.

A *pair key* joins a piece of one word with a piece of another: beginning with beginning, end with
end, beginning with end both ways. One slip in each word leaves at least one of the four, whatever
the order of the words; pieces have three letters, and two where three found nothing good.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from db.frozen import dataclass

NAMES = 6  # variants of a name; more come from one mailbox that many people use
NAME_WORDS = 5
COMPANY_WORDS = 3
HANDLES = 12  # of each sort
TEXT_CHARACTERS = 120
WIDTHS = (3, 2)
PHONE_TAIL_DIGITS = 3  # fewer would be found everywhere
_FORMS = """
ltd limited inc incorporated corp corporation gmbh ag kg bv nv sa sarl sas srl spa ab as oy oyj llc
llp plc pty co company und and the ooo
"""
COMPANY_FORMS = frozenset(_FORMS.split())

_WORDS = re.compile(r"[a-z0-9]+")
_HUMP = re.compile(r"(?<=[a-z])(?=[A-Z])")
_DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True, slots=True)
class Findable:
    """A customer as the finder sees them; all words in lower-case ASCII.

    Attributes:
        names: Every variant, in words; the first is the customer's own.
        company: Words, without the legal form.
        emails: Whole addresses.
        phones: Digits, without the plus.
        handles: Names in chats and ids elsewhere.
    """

    names: tuple[tuple[str, ...], ...] = ()
    company: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    handles: tuple[str, ...] = ()

    def text(self) -> str:
        """Return the text that is stored."""
        names = "\t".join(" ".join(words) for words in self.names)
        parts = (names, " ".join(self.company), " ".join(self.emails), " ".join(self.phones))
        return "\n".join((*parts, " ".join(self.handles)))

    @staticmethod
    def from_text(text: str) -> Findable:
        """Return what `text` was made from."""
        names, company, emails, phones, handles = text.split("\n")
        return Findable(
            tuple(tuple(name.split(" ")) for name in names.split("\t")) if names else (),
            tuple(company.split()),
            tuple(emails.split()),
            tuple(phones.split()),
            tuple(handles.split()),
        )


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a name in lower-case ASCII: ``Юлия O'Neil`` is ``yuliya oneil``."""
    text = text[:TEXT_CHARACTERS]
    if not text.isascii():
        text = _HUMP.sub(" ", _ascii(text))  # 王伟 is WangWei: two words
    return tuple(_WORDS.findall(text.lower().replace("'", "")))


def company_words(text: str) -> tuple[str, ...]:
    """Return the words of a company's name; the legal form is left out where more is there."""
    words = words_of(text)
    return tuple(word for word in words if word not in COMPANY_FORMS) or words


@lru_cache(maxsize=4096)
def _ascii(text: str) -> str:
    from anyascii import anyascii

    return anyascii(text)


def findable(names: Iterable[str], company: str, identities: Iterable[tuple[str, str]]) -> Findable:
    """Return what a customer can be found by.

    Args:
        names: The customer's own name first, then what they were called elsewhere.
        company: Name of the organization; may be empty.
        identities: ``(kind, value)`` of each way to reach them.
    """
    variants = dict.fromkeys(words_of(name)[:NAME_WORDS] for name in names)
    emails: list[str] = []
    phones: list[str] = []
    handles: list[str] = []
    for kind, value in identities:
        if kind == "email":
            emails += _one_word(value)
        elif kind == "phone":
            phones.append("".join(_DIGITS.findall(value)))
        elif kind in ("handle", "external_id"):
            handles += _one_word(value)
    return Findable(
        tuple(words for words in variants if words)[:NAMES],
        company_words(company)[:COMPANY_WORDS],
        tuple(dict.fromkeys(emails))[:HANDLES],
        tuple(dict.fromkeys(phone for phone in phones if phone))[:HANDLES],
        tuple(dict.fromkeys(handles))[:HANDLES],
    )


def _one_word(value: str) -> list[str]:
    """Return an address as one word of printable ASCII; empty where nothing is left."""
    value = value if value.isascii() else _ascii(value)
    word = "".join(letter for letter in value.lower() if "!" <= letter <= "~")
    return [word[:TEXT_CHARACTERS]] if word else []


def local_words(email: str) -> tuple[str, ...]:
    """Return the words of an address before its sign: ``ada.moreno+x@…`` is ``ada moreno``."""
    return words_of(email.partition("@")[0].partition("+")[0])


def look_up_words(person: Findable) -> set[str]:
    """Return the words whose beginning finds a customer; a phone stands there backwards too."""
    words = {word for name in person.names for word in name}
    words.update(person.company)
    words.update(person.emails)
    words.update(person.handles)
    for phone in person.phones:
        words.update((f"+{phone}", f"#{phone[::-1]}"))
    return words


def index_keys(person: Findable) -> set[str]:
    """Return all keys under which a customer stands in the index."""
    keys: set[str] = set()
    names = [*person.names]
    names += [
        words for words in map(local_words, person.emails) if words and words not in person.names
    ]
    for name in names:
        keys.update(joined_keys(name))
        for one, other in _pairs(name):
            keys.update(pair_keys(one, other, WIDTHS))
            keys.update(initial_keys(one, other))
            keys.update(initial_keys(other, one))
    for one, other in _pairs(person.company):
        keys.update(pair_keys(one, other, WIDTHS))
    for word in person.company[:2]:
        for one in {word for name in person.names for word in name}:
            keys.update(pair_keys(one, word, WIDTHS))
            keys.update(initial_keys(one, word))
    for email in person.emails:
        keys.update(address_keys(email))
    for word in _grammed(person):
        keys.update(gram_keys(word))
    return keys


def _grammed(person: Findable) -> Iterator[str]:
    for name in person.names:
        yield from name
    yield from person.company[:2]
    for email in person.emails:
        yield email.partition("@")[0]
    yield from person.handles


def _pairs(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    for number, one in enumerate(words):
        for other in words[number + 1 :]:
            yield one, other


def query_keys(words: Sequence[str], width: int) -> list[str]:
    """Return the keys to look under for these words, with pieces of one width."""
    keys: dict[str, None] = {}
    for one, other in _pairs(words[:NAME_WORDS]):
        if len(one) == 1 or len(other) == 1:
            letter, word = (one, other) if len(one) == 1 else (other, one)
            keys.update(dict.fromkeys(initial_keys(letter, word)))
        else:
            keys.update(dict.fromkeys(pair_keys(one, other, (width,))))
    keys.update(dict.fromkeys(joined_keys(words)))
    return list(keys)


def pair_keys(one: str, other: str, widths: Iterable[int]) -> Iterator[str]:
    """Yield the four keys of two words for each width; their order does not matter."""
    if other < one:
        one, other = other, one
    for width in widths:
        heads = sorted((one[:width], other[:width]))
        tails = sorted((one[-width:], other[-width:]))
        yield f"h{width}{heads[0]}_{heads[1]}"
        yield f"t{width}{tails[0]}_{tails[1]}"
        yield f"m{width}{one[:width]}_{other[-width:]}"
        yield f"m{width}{other[:width]}_{one[-width:]}"


def initial_keys(letter: str, word: str) -> Iterator[str]:
    """Yield the keys of one word's first letter with another word."""
    yield f"i{letter[:1]}_{word[:3]}"
    yield f"j{letter[:1]}_{word[-3:]}"


def joined_keys(words: Sequence[str]) -> Iterator[str]:
    """Yield the keys of a name written as one word, or of one word that was cut in two."""
    joined = "".join(words)
    if len(joined) >= 5:
        yield f"b{joined[:5]}"
        yield f"e{joined[-5:]}"


def address_keys(email: str) -> Iterator[str]:
    """Yield the keys of an address: either end of its local part, with its host's beginning."""
    local, _, host = email.partition("@")
    near = "".join(_WORDS.findall(host))[:5]
    word = "".join(_WORDS.findall(local))
    if near and word:
        for width in (4, 3):
            yield f"a{word[:width]}_{near}"
            yield f"z{word[-width:]}_{near}"


def gram_keys(word: str) -> set[str]:
    """Return the threes of letters in a word, its beginning and end marked."""
    letters = f"_{''.join(_WORDS.findall(word))[:24]}_"
    return {f"g{letters[at : at + 3]}" for at in range(len(letters) - 2)}
