from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.events import Click
from textual.geometry import Region
from textual.pilot import Pilot

from console import times
from console.text import width
from console.widgets.blocks import Blocks
from console.widgets.entry_lines import bare_subject, body_lines, file_size, item_key
from console.widgets.pages import SourceFailed
from console.widgets.stream import Stream
from console.widgets.timeline import Timeline
from console.widgets.viewport import Viewport
from db.records import AttachmentRow, EntryText, TimelineItem, TimelineKey, TimelinePage

NOON = 1_793_620_800_000  # 2026-11-02 12:00 UTC, a Monday
ESCAPE = "\x1b]52;c;ZXZpbA==\x07[/] [@click=app.quit]x[/] \u202eabc\x9b31m\ud800\ttab\rnext"


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(times, "now", lambda: NOON)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def mail(number: int, text: str = "", **fields: Any) -> tuple[TimelineItem, EntryText]:
    text = text or f"Text of mail {number}.\nSecond line."
    values: dict[str, Any] = {
        "entry_id": number,
        "at": NOON - (10_000 - number) * times.HOUR,
        "at_offset": None,
        "kind": "message",
        "direction": "inbound",
        "channel": "email",
        "case_id": 7,
        "author": f"Author {number}",
        "subject": "Invoice",
        "preview": text[:40],
        "characters": len(text),
        "lines": text.count("\n") + 1,
        "attachments": 0,
        "automatic": "",
        "pinned": False,
        "revision": 1,
    }
    folds = fields.pop("folds", ())
    files = fields.pop("files", ())
    values.update(fields)
    item = TimelineItem(**values)
    return item, EntryText(number, text, tuple(folds), (), tuple(files))


def event(number: int, sentence: str, **fields: Any) -> tuple[TimelineItem, EntryText]:
    item, text = mail(number, sentence, **fields)
    values = {name: getattr(item, name) for name in TimelineItem.__dataclass_fields__}
    values.update(entry_id=0, seq=number, kind="event", preview=sentence, author="ben")
    return TimelineItem(**values), text


class Letters:
    """A timeline in memory, read as the store is read."""

    def __init__(
        self, letters: Sequence[tuple[TimelineItem, EntryText]], *, page: int = 50
    ) -> None:
        self.letters = list(letters)
        self.page = page
        self.pages_read = 0
        self.texts_read: list[int] = []
        self.failure = ""

    def older(self, before: TimelineKey | None) -> TimelinePage:
        if self.failure:
            raise SourceFailed(self.failure)
        self.pages_read += 1
        items = [item for item, _ in self.letters]
        if before is not None:
            items = [item for item in items if item.at < before.at]
        page = items[-self.page :]
        more = len(items) > self.page
        key = TimelineKey(page[0].at, page[0].entry_id) if more else None
        subjects = {item.case_id: f"Subject of {item.case_id}" for item in page}
        return TimelinePage(tuple(page), key, subjects)

    def text(self, entry_ids: Sequence[int]) -> Mapping[int, EntryText]:
        self.texts_read += entry_ids
        return {text.entry_id: text for _, text in self.letters if text.entry_id in set(entry_ids)}


class Host(App[None]):
    def __init__(self, source: Letters | None, **options: Any) -> None:
        super().__init__()
        self.timeline = Timeline(id="timeline", empty="Pick a case with enter.")
        self.source = source
        self.options = options
        self.heard: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self.timeline

    def on_mount(self) -> None:
        self.timeline.load(self.source, **self.options)
        self.timeline.focus()

    def on_timeline_current(self, message: Timeline.Current) -> None:
        self.heard.append(("current", message.item and message.item.entry_id))

    def on_timeline_opened(self, message: Timeline.Opened) -> None:
        self.heard.append(("opened", message.item.entry_id))


def drive(
    app: Host, story: Callable[[Pilot[None]], Awaitable[None]], size: tuple[int, int] = (70, 20)
) -> None:
    async def run() -> None:
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await story(pilot)

    asyncio.run(run())


