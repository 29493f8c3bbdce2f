"""The desk on PostgreSQL: the same keys, colleagues on other machines, a server that goes away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator

import pytest
from textual.pilot import Pilot

from console.app import CentricApp
from console.screens.desk import DeskScreen
from console.widgets.status_line import StatusLine
from db import journal
from db.agents import agent_for
from db.commands.tags import TagCase
from db.queries import desk as questions
from db.store import Store, open_store
from tests.servers.postgres import PostgresServer
from tests.servers.postgres import postgres_server as postgres_server

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
Drive = Callable[..., CentricApp]
P = Pilot[None]

PATIENCE_SECONDS = 30.0  # of a test on a machine that is busy with other things


@pytest.fixture
def server_url(
    postgres_server: PostgresServer, fill_small: Callable[[Store], None]
) -> Iterator[str]:
    """Return a database with the small store, of the test's own."""

    def make(url: str) -> None:
        store = open_store(url, create=True)
        fill_small(store)
        store.close()

    url = postgres_server.database(postgres_server.template("small desk", make))
    yield url
    postgres_server.drop(url)


async def until(true: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.02)


def desk_of(app: CentricApp) -> DeskScreen:
    assert isinstance(app.screen, DeskScreen)
    return app.screen


def test_an_agent_finds_tags_notes_moves_and_undoes_it_all(
    drive: Drive, keys: Keys, seen: Seen, server_url: str
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        assert "Ada Moreno" in seen(app)
        await keys(pilot, "slash", "text:money")
        assert "1 found" in seen(app)
        await keys(pilot, "enter")
        assert desk_of(app).pane == "reading"
        assert "Any news about the money?" in seen(app)
        await keys(pilot, "t", "text:refund", "enter")
        await keys(pilot, "n", "text:Bank says Friday", "ctrl+s")
        await keys(pilot, "m", "text:Billing", "enter")
        memory, me = app.memory, app.me
        row = memory.ask(questions.case_rows, [1])[0]
        assert (row.tags, row.queue) == (("refund",), "Billing")
        assert "Bank says Friday" in seen(app)
        acts = [one.command for one in memory.ask(journal.recent, me.agent_id)]
        assert acts[:3] == ["case.move", "note.add", "case.tag"]
        for _ in range(3):
            await keys(pilot, "u")
        row = memory.ask(questions.case_rows, [1])[0]
        assert (row.tags, row.queue) == ((), "")
        assert "Bank says Friday" not in seen(app)
        assert memory.ask(journal.verify) == 0

    drive(story, size=(120, 36), url=server_url)


def test_what_a_colleague_does_is_on_screen_by_itself(
    drive: Drive, seen: Seen, server_url: str
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        desk_of(app).show_case(1)
        await pilot.pause()
        other = open_store(server_url)
        ben = agent_for(other.engine, "ben")
        await asyncio.to_thread(other.do, TagCase(1, "from-elsewhere"), ben)
        await until(lambda: "from-elsewhere" in seen(app))
        other.close()

    drive(story, size=(150, 40), url=server_url)


def test_a_server_that_goes_away_is_told_and_found_again(
    drive: Drive, keys: Keys, seen: Seen, server_url: str, postgres_server: PostgresServer
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        desk_of(app).show_case(1)
        await keys(pilot, "q")
        postgres_server.command(start=False)
        try:
            await until(lambda: "not connected" in seen(app))
            await keys(pilot, "j", "k", "enter", "t", "q")
            assert app.is_running
            assert app.query_one(StatusLine).lost
        finally:
            postgres_server.command(start=True)
        await until(lambda: not app.lost)
        await keys(pilot, "0")
        await until(lambda: "Ada Moreno" in seen(app) and "not connected" not in seen(app))
        desk_of(app).show_case(1)
        await keys(pilot, "t", "text:back", "enter")
        assert app.memory.ask(questions.case_rows, [1])[0].tags == ("back",)

    drive(story, size=(120, 36), url=server_url)
