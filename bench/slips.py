"""What an agent types who half remembers someone: sixteen ways to be wrong.

Each kind takes a person and returns what is typed, or None where that person cannot be remembered
so (no company, no known nickname).
"""

from __future__ import annotations

import csv
import random
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from bench.names import Person
from db.identity.lookup_keys import company_words, words_of

Kind = Callable[[Person, random.Random], "str | None"]

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
_SOUNDS = (
    ("ph", "f"), ("f", "ph"), ("ck", "k"), ("k", "c"), ("c", "k"), ("s", "z"), ("z", "s"),
    ("y", "i"), ("i", "y"), ("ie", "y"), ("ei", "ie"), ("ee", "ea"), ("v", "w"), ("w", "v"),
    ("th", "t"), ("tt", "t"), ("ll", "l"), ("nn", "n"), ("n", "nn"), ("t", "tt"), ("ou", "u"),
    ("sch", "sh"), ("sh", "sch"), ("dt", "t"), ("x", "ks"), ("qu", "kw"), ("j", "y"),
)  # fmt: skip
FIRSTS = """
catherine katherine kathryn catharine | stephen steven stefan stephan | john jon | geoffrey
jeffrey | sara sarah | ann anne | philip phillip | marc mark | eric erik | alan allan allen |
brian bryan | sean shawn shaun | karen karin caren | kristin kristen christine christina kristina
| michael micheal | lori laurie | teresa theresa | rebecca rebekah | debra deborah | elisabeth
elizabeth | isabel isabelle isabella | sofia sophia | jaqueline jacqueline | nicolas nicholas |
matthew mathew | lawrence laurence | carl karl | frederick fredrick frederic | vivian vivien |
hanna hannah | lara laura | mohammed mohamed muhammad | yulia julia | alexander aleksander | tracy
tracey | terry terri | kelly kelli | lindsay lindsey | alison allison | jean gene | cindy cyndi |
carol carole | ashley ashlee | vicki vicky | gail gayle | dianne diane | lynn lynne | denis dennis
| neil neal | craig kraig | greg gregg | ronny ronnie | tony toni | francis frances | leslie
lesley
"""
LASTS = """
smith smyth | meyer maier mayer meier | schmidt schmitt | johnson johnston jonson | clark clarke |
reid reed read | brown browne | thompson thomson | stuart stewart | davis davies | nielsen nielson
nilsen | olsen olson olsson | petersen peterson pettersson | hansen hanson hansson | andersen
anderson andersson | larsen larson larsson | jensen jenson | miller mueller muller | fisher
fischer | schneider snyder snider | hoffman hoffmann | kramer cramer | cook cooke | green greene |
moore more | morris maurice | phillips philips | rogers rodgers | rodriguez rodrigues | gonzalez
gonzales | hernandez hernandes | lopez lopes | gomez gomes | martinez martines | pearson pierson |
wolf wolfe wolff | klein kline cline | schultz schulz shultz | wagner wagoner | carlson karlsson
carlsson | erickson ericsson eriksson | lee leigh li | lewis louis | matthews mathews | nichols
nicholls | allen allan | hughes hughs | gray grey | white whyte | wright right | bailey bayley
baily | kelly kelley | murphy murphey | burns byrnes | perry perrie | barnes barns | hayes hays |
price pryce | russell russel | bennett bennet | elliott elliot | barrett barret | tailor taylor |
little littel | fox foxx | ferguson fergusson
"""


def _families(text: str) -> dict[str, list[str]]:
    groups = [group.split() for group in text.split("|")]
    return {word: [one for one in group if one != word] for group in groups for word in group}


_FIRST_VARIANTS, _LAST_VARIANTS = _families(FIRSTS), _families(LASTS)


def slip(word: str, draw: random.Random) -> str:
    """Return a word with one slip: a letter more, less, swapped, beside, or by its sound."""
    at = draw.randrange(len(word))
    kind = draw.randrange(5)
    if kind == 0 and len(word) > 2:
        return word[:at] + word[at + 1 :]
    if kind == 1:
        return word[:at] + draw.choice("abcdefghijklmnopqrstuvwxyz") + word[at:]
    if kind == 2 and len(word) > 2:
        at = min(at, len(word) - 2)
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if kind == 3:
        fits = [pair for pair in _SOUNDS if pair[0] in word]
        if fits:
            return word.replace(*draw.choice(fits), 1)
    return word[:at] + _beside(word[at], draw) + word[at + 1 :]


def _beside(letter: str, draw: random.Random) -> str:
    for row in _ROWS:
        if letter in row:
            at = row.index(letter)
            return draw.choice(row[max(0, at - 1) : at] + row[at + 1 : at + 2])
    return draw.choice("0123456789")


