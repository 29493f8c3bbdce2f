"""A customer is found by a few letters and shown in full."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from textual.pilot import Pilot

from console.app import CentricApp
from console.screens.customer import CustomerScreen
from console.screens.desk import DeskScreen
from console.screens.finder import CustomerFinder

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
Drive = Callable[..., CentricApp]
P = Pilot[None]


@pytest.mark.parametrize("typed", ["moreno", "ada@mor", "moren ad", "adda"])
def test_a_few_letters_find_the_customer(drive: Drive, keys: Keys, seen: Seen, typed: str) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "c", f"text:{typed}")
        await pilot.pause(0.15)
        assert isinstance(app.screen, CustomerFinder)
        assert "Ada Moreno" in seen(app)
        await keys(pilot, "enter")
        assert isinstance(app.screen, CustomerScreen)
        assert app.screen.sheet is not None
        assert app.screen.sheet.name == "Ada Moreno"

    drive(story)


def test_the_sheet_is_there_before_enter(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "c", "text:moreno")
        await pilot.pause(0.2)
        await keys(pilot)
        assert "ada@moreno.example" in seen(app)
        assert "Invoice paid twice" in seen(app)

    drive(story)


def test_a_name_that_nobody_has_is_said_and_escape_changes_nothing(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "c", "text:zzzqqqxxx")
        assert "Nobody fits" in seen(app)
        await keys(pilot, "enter", "escape")
        assert isinstance(app.screen, DeskScreen)

    drive(story)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_the_case_under_the_cursor_opens_on_the_desk(
    drive: Drive, keys: Keys, size: tuple[int, int]
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        app.show_customer(1)
        await keys(pilot)
        screen = app.screen
        assert isinstance(screen, CustomerScreen)
        while screen.pane != "cases":
            await keys(pilot, "tab")
        row = screen.cases.row
        assert row is not None
        await keys(pilot, "enter")
        assert isinstance(app.screen, DeskScreen)
        assert app.screen.detail is not None
        assert app.screen.detail.row.case_id == row.case_id

    drive(story, size=size)


def test_a_note_on_a_customers_case_is_written_on_the_desk(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        app.show_customer(1)
        await keys(pilot)
        await keys(pilot, "n")
        assert isinstance(app.screen, DeskScreen)
        assert "colleagues only" in seen(app)

    drive(story)


def test_q_goes_back_to_where_the_agent_was(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "c", "text:keller", "enter", "q")
        assert isinstance(app.screen, DeskScreen)

    drive(story)


def test_a_field_is_edited_where_the_sheet_stands_and_undone(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "c", "text:moreno")
        await pilot.pause(0.15)
        await keys(pilot, "enter")
        await keys(pilot, "i", "text:goals", "enter", "text:Pay once", "enter")
        await pilot.pause(0.15)
        assert isinstance(app.screen, CustomerScreen)
        assert app.screen.sheet is not None
        assert app.screen.sheet.goals == "Pay once"
        assert "Pay once" in seen(app)
        await keys(pilot, "u")
        await pilot.pause(0.15)
        assert app.screen.sheet.goals == ""

    drive(story)


def test_a_promise_is_made_where_the_sheet_stands(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "c", "text:moreno")
        await pilot.pause(0.15)
        await keys(pilot, "enter")
        await keys(pilot, "i", "text:promise some", "enter", "text:Call back", "enter")
        await keys(pilot, "text:2d", "enter")
        await pilot.pause(0.15)
        assert "promised" in seen(app)
        assert "Call back" in seen(app)

    drive(story)
