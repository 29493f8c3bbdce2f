"""The first start offers the demo, an import and a path; each leads to a desk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from console.app import CentricApp
from console.child import Told
from console.screens.desk import DeskScreen
from console.screens.welcome import WelcomeScreen, progress_line

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
MAIL = (
    b"From ada@moreno.example Mon Nov  2 10:00:00 2026\r\n"
    b"From: Ada Moreno <ada@moreno.example>\r\nTo: support@us.example\r\n"
    b"Subject: Oven\r\nMessage-ID: <1@moreno.example>\r\n"
    b"Date: Mon, 02 Nov 2026 10:00:00 +0000\r\n\r\nWhere is the manual?\r\n"
)


def run(app: CentricApp, story: Callable[..., Awaitable[None]]) -> None:
    async def told() -> None:
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.pause(0.1)
            await story(pilot)

    asyncio.run(told())
    if app.store is not None:
        app.store.close()


async def until_desk(app: CentricApp) -> None:
    for _ in range(400):
        if isinstance(app.screen, DeskScreen):
            return
        await asyncio.sleep(0.1)


def test_an_import_opens_the_desk_on_what_it_brought(
    tmp_path: Path, keys: Keys, seen: Seen
) -> None:
    mailbox = tmp_path / "inbox.mbox"
    mailbox.write_bytes(MAIL)
    app = CentricApp(str(tmp_path / "own.db"), "ana")

    async def story(pilot: object) -> None:
        assert isinstance(app.screen, WelcomeScreen)
        await keys(pilot, "i", f"text:{mailbox}", "enter", "text:support@us.example", "enter")
        await until_desk(app)
        await keys(pilot)
        assert isinstance(app.screen, DeskScreen), seen(app)
        assert app.memory.engine.connection().value("select count(*) from entries") == 1

    run(app, story)


def test_a_file_that_cannot_be_read_is_a_sentence(tmp_path: Path, keys: Keys, seen: Seen) -> None:
    app = CentricApp(str(tmp_path / "own.db"), "ana")

    async def story(pilot: object) -> None:
        await keys(pilot, "i", f"text:{tmp_path / 'missing.mbox'}", "enter", "enter")
        for _ in range(200):
            if "no file" in seen(app):
                break
            await asyncio.sleep(0.1)
        assert "missing.mbox" in "".join(seen(app).split())  # a long path is wrapped
        assert isinstance(app.screen, WelcomeScreen)

    run(app, story)


def test_a_path_opens_a_store_that_exists(tmp_path: Path, small_store: Path, keys: Keys) -> None:
    app = CentricApp(str(tmp_path / "own.db"), "ana")

    async def story(pilot: object) -> None:
        await keys(pilot, "o", f"text:{small_store}", "enter")
        await until_desk(app)
        await keys(pilot)
        assert isinstance(app.screen, DeskScreen)

    run(app, story)


def test_a_path_without_a_store_says_so(tmp_path: Path, keys: Keys, seen: Seen) -> None:
    app = CentricApp(str(tmp_path / "own.db"), "ana")

    async def story(pilot: object) -> None:
        await keys(pilot, "o", f"text:{tmp_path / 'none.db'}", "enter")
        assert "There is no store" in seen(app)

    run(app, story)


def test_progress_says_count_rate_and_what_remains() -> None:
    line = progress_line(Told("inbox.mbox", 50, 100, 1_000), 10.0)
    assert "1,000 read" in line
    assert "100/s" in line
    assert "10 s left" in line
