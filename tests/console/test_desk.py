"""The desk, driven by keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app import CentricApp
from console.screens.desk import DeskScreen
from console.screens.original import OriginalScreen
from console.screens.panes import panes_shown
from db.commands.tags import TagCase
from db.queries import desk as questions
from db.records import CaseRow
from db.store import open_store

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
Drive = Callable[..., CentricApp]
P = Pilot[None]


def desk_of(app: CentricApp) -> DeskScreen:
    assert isinstance(app.screen, DeskScreen)
    return app.screen


def row_of(path: Path, case_id: int) -> CaseRow:
    store = open_store(str(path))
    try:
        return store.ask(questions.case_rows, [case_id])[0]
    finally:
        store.close()


def said(app: CentricApp) -> str:
    return " / ".join(notice.message for notice in app._notifications)


def under_cursor(app: CentricApp) -> int:
    row = desk_of(app).cases.row
    assert row is not None
    return row.case_id


def test_the_desk_opens_on_cases_that_wait_for_us(drive: Drive, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        text = seen(app)
        assert "Ada Moreno" in text
        assert "Our turn" in text
        assert "waiting" in text

    drive(story)


def test_enter_shows_the_timeline_and_q_goes_back(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        desk_of(app).show_case(1)
        await keys(pilot, "q", "enter")
        assert desk_of(app).pane == "reading"
        assert "Invoice paid twice" in seen(app)
        assert "Ada Moreno" in seen(app).split("\n")[0]
        await keys(pilot, "q")
        assert desk_of(app).pane == "cases"

    drive(story)


@pytest.mark.parametrize(
    ("width", "focus", "shown"),
    [
        (80, "cases", ("cases",)),
        (80, "sheet", ("sheet",)),
        (120, "cases", ("cases", "reading")),
        (120, "queues", ("queues", "cases")),
        (120, "sheet", ("reading", "sheet")),
        (150, "reading", ("queues", "cases", "reading")),
        (150, "sheet", ("cases", "reading", "sheet")),
        (180, "cases", ("queues", "cases", "reading", "sheet")),
    ],
)
def test_panes_slide_with_the_focus(width: int, focus: str, shown: tuple[str, ...]) -> None:
    assert panes_shown(width, focus) == shown
    assert panes_shown(width, focus, zoomed=True) == (focus,)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (150, 40), (180, 48)])
def test_tab_goes_round_all_panes_and_keeps_the_keys(
    drive: Drive, keys: Keys, size: tuple[int, int]
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        met = []
        for _ in range(4):
            await keys(pilot, "tab")
            met.append(desk_of(app).pane)
            assert app.focused is not None
        assert sorted(met) == ["cases", "queues", "reading", "sheet"]

    drive(story, size=size)


def test_a_press_shows_list_timeline_and_sheet_of_the_same_case(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        for _ in range(3):
            await keys(pilot, "j")
            await pilot.pause(0.15)
            desk = desk_of(app)
            assert desk.detail is not None
            assert desk.detail.row.case_id == under_cursor(app)
            sheet = desk.query_one("#sheet").sheet  # type: ignore[attr-defined]
            assert sheet.customer_id == desk.detail.row.customer_id

    drive(story, size=(180, 48))


def test_a_held_key_moves_the_list_at_once_and_the_timeline_when_it_rests(drive: Drive) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await pilot.press("0")
        await pilot.pause(0.2)
        desk = desk_of(app)
        for _ in range(5):
            desk.cases.action_down()
        assert desk.detail is not None
        assert desk.detail.row.case_id != under_cursor(app)
        await pilot.pause(0.2)
        assert desk.detail.row.case_id == under_cursor(app)

    drive(story, size=(120, 36))


def test_number_keys_show_pinned_queues(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "2")
        assert desk_of(app).listed == "Unassigned"
        await keys(pilot, "0")
        assert desk_of(app).listed == "All open"
        await keys(pilot, "9")
        assert "No queue is pinned to 9" in said(app)

    drive(story)


def test_g_leads_to_a_queue_by_its_name(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "q", "text:bill", "enter")
        assert desk_of(app).listed == "Billing"
        await keys(pilot, "g", "u")
        assert desk_of(app).listed == "Unassigned"

    drive(story)


def test_taking_a_case_is_said_and_can_be_undone(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = under_cursor(app)
        await keys(pilot, "a")
        assert f"Took #{case_id} · u undoes" in said(app)
        assert row_of(small_store, case_id).owner == "ana"
        await keys(pilot, "u")
        assert row_of(small_store, case_id).owner == ""
        assert "Undid" in said(app)
        await keys(pilot, "ctrl+r")
        assert row_of(small_store, case_id).owner == "ana"

    drive(story)


def test_tagging_keeps_the_cursor_on_the_case(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0", "j", "j")
        case_id = under_cursor(app)
        await keys(pilot, "t", "text:refund", "enter")
        assert row_of(small_store, case_id).tags == ("refund",)
        assert under_cursor(app) == case_id

    drive(story)


def test_space_in_the_tag_picker_sets_and_takes_away(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0", "t", "text:billing", "enter", "t", "text:vat", "enter")
        case_id = under_cursor(app)
        assert row_of(small_store, case_id).tags == ("billing", "vat")
        await keys(pilot, "t", "text:vat", "space", "enter")
        assert row_of(small_store, case_id).tags == ("billing",)

    drive(story)


def test_moving_and_urgency_and_resolving(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = under_cursor(app)
        await keys(pilot, "m", "text:bill", "enter")
        assert row_of(small_store, case_id).queue == "Billing"
        desk_of(app).cases.move_to_key(case_id)
        await keys(pilot, "exclamation_mark", "text:urg", "enter")
        assert row_of(small_store, case_id).urgency == "urgent"
        desk_of(app).cases.move_to_key(case_id)
        await keys(pilot, "e", "text:work", "enter")
        assert row_of(small_store, case_id).status == "resolved"
        assert under_cursor(app) != case_id

    drive(story)


def test_marked_cases_are_one_act_with_one_undo(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0", "space", "space", "space")
        ids = desk_of(app).target_ids()
        assert len(ids) == 3
        await keys(pilot, "t", "text:bulk", "enter")
        assert all(row_of(small_store, case_id).tags == ("bulk",) for case_id in ids)
        assert not desk_of(app).cases.marked
        await keys(pilot, "u")
        assert all(row_of(small_store, case_id).tags == () for case_id in ids)

    drive(story)


def test_semicolon_does_the_last_act_again(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0", "t", "text:again", "enter", "j", "semicolon")
        assert row_of(small_store, under_cursor(app)).tags == ("again",)

    drive(story)


def test_taking_over_from_a_colleague_needs_a_second_press(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = under_cursor(app)
        await keys(pilot, "A", "text:ben", "enter")
        assert row_of(small_store, case_id).owner == "ben"
        desk_of(app).cases.move_to_key(case_id)
        await keys(pilot, "a")
        assert "already owned by ben" in said(app)
        assert row_of(small_store, case_id).owner == "ben"
        await keys(pilot, "a")
        assert row_of(small_store, case_id).owner == "ana"

    drive(story)


def test_a_conflict_is_a_sentence_and_shows_what_stands(
    drive: Drive, keys: Keys, small_store: Path, other_agent: Callable[..., None]
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = under_cursor(app)
        await pilot.press("m")
        await pilot.pause(0.1)
        other_agent(small_store, case_id, "Technical")
        await keys(pilot, "text:bill", "enter")
        assert "Technical" in said(app)
        assert row_of(small_store, case_id).queue == "Technical"

    drive(story)


@pytest.fixture
def other_agent() -> Callable[..., None]:
    """Return a function that moves a case as ben would, in a desk of his own."""
    from db.agents import agent_for
    from db.commands.cases import MoveCase

    def move(path: Path, case_id: int, queue: str) -> None:
        store = open_store(str(path))
        store.do(MoveCase(case_id, queue), agent_for(store.engine, "ben"))
        store.close()

    return move


def test_a_colleagues_change_appears_and_the_cursor_stays(
    drive: Drive, keys: Keys, small_store: Path, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        from db.agents import agent_for

        await keys(pilot, "0", "j", "j", "j")
        case_id = under_cursor(app)
        store = open_store(str(small_store))
        store.do(TagCase(case_id, "from-ben"), agent_for(store.engine, "ben"))
        store.close()
        await pilot.pause(1.0)
        row = desk_of(app).cases.row
        assert row is not None
        assert (row.case_id, row.tags) == (case_id, ("from-ben",))

    drive(story, size=(120, 36))


def test_undo_names_an_act_on_a_case_that_is_off_screen_first(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = under_cursor(app)
        await keys(pilot, "a", "2", "u")
        assert "u again takes back" in said(app)
        assert row_of(small_store, case_id).owner == "ana"
        await keys(pilot, "u")
        assert row_of(small_store, case_id).owner == ""

    drive(story)


def test_the_header_says_what_else_is_open(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        desk_of(app).show_case(1)
        await keys(pilot)
        assert "also open #" in seen(app)

    drive(story, size=(120, 36))


def test_maximising_gives_one_pane_the_screen_and_takes_it_back(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "plus")
        assert desk_of(app)._shown == ("cases",)
        await keys(pilot, "escape")
        assert desk_of(app)._shown == ("cases", "reading")

    drive(story, size=(120, 36))


def test_a_tiny_terminal_asks_for_room_and_recovers(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await pilot.resize_terminal(50, 12)
        await keys(pilot)
        assert "60 × 15" in seen(app)
        await pilot.resize_terminal(80, 24)
        await keys(pilot, "j")
        assert isinstance(app.screen, DeskScreen)

    drive(story)


def test_nothing_that_strangers_wrote_acts(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        store = app.memory
        vex = store.engine.connection().value("select id from cases where subject like '%[/]%'")
        desk_of(app).show_case(vex)
        await keys(pilot, "tab", "enter", "t", "escape", "n", "escape")
        text = seen(app)
        assert "[/]" in text
        assert not set(text) & set("\x1b\x9b\x00\x07\u202e")

    drive(story, size=(180, 48))


def test_help_lists_the_keys_of_the_focused_pane(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "question_mark")
        assert "On a case" in seen(app)
        assert "Reply" in seen(app) or "Write a reply" in seen(app)
        await keys(pilot, "escape")
        assert isinstance(app.screen, DeskScreen)

    drive(story)


def test_both_themes_draw(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        before = app.theme
        await app.run_action("toggle_theme")
        await keys(pilot, "j")
        assert app.theme != before

    drive(story, size=(180, 48))


def test_copying_says_what_was_copied(drive: Drive, keys: Keys, monkeypatch: Any) -> None:
    monkeypatch.delenv("TMUX", raising=False)

    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0", "y")
        assert f"Copied “#{under_cursor(app)}”" in said(app)
        assert app.clipboard == f"#{under_cursor(app)}"
        await keys(pilot, "Y")
        assert "@" in app.clipboard

    drive(story)


def test_keys_typed_ahead_go_where_they_were_meant(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "0")
        case_id = under_cursor(app)
        await keys.at_once(pilot, "t", "text:below", "enter")  # type: ignore[attr-defined]
        assert row_of(small_store, case_id).tags == ("below",)
        assert row_of(small_store, case_id).status == "new"
        await keys.at_once(pilot, "n", "text:take me q", "ctrl+s")  # type: ignore[attr-defined]
        assert "Noted on" in said(app)
        await keys.at_once(pilot, "c", "text:ada", "enter")  # type: ignore[attr-defined]
        assert app.screen.customer_shown() == 1  # type: ignore[attr-defined]

    drive(story)


def test_files_and_links_are_listed(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        desk_of(app).show_case(1)
        await keys(pilot, "o")
        assert "no attachments and no links" in said(app)

    drive(story)


def test_a_case_is_merged_into_another_of_the_same_customer_by_number(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        first = under_cursor(app)
        await keys(pilot, "M")
        assert f"Merge #{first} into" in seen(app)
        await keys(pilot, *"another", "enter")
        await keys(pilot, *"99999", "enter")
        assert "There is no case #99999" in said(app)

    drive(story)


def test_a_message_is_split_off_from_where_it_is_read(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "X")
        assert "Go to the message that does not belong here first" in said(app)
        await keys(pilot, "enter", "X")
        assert "this message and what followed it" in seen(app)
        await keys(pilot, "escape")

    drive(story)


def test_a_message_without_an_original_says_so(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "v")
        assert "Go to a message first" in said(app)
        await keys(pilot, "enter", "v")
        assert "No original was kept" in said(app)

    drive(story)


def test_an_original_is_shown_as_headers_and_whole(drive: Drive, keys: Keys, seen: Seen) -> None:
    raw = "From: a@x.example\r\nSubject: \x1b]52;c;eA==\x07Pump\r\n\r\nIt stops.\x9b31m"

    async def story(pilot: P, app: CentricApp) -> None:
        lines = [line.rstrip("\r") for line in raw.split("\n")]
        app.push_screen(OriginalScreen("#1 Pump", lines, 2, len(raw)))
        await keys(pilot)
        assert "Subject: " in seen(app)
        assert "It stops." not in seen(app)
        await keys(pilot, "v")
        assert "It stops." in seen(app)
        assert "\x1b" not in seen(app)
        await keys(pilot, "q")
        assert isinstance(app.screen, DeskScreen)

    drive(story)
