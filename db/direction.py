"""Who speaks to whom: the direction of an entry, decided once, by who “we” are when it arrives."""

from __future__ import annotations

from collections.abc import Callable

from connectors.contract import Entry
from db.arrival import Guest, author_of, counts_as_person
from db.frozen import dataclass

BROADCAST = 20  # with more outsiders than this an entry is a broadcast, not a conversation
ADDRESSED = frozenset({"to", "cc", "bcc", "participant"})
SEEN_BY_ALL = frozenset({"author", "from", "reply_to", "to", "cc"})


@dataclass(frozen=True, slots=True)
class Heading:
    """Who speaks to whom.

    Attributes:
        direction: ``inbound``, ``outbound`` or ``internal``.
        author: Who wrote it; None where nobody is named.
        home: The outsider on whose timeline it belongs; None where there is none.
        others: Further outsiders on it; none for a broadcast.
    """

    direction: str
    author: Guest | None
    home: Guest | None
    others: tuple[Guest, ...]


def head(entry: Entry, guests: tuple[Guest, ...], is_own: Callable[[Guest], bool]) -> Heading:
    """Decide the direction and whose timeline an entry belongs to.

    A contact form writes from our own address with the customer in Reply-To: that is inbound. What
    only pretends to come from us is kept among ourselves, and speaks to nobody.
    """
    author = author_of(guests)
    if entry.forged and author is not None and is_own(author):
        return Heading("internal", author, None, ())
    outsiders = [guest for guest in guests if guest.role in ADDRESSED and not is_own(guest)]
    inbound = author is not None and not is_own(author)
    if not inbound and not outsiders and entry.channel == "email":
        asking = next((g for g in guests if g.role == "reply_to" and not is_own(g)), None)
        if asking is not None:
            author, inbound = asking, True
    direction: str = entry.direction
    if not direction:
        if entry.kind == "note":
            direction = "internal"
        elif inbound:
            direction = "inbound"
        else:
            direction = "outbound" if outsiders else "internal"
    home = author if inbound else None
    if home is None and outsiders:
        home = outsiders[0]
    others: dict[object, Guest] = {}
    if home is not None and len(outsiders) <= BROADCAST:
        others = {guest.key: guest for guest in outsiders if guest.key != home.key}
    return Heading(direction, author, home, tuple(others.values()))


def company(
    entry: Entry, guests: tuple[Guest, ...], heading: Heading, is_own: Callable[[Guest], bool]
) -> tuple[str, ...]:
    """Return whom a mail must share with another, beside an id, to belong to its conversation.

    Persons outside who can be seen on both. A function's address (``info@``) counts when it writes
    or is written to by us, not when it is merely copied. Of a broadcast only the author counts,
    and not even that when it is ours: those who answer it are strangers to each other. A mail among
    ourselves shares ourselves. A delivery report shares those who were not reached.
    """
    if entry.forged and heading.author is not None and is_own(heading.author):
        return ()
    roles = SEEN_BY_ALL | {"mentioned"} if entry.automatic == "bounce" else SEEN_BY_ALL
    seen = [guest for guest in guests if guest.role in roles]
    outsiders = {guest.key: guest for guest in seen if not is_own(guest)}
    author = heading.author
    ours = author is not None and is_own(author)
    if not outsiders:
        return tuple(dict.fromkeys(f"own {guest.key.value}" for guest in seen))
    if len(outsiders) > BROADCAST or (ours and entry.automatic and len(outsiders) > 1):
        return () if ours or author is None else (author.key.value,)
    return tuple(
        key.value
        for key, guest in outsiders.items()
        if ours or counts_as_person(guest) or (author is not None and key == author.key)
    )
