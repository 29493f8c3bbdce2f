from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from console.text import width
from console.widgets.lean import Cell
from console.widgets.paged_list import MARK_ROWS, PagedList, SourceFailed
from console.widgets.pages import KEPT_PAGES, Pages

ESCAPE = "\x1b]52;c;ZXZpbA==\x07[/] [@click=app.quit]x[/] \u202eabc\x9b31m\ud800\ttab\nnext"


@dataclass(frozen=True)
class Line:
    number: int
    text: str
    version: int = 0


class LineFormat:
    def key(self, row: Line) -> Hashable:
        return row.number

    def version(self, row: Line) -> Hashable:
        return row.version

    def cells(self, row: Line, width: int) -> Sequence[Cell]:
        return [Cell(f"{row.number:>6} ", "muted"), Cell(row.text)]

    def header(self, width: int) -> Sequence[Cell]:
        return ()


class Numbers:
    """Rows in the order of their number, read by the last number of the page before."""

    def __init__(self, numbers: Sequence[int], *, page: int = 200) -> None:
        self.rows = {number: Line(number, f"row {number}") for number in numbers}
        self.page = page
        self.reads = 0
        self.failure = ""

    def fetch(self, after_key: Any) -> tuple[Sequence[Line], Any]:
        if self.failure:
            raise SourceFailed(self.failure)
        self.reads += 1
        numbers = sorted(n for n in self.rows if after_key is None or n > after_key)
        rows = [self.rows[number] for number in numbers[: self.page]]
        return rows, rows[-1].number if len(numbers) > self.page else None


class Host(App[None]):
    def __init__(self, source: Numbers | None, **options: Any) -> None:
        super().__init__()
        self.rows = PagedList(LineFormat(), id="rows", **options)
        self.source = source
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.rows

    def on_mount(self) -> None:
        self.rows.load(self.source)
        self.rows.focus()

    def on_paged_list_moved(self, message: PagedList.Moved) -> None:
        self.heard.append(("moved", message.row and message.row.number))

    def on_paged_list_opened(self, message: PagedList.Opened) -> None:
        self.heard.append(("opened", message.row.number))

    def on_paged_list_marked(self, message: PagedList.Marked) -> None:
        self.heard.append(("marked", sorted(message.ids), message.limited))


def drive(
    app: Host, story: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (60, 20)
) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await story(pilot)

    asyncio.run(run())


def shown(rows: PagedList[Line]) -> list[str]:
    size = rows.size
    strips = rows.render_lines(Region(0, 0, size.width, size.height))
    assert all(width(strip.text) == size.width for strip in strips)
    return [strip.text.rstrip(" │┃") for strip in strips]


def numbers_shown(rows: PagedList[Line]) -> list[int]:
    return [int(line[2:].split()[0]) for line in shown(rows) if line[2:].split()]


def test_pages_meet_without_a_gap_or_an_overlap() -> None:
    pages = Pages(Numbers(range(10_000)))
    assert [row.number for row in iter_rows(pages)] == list(range(10_000))
    assert pages.complete
    assert pages.known == 10_000


def iter_rows(pages: Pages[Line]) -> list[Line]:
    found: list[Line] = []
    while (row := pages.row(len(found))) is not None:
        found.append(row)
    return found


def test_ten_thousand_rows_are_walked_by_key_without_keeping_them_all() -> None:
    source = Numbers(range(10_000))
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        met: list[int] = []
        for _ in range(1_000):
            for number in numbers_shown(app.rows):
                if not met or number > met[-1]:
                    met.append(number)
            if met[-1] == 9_999:
                break
            app.rows.action_page(1)
        assert met == list(range(10_000))
        assert app.rows._window.pages is not None
        assert len(app.rows._window.pages._rows) <= KEPT_PAGES
        await pilot.press("home")
        assert numbers_shown(app.rows)[:3] == [0, 1, 2]

    drive(app, story, size=(40, 100))


