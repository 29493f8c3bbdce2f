"""Ids of our own on what we send: random, sealed with a key of the store, recognised on replies.

A token stands in the Message-ID of a reply and, where the mailbox takes it, behind a plus in its
Reply-To address. A stranger cannot make one: the seal is an HMAC of the random part.
"""

from __future__ import annotations

import base64
import hmac
import re
import secrets
from collections.abc import Iterable

from db.engine.interface import Connection

RANDOM_BYTES = 10
SEAL_BYTES = 10
_TOKEN = re.compile(r"c-([a-z2-7]{16})-([a-z2-7]{16})(?![a-z0-9])", re.IGNORECASE)
_SETTING = "mail.token_key"
_READ = "select value from settings where name = :name"
_KEEP = "insert into settings(name, value) values(:name, :value) on conflict do nothing"


def tokens_in(texts: Iterable[str]) -> tuple[str, ...]:
    """Return what looks like a token in ids or addresses, lower case."""
    return tuple(
        dict.fromkeys(match[0].lower() for text in texts for match in _TOKEN.finditer(text))
    )


def plus_address(address: str, token: str) -> str:
    """Return an address of ours with a token behind a plus: replies to it find their way."""
    local, at, domain = address.rpartition("@")
    return f"{local.partition('+')[0]}+{token}@{domain}" if at and local else address


class Tokens:
    """Makes and recognises tokens with the key of one store, which is read when it is needed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._key = b""

    def issue(self) -> str:
        """Return a new token; inside a transaction that writes."""
        random = _letters(secrets.token_bytes(RANDOM_BYTES))
        return f"c-{random}-{self._seal(random, make=True)}"

    def verified(self, token: str) -> str:
        """Return the random part of a token of ours; empty for anything else."""
        match = _TOKEN.fullmatch(token)
        if match is None:
            return ""
        random, seal = match[1].lower(), match[2].lower()
        ours = self._seal(random)
        return random if ours and hmac.compare_digest(ours, seal) else ""

    def _seal(self, random: str, *, make: bool = False) -> str:
        if not self._key:
            self._key = self._stored(make)
        if not self._key:
            return ""
        return _letters(hmac.digest(self._key, random.encode("ascii"), "sha256")[:SEAL_BYTES])

    def _stored(self, make: bool) -> bytes:
        found = self._connection.value(_READ, {"name": _SETTING})
        if found is None and make:
            value = secrets.token_hex(32)
            self._connection.run(_KEEP, {"name": _SETTING, "value": value})
            found = self._connection.value(_READ, {"name": _SETTING})
        return bytes.fromhex(str(found)) if found else b""


def _letters(data: bytes) -> str:
    return base64.b32encode(data).decode("ascii").lower().rstrip("=")
