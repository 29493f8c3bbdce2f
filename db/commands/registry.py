"""Every command by its name, and how one is made from words.

The command line (``centric do case.tag 42 billing``), the palette, macros and the generated pages
read this table; a test asserts that every command class is in it, with its sentence and its undo.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module

from db.commands.base import ArgumentSpec, Command, arguments_of, check_value
from db.commands.bulk import Bulk
from db.commands.wording import brief, listed, meant
from db.errors import NotFound, Refused

_PLACES = {
    "case.tag": "tags.TagCase",
    "case.untag": "tags.UntagCase",
    "case.move": "cases.MoveCase",
    "case.status": "cases.SetStatus",
    "case.resolve": "cases.ResolveCase",
    "case.reopen": "cases.ReopenCase",
    "case.urgency": "cases.SetUrgency",
    "case.owner": "owners.AssignCase",
    "case.take": "owners.TakeCase",
    "note.add": "notes.AddNote",
    "note.pin": "notes.PinNote",
    "note.unpin": "notes.UnpinNote",
    "customer.edit": "customers.EditCustomer",
    "customer.field": "fields.SetField",
    "promise.make": "promises.MakePromise",
    "promise.end": "promises.EndPromise",
    "organization.domain": "organizations.SetDomainRule",
    "customer.erase": "erase.EraseCustomer",
    "customer.merge": "links.MergeCustomers",
    "customer.unmerge": "links.UnmergeCustomer",
    "customer.choose": "links.ChooseProfile",
    "match.reject": "links.RejectMatch",
    "identity.move": "moves.MoveIdentity",
    "case.customer": "moves.CaseOfCustomer",
    "entry.customer": "belonging.EntryOfCustomer",
    "case.merge": "threads.MergeCase",
    "case.split": "threads.SplitCase",
    "thread.forget": "threads.ForgetThreadRule",
    "queue.add": "queues.AddQueue",
    "queue.edit": "queues.EditQueue",
    "agent.edit": "people.EditAgent",
    "team.add": "people.AddTeam",
    "team.join": "people.JoinTeam",
    "team.leave": "people.LeaveTeam",
}


class _Registry(Mapping[str, type[Command]]):
    """Commands by name, imported when they are asked for: all of them cost 25 ms."""

    def __getitem__(self, name: str) -> type[Command]:
        module, found = _PLACES[name].split(".")
        command: type[Command] = getattr(import_module(f"db.commands.{module}"), found)
        return command

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


COMMANDS: Mapping[str, type[Command]] = _Registry()
"""What people can give by name; `Bulk` is made by naming several cases."""

_YES = ("yes", "true", "on", "1")
_NO = ("no", "false", "off", "0")
_ALIASES = {"priority": "urgency"}
NUMBER_DIGITS = 18


def command_class(name: str) -> type[Command]:
    """Return the command of a name.

    Raises:
        NotFound: There is none; the sentence names near ones.
    """
    found = COMMANDS.get(name.strip().lower())
    if found is None:
        raise NotFound(
            f"There is no command “{brief(name)}”{meant(name, list(COMMANDS))}. "
            "They are listed by: centric do --help"
        )
    return found


def build(
    name: str,
    arguments: Sequence[str] | Mapping[str, str],
    options: Mapping[str, str] | None = None,
) -> Command:
    """Make a command from words.

    Args:
        name: Such as ``case.tag``.
        arguments: Values in the order of the command's arguments, or by name.
        options: Further values by name, such as ``expected``.

    Returns:
        The command; a `Bulk` of them where several cases are named (``42,43``).

    Raises:
        NotFound: There is no such command.
        Refused: An argument is missing, unknown or not possible.
    """
    command = command_class(name)
    specs = arguments_of(command)
    given = _named(command, specs, arguments)
    for key, value in (options or {}).items():
        given[_ALIASES.get(key, key)] = value
    _complete(command, specs, given)
    values = {
        spec.name: _parsed(command, spec, given[spec.name]) for spec in specs if spec.name in given
    }
    several = next((s.name for s in specs if isinstance(values.get(s.name), tuple)), "")
    if not several:
        return command(**values)
    numbers: tuple[int, ...] = values[several]  # type: ignore[assignment]
    return Bulk(tuple(command(**{**values, several: number}) for number in numbers))


def usage(command: type[Command]) -> str:
    """Return how a command is typed: ``case.tag CASE_ID TAG``."""
    words = [command.name]
    for spec in arguments_of(command):
        if spec.argument.option or spec.type is bool:
            words.append(f"[--{spec.name} {spec.argument.kind.upper()}]")
        else:
            words.append(spec.name.upper() if spec.required else f"[{spec.name.upper()}]")
    return " ".join(words)


def _named(
    command: type[Command],
    specs: Sequence[ArgumentSpec],
    arguments: Sequence[str] | Mapping[str, str],
) -> dict[str, str]:
    if isinstance(arguments, Mapping):
        return {_ALIASES.get(key, key): value for key, value in arguments.items()}
    places = [spec.name for spec in specs if not spec.argument.option]
    if len(arguments) > len(places):
        extra = brief(arguments[len(places)])
        raise Refused(f"“{extra}” is one word too many. It is typed: {usage(command)}")
    return dict(zip(places, arguments, strict=False))


def _complete(
    command: type[Command], specs: Sequence[ArgumentSpec], given: Mapping[str, str]
) -> None:
    names = [spec.name for spec in specs]
    for key in given:
        if key not in names:
            raise Refused(
                f"{command.name} knows no “{brief(key)}”; it takes {listed(names, 'and')}."
            )
    missing = [spec.name for spec in specs if spec.required and spec.name not in given]
    if missing:
        raise Refused(
            f"{command.name} needs {listed(missing, 'and')}. It is typed: {usage(command)}"
        )


def _parsed(command: type[Command], spec: ArgumentSpec, written: str) -> object:
    if spec.type is bool:
        return _flag(command, spec, written)
    if spec.type is int:
        if spec.argument.kind == "case" and "," in written:
            words = [word for word in written.split(",") if word.strip()]
            numbers = tuple(dict.fromkeys(_number(command, spec, word) for word in words))
            return (
                numbers if len(numbers) > 1 else _number(command, spec, words[0] if words else "")
            )
        return _number(command, spec, written)
    value = written
    if spec.argument.choices:
        folded = {choice.casefold(): choice for choice in spec.argument.choices}
        word = written.strip().casefold()
        value = folded.get(word) or folded.get(word.replace(" ", "_").replace("-", "_"), written)
    check_value(command.name, spec, value)
    return value


def _number(command: type[Command], spec: ArgumentSpec, written: str) -> int:
    digits = written.strip().removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or len(digits) > NUMBER_DIGITS:
        raise Refused(f"{command.name}: {spec.name} is a number; “{brief(written)}” is none.")
    return int(digits)


def _flag(command: type[Command], spec: ArgumentSpec, written: str) -> bool:
    word = written.strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Refused(f"{command.name}: {spec.name} is yes or no; “{brief(written)}” is neither.")