@given(
    st.sets(st.integers(0, 400), min_size=1, max_size=120),
    st.lists(st.tuples(st.booleans(), st.integers(0, 400)), max_size=30),
    st.integers(1, 40),
)
@settings(deadline=None)
def test_an_index_stays_whole_while_rows_come_and_go(
    start: set[int], changes: list[tuple[bool, int]], page: int
) -> None:
    source = Numbers(sorted(start), page=page)
    pages = Pages(source)
    for index, (added, number) in enumerate(changes):
        pages.row(index * 7)
        if added:
            source.rows[number] = Line(number, "new")
        else:
            source.rows.pop(number, None)
        pages.forget_rows()
        pages.row(index * 3)
    pages.forget_rows()
    assert [row.number for row in iter_rows(pages)] == sorted(source.rows)


def test_keys_move_the_cursor_and_say_so() -> None:
    app = Host(Numbers(range(100)))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j", "j", "down", "k", "up")
        assert app.rows.row == Line(1, "row 1")
        assert app.heard[-1] == ("moved", 1)
        await pilot.press("pagedown")
        assert app.rows.cursor == 20
        await pilot.press("ctrl+d")
        assert app.rows.cursor == 30
        await pilot.press("ctrl+u", "pageup")
        assert app.rows.cursor == 1
        await pilot.press("G")
        await pilot.pause()
        assert app.rows.row == Line(99, "row 99")
        assert numbers_shown(app.rows)[-1] == 99
        await pilot.press("j", "end", "home", "k")
        assert app.rows.cursor == 0
        await pilot.press("enter")
        assert app.heard[-1] == ("opened", 0)

    drive(app, story)


def test_the_row_under_the_cursor_is_marked_without_colour_too() -> None:
    app = Host(Numbers(range(5)))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j", "space")
        assert [line[:2] for line in shown(app.rows)[:4]] == ["  ", " *", "▌ ", "  "]

    drive(app, story)


def test_marks_step_range_and_take_all_or_none() -> None:
    app = Host(Numbers(range(9)))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("space", "j", "shift+down")
        assert app.heard[-1] == ("marked", [0, 2, 3], False)
        assert [row.number for row in app.rows.marked_rows()] == [0, 2, 3]
        await pilot.press("asterisk")
        assert app.heard[-1] == ("marked", list(range(9)), False)
        await pilot.press("asterisk")
        assert app.heard[-1] == ("marked", [], False)
        assert [row.number for row in app.rows.marked_rows()] == [3]

    drive(app, story)


def test_marking_all_of_a_huge_list_stops_and_says_so() -> None:
    app = Host(Numbers(range(MARK_ROWS + 500)))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("asterisk")
        assert app.heard[-1] == ("marked", list(range(MARK_ROWS)), True)

    drive(app, story)


def test_a_picker_has_no_marks() -> None:
    app = Host(Numbers(range(9)), markable=False)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("space", "asterisk", "shift+down")
        assert not app.rows.marked
        assert not [heard for heard in app.heard if heard[0] == "marked"]

    drive(app, story)


@pytest.mark.parametrize("at", [3, 150, 350])
def test_a_reload_keeps_the_cursor_on_its_row_and_the_row_on_its_line(at: int) -> None:
    source = Numbers(range(0, 1_000, 2))
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        app.rows.move_to(at)
        before = app.rows.row
        assert before is not None
        line = app.rows.cursor - app.rows.top
        moves = len(app.heard)
        for number in range(1, before.number, 40):
            source.rows[number] = Line(number, "new")
        app.rows.reload()
        await pilot.pause()
        assert app.rows.row == before
        if app.rows.cursor >= line:
            assert app.rows.cursor - app.rows.top == line
        assert [h for h in app.heard[moves + 1 :] if h[0] == "moved"] == []
        around = numbers_shown(app.rows)
        start = sorted(source.rows).index(around[0])
        assert around == sorted(source.rows)[start : start + len(around)]

    drive(app, story)


