from __future__ import annotations

import subprocess
import sys
import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console import text as door
from console.guard import TerminalGuard, plain
from console.text import MAX_MARKS, clean, fit, is_narrow, one_line, pad, width, wrap

# A shared machine may pause for longer than hypothesis allows an example to take.
busy = settings(deadline=None)

HOSTILE = {
    "colour": "QQ\x1b[31mREDZZ",
    "clear": "QQ\x1b[2J\x1b[HZZ",
    "ask": "QQ\x1b[6nZZ",
    "clipboard": "QQ\x1b]52;c;ZXZpbA==\x07ZZ",
    "link": "QQ\x1b]8;;https://evil.example\x1b\\L\x1b]8;;\x1b\\ZZ",
    "title": "QQ\x1b]0;owned\x07ZZ",
    "device string": "QQ\x1bP+q544e\x1b\\ZZ",
    "C1": "QQ\x9b31m\x9d52;c;ZXZpbA==\x9cZZ",
    "override": "QQabc\u202efdp.exe\u202cZZ",
    "isolate": "QQ\u2067abc\u2069ZZ",
    "marks": "QQa" + "\u0335\u0316" * 20 + "ZZ",
    "nul bs del": "QQa\x00\x08\x7fZZ",
    "shift": "QQa\x0eb\x0fZZ",
    "form feed": "QQa\x0b\x0cbZZ",
    "invisible": "QQa\u200bb\ufeffc\u2060\u00ad\u3164\U000e0041ZZ",
    "selectors": "QQa\ufe0f\U000e0100\U000e0101ZZ",
    "surrogates": "QQa\ud800b\udc9bZZ",
    "family": "QQ\U0001f468\u200d\U0001f469\u200d\U0001f467ZZ",
    "skin": "QQ\U0001f44d\U0001f3fdZZ",
    "noncharacter": "QQ\ufffe\U0001ffffZZ",
    "lines": "QQa\nb\r\nc\rd\x85e\u2028f\u2029ZZ",
}


