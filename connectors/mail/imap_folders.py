"""Which folders of a mailbox are read: all that hold letters, in the order of their use."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from connectors.mail.imap_replies import Folder

_UNREAD_FLAGS = frozenset({"noselect", "nonexistent"})
# RFC 6154: what is no letter, or stands in another folder too.
_APART_FLAGS = frozenset({"junk", "trash", "drafts", "all", "flagged", "important"})
_APART_NAMES = frozenset(
    (
        *("trash", "deleted items", "deleted messages", "papierkorb", "corbeille", "papelera"),
        *("junk", "junk e-mail", "junk email", "spam", "bulk mail", "spamverdacht"),
        *("drafts", "entwürfe", "brouillons", "borradores", "bozze", "concepten", "outbox"),
    )
)
_SENT_NAMES = frozenset(
    (
        *("sent", "sent items", "sent messages", "sent mail", "gesendet", "gesendete objekte"),
        *("gesendete elemente", "éléments envoyés", "messages envoyés", "enviados", "inviati"),
        *("posta inviata", "verzonden items", "skickat", "sendt"),
    )
)


def choose_folders(
    folders: Iterable[Folder], patterns: Sequence[str] = (), *, gmail: bool = False
) -> list[Folder]:
    """Return the folders that are read, INBOX first, sent mail next.

    Args:
        folders: As listed.
        patterns: Names with ``*`` and ``?`` that a person set, whatever the case; one that begins
            with ``!`` leaves folders out. Empty: all but drafts, junk and trash.
        gmail: Every message of Gmail is in “All Mail”: that one is read instead of each label.
    """
    open_ones = [one for one in folders if not one.flags & _UNREAD_FLAGS]
    wanted = [pattern.lower() for pattern in patterns if not pattern.startswith("!")]
    unwanted = [pattern[1:].lower() for pattern in patterns if pattern.startswith("!")]
    everything = [one for one in open_ones if "all" in one.flags]
    if wanted:
        chosen = [one for one in open_ones if _matches(one, wanted)]
    elif gmail and everything:
        chosen = everything
    else:
        chosen = [one for one in open_ones if not _apart(one)]
    return sorted((one for one in chosen if not _matches(one, unwanted)), key=_order)


def is_sent(folder: Folder) -> bool:
    """Say whether a folder holds what we sent."""
    return "sent" in folder.flags or _last_name(folder) in _SENT_NAMES


def _matches(folder: Folder, patterns: Sequence[str]) -> bool:
    name = folder.name.lower()
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _apart(folder: Folder) -> bool:
    return bool(folder.flags & _APART_FLAGS) or (
        "sent" not in folder.flags and _last_name(folder) in _APART_NAMES
    )


def _last_name(folder: Folder) -> str:
    return folder.name.lower().replace(".", "/").rpartition("/")[2]


def _order(folder: Folder) -> tuple[int, str]:
    name = folder.name.lower()
    return (0 if name == "inbox" else 1 if is_sent(folder) else 2, name)
