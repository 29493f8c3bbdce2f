"""Change a case: its status, urgency and folder queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, CaseNumber, CaseState, Command, compare
from db.commands.wording import brief, listed, meant, spoken
from db.engine.interface import Value
from db.errors import NotFound, Refused
from db.waiting import unanswered_since
from db.words import DONE_STATUSES, RESOLUTIONS, STATUSES, URGENCIES, WAITING_STATUSES

Status = Annotated[str, Argument("The status", kind="status", choices=STATUSES)]
Urgency = Annotated[str, Argument("The urgency", kind="urgency", choices=URGENCIES)]
Resolution = Annotated[str, Argument("How it ended", kind="choice", choices=RESOLUTIONS)]
SeenStatus = Annotated[
    str | None, Argument("The status that you saw", kind="status", choices=STATUSES, option=True)
]
SeenUrgency = Annotated[
    str | None, Argument("The urgency that you saw", kind="urgency", choices=URGENCIES, option=True)
]
SeenQueue = Annotated[
    str | None, Argument("The queue that you saw; empty for none", kind="queue", option=True)
]


@dataclass(frozen=True, slots=True)
class SetStatus(Command):
    """Say where a case stands; what follows (whose turn, when it ended) follows."""

    name: ClassVar[str] = "case.status"
    title: ClassVar[str] = "Set status"
    help: ClassVar[str] = "Set the status of a case."

    case_id: CaseNumber
    status: Status
    expected: SeenStatus = None

    def apply(self, act: Act) -> str:
        """Set it; see `Command.apply`."""
        case = act.case(self.case_id)
        if case.status == self.status:
            return f"#{self.case_id} is already {spoken(self.status)}"
        _compare_status(case, self.expected)
        if self.status == "resolved":
            _set_status(act, case, self.status, case.resolution or "answer")
        else:
            _set_status(act, case, self.status)
        return f"Set #{self.case_id} to {spoken(self.status)}"


@dataclass(frozen=True, slots=True)
class ResolveCase(Command):
    """Say that a case is done, and how."""

    name: ClassVar[str] = "case.resolve"
    title: ClassVar[str] = "Resolve case"
    help: ClassVar[str] = "Resolve a case and say how it ended."

    case_id: CaseNumber
    resolution: Resolution = "answer"
    expected: SeenStatus = None

    def apply(self, act: Act) -> str:
        """Resolve it; see `Command.apply`."""
        case = act.case(self.case_id)
        how = spoken(self.resolution)
        if case.status == "closed":
            raise Refused(f"#{self.case_id} is closed already; reopen it first.")
        if case.status == "resolved":
            if not act.change("cases", self.case_id, resolution=self.resolution):
                return f"#{self.case_id} is already resolved: {how}"
            return f"Resolved #{self.case_id} as {how} instead of {spoken(case.resolution)}"
        _compare_status(case, self.expected)
        _set_status(act, case, "resolved", self.resolution)
        return f"Resolved #{self.case_id}: {how}"


@dataclass(frozen=True, slots=True)
class ReopenCase(Command):
    """Make a finished case work again: open where someone owns it, else new."""

    name: ClassVar[str] = "case.reopen"
    title: ClassVar[str] = "Reopen case"
    help: ClassVar[str] = "Reopen a case that was resolved or closed."

    case_id: CaseNumber
    expected: SeenStatus = None

    def apply(self, act: Act) -> str:
        """Reopen it; see `Command.apply`."""
        case = act.case(self.case_id)
        if case.status not in DONE_STATUSES:
            return f"#{self.case_id} is not done: it is {spoken(case.status)}"
        _compare_status(case, self.expected)
        _set_status(act, case, "open" if case.owner_id else "new")
        return f"Reopened #{self.case_id}"


@dataclass(frozen=True, slots=True)
class SetUrgency(Command):
    """Say how much a case hurts."""

    name: ClassVar[str] = "case.urgency"
    title: ClassVar[str] = "Set urgency"
    help: ClassVar[str] = "Set the urgency of a case."

    case_id: CaseNumber
    urgency: Urgency
    expected: SeenUrgency = None

    def apply(self, act: Act) -> str:
        """Set it; see `Command.apply`."""
        case = act.case(self.case_id)
        if case.urgency == self.urgency:
            return f"#{self.case_id} is already {self.urgency}"
        again = f"Set it again to make it {self.urgency}."
        compare(self.case_id, case.urgency, self.expected, is_="{}", next_step=again)
        act.change("cases", self.case_id, urgency=self.urgency)
        return f"Set #{self.case_id} to {self.urgency}"


@dataclass(frozen=True, slots=True)
class MoveCase(Command):
    """Put a case into a folder queue, or out of every folder."""

    name: ClassVar[str] = "case.move"
    title: ClassVar[str] = "Move to queue"
    help: ClassVar[str] = "Move a case to a folder queue; an empty name takes it out of its folder."

    case_id: CaseNumber
    queue: Annotated[str, Argument("Folder queue; empty for none", kind="queue")]
    expected: SeenQueue = None

    def apply(self, act: Act) -> str:
        """Move it; see `Command.apply`."""
        case = act.case(self.case_id)
        queue_id, name = _folder(act, self.queue) if self.queue.strip() else (None, "")
        if case.queue_id == queue_id:
            return (
                f"#{self.case_id} is already in {name}" if name else f"#{self.case_id} is in none"
            )
        again = f"Move it again to put it into {name}." if name else "Move it again to take it out."
        compare(
            self.case_id,
            case.queue,
            self.expected,
            is_="in {}",
            next_step=again,
            nothing="no folder",
        )
        act.change("cases", self.case_id, queue_id=queue_id)
        if not name:
            return f"Moved #{self.case_id} out of {case.queue}"
        return f"Moved #{self.case_id} to {name}"


_QUEUES = "select id, name, folder, query from queues order by position, id"


def _folder(act: Act, written: str) -> tuple[int, str]:
    """Return the number and name of a folder queue.

    Raises:
        NotFound: No queue is called that.
        Refused: It is one that fills itself by its query.
    """
    rows = act.connection.all(_QUEUES)
    wanted = " ".join(written.split()).casefold()
    folders = [name for _, name, folder, _ in rows if folder]
    if folders:
        offer = f"Folders: {listed(folders, 'and')}."
    else:
        offer = "There is no folder yet; make one with: centric do queue.add NAME"
    for queue_id, name, folder, query in rows:
        if name.casefold() == wanted:
            if folder:
                return queue_id, name
            rule = f"its query ({query})" if query else "its query"
            raise Refused(f"“{name}” fills itself by {rule}: nothing is put there by hand. {offer}")
    raise NotFound(f"There is no queue “{brief(written)}”{meant(written, folders)}. {offer}")


def _compare_status(case: CaseState, expected: str | None) -> None:
    compare(
        case.case_id, case.status, expected, is_="{}", next_step="Do it again to change it anyway."
    )


def _set_status(act: Act, case: CaseState, status: str, resolution: str = "") -> None:
    """Set the status with what belongs to it: whose turn it is, when and how it ended.

    Raises:
        Refused: The case was merged into another.
    """
    if case.merged_into and status not in DONE_STATUSES:
        raise Refused(
            f"#{case.case_id} was merged into #{case.merged_into}; reopen that one instead."
        )
    values: dict[str, Value] = {"status": status}
    if status in DONE_STATUSES:
        values["resolved_at"] = case.resolved_at or act.now
        values["resolution"] = resolution or case.resolution
        values["snoozed_until"] = 0
    else:
        values["resolved_at"] = 0
        values["resolution"] = ""
        values["history"] = 0  # an old case that is taken up again is work
        turn = _turn(case, status)
        if turn != case.waiting_on:
            values["waiting_on"] = turn
            unanswered = unanswered_since(act.connection, case.case_id) if turn == "us" else None
            values["waiting_since"] = act.now if unanswered is None else unanswered
            values["waiting_name"] = ""
    act.change("cases", case.case_id, **values)


def _turn(case: CaseState, status: str) -> str:
    """Return whose turn it is in a status: the vocabulary's meaning of pending and on hold."""
    if status == "pending":
        return "customer"
    if status == "on_hold":
        return case.waiting_on if case.waiting_on in ("third_party", "team") else "third_party"
    if case.status in WAITING_STATUSES or case.status in DONE_STATUSES:
        return "us"
    return case.waiting_on
