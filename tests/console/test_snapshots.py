"""Pictures of every screen at two sizes; a change is looked at before it is taken over."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from console.app import CentricApp, opened

Keys = Callable[..., Awaitable[None]]
SIZES = {"80x24": (80, 24), "120x36": (120, 36)}
SCREENS: dict[str, tuple[str, ...]] = {
    "desk": ("0",),
    "case": ("0", "enter"),
    "sheet": ("0", "h", "tab", "tab", "tab"),
    "empty": ("1",),
    "note": ("0", "n", "text:The bank says Friday.", "wait"),
    "reply": ("0", "r", "text:The money is on its way.", "wait"),
    "review": ("0", "r", "text:The money is on its way.", "ctrl+s"),
    "tags": ("0", "t"),
    "palette": ("0", "colon", "text:ur"),
    "help": ("0", "question_mark"),
    "go": ("g",),
    "find": ("slash", "text:invoice"),
    "finder": ("c", "text:moren", "wait"),
    "customer": ("c", "text:moren", "enter"),
}


@pytest.fixture
def picture(small_store: Path, still: None) -> Iterator[CentricApp]:
    """Return the desk of ana on the small store."""
    store, agent = opened(str(small_store), "ana", "ana")
    yield CentricApp(str(small_store), "ana", store=store, agent=agent)
    store.close()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("screen", SCREENS)
def test_a_screen_looks_as_it_did(
    picture: CentricApp, keys: Keys, snap_compare: Any, screen: str, size: str
) -> None:
    async def before(pilot: Pilot[None]) -> None:
        await keys(pilot)
        for key in SCREENS[screen]:
            if key == "wait":
                await pilot.pause(0.4)
            else:
                await keys(pilot, key)
        await keys(pilot)

    assert snap_compare(picture, run_before=before, terminal_size=SIZES[size])


@pytest.mark.parametrize("size", SIZES)
def test_the_light_theme_looks_as_it_did(
    small_store: Path, still: None, keys: Keys, snap_compare: Any, size: str
) -> None:
    store, agent = opened(str(small_store), "ana", "ana")
    app = CentricApp(str(small_store), "ana", store=store, agent=agent, theme="light")

    async def before(pilot: Pilot[None]) -> None:
        await keys(pilot, "0", "enter")

    assert snap_compare(app, run_before=before, terminal_size=SIZES[size])
    store.close()


@pytest.mark.parametrize("size", SIZES)
def test_the_first_start_looks_as_it_did(
    tmp_path: Path, still: None, snap_compare: Any, size: str
) -> None:
    app = CentricApp(str(tmp_path / "none.db"), "ana")
    assert snap_compare(app, terminal_size=SIZES[size])
