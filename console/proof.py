"""Is every message of a mailbox here: folder by folder, what the server has and what we have."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from console.accounts import MailAccount
from db.frozen import dataclass

if TYPE_CHECKING:
    from connectors.mail.imap_connection import ImapConnection
    from connectors.mail.imap_cursor import Cursor
    from connectors.mail.imap_replies import Folder
    from db.accounts import Kept
    from db.received import Chain
    from db.store import Store

NOT_PULLED = "It was not pulled yet: centric pull."
NUMBERED_ANEW = "The folder was numbered anew and not pulled since: centric pull."
LOST = "It was read and is not in the store."


@dataclass(frozen=True, slots=True)
class Missing:
    """A message that the server has and the store has not.

    Attributes:
        reason: Why, in a sentence.
    """

    uid: int
    reason: str


@dataclass(frozen=True, slots=True)
class FolderProof:
    """A folder compared with the store.

    Attributes:
        account: As the configuration calls it.
        folder: As the server names it; untrusted.
        read: False for a folder that is not to be read.
        server: Messages on the server.
        here: Of these, how many are entries.
        set_aside: Of these, how many could not be read; their bytes are kept.
        erased: Of these, how many belong to customers who were erased.
        gone: Messages that we have and the server has not any more.
        missing: All others.
    """

    account: str
    folder: str
    read: bool
    server: int
    here: int = 0
    set_aside: int = 0
    erased: int = 0
    gone: int = 0
    missing: tuple[Missing, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """An account compared with the store.

    Attributes:
        links: Originals in the chain of what was received.
        broken_link: The first that does not fit; 0 when all do.
        altered: Originals that are not as they were received.
        lost: Originals that are not there any more, though nobody erased them.
    """

    account: str
    folders: tuple[FolderProof, ...]
    links: int = 0
    broken_link: int = 0
    altered: int = 0
    lost: int = 0

    @property
    def missing(self) -> int:
        """Return how many messages are missing."""
        return sum(len(one.missing) for one in self.folders)

    @property
    def sound(self) -> bool:
        """Say whether nothing is missing, and everything is as it was received."""
        return not (self.missing or self.broken_link or self.altered or self.lost)


def prove_files(store: Store) -> list[Proof]:
    """Compare what was imported from files with its chains."""
    from db.received import sealed_sources, verify

    proofs = []
    for source_id, name in store.ask(sealed_sources):
        if not name.startswith("imap:"):
            chain: Chain = store.ask(verify, source_id)
            title = f"files ({name})"
            proofs.append(Proof(title, (), chain.links, chain.broken, chain.altered, chain.gone))
    return proofs


def prove(store: Store, account: MailAccount, secret: str, told: Callable[[str], None]) -> Proof:
    """Compare an account with the store; nothing is fetched and nothing changed.

    Args:
        store: Open.
        account: Which.
        secret: To log in with.
        told: Told the name of each folder as it is looked at.

    Raises:
        ConnectorError: The server cannot be asked.
    """
    from connectors.mail.imap_connection import ImapConnection
    from connectors.mail.imap_cursor import Cursor
    from connectors.mail.imap_folders import choose_folders
    from connectors.mail.imap_source import account_of
    from db.accounts import accounts, cursor_of
    from db.received import Chain, verify

    known = {row.name: row.source_id for row in store.ask(accounts)}
    source_id = known.get(account.label, 0)
    cursor = Cursor(store.ask(cursor_of, source_id) if source_id else "")
    proofs = []
    with ImapConnection(account_of(account.settings(), secret)) as connection:
        listed = connection.folders()
        gmail = "X-GM-EXT-1" in connection.capabilities
        chosen = {one.wire for one in choose_folders(listed, account.folders, gmail=gmail)}
        for folder in listed:
            if folder.flags & {"noselect", "nonexistent"}:
                continue
            told(folder.name)
            if folder.wire in chosen:
                proofs.append(_compare(store, connection, account.label, source_id, folder, cursor))
            else:
                proofs.append(_left_out(connection, account.label, folder))
    chain: Chain = store.ask(verify, source_id) if source_id else Chain()
    return Proof(account.label, tuple(proofs), chain.links, chain.broken, chain.altered, chain.gone)


def _left_out(connection: ImapConnection, label: str, folder: Folder) -> FolderProof:
    status = folder.status or connection.states([folder]).get(folder.wire)
    return FolderProof(label, folder.name, False, status.exists if status else 0)


def _compare(
    store: Store,
    connection: ImapConnection,
    label: str,
    source_id: int,
    folder: Folder,
    cursor: Cursor,
) -> FolderProof:
    from connectors.mail.imap_replies import FolderGone
    from connectors.mail.imap_source import find_uids
    from db.accounts import kept_of

    try:
        status = connection.examine(folder)
    except FolderGone:
        return FolderProof(label, folder.name, False, 0)
    present = set(find_uids(connection, status))
    rows: list[Kept] = []
    if source_id:
        rows = store.ask(kept_of, source_id, folder.name, status.validity)
    kept = {one.uid: one for one in rows}
    read = cursor.of(folder)
    missing, here, aside, erased = [], 0, 0, 0
    for uid in sorted(present):
        one = kept.get(uid)
        if one is None:
            missing.append(Missing(uid, _why(uid, status.validity, folder, cursor)))
        elif one.entry_id and one.stored:
            here += 1
        elif one.quarantine_id and one.size:
            aside += 1
        elif one.quarantine_id:
            missing.append(Missing(uid, one.reason))
        elif one.erased:
            erased += 1
        else:
            missing.append(Missing(uid, LOST))
    gone = len(kept.keys() - present) if read.validity in (0, status.validity) else 0
    return FolderProof(
        label, folder.name, True, len(present), here, aside, erased, gone, tuple(missing)
    )


def _why(uid: int, validity: int, folder: Folder, cursor: Cursor) -> str:
    read = cursor.of(folder)
    if uid in read.owed and read.validity == validity:
        times = "once" if read.owed[uid] == 1 else f"{read.owed[uid]} times"
        return f"The server did not give it; it was asked {times}."
    if read.validity not in (0, validity):
        return NUMBERED_ANEW
    return LOST if uid in read.read else NOT_PULLED
