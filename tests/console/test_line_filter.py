"""What reaches the terminal: the drawn lines' bytes, their colours, and the guard behind all."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Sequence

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from textual.app import App, ComposeResult
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip
from textual.theme import BUILTIN_THEMES
from textual.widgets import Static

from console.guard import TerminalGuard, plain
from console.theme import _GROUNDS, _LOOKS, CONTRAST, DARK, LIGHT, contrast, palette
from console.widgets.lean import Cell, LeanStrip, draw, thumb_span

COLOURS = Console(color_system="truecolor", file=io.StringIO(), force_terminal=True)
NAMES = sorted(_LOOKS)
FAINT = {"track"}


class Themed(App[None]):
    def on_mount(self) -> None:
        self.register_theme(DARK)
        self.register_theme(LIGHT)


def with_themes(names: Sequence[str], check: object) -> None:
    async def run() -> None:
        app = Themed()
        async with app.run_test():
            for name in names:
                app.theme = name
                check(app)  # type: ignore[operator]

    asyncio.run(run())


THEMES = [DARK.name, LIGHT.name, *(name for name in BUILTIN_THEMES if not name.startswith("ansi"))]


def test_every_meaning_is_readable_on_every_ground_of_every_theme() -> None:
    def check(app: App[None]) -> None:
        colours = palette(app)
        for ground in _GROUNDS:
            for name in set(NAMES) - FAINT:
                style = colours.style(name, ground)
                assert style.color is not None
                assert style.bgcolor is not None
                ink, paper = (Color.from_rich_color(c) for c in (style.color, style.bgcolor))
                assert contrast(ink, paper) >= CONTRAST, (app.theme, name, ground)

    with_themes(THEMES, check)


def test_the_cursor_differs_from_other_rows_in_every_theme() -> None:
    def check(app: App[None]) -> None:
        colours = palette(app)
        grounds = [colours.style("text", ground) for ground in ("", "cursor", "blurred")]
        assert len({(style.bgcolor, style.reverse, style.underline) for style in grounds}) == 3

    with_themes([*THEMES, "ansi-dark", "ansi-light"], check)


def test_themes_for_the_terminals_own_colours_use_only_those() -> None:
    def check(app: App[None]) -> None:
        for name in NAMES:
            style = palette(app).style(name, "cursor")
            assert style.bgcolor is None
            assert style.color is None or not style.color.triplet

    with_themes(["ansi-dark", "ansi-light"], check)


def test_without_colour_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")

    def check(app: App[None]) -> None:
        for name in NAMES:
            for ground in _GROUNDS:
                style = palette(app).style(name, ground)
                assert style.color is None
                assert style.bgcolor is None
        assert palette(app).style("text", "cursor").reverse

    with_themes([DARK.name], check)


def test_the_palette_is_kept_until_the_theme_changes() -> None:
    seen = []

    def check(app: App[None]) -> None:
        assert palette(app) is palette(app)
        seen.append(palette(app).number)

    with_themes([DARK.name, LIGHT.name, DARK.name], check)
    assert seen[0] == seen[2] != seen[1]


def test_black_on_white_is_the_highest_contrast() -> None:
    assert contrast(Color(0, 0, 0), Color(255, 255, 255)) == pytest.approx(21)
    assert contrast(Color(9, 9, 9), Color(9, 9, 9)) == pytest.approx(1)


pieces = st.lists(
    st.tuples(st.text(st.sampled_from("ab 漢é"), max_size=8), st.sampled_from(NAMES)), max_size=8
)


@given(pieces, st.sampled_from(sorted(_GROUNDS)))
@settings(deadline=None, max_examples=60)
def test_a_lean_line_looks_the_same_as_textuals_own(
    cells: list[tuple[str, str]], ground: str
) -> None:
    segments = draw([Cell(*cell) for cell in cells], 40, PALETTES[0], ground)
    lean = LeanStrip(segments, 40).render(COLOURS)
    assert screen(lean) == screen(Strip(segments, 40).render(COLOURS))


def screen(sent: str) -> list[tuple[object, ...]]:
    terminal = pyte.Screen(50, 2)
    pyte.Stream(terminal).feed(sent + "$")
    row = terminal.buffer[0]
    return [
        (c.data, c.fg, c.bg, c.bold, c.italics, c.underscore, c.reverse)
        for c in (row[x] for x in range(50))
    ]


def test_a_lean_line_is_shorter_and_ends_as_it_began() -> None:
    cells = [
        Cell("#1042 ", "muted"),
        Cell("Ada ", "strong"),
        Cell("Invoice", "text"),
        Cell("us", "us"),
    ]
    segments = draw(cells, 60, PALETTES[0])
    lean, own = LeanStrip(segments, 60).render(COLOURS), Strip(segments, 60).render(COLOURS)
    assert len(lean.encode()) < 0.75 * len(own.encode())
    assert lean.endswith("\x1b[0m")


def test_a_row_of_a_list_stays_within_its_bytes() -> None:
    cells = [
        Cell(f"word{n} ", name) for n, name in enumerate(["muted", "strong", "text", "us"] * 2)
    ]
    sent = LeanStrip(draw(cells, 120, PALETTES[0]), 120).render(COLOURS)
    assert len(sent.encode()) < 300


def test_plain_lines_carry_no_sequence_at_all() -> None:
    segments = [Segment("abc")]
    assert LeanStrip(segments, 3).render(COLOURS) == "abc"


@given(st.text(st.characters(exclude_categories=()), max_size=60), st.integers(1, 40))
@settings(deadline=None)
def test_drawn_segments_fill_their_width_and_hold_nothing_that_acts(text: str, size: int) -> None:
    segments = draw([Cell(text, "late"), Cell("end")], size, PALETTES[0])
    assert Strip(segments).cell_length == size
    shown = "".join(segment.text for segment in segments)
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown)


@given(st.integers(0, 10**6), st.integers(0, 200), st.integers(0, 10**6), st.integers(0, 200))
def test_a_thumb_lies_within_its_bar(top: int, shown: int, total: int, height: int) -> None:
    first, last = thumb_span(top, shown, total, height)
    assert 0 <= first <= last <= height


def test_a_thumb_shows_where_one_is() -> None:
    assert thumb_span(0, 10, 10, 10) == (0, 0)
    assert thumb_span(0, 10, 100, 10) == (0, 1)
    assert thumb_span(90, 10, 100, 10) == (9, 10)
    assert thumb_span(0, 10, 20, 10) == (0, 5)


class Guarded(App[None]):
    """An app with the guard in it and a widget of Textual's own that forgot to clean."""

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), TerminalGuard()]

    def compose(self) -> ComposeResult:
        yield Static("a\x1b[2Jb\x9b\u202ec", markup=False, id="careless")
        yield Static(plain("[/] [@click=app.quit]x[/]\x1b]0;t\x07"), id="careful")


def test_what_a_careless_widget_shows_is_stopped_by_the_guard() -> None:
    async def run() -> None:
        app = Guarded()
        async with app.run_test(size=(40, 4)) as pilot:
            await pilot.pause()
            lines = app.screen._compositor.render_strips()
            text = "\n".join(strip.text for strip in lines)
            assert "a\ufffd[2Jb\ufffd\ufffdc" in text
            assert "[/] [@click=app.quit]x[/]␛]0;t␇" in text
            assert all(strip.text.isprintable() for strip in lines)

    asyncio.run(run())


PALETTES = []
with_themes([DARK.name], lambda app: PALETTES.append(palette(app)))
