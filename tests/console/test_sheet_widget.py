from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.pilot import Pilot

from console import times
from console.text import clean, width
from console.widgets.sheet import Sheet
from console.widgets.sheet_lines import sheet_lines
from console.widgets.status_line import DROP_ORDER, StatusLine, StatusPart, fit_parts
from db.records import (
    CaseLine,
    CheatSheet,
    Contact,
    Fact,
    Handle,
    Mood,
    NoteLine,
    PromiseLine,
    RollUp,
    Tried,
)

NOON = 1_793_620_800_000  # 2026-11-02 12:00 UTC, a Monday
ESCAPE = "\x1b]52;c;ZXZpbA==\x07[/] [@click=app.quit]x[/] \u202eabc\x9b31m\ud800\ttab\nnext"


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(times, "now", lambda: NOON)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def case(number: int, subject: str = "Invoice paid twice") -> CaseLine:
    since = NOON - 3 * times.HOUR
    return CaseLine(number, subject, "open", "urgent", "us", since, since)


def full_sheet(text: str = "") -> CheatSheet:
    """A sheet with more of everything than there is room for; every text is ``text`` if given."""
    return CheatSheet(
        customer_id=5,
        members=(5, 9, 12),
        name=text or "Ada Moreno",
        organization=text or "Acme Ltd",
        title=text or "Head of purchasing",
        stage="at_risk",
        vip=True,
        risk=text or "contract ends in May",
        risk_at=NOON - 30 * times.DAY,
        goals=text or "Close the books in three days. " * 8,
        success_owner=text or "kim",
        language=text or "Spanish",
        time_zone="Asia/Tokyo",
        preferred_channel="phone",
        open_cases=tuple(case(number, text or "Invoice paid twice") for number in range(20)),
        contacts=tuple(
            Contact(n, n, NOON - n * times.DAY, "email", "inbound", text or "Ada", text or "Hello")
            for n in range(5)
        ),
        handles=tuple(
            Handle("email", "", text or f"ada{n}@acme.example", "Ada", state, 41, NOON)
            for n, state in enumerate(["confirmed", "observed", "suggested", "rejected"] * 3)
        ),
        tags=tuple((text or f"tag{n}", n) for n in range(30)),
        notes=tuple(NoteLine(n, NOON, "ben", text or "Never call before ten.") for n in range(9)),
        first_at=NOON - 900 * times.DAY,
        last_inbound_at=NOON,
        last_outbound_at=NOON,
        entries=1_234,
        cases=27,
        promises=tuple(
            PromiseLine(n, n, text or "A refund of both fees", NOON + (n - 1) * times.DAY, "kim")
            for n in range(4)
        ),
        tried=tuple(
            Tried(n, text or "Paid twice", "fix", NOON, text or "We sent it back") for n in range(9)
        ),
        mood=Mood("unhappy", text or "This is the third time.", 1, NOON),
        activity=(0, 3, 0, 9, 1, 1, 1, 1, 0, 0, 2, 40),
        facts=tuple(Fact("phone", text or f"+49 30 12345{n}", n, NOON) for n in range(9)),
        fields=((text or "contract", text or "gold"), ("renewal", "May")),
        roll_up=RollUp(3, 200, 7, 2, NOON, True),
    )


def bare_sheet() -> CheatSheet:
    return replace(
        full_sheet(), organization="", title="", stage="", vip=False, risk="", goals="",
        success_owner="", language="", time_zone="", preferred_channel="", open_cases=(),
        contacts=(), handles=(), tags=(), notes=(), first_at=0, entries=1, cases=1, members=(5,),
        promises=(), tried=(), mood=None, activity=(), facts=(), fields=(), roll_up=None,
    )  # fmt: skip


def drawn(sheet: CheatSheet, cells: int = 80, height: int = 22) -> list[str]:
    lines = sheet_lines(sheet, cells, height)
    return ["".join(cell.text for cell in line).rstrip() for line in lines]


def test_a_full_sheet_is_one_screen_at_80_by_24() -> None:
    assert len(drawn(full_sheet(), 78, 22)) <= 22


def test_sections_stand_in_the_order_in_which_they_are_needed() -> None:
    lines = drawn(full_sheet())
    labels = [line[1:11].strip() for line in lines if line[1:11].strip() and line[0] == " "]
    found = [label for label in labels if label in SECTIONS]
    assert found == SECTIONS
    assert lines[0].startswith(" Ada Moreno  VIP  at risk")
    assert lines[1] == " Head of purchasing, Acme Ltd  200+ people, 7 open, 2 VIP"
    assert lines[2] == " at risk: contract ends in May (since 3 Oct)"


SECTIONS = [
    "sure",
    "promised",
    "open",
    "goals",
    "tried",
    "contacts",
    "address",
    "mood",
    "handles",
    "read",
    "fields",
    "notes",
    "history",
]


def test_each_section_says_what_matters() -> None:
    text = "\n".join(drawn(full_sheet(), 120, 60))
    assert "3 addresses confirmed by a colleague, wrote from 3 (not proved), 3 perhaps" in text
    assert "A refund of both fees (#1)" in text
    assert "late 1 d" in text
    assert "#1 Paid twice: fixed – “We sent it back”" in text
    assert "unhappy: “This is the third time.” (12:00)" in text
    assert "phone +49 30 123450, read on 12:00" in text
    assert "contract: gold · renewal: May" in text
    assert "#0 !! Invoice paid twice" in text
    assert "us 3 h" in text
    assert "Spanish · 21:00 there · prefers calls" in text
    assert "ada2@acme.example (perhaps theirs)" in text
    assert "Never call before ten. – ben, 12:00" in text
    assert (
        "·▁·▂▁▁▁▁··▁█ · looked after by kim · 27 cases · 1,234 entries · since 2024-05-16" in text
    )
    assert "… 8 more" in text


