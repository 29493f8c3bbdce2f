"""From the palette a customer is written into a file, or erased by a lead who types the name."""

from __future__ import annotations

import zipfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from textual.pilot import Pilot

from console.app import CentricApp
from db.erase.act import receipts
from db.store import open_store

Keys = Callable[..., Awaitable[None]]
Drive = Callable[..., CentricApp]
P = Pilot[None]


async def open_ada(pilot: P, keys: Keys) -> None:
    await keys(pilot, "c", "text:ada moreno", "enter")


async def until(pilot: P, done: Callable[[], bool]) -> None:
    """Wait for what a thread does; a test that waits forever is stopped by its runner."""
    while not done():
        await pilot.pause(0.02)


def test_a_customer_is_exported_from_the_palette(drive: Drive, keys: Keys, tmp_path: Path) -> None:
    path = tmp_path / "ada.zip"

    async def story(pilot: P, app: CentricApp) -> None:
        await open_ada(pilot, keys)
        await keys(pilot, "colon", "text:export customer", "enter", f"text:{path}", "enter")
        await until(pilot, path.exists)

    drive(story)
    assert "customer.json" in zipfile.ZipFile(path).namelist()


def test_a_customer_is_erased_from_the_palette_with_the_name(
    drive: Drive, keys: Keys, small_store: Path
) -> None:
    store = open_store(str(small_store))

    async def story(pilot: P, app: CentricApp) -> None:
        await open_ada(pilot, keys)
        await keys(pilot, "colon", "text:customer.erase", "enter")
        await until(pilot, lambda: type(app.screen).__name__ == "Picker")
        await keys(pilot, "text:remove", "enter", "text:Ada Moreno", "enter")
        await until(pilot, lambda: any(one.scrubbed_at for one in store.ask(receipts)))

    drive(story)
    assert store.ask(receipts)[0].mode == "remove"
    assert not store.ask(lambda c: c.value("select count(*) from customers where name like 'Ada%'"))
    store.close()


def test_another_name_erases_nobody(drive: Drive, keys: Keys, small_store: Path) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await open_ada(pilot, keys)
        await keys(pilot, "colon", "text:customer.erase", "enter")
        await until(pilot, lambda: type(app.screen).__name__ == "Picker")
        await keys(pilot, "text:anonymise", "enter", "text:Somebody Else", "enter")
        await until(pilot, lambda: any("is called" in one.message for one in app._notifications))

    drive(story)
    store = open_store(str(small_store))
    assert store.ask(receipts) == []
    store.close()
