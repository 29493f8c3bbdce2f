from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console import times

NOON = 1_793_620_800_000  # 2026-11-02 12:00 UTC, a Monday


@pytest.fixture(autouse=True)
def _still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(times, "now", lambda: NOON)
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    ("duration", "said"),
    [
        (-5, "now"),
        (59 * times.SECOND, "now"),
        (5 * times.MINUTE, "5 min"),
        (59 * times.MINUTE, "59 min"),
        (3 * times.HOUR, "3 h"),
        (47 * times.HOUR, "1 d"),
        (99 * times.DAY, "99 d"),
        (100 * times.DAY, "3 mo"),
        (729 * times.DAY, "24 mo"),
        (800 * times.DAY, "2 y"),
    ],
)
def test_a_duration_is_said_in_its_largest_unit(duration: int, said: str) -> None:
    assert times.short_age(duration) == said


@given(st.integers(-(2**60), 2**60))
def test_an_age_never_takes_more_than_six_cells(duration: int) -> None:
    assert len(times.short_age(duration)) <= 6


def test_how_long_ago_knows_never_now_and_the_future() -> None:
    assert times.ago(0) == "never"
    assert times.ago(NOON - 5) == "just now"
    assert times.ago(NOON - 2 * times.MINUTE) == "2 min ago"
    assert times.ago(NOON + 3 * times.HOUR) == "in 3 h"


def test_a_deadline_says_whether_it_has_passed() -> None:
    assert times.due(NOON + 2 * times.HOUR) == "due 2 h"
    assert times.due(NOON - 2 * times.DAY) == "late 2 d"


def test_clocks_are_local_and_follow_a_stated_offset() -> None:
    assert times.clock(NOON) == "13:00"
    assert times.clock(NOON, 330) == "17:30"
    assert times.stamp(NOON) == "2026-11-02 13:00"
    assert times.stamp(0) == ""


def test_the_day_is_that_of_the_agent_not_of_utc() -> None:
    late_evening_utc = NOON - 13 * times.HOUR + 30 * times.MINUTE
    assert times.day(late_evening_utc) == (2026, 11, 2)


def test_days_have_names_near_and_dates_far() -> None:
    assert times.day_title(NOON) == "today"
    assert times.day_title(NOON - times.DAY) == "yesterday"
    assert times.day_title(NOON + times.DAY) == "tomorrow"
    assert times.day_title(NOON - 5 * times.DAY) == "Wednesday 28 October"
    assert times.day_title(NOON - 400 * times.DAY) == "Sunday 28 September 2025"
    assert times.short_day(NOON) == "13:00"
    assert times.short_day(NOON - 5 * times.DAY) == "28 Oct"
    assert times.short_day(NOON - 400 * times.DAY) == "2025-09-28"


@given(st.integers(-(2**63), 2**63))
def test_no_time_is_too_strange_to_be_shown(at: int) -> None:
    assert times.day_title(at)
    assert len(times.clock(at)) == 5
    assert times.short_day(at)


def test_the_customers_clock_is_shown_where_their_zone_is_known() -> None:
    assert times.zone_clock("Asia/Tokyo") == "21:00"
    assert times.zone_clock("Mars/Olympus") == ""
    assert times.zone_clock("../../etc/passwd") == ""
