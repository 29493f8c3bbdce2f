"""The palette has every command of the registry, with keys, and asks for what is missing."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from console.app import CentricApp
from console.keytable import KEYS
from console.palette import entries
from console.ranking import ranked, score
from db.commands.registry import COMMANDS
from db.queries import desk as questions
from db.store import open_store

Keys = Callable[..., Awaitable[None]]
Drive = Callable[..., CentricApp]
P = Pilot[None]


def test_every_command_has_an_entry() -> None:
    values = {entry.value for entry in entries()}
    assert {f"do:{name}" for name in COMMANDS} <= values


def test_every_action_of_a_case_has_an_entry_with_its_key() -> None:
    shown = {entry.value: entry.keys for entry in entries()}
    for key in KEYS:
        if key.context == "case":
            assert shown[f"key:{key.id}"]


def test_a_command_is_found_by_letters_and_asks_for_its_arguments(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = app.screen.target_ids()[0]  # type: ignore[attr-defined]
        await keys(pilot, "colon", "text:case.urgency", "enter", "text:low", "enter")
        store = open_store(str(small_store))
        assert store.ask(questions.case_rows, [case_id])[0].urgency == "low"
        store.close()

    drive(story)


def test_an_action_of_the_screen_runs_from_the_palette(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        before = app.theme
        await keys(pilot, "colon", "text:light or dark", "enter")
        assert app.theme != before

    drive(story)


def test_closing_a_question_gives_no_command(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0", "colon", "text:case.urgency", "enter", "escape")
        assert not app._notifications

    drive(story)


def test_beginnings_rank_before_words_before_letters() -> None:
    names = ["rebill", "my billing", "billing", "b-i-l-l"]
    assert ranked("bill", names, str) == ["billing", "my billing", "rebill", "b-i-l-l"]
    assert score("xyz", "billing") == 0
    assert ranked("", names, str) == names