def shown(timeline: Timeline) -> list[str]:
    size = timeline.size
    strips = timeline.render_lines(Region(0, 0, size.width, size.height))
    assert len(strips) == size.height
    assert all(width(strip.text) == size.width for strip in strips)
    return [strip.text.rstrip(" │┃") for strip in strips]


def text_of(timeline: Timeline) -> str:
    return "\n".join(shown(timeline))


def current(timeline: Timeline) -> int:
    item = timeline.current_item
    assert item is not None
    return item.entry_id


def test_a_message_says_who_how_when_and_what_came_with_it() -> None:
    file = AttachmentRow(0, "report.pdf", "application/pdf", 12_400, "", "", "")
    source = Letters([mail(9_999, attachments=1, automatic="list", pinned=True, files=[file])])
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        lines = shown(app.timeline)
        assert lines[0].startswith("── #7 Subject of 7 ───")
        assert lines[1].startswith("── today ───")
        assert "← Author 9999  mail  11:00  Invoice" in lines[2]
        assert lines[2].endswith("automatic: list · 1 file · pinned")
        assert lines[3:5] == ["  Text of mail 9999.", "  Second line."]
        assert lines[5] == "  [1] report.pdf · application/pdf · 12 kB"

    drive(app, story, size=(90, 20))


def test_notes_say_note_and_events_are_one_line_that_can_be_hidden() -> None:
    letters = [mail(1), mail(2, kind="note", direction="internal"), event(3, "moved to billing")]
    app = Host(Letters(letters))

    async def story(pilot: Pilot[None]) -> None:
        assert "· Author 2  NOTE" in text_of(app.timeline)
        assert "ben: moved to billing" in text_of(app.timeline)
        await pilot.press("V")
        assert "moved to billing" not in text_of(app.timeline)
        await pilot.press("V")
        assert "moved to billing" in text_of(app.timeline)

    drive(app, story, size=(70, 30))


def test_rules_stand_where_the_day_and_the_case_change() -> None:
    app = Host(Letters([mail(9_990), mail(9_991), mail(9_998, case_id=8), mail(9_999, case_id=8)]))

    async def story(pilot: Pilot[None]) -> None:
        rules = [line.strip("─ ") for line in shown(app.timeline) if line.startswith("──")]
        assert rules == ["#7 Subject of 7", "today", "#8 Subject of 8"]

    drive(app, story, size=(70, 40))


def test_quotes_are_folded_and_a_line_inside_them_stays_visible() -> None:
    text = "> old one\n> old two\nI disagree!\n> old three\nBest\n-- \nAda\nAcme"
    first, second = text.index("I disagree"), text.index("> old three")
    end, sign = text.index("Best"), text.index("-- ")
    folds = [(0, first, "quote"), (second, end, "quote"), (sign, len(text), "signature")]
    app = Host(Letters([mail(1, text, folds=folds)]))

    async def story(pilot: Pilot[None]) -> None:
        assert shown(app.timeline)[3:8] == [
            "  … 2 quoted lines",
            "  I disagree!",
            "  … 1 quoted line",
            "  Best",
            "  … signature, 3 lines",
        ]
        await pilot.press("z")
        assert "  > old two" in shown(app.timeline)
        assert "  Acme" in shown(app.timeline)
        await pilot.press("Z")
        assert "  > old two" in shown(app.timeline)
        await pilot.press("Z")
        assert "  > old two" not in shown(app.timeline)

    drive(app, story)