def test_rejected_handles_are_not_shown_as_theirs() -> None:
    assert "ada3@acme.example" not in "\n".join(drawn(full_sheet(), 100, 90))


def test_empty_sections_are_not_drawn() -> None:
    assert drawn(bare_sheet(), 60, 22) == [" Ada Moreno", "", " history   1 case · 1 entry"]


@given(
    st.text(st.characters(exclude_categories=()), max_size=120),
    st.integers(24, 130),
    st.integers(1, 60),
)
@settings(deadline=None, max_examples=30)
def test_no_line_is_wider_than_the_pane_whatever_the_texts(
    text: str, cells: int, height: int
) -> None:
    for line in sheet_lines(full_sheet(text or "x"), cells, height):
        shown = "".join(cell.text for cell in line)
        assert width(shown) <= cells
        assert clean(shown) == shown


class Host(App[None]):
    def __init__(self, sheet: CheatSheet | None, parts: tuple[StatusPart, ...] = ()) -> None:
        super().__init__()
        self.record = sheet
        self.sheet = Sheet(id="sheet")
        self.status = StatusLine(id="status")
        self.parts = parts
        self.heard: list[int] = []

    def compose(self) -> ComposeResult:
        yield self.sheet
        yield self.status

    def on_mount(self) -> None:
        self.sheet.show(self.record)
        self.status.show(self.parts)
        self.sheet.focus()

    def on_sheet_opened(self, message: Sheet.Opened) -> None:
        self.heard.append(message.customer_id)


def drive(
    app: Host, story: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (80, 24)
) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await story(pilot)

    asyncio.run(run())


def shown(widget: Any) -> list[str]:
    size = widget.size
    strips = widget.render_lines(Region(0, 0, size.width, size.height))
    assert all(width(strip.text) == size.width for strip in strips)
    return [strip.text.rstrip(" │┃") for strip in strips]


def test_a_sheet_longer_than_its_pane_is_scrolled_by_keys() -> None:
    app = Host(full_sheet())

    async def story(pilot: Pilot[None]) -> None:
        assert shown(app.sheet)[0].startswith(" Ada Moreno")
        await pilot.press("j", "j")
        assert shown(app.sheet)[0].startswith(" at risk")
        await pilot.press("pagedown", "space", "j")
        assert "history" in shown(app.sheet)[-1]
        await pilot.press("pageup", "pageup", "pageup", "pageup", "k")
        assert shown(app.sheet)[0].startswith(" Ada Moreno")
        await pilot.press("enter")
        assert app.heard == [5]

    drive(app, story, size=(60, 10))


def test_no_customer_says_how_to_find_one() -> None:
    app = Host(None)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("j", "enter", "pagedown")
        assert shown(app.sheet)[0] == " No customer here. c finds one."
        assert app.heard == []

    drive(app, story)


def test_hostile_sheets_and_status_parts_put_no_control_character_into_a_line() -> None:
    app = Host(full_sheet(ESCAPE), (StatusPart("where", ESCAPE), StatusPart("presence", ESCAPE)))

    async def story(pilot: Pilot[None]) -> None:
        for line in [*shown(app.sheet), *shown(app.status)]:
            assert line.isprintable()

    drive(app, story, size=(60, 40))


PARTS = (
    StatusPart("where", "billing › #1042 Ada Moreno", "strong"),
    StatusPart("count", "42 waiting"),
    StatusPart("oldest", "oldest 3 d"),
    StatusPart("synced", "synced 2 min ago"),
    StatusPart("drafts", "1 draft"),
    StatusPart("presence", "@ben viewing"),
)


def test_the_status_line_shows_all_where_there_is_room() -> None:
    app = Host(None, PARTS)

    async def story(pilot: Pilot[None]) -> None:
        assert shown(app.status) == [
            " billing › #1042 Ada Moreno · 42 waiting · oldest 3 d · synced 2 min ago · 1 draft"
            " · @ben viewing"
        ]

    drive(app, story, size=(120, 10))


@given(st.integers(1, 110))
def test_parts_are_left_out_in_the_written_order(cells: int) -> None:
    kept = [part.name for part in fit_parts(PARTS, cells)]
    gone = [name for name in DROP_ORDER if name in {part.name for part in PARTS} - set(kept)]
    assert gone == [name for name in DROP_ORDER if name in {p.name for p in PARTS}][: len(gone)]
    assert kept[0] == "where"
    text = " · ".join(part.text for part in fit_parts(PARTS, cells))
    assert width(text) <= cells


def test_the_same_status_is_not_drawn_again() -> None:
    app = Host(None, PARTS)

    async def story(pilot: Pilot[None]) -> None:
        drawn_again: list[bool] = []
        app.status.refresh = lambda *_, **__: drawn_again.append(True)  # type: ignore[assignment,func-returns-value,return-value]
        app.status.show(list(PARTS))
        assert drawn_again == []
        app.status.show(PARTS[:2])
        assert drawn_again == [True]

    drive(app, story)