def is_dangerous(character: str) -> bool:
    category = unicodedata.category(character)
    bidi = unicodedata.bidirectional(character) in {
        *("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
    }
    return bidi or category in {"Cc", "Cs", "Zl", "Zp"} or character in "\u200e\u200f\u061c\u200b"


def any_text(most: int = 300) -> st.SearchStrategy[str]:
    spiced = st.sampled_from([*HOSTILE.values(), "漢字カナ", "e\u0301", "🇩🇪", "a b  c", "\t"])
    letters = st.text(st.characters(exclude_categories=()), max_size=most)
    return st.lists(st.one_of(spiced, letters), max_size=6).map("".join)


@pytest.mark.parametrize("name", HOSTILE)
def test_no_hostile_text_keeps_what_acts_on_a_terminal(name: str) -> None:
    shown = clean(HOSTILE[name], newlines=False)
    assert not [character for character in shown if is_dangerous(character)]
    assert shown.startswith("QQ")
    assert shown.endswith("ZZ")


@busy
@given(any_text())
def test_nothing_dangerous_survives_whatever_comes(text: str) -> None:
    shown = clean(text)
    assert not [c for c in shown if c != "\n" and is_dangerous(c)]
    assert "\n" not in clean(text, newlines=False)


@busy
@given(any_text())
def test_cleaning_twice_changes_nothing(text: str) -> None:
    assert clean(clean(text)) == clean(text)


def test_every_character_beyond_control_that_a_reader_sees_stays() -> None:
    seen = "Grüße — “naïve” £5 €6 漢字カナ Ελλάδα Юлия 🙂🇩🇪 नमस्ते สวัสดี ไม้ ← ✓ ░"
    assert clean(seen) == seen


def test_control_characters_are_shown_as_pictures() -> None:
    assert clean("a\x1b[2Jb\x00\x7f") == "a␛[2Jb␀␡"


def test_persian_spelling_stays_and_padding_with_the_same_character_goes() -> None:
    assert clean("می\u200cخواهم") == "می\u200cخواهم"
    assert clean("offer\u200c \u200c \u200c end") == "offer   end"


def test_a_letter_carries_at_most_four_marks_in_every_script() -> None:
    marks = [
        chr(code)
        for code in range(0x300, 0x20000)
        if unicodedata.category(chr(code)) in ("Mn", "Me") and clean(chr(code)) == chr(code)
    ]
    assert len(marks) > 1_000
    for mark in marks:
        assert clean("x" + mark * 40) == "x" + mark * MAX_MARKS


@busy
@given(any_text(), st.integers(-2, 60))
def test_what_was_fitted_is_never_wider(text: str, cells: int) -> None:
    line = clean(text, newlines=False)
    cut = fit(line, cells)
    assert width(cut) <= max(0, cells)
    if width(line) <= cells:
        assert cut == line
    assert width(one_line(text, cells)) <= max(0, cells)
    if cells >= 0:
        assert width(pad(line, cells)) == cells


def test_a_cut_says_so_and_keeps_the_marks_of_the_last_letter() -> None:
    assert fit("abcdef", 4) == "abc…"
    assert fit("漢字カナ", 5) == "漢字…"
    assert fit("漢字カナ", 4) == "漢…"
    assert fit("ee\u0301漢字", 4) == "ee\u0301…"


@busy
@given(any_text(), st.integers(2, 60))
def test_wrapping_fits_and_loses_no_visible_character(text: str, cells: int) -> None:
    shown = clean(text)
    lines = wrap(shown, cells)
    assert all(width(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


@busy
@given(st.lists(st.sampled_from(["Invoice", "a", "größer", "overdue,", "x" * 30]), max_size=30))
def test_wrapping_keeps_words_whole_where_they_fit(words: list[str]) -> None:
    lines = wrap(" ".join(words), 40)
    assert " ".join(lines).split() == words


def test_an_overlong_line_is_cut_and_says_how_much_is_missing() -> None:
    lines = wrap("x" * 1_000_000, 100)
    assert len(lines) == 41
    assert "".join(lines).endswith("… 996,000 more characters")


@busy
@given(any_text())
def test_widths_are_those_that_textual_measures(text: str) -> None:
    from rich.cells import cell_len

    line = clean(text, newlines=False)
    assert width(line) == cell_len(line)


def test_the_narrow_ranges_hold_only_characters_of_one_cell() -> None:
    from rich.cells import cell_len

    wrong = [c for c in map(chr, range(0x20, 0x3000)) if is_narrow(c) and cell_len(c) != 1]
    assert wrong == ["\x7f"]  # which no cleaned text holds


@pytest.mark.parametrize("text", ["plain words " * 80_000, "größer " * 140_000, "漢字 " * 300_000])
def test_a_megabyte_is_cleaned_without_a_pause(text: str) -> None:
    began = time.process_time()
    clean(text)
    assert time.process_time() - began < 1.0


@pytest.mark.parametrize("character", ["\x1b", "\u0300", "\u200c", "\u200d", "\ud800", "─", "🇩"])
def test_long_runs_of_one_character_cost_no_more_than_others(character: str) -> None:
    began = time.process_time()
    clean(character * 200_000)
    assert time.process_time() - began < 1.0


def test_the_door_opens_without_textual() -> None:
    code = (
        "import console.text, console.times, sys; console.text.wrap('abc', 2);"
        "print(*[m for m in ('textual', 'rich') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


@busy
@given(any_text())
def test_the_guard_lets_no_control_character_out(text: str) -> None:
    from rich.segment import Segment
    from textual.color import Color

    out = TerminalGuard().apply([Segment("ok"), Segment(text)], Color(0, 0, 0))
    assert not [c for c in out[1].text if is_dangerous(c)]
    assert len(out[1].text) == len(text)
    assert out[0].text == "ok"


def test_plain_content_has_no_markup() -> None:
    assert plain("[/] [@click=app.quit]x[/] [bold]y").plain == "[/] [@click=app.quit]x[/] [bold]y"
    assert plain("[@click=app.quit]x[/]").spans == []


def test_wrapping_ascii_is_fast_enough_for_a_page_of_mail() -> None:
    lines = 5_000
    text = "\n".join(["The quick brown fox jumps over the lazy dog, again and again."] * lines)
    best = min(_seconds(lambda: wrap(text, 50)) for _ in range(5))
    # The budget is 2 µs; ten times that still tells a lost fast path (60 µs) from a busy machine.
    assert best / lines < 20e-6


def _seconds(call: object) -> float:
    began = time.process_time()
    call()  # type: ignore[operator]
    return time.process_time() - began


def test_the_module_says_which_character_stands_for_the_unknown() -> None:
    assert clean("a\u202eb") == f"a{door.UNKNOWN}b"