@given(
    st.text("ab \n>é漢\t", max_size=200),
    st.lists(st.tuples(st.integers(-5, 210), st.integers(-5, 210)), max_size=6),
)
@settings(deadline=None)
def test_whatever_the_folds_nothing_outside_of_them_is_lost(
    text: str, ranges: list[tuple[int, int]]
) -> None:
    folds = tuple((start, end, "quote") for start, end in ranges)
    entry = EntryText(1, text, folds, (), ())
    inside = {at for start, end in ranges for at in range(max(0, start), end)}
    outside = "".join(c for at, c in enumerate(text) if at not in inside)
    lines = body_lines(entry, "message", 40, unfolded=False)
    drawn = "".join(cell.text for line in lines for cell in line.cells if line.body)
    assert "".join(drawn.split()) == "".join(outside.split())
    everything = body_lines(entry, "message", 40, unfolded=True)
    drawn = "".join(cell.text for line in everything for cell in line.cells if line.body)
    assert "".join(drawn.split()) == "".join(text.split())


def test_it_lands_on_what_is_new_under_a_marker_line() -> None:
    letters = [mail(number) for number in range(100)]
    app = Host(Letters(letters), seen_at=letters[60][0].at)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.pause()
        lines = shown(app.timeline)
        assert lines[0].startswith("── new since you last looked ──") or lines[1].startswith(
            "── new since you last looked ──"
        )
        assert current(app.timeline) == 61
        assert app.heard == [("current", 61)]

    drive(app, story)


def test_where_nothing_is_new_it_lands_on_the_newest_message() -> None:
    letters = [mail(number) for number in range(100)]
    app = Host(Letters(letters), seen_at=NOON)

    async def story(pilot: Pilot[None]) -> None:
        assert current(app.timeline) == 99
        assert "Text of mail 99." in text_of(app.timeline)
        assert "new since" not in text_of(app.timeline)

    drive(app, story)


def test_a_long_newest_message_is_shown_from_its_header() -> None:
    letters = [mail(1), mail(2, "\n".join(f"line {n}" for n in range(100)))]
    app = Host(Letters(letters))

    async def story(pilot: Pilot[None]) -> None:
        assert "Author 2" in "\n".join(shown(app.timeline)[:3])
        assert "line 0" in text_of(app.timeline)

    drive(app, story)


def test_it_lands_on_an_entry_that_was_found_however_old() -> None:
    source = Letters([mail(number) for number in range(500)])
    app = Host(source, land_on=20)

    async def story(pilot: Pilot[None]) -> None:
        assert current(app.timeline) == 20
        assert "Text of mail 20." in text_of(app.timeline)

    drive(app, story)


def test_two_thousand_long_mails_open_by_reading_one_page_and_few_texts() -> None:
    body = "\n".join(
        "All of it happened on a day in spring, and then again. " * 2 for _ in range(90)
    )
    source = Letters([mail(number, body) for number in range(2_000)], page=200)
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        shown(app.timeline)
        assert source.pages_read == 1
        assert len(source.texts_read) <= 3
        await pilot.press("pageup", "pagedown", "k", "j")
        assert len(source.texts_read) <= 6

    drive(app, story)


def test_scrolling_up_meets_every_line_once_and_reads_older_pages() -> None:
    source = Letters([mail(number, f"only {number}\n") for number in range(1, 121)], page=25)
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        met: list[int] = []
        for _ in range(2_000):
            numbers = [int(line.split()[1]) for line in shown(app.timeline) if "only" in line]
            met = [number for number in numbers if not met or number < met[0]] + met
            before = app.timeline._view.top if app.timeline._view else None
            app.timeline.action_line(-1)
            if app.timeline._view and app.timeline._view.top == before:
                break
        assert met == list(range(1, 121))
        await pilot.press("G")
        assert "only 120" in text_of(app.timeline)
        await pilot.press("home")
        await pilot.pause()
        assert "only 1" in text_of(app.timeline)

    drive(app, story)


def test_a_page_up_and_a_page_down_come_back_to_the_same_lines() -> None:
    app = Host(Letters([mail(number) for number in range(300)]))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("pageup", "pageup")
        before = shown(app.timeline)
        await pilot.press("pageup", "pagedown", "ctrl+u", "ctrl+d", "k", "j")
        assert shown(app.timeline) == before

    drive(app, story)


