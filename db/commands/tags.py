"""Tag a case, untag it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db import ids
from db.commands.base import Act, Argument, CaseNumber, Command
from db.errors import NotFound, Refused

TAG_CHARACTERS = 60
TagName = Annotated[str, Argument("The tag", kind="tag", characters=TAG_CHARACTERS)]

_TAG = "select id, name from tags where name = :name"
_ON_CASE = "select 1 from case_tags where case_id = :case and tag_id = :tag"


def tag_name(written: str) -> str:
    """Return a tag as it is stored: lower case, words joined by hyphens, without ``#``.

    Raises:
        Refused: Nothing is left, or it holds a comma (which separates tags in queries).
    """
    name = "-".join(written.strip().lstrip("#").casefold().split())
    if not name:
        raise Refused("A tag needs a name, such as billing.")
    if "," in name:
        raise Refused(f"“{name}” is several tags: give them one by one, without commas.")
    return name


@dataclass(frozen=True, slots=True)
class TagCase(Command):
    """Put a tag on a case; tags by different agents never conflict."""

    name: ClassVar[str] = "case.tag"
    title: ClassVar[str] = "Tag case"
    help: ClassVar[str] = "Put a tag on a case; a tag that is new is made."

    case_id: CaseNumber
    tag: TagName

    def apply(self, act: Act) -> str:
        """Tag it; see `Command.apply`."""
        act.case(self.case_id)
        tag = tag_name(self.tag)
        tag_id = act.connection.value(_TAG, {"name": tag})
        if tag_id is None:
            tag_id = ids.take(act.connection, "tags")
            act.insert("tags", tag_id, {"name": tag})
        key = {"case_id": self.case_id, "tag_id": tag_id}
        if act.connection.value(_ON_CASE, {"case": self.case_id, "tag": tag_id}):
            return f"#{self.case_id} is already tagged {tag}"
        act.insert("case_tags", key, {})
        return f"Tagged #{self.case_id} {tag}"


@dataclass(frozen=True, slots=True)
class UntagCase(Command):
    """Take a tag off a case."""

    name: ClassVar[str] = "case.untag"
    title: ClassVar[str] = "Untag case"
    help: ClassVar[str] = "Take a tag off a case."

    case_id: CaseNumber
    tag: TagName

    def apply(self, act: Act) -> str:
        """Untag it; see `Command.apply`."""
        act.case(self.case_id)
        tag = tag_name(self.tag)
        tag_id = act.connection.value(_TAG, {"name": tag})
        if tag_id is None:
            raise NotFound(f"There is no tag “{tag}”. The tags of a case: centric show CASE")
        if not act.connection.value(_ON_CASE, {"case": self.case_id, "tag": tag_id}):
            return f"#{self.case_id} is not tagged {tag}"
        act.delete("case_tags", {"case_id": self.case_id, "tag_id": tag_id})
        return f"Untagged #{self.case_id} {tag}"
