"""What a list tells its parents: where the cursor is, what was opened, what is marked."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from console.widgets.paged_list import PagedList


class ListMessage(Message, bubble=True):
    """A message of a list.

    Attributes:
        list: Where it happened.
    """

    def __init__(self, sender: PagedList[Any]) -> None:  # lists of every kind of row send it
        super().__init__()
        self.list = sender

    @property
    def control(self) -> PagedList[Any]:  # as above
        """The list, so that ``@on(PagedList.Moved, "#cases")`` works."""
        return self.list


class Moved(ListMessage, namespace="paged_list"):
    """Another row is under the cursor.

    Attributes:
        row: It, of the kind that the list shows; None when there is none.
    """

    def __init__(self, sender: PagedList[Any], row: Any) -> None:  # the list's own kind of row
        super().__init__(sender)
        self.row = row

    def can_replace(self, message: Message) -> bool:
        """Only the last of many moves matters."""
        return isinstance(message, Moved) and message.list is self.list


class Opened(ListMessage, namespace="paged_list"):
    """The agent opened a row.

    Attributes:
        row: It, of the kind that the list shows.
    """

    def __init__(self, sender: PagedList[Any], row: Any) -> None:  # the list's own kind of row
        super().__init__(sender)
        self.row = row


class Marked(ListMessage, namespace="paged_list"):
    """Other rows are marked.

    Attributes:
        ids: All that are marked now.
        limited: True where “all” stopped at ``MARK_ROWS``.
    """

    def __init__(self, sender: PagedList[Any], ids: frozenset[Hashable], limited: bool) -> None:
        super().__init__(sender)
        self.ids = ids
        self.limited = limited