def test_message_keys_step_over_events_and_case_keys_over_messages() -> None:
    letters = [
        mail(1),
        mail(2),
        event(3, "tagged"),
        mail(4, case_id=8),
        mail(5, case_id=8),
        mail(6, case_id=9),
    ]
    app = Host(Letters(letters, page=2))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.pause()
        assert current(app.timeline) == 6
        await pilot.press("K", "K", "K")
        assert current(app.timeline) == 2
        await pilot.press("J")
        assert current(app.timeline) == 4
        await pilot.press("home")
        await pilot.press("K", "K", "K", "K")
        assert current(app.timeline) == 1
        await pilot.press("greater_than_sign")
        assert current(app.timeline) == 4
        await pilot.press("right_square_bracket")
        assert current(app.timeline) == 6
        await pilot.press("less_than_sign")
        assert current(app.timeline) == 4
        await pilot.press("enter")
        assert app.heard[-1] == ("opened", 4)
        marks = [line for line in shown(app.timeline) if line.startswith("▌")]
        assert len(marks) == 1
        assert "Author 4" in marks[0]

    drive(app, story, size=(70, 30))


def test_matches_are_shown_and_stepped_through_across_pages() -> None:
    letters = [
        mail(number, f"a\nb\nthe Invoice {number}" if number % 100 == 7 else "x")
        for number in range(300)
    ]
    app = Host(Letters(letters))

    async def story(pilot: Pilot[None]) -> None:
        app.timeline.highlight(["invoice", "[/"])
        await pilot.press("comma")
        assert current(app.timeline) == 207
        assert "the Invoice 207" in text_of(app.timeline)
        strips = app.timeline.render_lines(Region(0, 0, 70, 20))
        bold = [s.text for strip in strips for s in strip if s.style and s.style.underline]
        assert bold == ["Invoice"]
        await pilot.press("comma", "comma", "comma")
        assert current(app.timeline) == 7
        await pilot.press("full_stop")
        assert current(app.timeline) == 107
        app.timeline.highlight([])
        await pilot.press("full_stop")
        assert current(app.timeline) == 107

    drive(app, story)


def test_a_reload_keeps_every_line_where_it_is() -> None:
    letters = [mail(number) for number in range(200)]
    source = Letters(letters)
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("pageup", "pageup", "pageup", "k")
        before = shown(app.timeline)
        source.letters.append(mail(9_000, "quite new"))
        source.letters.append(event(9_001, "tagged vat"))
        app.timeline.reload()
        await pilot.pause()
        assert shown(app.timeline) == before
        await pilot.press("G")
        assert "quite new" in text_of(app.timeline)
        item, _ = source.letters[200]
        values = {name: getattr(item, name) for name in TimelineItem.__dataclass_fields__}
        source.letters[200] = (
            TimelineItem(**(values | {"revision": 2})),
            EntryText(9_000, "edited since", (), (), ()),
        )
        app.timeline.reload()
        assert "edited since" in text_of(app.timeline)

    drive(app, story)


def test_a_resize_keeps_the_line_at_the_top() -> None:
    body = "\n".join(f"line {n} " + "word " * 30 for n in range(10))
    app = Host(Letters([mail(number, body) for number in range(50)]))

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press("K", "K", "K")
        assert current(app.timeline) == 46
        await pilot.resize_terminal(50, 30)
        await pilot.pause()
        assert current(app.timeline) == 46
        assert "Author 46" in "\n".join(shown(app.timeline)[:4])

    drive(app, story)


def test_a_failed_read_is_said_and_loses_nothing_that_is_shown() -> None:
    source = Letters([mail(number) for number in range(200)])
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        source.failure = "The store is locked; press f5 to try again."
        await pilot.press("home")
        await pilot.pause()
        assert "The store is locked" in text_of(app.timeline)
        assert "Text of mail" in text_of(app.timeline)
        app.timeline.reload()
        assert "Text of mail" in text_of(app.timeline)
        source.failure = ""
        app.timeline.reload()
        assert "locked" not in text_of(app.timeline)

    drive(app, story)


