"""Match review: one key decides, the next pair is there, everything is undone by u."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from connectors.contract import Address, Batch, Entry, Party, Recognised
from console.app import CentricApp
from console.screens.customer import CustomerScreen
from console.screens.desk import DeskScreen
from console.screens.matching import MatchScreen
from console.screens.whys import WhyScreen
from db.identity.suggest import match_new
from db.ingest import Arrival
from db.queries.matching import suggested, suggestions
from db.store import open_store
from tests.console.conftest import HOSTILE, NOON

Keys = Callable[..., Awaitable[None]]
Seen = Callable[[CentricApp], str]
Drive = Callable[..., CentricApp]
P = Pilot[None]
PEOPLE = ("Ada Kowalczyk", "Bea Lindqvist", "Cem Ozturk", "Dora Vermeulen")


def mail(number: int, address: str, name: str) -> Entry:
    parties = (
        Party("from", Address("email", address), name),
        Party("to", Address("email", "support@us.example"), ""),
    )
    return Entry(
        external_id=f"d{number}",
        at=NOON - number * 60_000,
        parties=parties,
        subject=f"Question {number} {HOSTILE}",
        text="Hello",
        message_id=f"d{number}@mail.example",
        content_key=f"d{number}",
    )


@pytest.fixture
def small_store(small_store: Path) -> Path:
    """Add people who write from two addresses each."""
    store = open_store(str(small_store))
    entries = []
    for place, name in enumerate(PEOPLE):
        local = name.lower().replace(" ", ".")
        entries.append(mail(10 * place + 1, f"{local}@old{place}.example", name))
        entries.append(mail(10 * place + 2, f"{local}@new{place}.example", f"{name}{HOSTILE}"))
    sink = store.sink(Recognised("mbox2", "mbox mail file", "mail"), "inbox", Arrival(0))
    sink.write(Batch(tuple(entries)))
    match_new(store.engine)
    assert store.ask(suggested) == len(PEOPLE)
    store.engine.connection().value("pragma wal_checkpoint(truncate)")
    store.close()
    return small_store


def waiting(app: CentricApp) -> int:
    assert isinstance(app.screen, MatchScreen)
    return len(app.screen.waiting)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
def test_both_sides_and_the_evidence_are_on_one_screen(
    drive: Drive, keys: Keys, seen: Seen, size: tuple[int, int]
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "d")
        assert waiting(app) == 4
        text = seen(app)
        assert "lindqvist@old1.example" in text
        assert "lindqvist@new1.example" in text
        assert "likely one person" in text
        assert "≠" in text
        assert "Name 100 % alike" in text
        assert "\x1b" not in text

    drive(story, size=size)


def test_one_key_decides_and_the_next_pair_is_there(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "d", "y", "n", "s")
        assert waiting(app) == 2
        left = app.memory.ask(suggestions)
        assert len(left) == 2
        linked = app.memory.ask(
            lambda c: c.value("select count(*) from customers where id <> canonical_id")
        )
        assert linked == 1
        assert app.memory.ask(lambda c: c.value("select count(*) from match_decisions")) == 1

    drive(story)


def test_u_takes_a_decision_back_and_the_pair_returns(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "d", "y")
        assert waiting(app) == 3
        await keys(pilot, "u")
        assert waiting(app) == 4
        await keys(pilot, "n", "u")
        assert waiting(app) == 4

    drive(story)


def test_all_above_a_score_are_shown_before_they_are_linked_as_one_act(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "d", "Y")
        assert "at least so likely" in seen(app)
        await keys(pilot, *["backspace"] * 6, "text:50", "enter")
        assert "4 pairs are 50.0 % likely or more" in seen(app)
        await keys(pilot, "enter")
        assert waiting(app) == 0
        assert "Nobody is suggested" in seen(app)
        await keys(pilot, "u")
        assert waiting(app) == 4

    drive(story)


def test_w_explains_a_pair_and_a_customer(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "d", "w")
        assert isinstance(app.screen, WhyScreen)
        assert "Suggested." in seen(app)
        await keys(pilot, "escape", "y", "g", "i", "w")
        assert isinstance(app.screen, DeskScreen | WhyScreen)

    drive(story)


def test_enter_opens_the_customer_and_q_comes_back(drive: Drive, keys: Keys) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        await keys(pilot, "g", "d", "enter")
        assert isinstance(app.screen, CustomerScreen)
        await keys(pilot, "w")
        assert isinstance(app.screen, WhyScreen)
        await keys(pilot, "escape", "q")
        assert waiting(app) == 4

    drive(story)


def test_a_case_is_given_to_another_customer_and_comes_back(
    drive: Drive, keys: Keys, seen: Seen
) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        assert isinstance(app.screen, DeskScreen)
        row = app.screen.target_row()
        assert row is not None
        before = row.customer_id
        await keys(pilot, "U")
        assert "What belongs to another customer?" in seen(app)
        await keys(pilot, "enter", "text:keller")
        await pilot.pause(0.2)
        await keys(pilot, "enter")
        owner = "select customer_id from identities i join cases c on c.requester_id = i.id"
        after = app.memory.ask(lambda c: c.value(f"{owner} where c.id = {row.case_id}"))
        assert after != before
        await keys(pilot, "u")
        assert app.memory.ask(lambda c: c.value(f"{owner} where c.id = {row.case_id}")) == before

    drive(story)


def test_a_message_alone_can_be_given_away(drive: Drive, keys: Keys, seen: Seen) -> None:
    async def story(pilot: P, app: CentricApp) -> None:
        assert isinstance(app.screen, DeskScreen)
        await keys(pilot, "tab", "U")
        assert "This message alone" in seen(app)
        await keys(pilot, "escape")

    drive(story)
