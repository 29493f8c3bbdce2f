"""Every command can be offered, typed and explained; words become commands."""

from __future__ import annotations

import importlib
import pkgutil
from typing import Any

import pytest

import db.commands
from db.commands.base import Command, arguments_of
from db.commands.bulk import Bulk
from db.commands.cases import MoveCase, ResolveCase, SetStatus, SetUrgency
from db.commands.customers import FIELDS, EditCustomer
from db.commands.notes import AddNote
from db.commands.owners import TakeCase
from db.commands.people import JoinTeam
from db.commands.registry import COMMANDS, build, command_class, usage
from db.commands.tags import TagCase, UntagCase
from db.errors import StoreError


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_can_be_offered_typed_and_explained(name: str) -> None:
    command = command_class(name)
    assert command.name == name
    assert command.name.count(".") == 1
    assert command.title
    assert command.title[0].isupper()
    assert command.help.endswith(".")
    assert usage(command).startswith(name)
    for spec in arguments_of(command):
        assert spec.argument.help
        assert spec.type in (int, str, bool)


def test_every_command_class_is_registered() -> None:
    for module in pkgutil.iter_modules(db.commands.__path__):
        importlib.import_module(f"db.commands.{module.name}")

    def names(kind: type[Command]) -> set[str]:
        return {kind.name, *(name for sub in kind.__subclasses__() for name in names(sub))}

    assert names(Command) == {"", Bulk.name, *COMMANDS}


@pytest.mark.parametrize(
    ("name", "words", "options", "command"),
    [
        ("case.tag", ["#42", "billing"], {}, TagCase(42, "billing")),
        ("case.status", ["42", "On Hold"], {"expected": "open"}, SetStatus(42, "on_hold", "open")),
        ("case.urgency", {"case_id": "42", "priority": "HIGH"}, {}, SetUrgency(42, "high")),
        ("case.resolve", ["42"], {}, ResolveCase(42)),
        ("case.take", ["42"], {"expected": ""}, TakeCase(42, "")),
        ("case.move", ["42", ""], {}, MoveCase(42, "")),
        ("note.add", ["a=b", "42"], {"pinned": "yes"}, AddNote("a=b", 42, pinned=True)),
        (
            "case.untag",
            ["1,2", "x"],
            {},
            Bulk((UntagCase(1, "x"), UntagCase(2, "x"))),
        ),
        ("team.join", ["Billing", "ben"], {}, JoinTeam("Billing", "ben")),
    ],
)
def test_words_become_the_command_that_they_say(
    name: str, words: Any, options: dict[str, str], command: Command
) -> None:
    assert build(name, words, options) == command


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("case.tga", ["1", "x"], "did you mean case.tag"),
        ("case.tag", ["1"], "needs tag. It is typed: case.tag CASE_ID TAG"),
        ("case.tag", ["1", "x", "y"], "“y” is one word too many"),
        ("case.tag", ["one", "x"], "case_id is a number; “one” is none"),
        ("case.tag", [",", "x"], "is a number"),
        ("case.tag", ["-1", "x"], "is a number"),
        ("case.tag", ["9" * 19, "x"], "is a number"),
        ("case.urgency", ["1", "hihg"], r"urgent, high, normal or low; .*did you mean high"),
        ("case.status", {"case_id": "1", "state": "open"}, "knows no “state”"),
        ("note.add", {"text": "x", "case_id": "1", "pinned": "maybe"}, "yes or no"),
    ],
)
def test_words_that_make_no_command_are_answered_with_the_way(
    name: str, words: Any, hint: str
) -> None:
    with pytest.raises(StoreError, match=hint):
        build(name, words)


def test_profile_fields_offered_are_those_that_can_be_set() -> None:
    spec = next(spec for spec in arguments_of(EditCustomer) if spec.name == "field")
    assert spec.argument.choices == FIELDS