@pytest.mark.parametrize("source", [None, Letters([])])
def test_an_empty_timeline_says_what_to_do_next(source: Letters | None) -> None:
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        await pilot.press(*"jkGJKzZV", "home", "pageup", "pagedown", "full_stop", "enter")
        assert shown(app.timeline)[0] == "  Pick a case with enter."
        app.timeline.reload()
        assert app.timeline.current_item is None
        assert app.timeline.entry_text() is None

    drive(app, story)


def test_hostile_entries_put_no_control_character_into_a_line() -> None:
    file = AttachmentRow(0, ESCAPE, ESCAPE, 5, "", "", ESCAPE)
    letters = [
        mail(1, f"{ESCAPE}\n{ESCAPE}", author=ESCAPE, subject=ESCAPE, automatic=ESCAPE),
        event(2, ESCAPE, author=ESCAPE),
        mail(3, ESCAPE * 20, kind="note", files=[file], folds=[(5, 9, "quote")], channel=ESCAPE),
    ]
    source = Letters(letters)
    app = Host(source)

    async def story(pilot: Pilot[None]) -> None:
        app.timeline.highlight([ESCAPE, "x"])
        for line in shown(app.timeline):
            assert line.isprintable()
        await pilot.press("home", "z", "full_stop")
        for line in shown(app.timeline):
            assert line.isprintable()
        source.failure = ESCAPE
        app.timeline.reload()
        assert all(line.isprintable() for line in shown(app.timeline))

    drive(app, story, size=(60, 40))


def test_a_click_makes_an_item_the_current_one() -> None:
    app = Host(Letters([mail(number) for number in range(5)]))

    async def story(pilot: Pilot[None]) -> None:
        line = next(n for n, text in enumerate(shown(app.timeline)) if "Text of mail 2" in text)
        await pilot.click("#timeline", offset=(5, line))
        assert current(app.timeline) == 2
        text = app.timeline.entry_text()
        assert text is not None
        assert text.text.startswith("Text of mail 2")

    drive(app, story, size=(70, 40))


def test_a_stream_without_events_reads_on_until_something_is_shown() -> None:
    letters = [mail(1), *(event(number, "tagged") for number in range(2, 200))]
    stream = Stream(Letters(letters, page=20), events=False)
    assert stream.read_older() == 1
    assert stream.complete
    assert [item.entry_id for item in stream.shown] == [1]


@pytest.mark.parametrize(
    ("subject", "bare"),
    [
        ("Re: AW: Fwd: Invoice  4", "invoice 4"),
        ("RE[2]: x", "x"),
        ("Regarding", "regarding"),
        ("re: " * 2_000, ""),
    ],
)
def test_subjects_are_compared_without_the_prefixes_of_replies(subject: str, bare: str) -> None:
    assert bare_subject(subject) == bare


def test_sizes_are_said_as_people_say_them() -> None:
    assert [file_size(n) for n in (5, 1_200, 12_000, 3_400_000)] == [
        "5 bytes", "1.2 kB", "12 kB", "3.4 MB",
    ]  # fmt: skip


LONG = "\n".join(f"line {n} " + "word " * 25 for n in range(30))
STEPS = st.one_of(
    st.tuples(st.just("scroll"), st.integers(-70, 70)),
    st.tuples(st.just("message"), st.sampled_from([-1, 1])),
    st.tuples(st.just("case"), st.sampled_from([-1, 1])),
    st.tuples(st.just("match"), st.sampled_from([-1, 1])),
    st.tuples(st.just("bottom"), st.just(0)),
    st.tuples(st.just("return"), st.just(0)),
    st.tuples(st.just("fold"), st.integers(0, 40)),
)


