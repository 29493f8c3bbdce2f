"""A first look at a mailbox: what is in it, how much of it is recent, how long a pull will take."""

from __future__ import annotations

import contextlib
import socket
import ssl
import time
from collections.abc import Sequence
from dataclasses import dataclass

from connectors.mail.imap import PORTS, Account
from connectors.mail.imap_connection import ImapConnection, Wish
from connectors.mail.imap_folders import choose_folders, is_sent
from connectors.mail.imap_replies import Folder, FolderGone, one_line
from connectors.mail.imap_source import HEAD_BYTES
from connectors.mail.uid_set import UidSet

SAMPLE = 30
# Parsing, matching and storing a mail of 8 kB, measured on two slow cores.
STORING_SECONDS = 0.0015
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# OIDs of common name and organization in a certificate (RFC 5280 A.1).
_NAMES = (b"\x06\x03\x55\x04\x03", b"\x06\x03\x55\x04\x0a")


@dataclass(frozen=True, slots=True)
class FolderLook:
    """A folder at first sight.

    Attributes:
        name: Untrusted.
        read: Whether it will be pulled.
        sent: Whether it holds what we sent.
        messages: In all.
        recent: Since the day that was asked about; 0 for a folder that is not read.
    """

    name: str
    read: bool
    sent: bool
    messages: int
    recent: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """A mailbox at first sight.

    Attributes:
        seconds: About how long the first pull will take.
        idle: Whether the server tells of new mail by itself.
    """

    folders: tuple[FolderLook, ...]
    seconds: float
    idle: bool

    @property
    def messages(self) -> int:
        """Return how many messages will be pulled."""
        return sum(one.messages for one in self.folders if one.read)

    @property
    def recent(self) -> int:
        """Return how many of them are recent and were sent to us."""
        return sum(one.recent for one in self.folders if not one.sent)


def look(account: Account, patterns: Sequence[str], since: int) -> Look:
    """Look at a mailbox; nothing in it changes.

    Args:
        account: Whose.
        patterns: Of folders; see `choose_folders`.
        since: What is newer is counted apart; UTC milliseconds.

    Raises:
        ConnectorError: It cannot be looked at; the sentence says why.
    """
    with ImapConnection(account) as connection:
        listed = connection.folders()
        gmail = "X-GM-EXT-1" in connection.capabilities
        chosen = choose_folders(listed, patterns, gmail=gmail)
        names = {one.wire for one in chosen}
        others = [
            one for one in listed
            if one.wire not in names and not one.flags & {"noselect", "nonexistent"}
        ]  # fmt: skip
        unknown = [one for one in listed if one.status is None]
        states = connection.states(unknown) if unknown else {}
        found, each = [], 0.0
        for folder in chosen:
            one, seconds = _look_into(connection, folder, since)
            found.append(one)
            each = max(each, seconds)
        for folder in others:
            status = folder.status or states.get(folder.wire)
            found.append(
                FolderLook(folder.name, False, is_sent(folder), status.exists if status else 0)
            )
        total = sum(one.messages for one in found if one.read)
        return Look(
            tuple(found), total * (each + STORING_SECONDS), "IDLE" in connection.capabilities
        )


def _look_into(connection: ImapConnection, folder: Folder, since: int) -> tuple[FolderLook, float]:
    """Count a folder; return also how long one message takes, tried with some."""
    try:
        status = connection.examine(folder)
    except FolderGone:
        return FolderLook(folder.name, True, is_sent(folder), 0), 0.0
    recent = connection.search_since(_day(since)) if status.exists else UidSet()
    sample = UidSet.of(uid for uid, _ in zip(recent.newest_first(), range(SAMPLE), strict=False))
    seconds = 0.0
    if sample:
        began = time.monotonic()
        wish = Wish(sample, f"(UID RFC822.SIZE BODY.PEEK[]<0.{HEAD_BYTES}>)")
        for _wish, _answer in connection.fetch([wish]):
            pass
        seconds = (time.monotonic() - began) / len(sample)
    return FolderLook(folder.name, True, is_sent(folder), status.exists, len(recent)), seconds


def _day(at: int) -> str:
    moment = time.gmtime(max(0, at) / 1000)
    return f"{moment.tm_mday}-{_MONTHS[moment.tm_mon - 1]}-{moment.tm_year}"


def whose_certificate(account: Account) -> str:
    """Say whose certificate a server shows, and who signed it; empty where it cannot be seen.

    Nothing is sent: the handshake is all there is.
    """
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    address = (account.host, account.port or PORTS[account.tls])
    with contextlib.suppress(OSError, ValueError):
        with socket.create_connection(address, account.connect_seconds) as plain:
            if account.tls == "starttls":
                plain.recv(4096)
                plain.sendall(b"a STARTTLS\r\n")
                plain.recv(4096)
            with context.wrap_socket(plain, server_hostname=account.host) as secured:
                names = _names(secured.getpeercert(binary_form=True) or b"")
        if names:
            return f"It is made out to {names[-1]}, and signed by {names[0]}."
    return ""


def _names(der: bytes) -> list[str]:
    """Return the names in a certificate, the signer's first, as they stand in it."""
    found = []
    for oid in _NAMES:
        place = der.find(oid)
        while place >= 0 and place + 7 <= len(der):
            size = der[place + 6]
            text = der[place + 7 : place + 7 + size] if size < 128 else b""
            found.append((place, one_line(text.decode("utf-8", "replace"))))
            place = der.find(oid, place + 5)
    return [name for _place, name in sorted(found) if name]
