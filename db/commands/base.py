"""What a command is: a frozen record with a name, typed arguments, and `Command.apply`.

::

    @dataclass(frozen=True, slots=True)
    class TagCase(Command):
        name: ClassVar[str] = "case.tag"
        ...
        case_id: CaseNumber
        tag: Annotated[str, Argument("The tag", kind="tag")]

        def apply(self, act: Act) -> str: ...

The key table, the palette, the command line, the journal and undo all read these records. A command
says *what* to change through the `Act` that it is given; the door behind it writes, journals and
keeps the counters, so that no command has an undo of its own to get wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Annotated, ClassVar, Literal, get_type_hints

from db.commands.changes import Writer
from db.commands.rows import Fields
from db.commands.wording import brief, has_controls, listed, meant, spoken
from db.engine.interface import Connection, Engine, Value
from db.errors import Conflict, NotFound, Refused
from db.frozen import dataclass
from db.journal import Subject
from db.records import AgentRow

ArgumentKind = Literal[
    "case",
    "customer",
    "note",
    "tag",
    "queue",
    "agent",
    "team",
    "urgency",
    "status",
    "text",
    "flag",
    "number",
    "choice",
]

TEXT_CHARACTERS = 500
"""The cap of a one-line argument; notes have their own."""


@dataclass(frozen=True, slots=True)
class Argument:
    """What people and programs must know of an argument.

    Attributes:
        help: A few words for the command line and the palette.
        kind: What completes it.
        choices: The only values it may have; empty when there is no such list.
        option: True where it is given by name only (``--expected open``).
        characters: The longest text it takes.
    """

    help: str
    kind: ArgumentKind = "text"
    choices: tuple[str, ...] = ()
    option: bool = False
    characters: int = TEXT_CHARACTERS


@dataclass(frozen=True, slots=True)
class ArgumentSpec:
    """An argument of a command, with its name.

    Attributes:
        type: ``int``, ``str`` or ``bool``.
        required: False where it has a default.
        default: What it is when it is not given.
    """

    name: str
    argument: Argument
    type: type[int] | type[str] | type[bool]
    required: bool
    default: object


CaseNumber = Annotated[int, Argument("Case number", kind="case")]


@dataclass(frozen=True, slots=True)
class Command:
    """Something an agent can do.

    Attributes:
        name: ``noun.verb``, as the command line takes it.
        title: Its entry in the palette.
        help: One sentence.
        lead_only: True where only a lead may.
        final: True where it cannot be taken back; it is journaled without its changes.
    """

    name: ClassVar[str] = ""
    title: ClassVar[str] = ""
    help: ClassVar[str] = ""
    lead_only: ClassVar[bool] = False
    final: ClassVar[bool] = False

    def apply(self, act: Act) -> str:
        """Do it, within one transaction, and return the sentence that says what was done.

        An act that changes nothing returns the sentence that says why.

        Raises:
            Conflict: What it would overwrite has changed since it was decided on.
            Refused: It makes no sense here, or this role may not.
            NotFound: It names something that is not there.
        """
        raise NotImplementedError

    def before(self, engine: Engine, agent: AgentRow) -> object:
        """Do what takes longer than a lock may be held, and may be done again; mostly nothing.

        Args:
            engine: Of the store; no transaction is open.
            agent: Who acts, and may.

        Returns:
            What `apply` finds as `Act.prepared`.
        """
        return None

    def after(self, engine: Engine) -> None:
        """Do what can only be done once the act is committed; mostly nothing."""

    def told(self) -> dict[str, object]:
        """Return the arguments that differ from their defaults, for the journal."""
        return {
            spec.name: value
            for spec in arguments_of(type(self))
            if (value := getattr(self, spec.name)) != spec.default
        }

    def check(self) -> None:
        """Compare the arguments with their choices and caps.

        Raises:
            Refused: One is not possible.
        """
        for spec in arguments_of(type(self)):
            check_value(self.name, spec, getattr(self, spec.name))


_SPECS: dict[type[Command], tuple[ArgumentSpec, ...]] = {}


def arguments_of(command: type[Command]) -> tuple[ArgumentSpec, ...]:
    """Return the arguments of a command, in the order in which they are given."""
    if command not in _SPECS:
        _SPECS[command] = _read_arguments(command)
    return _SPECS[command]


def _read_arguments(command: type[Command]) -> tuple[ArgumentSpec, ...]:
    hints = get_type_hints(command, include_extras=True)
    specs = []
    for item in fields(command):
        hint = hints[item.name]
        argument = next(a for a in hint.__metadata__ if isinstance(a, Argument))
        plain = hint.__origin__
        specs.append(
            ArgumentSpec(
                name=item.name,
                argument=argument,
                type=plain if plain in (int, bool) else str,
                required=item.default is MISSING,
                default=None if item.default is MISSING else item.default,
            )
        )
    return tuple(specs)


def check_value(command: str, spec: ArgumentSpec, value: object) -> None:
    """Compare a value with what the argument takes.

    Raises:
        Refused: It is not one of its choices, or too long.
    """
    argument = spec.argument
    if not isinstance(value, str) or (value == spec.default and not spec.required):
        return
    if argument.choices and value not in argument.choices:
        raise Refused(
            f"{command}: {spec.name} is one of {listed(argument.choices)}; “{brief(value)}” is none"
            f"{meant(value, argument.choices)}."
        )
    if len(value) > argument.characters:
        raise Refused(
            f"{command}: {spec.name} takes at most {argument.characters:,} characters; "
            f"this has {len(value):,}."
        )
    if argument.characters <= TEXT_CHARACTERS and has_controls(value):
        raise Refused(f"{command}: {spec.name} is one line without control characters.")


@dataclass(frozen=True, slots=True)
class CaseState:
    """What commands need to know of a case.

    Attributes:
        owner: Login; empty when nobody owns it.
        queue: Name of the folder queue; empty when it is in none.
    """

    case_id: int
    requester_id: int
    channel: str
    status: str
    urgency: str
    owner_id: int | None
    owner: str
    queue_id: int | None
    queue: str
    waiting_on: str
    resolution: str
    resolved_at: int
    snoozed_until: int
    merged_into: int
    history: int


_CASE = """
select c.id, c.requester_id, c.channel, c.status, c.urgency, c.owner_id, coalesce(o.login, ''),
  c.queue_id, coalesce(q.name, ''), c.waiting_on, c.resolution, c.resolved_at, c.snoozed_until,
  c.merged_into, c.history
