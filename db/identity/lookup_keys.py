"""What a customer can be found by: one normalised text, and from it alone the keys of the index.

The text is stored; what stands in the index is computed from it, and from nothing else. So a
delete can name exactly what was inserted (SQLite 3.40 never notices a wrong one), and a rebuild
gives what was there.

A key is a piece of one word, the first letter says which: ``w`` the whole word, ``g`` three
letters of it (``_`` marks its ends), ``b`` and ``e`` three at its beginning and end, ``p`` how it
sounds, ``i`` the first letter of a name, ``h`` the host of an address, ``n`` four digits of a
number. Pieces are short and common, so the index is small; what a question means is in how it
joins them (`db.identity.lookup_forms`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from db.frozen import dataclass

NAMES = 6  # variants of a name; more come from one mailbox that many people use
NAME_WORDS = 5
COMPANY_WORDS = 4
HANDLES = 12  # of each sort
TEXT_CHARACTERS = 120
WORD_LETTERS = 24
ENDS = 3  # letters
PHONE_DIGITS = 4  # of a number in one key
_FORMS = """
ltd limited inc incorporated corp corporation gmbh ag kg bv nv sa sarl sas srl spa ab as oy oyj llc
llp plc pty co company und and the ooo hb kb aps mbh ug ohg kft bt kkt zrt nyrt sro spol vos doo
ltda lda eireli sl slne scom snc sti sp zoo sk osk ry tmi ky
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
    return telling_words(words_of(text))


def telling_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return words without legal forms and their letters (``s.a.``), where more is there."""
    telling = tuple(word for word in words if len(word) > 1 and word not in COMPANY_FORMS)
    return telling or words


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


def index_keys(person: Findable) -> set[str]:
    """Return all keys under which a customer stands in the index."""
    keys: set[str] = set()
    for name in person.names:
        keys.update(f"i{word[0]}" for word in name)
    for word in _words(person):
        keys.add(f"w{word}")
        keys.update(gram_keys(word))
        keys.update(end_keys(word))
        keys.update(sound_keys(word))
    for email in person.emails:
        keys.update(host_keys(email))
        for word in local_words(email):
            keys.update(gram_keys(word))
            keys.update(end_keys(word))
    for phone in person.phones:
        keys.update(phone_keys(phone))
    return keys


def _words(person: Findable) -> set[str]:
    words = {word for name in person.names for word in name}
    words.update(person.company)
    words.update(word for word in map(one_word, person.handles) if word)
    return {word[:WORD_LETTERS] for word in words}


def one_word(text: str) -> str:
    """Return the letters and digits of an address or a handle: ``ada_m`` is ``adam``."""
    return "".join(_WORDS.findall(text.lower()))[:WORD_LETTERS]


def end_keys(word: str) -> list[str]:
    """Return the keys of a word's first three letters and of its last three."""
    word = word[:WORD_LETTERS]
    return [f"b{word[:ENDS]}", f"e{word[-ENDS:]}"] if len(word) >= ENDS else []


def gram_keys(word: str) -> list[str]:
    """Return the threes of letters in a word, from its beginning to its end."""
    letters = f"_{word[:WORD_LETTERS]}_"
    return [f"g{letters[at : at + 3]}" for at in range(len(letters) - 2)]


def sound_keys(word: str) -> list[str]:
    """Return the key of how a word sounds; none for what sounds like everything."""
    sound = sound_of(word)
    return [f"p{sound}"] if len(sound) > 1 else []


def host_keys(email: str) -> list[str]:
    """Return the key of an address's host."""
    host = one_word(email.partition("@")[2])
    return [f"h{host}"] if host else []


def phone_keys(digits: str) -> list[str]:
    """Return the keys of every four digits that stand together."""
    return [f"n{digits[at : at + PHONE_DIGITS]}" for at in range(len(digits) - PHONE_DIGITS + 1)]


_SOUNDS = (
    (re.compile("^(?:kn|gn|pn)"), "n"),
    (re.compile("^wr"), "r"),
    (re.compile("^x"), "s"),
    (re.compile("^mac"), "mc"),
    (re.compile("ough|augh|eigh|igh"), "a"),
    (re.compile("ph|v|pf"), "f"),
    (re.compile("sch|sh|tz|ts|z|c(?=[eiy])"), "s"),
    (re.compile("ch|ck|q|c"), "k"),
    (re.compile("x"), "ks"),
    (re.compile("dt|th|d"), "t"),
    (re.compile("g(?=[eiy])|y(?=[aeou])"), "j"),
)
_SILENT = re.compile("(?<=.)[aeiouyhw]+")
_TWICE = re.compile(r"(.)\1+")
_VOWELS = frozenset("aeiouy")


@lru_cache(maxsize=20_000)
def sound_of(word: str) -> str:
    """Return how a word sounds, roughly and in any language: its consonants, like for like."""
    for pattern, sound in _SOUNDS:
        word = pattern.sub(sound, word)
    if word[:1] in _VOWELS:
        word = f"a{word[1:]}"
    return _TWICE.sub(r"\1", _SILENT.sub("", word))[:8]