def test_a_reload_shows_what_changed() -> None:
    source = Numbers(range(30))
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        assert "row 2" in shown(app.rows)[2]
        source.rows[2] = replace(source.rows[2], text="changed", version=1)
        app.rows.reload()
        assert "changed" in shown(app.rows)[2]

    drive(app, story)


def test_a_row_that_is_gone_leaves_the_cursor_on_what_took_its_place() -> None:
    source = Numbers(range(30))
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press(*"jjjjj")
        del source.rows[5]
        app.rows.reload()
        await pilot.pause()
        assert app.heard[-1] == ("moved", 6)
        source.rows.clear()
        app.rows.reload()
        await pilot.pause()
        assert app.heard[-1] == ("moved", None)
        assert app.rows.row is None

    drive(app, story)


def test_an_empty_list_says_what_to_do_next() -> None:
    app = Host(Numbers([]), empty="No case waits. N takes the next.")

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j", "k", "G", "space", "enter", "asterisk", "pagedown")
        assert "No case waits. N takes the next." in shown(app.rows)[0]
        assert app.rows.row is None

    drive(app, story)


def test_a_failed_read_is_said_and_not_shown_as_an_empty_list() -> None:
    source = Numbers(range(300))
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        source.failure = "The store is locked; press f5 to try again."
        app.rows.move_to(199)
        app.rows.action_page(1)
        assert "The store is locked" in "\n".join(shown(app.rows))
        source.failure = ""
        app.rows.reload()
        assert "locked" not in "\n".join(shown(app.rows))
        assert app.rows.row is not None

    drive(app, story)


def test_nothing_is_drawn_and_nothing_breaks_before_a_source_is_given() -> None:
    app = Host(None)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j", "G", "space", "enter", "home")
        assert set(shown(app.rows)) == {""}

    drive(app, story)


def test_hostile_rows_put_no_control_character_into_a_line() -> None:
    source = Numbers(range(30))
    for number in range(30):
        source.rows[number] = Line(number, ESCAPE * (number + 1))
    app = Host(source, empty=ESCAPE)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j", "space")
        for line in shown(app.rows):
            assert line.isprintable()
        source.rows.clear()
        app.rows.reload()
        assert all(line.isprintable() for line in shown(app.rows))

    drive(app, story)


def test_a_move_draws_two_lines_only() -> None:
    app = Host(Numbers(range(100)))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j")
        dirty: list[Region] = []
        refresh = app.rows.refresh

        def watch(*regions: Region, **options: Any) -> Any:
            dirty.extend(regions or [Region(0, 0, 60, 20)])
            return refresh(*regions, **options)

        app.rows.refresh = watch  # type: ignore[method-assign]
        await pilot.press("j")
        assert dirty == [Region(0, 1, 60, 1), Region(0, 2, 60, 1)]

    drive(app, story)


def test_a_click_selects_a_second_opens_and_the_wheel_scrolls() -> None:
    app = Host(Numbers(range(100)))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.click("#rows", offset=(5, 4))
        assert app.rows.cursor == 4
        await pilot.click("#rows", offset=(5, 4))
        await pilot.pause()
        assert app.heard[-1] == ("opened", 4)
        app.rows._scroll(6)
        assert app.rows.top == 6
        assert app.rows.cursor == 6

    drive(app, story)


def test_without_colour_no_line_carries_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    app = Host(Numbers(range(30)))

    async def story(pilot: Pilot[None]) -> None:
        strips = app.rows.render_lines(Region(0, 0, 60, 20))
        for strip in strips:
            for segment in strip:
                assert segment.style is not None
                assert segment.style.color is None
                assert segment.style.bgcolor is None
        assert strips[0]._segments[0].style.reverse

    drive(app, story)


def test_a_list_in_a_narrow_pane_is_cut_and_not_broken() -> None:
    app = Host(Numbers(range(30)))

    async def story(pilot: Pilot[None]) -> None:
        assert all(width(line) <= 10 for line in shown(app.rows))

    drive(app, story, size=(10, 4))
