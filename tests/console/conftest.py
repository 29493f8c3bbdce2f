"""A small store made by hand, and a desk on it that tests drive by keys."""

from __future__ import annotations

import asyncio
import shutil
import time
import unicodedata
from collections.abc import Awaitable, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from textual import events
from textual.app import App
from textual.keys import _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot

from connectors.contract import Address, Batch, Entry, Party, Recognised
from console import times
from console.app import CentricApp, opened
from db import clock
from db.agents import agent_for
from db.commands.queues import AddQueue
from db.identity.own import add_own
from db.ingest import Arrival
from db.store import Store, open_store

NOON = 1_793_620_800_000  # 2026-11-02 12:00 UTC, a Monday
US = "support@us.example"
HOSTILE = "\x1b]52;c;ZXZpbA==\x07[/] [@click=app.quit]x[/] \u202eabc\x9b31m\x00"

Story = Callable[[Pilot[None], CentricApp], Awaitable[None]]
Drive = Callable[..., CentricApp]


def _mail(
    number: int, hours: float, who: str, subject: str, text: str, *, out: bool = False, to: str = ""
) -> Entry:
    """One mail; ``hours`` before noon, from ``who`` (``Name <address>``) or to them."""
    name, _, address = who.removesuffix(">").rpartition(" <")
    customer = Address("email", address)
    ours = Address("email", US)
    parties = (Party("from", customer, name), Party("to", ours, "Support"))
    if out:
        parties = (Party("from", ours, "Support"), Party("to", customer, name))
    return Entry(
        external_id=f"m{number}",
        at=NOON - int(hours * times.HOUR),
        parties=parties,
        subject=subject,
        text=text,
        message_id=f"m{number}@mail.example",
        references=(f"{to}@mail.example",) if to else (),
        content_key=str(number),
    )


def _letters() -> list[Entry]:
    ada, yulia = "Ada Moreno <ada@moreno.example>", "Yulia Marchenko <yulia@north.example>"
    vex = "Mallory [b]Vex[/b]\x1b[31m <mallory@vex.example>"
    mails = [
        _mail(
            1, 75, ada, "Invoice paid twice", "Hello,\n\nthe invoice 4711 was paid twice.\n\nAda"
        ),
        _mail(
            2, 70, ada, "Re: Invoice paid twice", "Dear Ada,\n\nwe look into it.", out=True, to="m1"
        ),
        _mail(3, 3, ada, "Re: Invoice paid twice", "Any news about the money?\n\nAda", to="m1"),
        _mail(4, 30, ada, "Oven manual", "Where is the manual of the new oven?"),
        _mail(5, 20, yulia, "Не приходять сповіщення", "Добрий день,\nнемає листів з учора."),
        _mail(6, 2, vex, f"Re: [/] invoice {HOSTILE}", f"Look: {HOSTILE}\n[bold]not bold[/bold]"),
    ]
    names = ("Bruno Keller", "Chiara Rossi", "Dora Nagy", "Emil Lund", "Fatima Aziz", "Goran Ilić")
    for place, name in enumerate(names):
        first = name.split(" ")[0].lower()
        who = f"{name} <{first}@shop{place}.example>"
        mails.append(_mail(10 + place, 40 + place, who, f"Question {place + 1}", f"It is {name}."))
    return mails


