"""What makes two written addresses the same: exact keys only, and which names look like people.

An e-mail address is lower-cased and its domain brought to ASCII; a phone number is reduced to its
digits; a handle is unique within its network. A name is a label: it is a key only inside the one
chat that it was read in, and never links two people.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from connectors.contract import Address

ADDRESS_CHARACTERS = 320  # RFC 5321: 64 before the sign, 255 behind it
NAME_CHARACTERS = 200
KEPT = 20_000  # addresses and names whose answers are remembered: 5 MB at most
PHONE_DIGITS = (5, 15)  # E.164 allows 15; shorter than 5 is an extension, not a number

UNVERIFIED = "unverified"  # the network of an address whose check failed: claimed, not theirs

# Mailboxes that stand for a function, not a person (RFC 2142 and common practice).
_ROLE_MAILBOXES = """
abuse accounting accounts admin administrator alerts announce billing bounce bounces contact
customerservice do-not-reply donotreply finance hello help helpdesk hr info invoice invoices jobs
kontakt list lists mail mailer mailer-daemon marketing news newsletter no-reply noreply notification
notifications office orders postmaster press privacy root sales security service shop subscribe
support team unsubscribe updates webmaster
"""
ROLE_MAILBOXES = frozenset(_ROLE_MAILBOXES.split())

_NOT_DIGITS = re.compile(r"[^0-9]")
_SURROGATES = re.compile("[\ud800-\udfff]")


class Key(NamedTuple):
    """The exact key of an identity: ``identities(kind, network, value)``."""

    kind: str
    network: str
    value: str


def sound(text: str) -> str:
    """Return text that any database can store: lone surrogates become U+FFFD."""
    if text.isascii():
        return text
    return _SURROGATES.sub("\ufffd", text)


def flat(text: str, limit: int) -> str:
    """Return text on one line, cut to ``limit`` characters."""
    return " ".join(sound(text[: limit * 2]).split())[:limit]


@lru_cache(maxsize=KEPT)
def one_line(text: str, limit: int = NAME_CHARACTERS) -> str:
    """Return a name on one line, without outer quotes, cut to ``limit`` characters."""
    return flat(text, limit * 2).strip(" \"'")[:limit]


def normalise(address: Address, scope: str) -> Key | None:
    """Return the exact key of an address, or None where it names nobody.

    Args:
        address: As the source wrote it; untrusted.
        scope: Source and thread, in which a bare name means one person.
    """
    return _normalise(
        address.kind,
        address.value[: ADDRESS_CHARACTERS * 2],
        address.network,
        scope if address.kind == "name" else "",
    )


@lru_cache(maxsize=KEPT)
def _normalise(kind: str, written: str, network: str, scope: str) -> Key | None:
    """Return the key of `normalise`; a customer's address is met many times."""
    value = sound(written).strip()
    if kind == "email":
        value = email_key(value)
        network = ""
    elif kind == "phone":
        value = phone_key(value)
        network = ""
    else:
        value = " ".join(value.split())
        network = sound(network)[:NAME_CHARACTERS]
        if kind == "name":
            value = value.casefold()
            network = network or scope
        elif kind == "handle":
            value = value.removeprefix("@").lower()
    if not value or len(value) > ADDRESS_CHARACTERS:
        return None
    return Key(kind, network, value)


def email_key(written: str) -> str:
    """Return an e-mail address as a key; empty where it has no two sides."""
    local, sign, domain = written.strip("<> \t").lower().rpartition("@")
    if not (sign and local and domain) or " " in domain:
        return ""
    return f"{local}@{domain_key(domain)}"


def domain_key(domain: str) -> str:
    """Return a domain in lower-case ASCII; one that IDNA refuses stays as it is, lower case."""
    domain = domain.strip(". ").lower()
    if domain.isascii():
        return domain
    try:
        return domain.encode("idna").decode("ascii")
    except UnicodeError:
        return domain


def phone_key(written: str) -> str:
    """Return a phone number as ``+`` and digits, or digits alone where no country is stated.

    ``0049…`` and ``+49 (0)…`` are understood; a number without a country stays without one, since
    guessing it would link strangers.
    """
    text = written.strip().removeprefix("tel:").replace("(0)", "")
    plus = text.startswith("+")
    digits = _NOT_DIGITS.sub("", text)
    if not plus and digits.startswith("00"):
        plus, digits = True, digits[2:]
    least, most = PHONE_DIGITS
    if not least <= len(digits) <= most:
        return ""
    return f"+{digits}" if plus else digits


def domain_of(key: Key) -> str:
    """Return the domain of an e-mail key; empty for other kinds."""
    return key.value.rpartition("@")[2] if key.kind == "email" else ""


def is_role(key: Key) -> bool:
    """Say whether an address stands for a function (``info@``) and not for a person."""
    if key.kind != "email":
        return False
    local = key.value.rpartition("@")[0].partition("+")[0]
    return local in ROLE_MAILBOXES


@lru_cache(maxsize=KEPT)
def person_likeness(name: str) -> int:
    """Return how much a display name looks like a person's: 0 (not at all) to 3."""
    if not any(letter.isalpha() for letter in name):
        return 0
    if "@" in name or "://" in name:
        return 0
    if any(sign in name for sign in "|/<>[]{}="):
        return 1
    if any(letter.isdigit() for letter in name):
        return 1
    # Scripts without spaces (Chinese, Japanese, Korean) write a whole name in one word.
    return 3 if " " in name or not name.isascii() else 2


def best_name(names: Iterable[tuple[str, int]]) -> str:
    """Return the name to show: likest a person's, then most used, then longest; empty for none.

    Args:
        names: ``(name, times met)``, in any order.
    """
    best = max(
        ((person_likeness(name), times, len(name), name) for name, times in names if name),
        default=None,
    )
    return best[3] if best else ""


def name_from(key: Key) -> str:
    """Return what to call someone who never gave a name: the part before the sign, or the value."""
    return key.value.rpartition("@")[0] or key.value
