"""What a timeline tells its parents: what the agent looks at, and what they opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

from db.records import TimelineItem

if TYPE_CHECKING:
    from console.widgets.timeline import Timeline


class Current(Message, namespace="timeline"):
    """The agent looks at another item.

    Attributes:
        timeline: Where.
        item: It; None when there is none.
    """

    def __init__(self, timeline: Timeline, item: TimelineItem | None) -> None:
        super().__init__()
        self.timeline = timeline
        self.item = item

    @property
    def control(self) -> Timeline:
        """The timeline, so that ``@on(Timeline.Current, "#timeline")`` works."""
        return self.timeline

    def can_replace(self, message: Message) -> bool:
        """Only the last of many moves matters."""
        return isinstance(message, Current) and message.timeline is self.timeline


class Opened(Message, namespace="timeline"):
    """The agent opened the current item.

    Attributes:
        timeline: Where.
        item: It.
    """

    def __init__(self, timeline: Timeline, item: TimelineItem) -> None:
        super().__init__()
        self.timeline = timeline
        self.item = item

    @property
    def control(self) -> Timeline:
        """The timeline that it happened in."""
        return self.timeline