@pytest.fixture(scope="session")
def small_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a store file with a dozen customers; copied for each test."""
    path = tmp_path_factory.mktemp("small") / "centric.db"
    store = open_store(str(path), create=True)
    fill(store)
    store.engine.connection().value("pragma wal_checkpoint(truncate)")
    store.close()
    return path


@pytest.fixture(scope="session")
def fill_small() -> Callable[[Store], None]:
    """Return `fill`, for a store on another engine."""
    return fill


def fill(store: Store) -> None:
    """Let a dozen customers write to a team of two."""
    patch = pytest.MonkeyPatch()
    patch.setattr(clock, "now", lambda: NOON)
    ana = agent_for(store.engine, "ana", "Ana Silva")
    agent_for(store.engine, "ben", "Ben Okafor")
    with store.engine.write() as connection:
        add_own(connection, US)
    for name in ("Billing", "Technical"):
        store.do(AddQueue(name), ana)
    sink = store.sink(Recognised("mbox", "mbox mail file", "mail"), "inbox", Arrival(0))
    sink.write(Batch(tuple(_letters())))
    patch.undo()


@pytest.fixture
def small_store(small_template: Path, tmp_path: Path) -> Path:
    """Return a store of its own for a test."""
    path = tmp_path / "centric.db"
    shutil.copy(small_template, path)  # with its permissions
    return path


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Stop the clocks and the cursor: what is seen may not depend on when it is looked at."""
    from textual.widgets import Input, TextArea

    monkeypatch.setattr(times, "now", lambda: NOON)
    monkeypatch.setattr(clock, "now", lambda: NOON)
    monkeypatch.setattr(Input, "_toggle_cursor", lambda _: None)
    monkeypatch.setattr(TextArea, "_toggle_cursor_blink_visible", lambda _: None)
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def _busy(app: App[None]) -> bool:
    """Say whether a question, an act or a message is still under way."""
    reader = getattr(app, "_reader", None)
    if reader is not None and reader.waiting:
        return True
    if getattr(app, "_line", None) or getattr(app, "_flying", None):
        return True
    pumps = [app, *app.screen_stack]
    for screen in app.screen_stack:
        pumps += screen.walk_children()
    if any(pump.message_queue_size or pump._next_callbacks for pump in pumps):
        return True
    top = app.screen  # what is not drawn yet is not seen yet
    return bool(top._layout_required or top._dirty_widgets or top._callbacks)


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every question is answered, every act done and every message handled."""
    calm = 0
    for _ in range(2_000):
        await asyncio.sleep(0.003)
        calm = 0 if _busy(pilot.app) else calm + 1
        if calm == 3:
            return
    raise AssertionError("The desk did not come to rest.")


async def type_keys(pilot: Pilot[None], *keys: str, pause: bool = True) -> None:
    """Press keys one by one; ``text:…`` types a text.

    `Pilot.press` waits until the whole machine is idle, a tenth of a second each time.

    Args:
        pilot: Of the desk.
        keys: Their names.
        pause: Wait after each key; else all come at once, as from a fast typist.
    """
    for key in keys:
        for name in key[5:] if key.startswith("text:") else (key,):
            character = name if len(name) == 1 else _character(name)
            if character and not character.isalnum():
                name = {"\n": "enter"}.get(character) or _character_to_key(character)
            pilot.app.post_message(events.Key(name, character))
        if pause:
            await settle(pilot)
    await settle(pilot)


def _character(name: str) -> str | None:
    """Return the character that a key types, by the name that Textual has for it."""
    try:
        found = unicodedata.lookup(_get_unicode_name_from_key({"slash": "solidus"}.get(name, name)))
    except KeyError:
        return None
    return found if found.isprintable() else None


def screen_text(app: CentricApp) -> str:
    """Return what is on screen, line by line."""
    width, height = app.size
    strips = app.screen._compositor.render_strips(app.size)
    return "\n".join(strip.text[:width] for strip in strips[:height])


@pytest.fixture
def drive(small_store: Path, still: None) -> Drive:
    """Return a function that opens the desk of ana, lets a story press keys, and closes it."""

    def run(
        story: Story, *, size: tuple[int, int] = (80, 24), login: str = "ana", url: str = ""
    ) -> CentricApp:
        place = url or str(small_store)
        store, agent = opened(place, login, login)
        app = CentricApp(place, login, store=store, agent=agent)

        async def told() -> None:
            async with app.run_test(size=size) as pilot:
                await settle(pilot)
                await story(pilot, app)

        try:
            asyncio.run(told())
        finally:
            store.close()
        return app

    return run


@pytest.fixture
def keys() -> Callable[..., Awaitable[None]]:
    """Return `type_keys`; its ``at_once`` does not pause between the keys."""
    type_keys.at_once = partial(type_keys, pause=False)  # type: ignore[attr-defined]
    return type_keys


@pytest.fixture
def seen() -> Callable[[CentricApp], str]:
    """Return `screen_text`."""
    return screen_text