@given(
    st.lists(st.sampled_from(["mail", "long", "event", "other case"]), min_size=1, max_size=40),
    st.lists(STEPS, max_size=25),
    st.integers(3, 50),
    st.integers(1, 12),
)
@settings(deadline=None, max_examples=40)
def test_wherever_one_goes_the_window_is_full_and_on_real_lines(
    kinds: list[str], steps: list[tuple[str, int]], height: int, page: int
) -> None:
    letters = [
        event(number, "tagged")
        if kind == "event"
        else mail(
            number,
            LONG if kind == "long" else "",
            case_id=8 if kind == "other case" else 7,
            folds=[(50, 400, "quote")],
        )
        for number, kind in enumerate(kinds, start=1)
    ]
    view = Viewport(Stream(Letters(letters, page=page)), Blocks())
    view.blocks.width, view.height = 60, height
    view.blocks.highlight(["Second"])
    view.stream.read_older()
    view.land(0)
    for step, by in steps:
        if step == "scroll":
            view.scroll(by)
        elif step == "message":
            view.jump(by, lambda _, item: item.kind != "event")
        elif step == "case":
            view.jump(by, lambda above, item: above is None or above.case_id != item.case_id)
        elif step == "match":
            view.jump_to_match(by)
        elif step == "bottom":
            view.to_bottom()
        else:
            anchor = view.anchor()
            if step == "fold":
                view.blocks.toggled ^= {item_key(view.stream.shown[by % len(view.stream.shown)])}
            view.return_to(anchor)
        index, line = view.top
        assert 0 <= index < len(view.stream.shown)
        assert 0 <= line < len(view.block(index).lines)
        rows = view.window()
        total = sum(len(view.block(n).lines) for n in range(len(view.stream.shown)))
        assert len(rows) == height or (view.stream.complete and len(rows) == total)
        assert view.current_index() is not None


def test_a_jump_that_finds_nothing_leaves_everything_where_it_is() -> None:
    view = Viewport(Stream(Letters([mail(number) for number in range(1, 30)])), Blocks())
    view.blocks.width, view.height = 60, 10
    view.stream.read_older()
    view.land(0)
    before = view.top
    assert not view.jump(1, lambda _, item: item.kind == "survey")
    assert not view.jump_to_match(1)
    assert view.top == before


async def drag(pilot: Pilot[None], start: tuple[int, int], end: tuple[int, int]) -> None:
    await pilot.mouse_down("#timeline", offset=start)
    await pilot.hover("#timeline", offset=end)
    await pilot.mouse_up("#timeline", offset=end)
    await pilot.pause()


def click_at(timeline: Timeline, line: int) -> Click:
    return Click(timeline, 3, line, 0, 0, 1, False, False, False)


def test_text_is_selected_with_the_mouse_and_copied_as_it_is_read() -> None:
    app = Host(Letters([mail(1, "Please pay the 漢字 invoice.\nThank you very much.")]))

    async def story(pilot: Pilot[None]) -> None:
        line = next(n for n, text in enumerate(shown(app.timeline)) if "Please" in text)
        await drag(pilot, (9, line), (11, line + 1))
        assert app.screen.get_selected_text() == "pay the 漢字 invoice.\n  Thank you"
        strips = app.timeline.render_lines(Region(0, line, 70, 1))
        chosen = [s.text for s in strips[0] if s.style is not None and s.style.reverse]
        assert "".join(chosen).rstrip() == "pay the 漢字 invoice."
        assert "Please" in text_of(app.timeline)
        await pilot.click("#timeline", offset=(3, line + 3))
        await drag(pilot, (9, line), (11, line + 1))
        app.timeline.on_click(click_at(app.timeline, line))
        assert app.screen.get_selected_text()
        app.timeline.reload()
        await pilot.pause()
        assert not app.screen.get_selected_text()

    drive(app, story)