from cases c left join agents o on o.id = c.owner_id left join queues q on q.id = c.queue_id
where c.id = :id
"""


class Act:
    """One act in the making: what a command is given to work with.

    Attributes:
        connection: For reading; what is written goes through the methods below.
        agent: Who acts.
        now: When; UTC milliseconds.
        subjects: Whom it concerns.
        prepared: What `Command.before` returned.
    """

    __slots__ = ("agent", "connection", "now", "prepared", "subjects", "writer")

    def __init__(self, connection: Connection, agent: AgentRow, now: int) -> None:
        self.connection = connection
        self.agent = agent
        self.now = now
        self.subjects: list[Subject] = []
        self.prepared: object = None
        self.writer = Writer(connection, now)

    def case(self, case_id: int) -> CaseState:
        """Return a case; the act concerns it and whoever asked.

        Raises:
            NotFound: There is no such case.
        """
        row = self.connection.one(_CASE, {"id": case_id})
        if row is None:
            raise NotFound(f"There is no case #{case_id} in this store.")
        state = CaseState(*row)
        self.subjects += [("case", case_id), ("identity", state.requester_id)]
        return state

    def change(self, table: str, key: int | Fields, **values: Value) -> bool:
        """Set columns of a row; say whether any of them changed.

        Raises:
            NotFound: There is no such row.
        """
        return self.writer.update(table, _key(key), values)

    def insert(self, table: str, key: int | Fields, row: Mapping[str, Value]) -> None:
        """Add a row."""
        self.writer.insert(table, _key(key), row)

    def delete(self, table: str, key: int | Fields) -> None:
        """Remove a row.

        Raises:
            NotFound: There is no such row.
        """
        self.writer.delete(table, _key(key))

    def touch_case(self, case_id: int) -> None:
        """Say that a case changed where none of its columns did: its revision rises."""
        self.writer.touched.add(case_id)


def _key(key: int | Fields) -> Fields:
    return {"id": key} if isinstance(key, int) else key


def compare(
    case_id: int,
    found: str,
    expected: str | None,
    *,
    is_: str,
    next_step: str,
    nothing: str = "nobody",
) -> None:
    """Compare what stands there with what the agent saw.

    Args:
        found: What stands there; empty for nothing.
        expected: What the agent saw; None when they do not care.
        is_: What the case is, with ``{}`` for the value: ``owned by {}``.
        next_step: What to do to overwrite it all the same; a sentence.
        nothing: What an empty value is called.

    Raises:
        Conflict: They differ.
    """
    if expected is None or found.casefold() == expected.casefold():
        return
    now = is_.format(spoken(found) or nothing)
    saw = spoken(expected) or nothing
    raise Conflict(f"#{case_id} is already {now}; you saw {saw}. {next_step}", expected, found)
