"""Several commands as one act: one transaction, one row in the journal, one undo."""

from __future__ import annotations

from typing import Annotated, ClassVar

from db.commands.base import Act, Argument, Command
from db.commands.wording import listed
from db.errors import Refused
from db.frozen import dataclass

BULK_COMMANDS = 1000
"""What one act may hold: its transaction stays near a tenth of a second."""

NAMED_CASES = 4
SENTENCES = 3


@dataclass(frozen=True, slots=True)
class Bulk(Command):
    """Do several commands, all or none."""

    name: ClassVar[str] = "bulk"
    title: ClassVar[str] = "Several at once"
    help: ClassVar[str] = "Do several commands as one act with one undo."

    commands: Annotated[tuple[Command, ...], Argument("What to do, in order")]

    def apply(self, act: Act) -> str:
        """Do all of them; see `Command.apply`."""
        done: list[tuple[int, str]] = []
        idle: list[tuple[int, str]] = []
        for command in self.commands:
            before = act.writer.written
            sentence = command.apply(act)
            case_id = getattr(command, "case_id", 0)
            (done if act.writer.written > before else idle).append((case_id, sentence))
        return _summary(done or idle)

    def told(self) -> dict[str, object]:
        """Return the commands with their arguments, for the journal."""
        return {"commands": [(command.name, command.told()) for command in self.commands]}

    def check(self) -> None:
        """Check each command.

        Raises:
            Refused: There is none, there are too many, or one is not possible.
        """
        if not self.commands:
            raise Refused("There is nothing to do: name at least one case.")
        if len(self.commands) > BULK_COMMANDS:
            raise Refused(
                f"One act takes at most {BULK_COMMANDS:,} cases; this has "
                f"{len(self.commands):,}. Do it in parts."
            )
        for command in self.commands:
            command.check()


def lead_only(command: Command) -> bool:
    """Say whether only a lead may give a command, or any part of it."""
    if isinstance(command, Bulk):
        return any(lead_only(part) for part in command.commands)
    return command.lead_only


def _summary(said: list[tuple[int, str]]) -> str:
    """Return one sentence for many: cases of which the same is said are named together."""
    groups: dict[str, list[int]] = {}
    for case_id, sentence in said:
        groups.setdefault(sentence.replace(f"#{case_id}", "\0", 1), []).append(case_id)
    sentences = [
        pattern.replace("\0", _cases(list(dict.fromkeys(cases)), pattern), 1)
        for pattern, cases in list(groups.items())[:SENTENCES]
    ]
    more = len(groups) - len(sentences)
    return "; ".join(sentences) + (f"; and {more} more" if more else "")


def _cases(cases: list[int], pattern: str) -> str:
    if len(cases) == 1:
        return f"#{cases[0]}"
    if len(cases) > NAMED_CASES or "\0 is" in pattern:
        return f"each of {len(cases)} cases"
    return listed([f"#{case_id}" for case_id in cases], "and")
