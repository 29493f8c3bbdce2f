"""Find: results as one types, and enter shows the entry in its case."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from textual.pilot import Pilot

from console.app import CentricApp
from console.screens.desk import DeskScreen
from console.screens.find import FindScreen, HitFormat, marked, sought

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
Drive = Callable[..., CentricApp]
P = Pilot[None]


def test_words_find_their_entry_and_enter_opens_it_in_its_case(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "slash", "text:manual oven")
        assert isinstance(app.screen, FindScreen)
        assert "1 found" in seen(app)
        await keys(pilot, "enter")
        assert isinstance(app.screen, DeskScreen)
        assert app.screen.pane == "reading"
        assert app.screen.detail is not None
        assert app.screen.detail.row.subject == "Oven manual"

    drive(story)


def test_a_query_that_is_not_understood_says_why(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "slash", "text:status:purple")
        assert "purple" in seen(app).split("\n", 1)[1]

    drive(story)


def test_escape_goes_back_and_nothing_has_changed(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "slash", "text:invoice", "escape")
        assert isinstance(app.screen, DeskScreen)

    drive(story)


def test_hits_from_strangers_are_shown_as_they_are(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "slash", "text:look")
        text = seen(app)
        assert "[bold]not bold[/bold]" in text or "[/]" in text
        assert not set(text) & set("\x1b\x9b\x00\x07\u202e")

    drive(story)


def test_only_the_matches_are_marked() -> None:
    cells = marked("the invoice of May", [(4, 11)])
    assert [(cell.text, cell.style) for cell in cells] == [
        ("the ", "text"),
        ("invoice", "match"),
        (" of May", "text"),
    ]


def test_words_of_a_query_are_highlighted_and_its_filters_are_not() -> None:
    assert sought('refund -spam status:open "no reply"') == ["refund", "no reply"]
    assert sought("status:purple") == []


def test_the_first_match_is_in_sight_of_a_narrow_row() -> None:
    from db.records import FindHit

    text = "word " * 30 + "needle " + "word " * 5
    start = text.index("needle")
    hit = FindHit(
        1, 2, 3, "Ada", 0, "message", "email", "inbound", "Ada", "S", "open", text,
        ((start, start + 6),),
    )  # fmt: skip
    shown = "".join(cell.text for cell in HitFormat().cells(hit, 90))[:90]
    assert "needle" in shown
