"""How far an account was read: for each folder what was read of it and what is still owed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from connectors.mail.imap_replies import Folder, FolderStatus
from connectors.mail.uid_set import UidSet


@dataclass(slots=True)
class Read:
    """What was read of a folder.

    Attributes:
        validity: UIDVALIDITY that the numbers belong to; 0 before the first look.
        next: UIDNEXT at the last look that ended with nothing left; 0 while there is something.
        exists: How many messages there were then.
        read: UIDs that were stored, set aside or found gone.
        owed: UIDs that the server did not give, and how often it was asked.
    """

    validity: int = 0
    next: int = 0
    exists: int = 0
    read: UidSet = field(default_factory=UidSet)
    owed: dict[int, int] = field(default_factory=dict)

    def is_current(self, status: FolderStatus | None) -> bool:
        """Say whether a folder in this state has nothing that was not read."""
        return (
            status is not None
            and bool(self.next)
            and (status.validity, status.next) == (self.validity, self.next)
            and status.exists <= self.exists
            and not self.owed
        )

    def begin(self, status: FolderStatus) -> None:
        """Note that a folder is looked at: numbers of another UIDVALIDITY mean nothing now."""
        if status.validity != self.validity:
            self.validity, self.read = status.validity, UidSet()
            self.owed.clear()
        self.next = 0

    def end(self, status: FolderStatus) -> None:
        """Note that all of it was read: what is not there below UIDNEXT will never be."""
        if status.next > 1:
            self.read.add(1, status.next - 1)
        self.next, self.exists = status.next, status.exists


class Cursor:
    """The cursor of an account: every folder that was looked at, and the bytes of a day."""

    def __init__(self, text: str = "") -> None:
        """Read a cursor; one that cannot be read is as none, and everything is compared again."""
        self.folders: dict[str, Read] = {}
        self.day, self.bytes = 0, 0
        try:
            stored = json.loads(text) if text else {}
            self.day, self.bytes = (int(part) for part in stored.get("day", (0, 0)))
            for name, (validity, next_uid, exists, read, owed) in stored.get("folders", {}).items():
                self.folders[name] = Read(
                    int(validity),
                    int(next_uid),
                    int(exists),
                    UidSet.parse(read),
                    {int(uid): int(tries) for uid, tries in owed.items()},
                )
        except (ValueError, TypeError, AttributeError):
            self.folders = {}

    def of(self, folder: Folder) -> Read:
        """Return what was read of a folder."""
        return self.folders.setdefault(folder.wire.decode("latin-1"), Read())

    def keep(self, folders: list[Folder]) -> None:
        """Forget folders that are not there any more."""
        names = {one.wire.decode("latin-1") for one in folders}
        self.folders = {name: read for name, read in self.folders.items() if name in names}

    def count(self, day: int, size: int) -> int:
        """Count bytes that were received, and return how many it were on this day."""
        if day != self.day:
            self.day, self.bytes = day, 0
        self.bytes += size
        return self.bytes

    def __str__(self) -> str:
        folders = {
            name: (one.validity, one.next, one.exists, str(one.read), one.owed)
            for name, one in self.folders.items()
        }
        return json.dumps({"day": (self.day, self.bytes), "folders": folders})
