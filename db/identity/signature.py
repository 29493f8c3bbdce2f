"""What a signature says of its writer: numbers, company, title. Claims, which link nobody.

Strangers wrote it: only its first lines are looked at, and none of the expressions can run away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from db.identity.lookup_keys import COMPANY_FORMS, words_of

LINES = 14
LINE_CHARACTERS = 120
SHORT_CHARACTERS = 60  # a title or a company is no sentence
LEAST_DIGITS = 7
NEW_CHARACTERS = 4_000  # of a text without a marked signature, its end is looked at
CLOSING_LINES = 12
CLOSING_CHARACTERS = 40

CARDS = 3
CARD_CHARACTERS = 200_000
_CARD = re.compile(r"^\[contact: ([^\]\n]{1,500})\]$", re.MULTILINE)

# The words before a signature, as folded text; a line that begins so and is short ends a mail.
_CLOSINGS = (
    "best", "regards", "kind regards", "warm regards", "many thanks", "thanks", "thank you",
    "cheers", "sincerely", "yours", "mit freundlichen", "viele gr", "beste gr", "liebe gr",
    "freundliche gr", "mfg", "lg", "vg", "cordialement", "bien cordialement", "saludos",
    "un saludo", "atentamente", "cordiali saluti", "saluti", "met vriendelijke", "groeten",
    "med vanliga", "med vänliga", "venlig hilsen", "hilsen", "pozdrawiam", "com os melhores",
    "cumprimentos",
)  # fmt: skip
_TITLE_WORDS = """
account accountant administrator advisor agent analyst architect assistant associate buyer ceo cfo
chairman chief cio coach consultant controller coo coordinator counsel cto dentist designer
developer director doctor editor engineer executive founder geschaftsfuhrer geschaftsfuhrerin head
inhaber inhaberin intern journalist lawyer lead leader lecturer leiter leiterin librarian manager
managerin nurse officer operator owner partner pharmacist photographer physician planner president
principal producer professor programmer projektleiter projektleiterin purchaser receptionist
representative researcher sachbearbeiter sachbearbeiterin scientist secretary specialist student
supervisor teacher technician therapist trainer translator treasurer vertrieb vorstand vp writer
"""
_TITLES = frozenset(_TITLE_WORDS.split())
_NOT_A_VOICE = ("fax", "telefax")
_SIGNS = frozenset("@:/\\<>[]{}=!?;")


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a signature says.

    Attributes:
        kind: ``phone``, ``company`` or ``title``.
        value: As it is compared: ``+`` and digits, or lower-case words.
        raw: As it was written; untrusted.
    """

    kind: str
    value: str
    raw: str


def signature_of(text: str, folds: Sequence[tuple[int, int, str]]) -> str:
    """Return the lines in which a writer says who they are; empty where there are none.

    Args:
        text: Of a mail.
        folds: ``(start, end, kind)`` in order.
    """
    marked = [text[start:end] for start, end, kind in folds if kind == "signature"]
    if marked:
        return "\n".join(marked)[: LINES * LINE_CHARACTERS]
    end = next((start for start, _, kind in folds if kind == "quote" and start), len(text))
    lines = text[max(0, end - NEW_CHARACTERS) : end].rstrip().splitlines()[-CLOSING_LINES:]
    for number, line in enumerate(lines):
        closing = line.strip(" ,.!-–\t").casefold()
        if len(closing) <= CLOSING_CHARACTERS and closing.startswith(_CLOSINGS):
            return "\n".join(lines[number + 1 :])
    return ""


@lru_cache(maxsize=2_000)
def facts_in(signature: str, domain: str = "") -> tuple[Fact, ...]:
    """Return what a signature says.

    Args:
        signature: Untrusted.
        domain: Of the writer's address: its country reads national numbers, its name the company.
    """
    lines = [line.strip()[:LINE_CHARACTERS] for line in signature.splitlines()[:LINES]]
    found: dict[tuple[str, str], Fact] = {}
    for line in lines:
        for fact in (*_phones(line, domain), *_words(line, domain)):
            found.setdefault((fact.kind, fact.value), fact)
    return tuple(found.values())


def card_facts(text: str, email: str) -> tuple[Fact, ...]:
    """Return what the writer's own contact card says; other people's cards say nothing of them.

    Args:
        text: Of a mail, in which a card stands as ``[contact: Ann Berg, Mill Works, …]``.
        email: The writer's address, as a key.
    """
    found: dict[tuple[str, str], Fact] = {}
    domain = email.rpartition("@")[2]
    for card in _CARD.findall(text[:CARD_CHARACTERS])[:CARDS]:
        pieces = [piece.strip() for piece in card.split(", ")]
        if email not in map(str.lower, pieces):
            continue
        for piece in pieces[1:]:
            for fact in (*_phones(piece, domain), *_words(piece, domain)):
                found.setdefault((fact.kind, fact.value), fact)
    return tuple(found.values())


def _phones(line: str, domain: str) -> Iterator[Fact]:
    if sum(letter.isdigit() for letter in line) < LEAST_DIGITS:
        return
    if any(word in line.casefold() for word in _NOT_A_VOICE):
        return
    if "+" not in line and domain.rpartition(".")[2].upper() not in _countries():
        return  # nobody says which country's number it is
    # 17-27 ms to import, and most signatures have no number.
    from phonenumbers import PhoneNumberFormat, PhoneNumberMatcher, format_number

    for match in PhoneNumberMatcher(line, _region(domain)):
        value = format_number(match.number, PhoneNumberFormat.E164)
        yield Fact("phone", value, match.raw_string)


@cache
def _countries() -> frozenset[str]:
    from phonenumbers import SUPPORTED_REGIONS

    return frozenset([*SUPPORTED_REGIONS, "UK"])


def _region(domain: str) -> str | None:
    """Return the country whose numbers need no country code; None where none is stated."""
    country = domain.rpartition(".")[2].upper()
    if country not in _countries():
        return None
    return "GB" if country == "UK" else country


def _words(line: str, domain: str) -> Iterator[Fact]:
    bare = line.strip(" ,.-–|*_\t")
    if not 2 < len(bare) <= SHORT_CHARACTERS or _SIGNS.intersection(bare):
        return
    if any(letter.isdigit() for letter in bare):
        return
    for part in bare.split("|"):
        words = words_of(part)
        if not words or len(words) > 8:
            continue
        value = " ".join(words)
        if _is_company(words, domain):
            yield Fact(
                "company", " ".join(w for w in words if w not in COMPANY_FORMS), part.strip()
            )
        elif _TITLES.intersection(words):
            yield Fact("title", value, part.strip())


def _is_company(words: Sequence[str], domain: str) -> bool:
    """Say whether words name a company: by its legal form at the end, or by the writer's domain."""
    if len(words) > 1 and words[-1] in COMPANY_FORMS - {"und", "and", "the"}:
        return True
    host = domain.rpartition(".")[0].rpartition(".")[2]
    return len(host) > 3 and "".join(words) in (host, host.replace("-", ""))