def slipped(words: tuple[str, ...], slips: int, draw: random.Random) -> str | None:
    """Return words with slips in them, the longer words likelier; None where all are too short."""
    out = [*words]
    if len("".join(out)) < 5:
        return None
    for _ in range(slips):
        at = draw.choices(range(len(out)), weights=[len(word) ** 2 for word in out])[0]
        out[at] = slip(out[at], draw)
    return None if tuple(out) == words else " ".join(out)


@cache
def nicknames() -> dict[str, list[str]]:
    """Return first names with what their bearers are called."""
    found = find_spec("nicknames")
    assert found is not None
    assert found.origin is not None
    names: dict[str, list[str]] = {}
    with (Path(found.origin).parent / "names.csv").open(encoding="utf-8") as file:
        for one, relation, other in csv.reader(file):
            if relation == "has_nickname":
                names.setdefault(one, []).append(other)
    return names


def _ends(person: Person) -> tuple[str, str] | None:
    words = words_of(person.name)
    return (words[0], words[-1]) if len(words) > 1 else None


def _nickname(person: Person, draw: random.Random) -> str | None:
    ends = _ends(person)
    if ends is None or ends[0] not in nicknames():
        return None
    return f"{draw.choice(nicknames()[ends[0]])} {ends[1]}"


def _variant(person: Person, draw: random.Random, place: int) -> str | None:
    ends = _ends(person)
    variants = (_FIRST_VARIANTS, _LAST_VARIANTS)[place]
    if ends is None or ends[place] not in variants:
        return None
    other = draw.choice(variants[ends[place]])
    return f"{other} {ends[1]}" if place == 0 else f"{ends[0]} {other}"


def _initial(person: Person, draw: random.Random) -> str | None:
    words = words_of(person.name)
    company = company_words(person.company)
    if len(company) < 2 or not words:
        return None
    return " ".join((words[0][0], *company[:3]))


def _prefix(person: Person, draw: random.Random) -> str | None:
    ends = _ends(person)
    if ends is None or min(map(len, ends)) < 4:
        return None
    return f"{ends[0][: draw.randint(3, 5)]} {ends[1][: draw.randint(3, 5)]}"


def _address(person: Person, draw: random.Random) -> str | None:
    local, _, host = person.email.partition("@")
    typed = slip(local, draw) + "@" + host if draw.random() < 0.7 else f"{local}@{slip(host, draw)}"
    return None if typed == person.email or len(local) < 4 else typed


def _phone(person: Person, draw: random.Random) -> str | None:
    digits = person.phone.lstrip("+")
    if not digits:
        return None
    size = draw.randint(6, 8)
    return digits[-size:]


def _company(person: Person, draw: random.Random) -> str | None:
    words = company_words(person.company)
    return slipped(words, 1, draw) if len(words) > 1 else None


def _first_company(person: Person, draw: random.Random) -> str | None:
    words = words_of(person.name)
    company = company_words(person.company)[:2]
    typed = slipped(company, 1, draw) if company and len(company[0]) > 3 else None
    return f"{words[0]} {typed}" if typed and words else None


def _joined(person: Person, draw: random.Random) -> str | None:
    words = words_of(person.name)
    if len(words) < 2 or len("".join(words)) < 6:
        return None
    if draw.random() < 0.6:
        return "".join(words)
    at = max(range(len(words)), key=lambda place: len(words[place]))
    cut = draw.randint(2, max(2, len(words[at]) - 2))
    return " ".join((*words[:at], words[at][:cut], words[at][cut:], *words[at + 1 :])).strip()


def _wrong_middle(person: Person, draw: random.Random) -> str | None:
    ends = _ends(person)
    middle = draw.choice(("james", "marie", "lee", "anne", "j", "m", "robert", "lynn", "van", "de"))
    return f"{ends[0]} {middle} {ends[1]}" if ends else None


def _ascii(person: Person, draw: random.Random) -> str | None:
    return None if person.name.isascii() else " ".join(words_of(person.name))


KINDS: dict[str, Kind] = {
    "one slip": lambda one, draw: slipped(words_of(one.name), 1, draw),
    "two slips": lambda one, draw: slipped(words_of(one.name), 2, draw),
    "swapped, a slip": lambda one, draw: slipped(words_of(one.name)[::-1], 1, draw),
    "nickname": _nickname,
    "first spelt otherwise": lambda one, draw: _variant(one, draw, 0),
    "last spelt otherwise": lambda one, draw: _variant(one, draw, 1),
    "initial, company": _initial,
    "beginnings": _prefix,
    "address before @": lambda one, _: one.email.partition("@")[0],
    "address, a slip": _address,
    "phone tail": _phone,
    "company, a slip": _company,
    "first, company slip": _first_company,
    "joined or cut": _joined,
    "wrong middle": _wrong_middle,
    "ASCII only": _ascii,
}
