"""The desk pulls the mailboxes of the configuration while it is open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from console.app import CentricApp, opened
from console.mailroom import Mailroom
from console.screens.desk import DeskScreen
from console.screens.welcome import WelcomeScreen
from db.store import open_store
from tests.imap.desks import Desk
from tests.servers.faulty_imap import Plan, faulty, message

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot

WAITING_SECONDS = 30.0


async def until(true: Callable[[], object], seconds: float = WAITING_SECONDS) -> None:
    async with asyncio.timeout(seconds):
        while not true():  # noqa: ASYNC110 - another process makes it true
            await asyncio.sleep(0.05)


def test_new_mail_shows_up_on_an_open_desk(
    tmp_path: Path, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(user, [message(1)])
    desk = Desk(tmp_path, dovecot.plain_port, user)
    for name in ("CENTRIC_CONFIG", "CENTRIC_PASSWORD_SUPPORT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, desk.environment[name])
    monkeypatch.setattr("console.mailroom.AGAIN_SECONDS", 1.0)
    open_store(str(desk.store), create=True).close()
    store, agent = opened(str(desk.store), "ben", "Ben")
    app = CentricApp(str(desk.store), "ben", store=store, agent=agent, pulls=True)

    async def work() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            await until(lambda: desk.entries() == 1)
            dovecot.deliver(user, [message(2)])
            await until(lambda: desk.entries() == 2)
            await pilot.pause()

    asyncio.run(work())
    store.close()
    # Its lease is given back: it was asked to end, and ended in order.
    asyncio.run(until(lambda: not desk.ask("select count(*) from pulls where holder <> ''")))


def test_a_refused_login_is_told_once_and_not_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with faulty(Plan("authfail")) as server:
        desk = Desk(tmp_path, server.port, "ada")
        for name in ("CENTRIC_CONFIG", "CENTRIC_PASSWORD_SUPPORT", "XDG_STATE_HOME"):
            monkeypatch.setenv(name, desk.environment[name])

        async def work() -> None:
            room = Mailroom(("--store", str(desk.store)), lambda: None, said.append)
            room.begin()
            await until(lambda: said)
            assert room._task is not None
            await asyncio.wait_for(room._task, WAITING_SECONDS)
            assert room.state == "mail stopped"

        asyncio.run(work())
        assert server.connections == 1
    assert len(said) == 1
    assert "refused the login" in said[0]


def test_the_first_start_connects_a_mailbox_and_shows_its_mail(
    tmp_path: Path, dovecot: Dovecot, user: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(user, [message(1)])
    desk = Desk(tmp_path, 1, user)
    desk.config.write_text("")
    for name in ("CENTRIC_CONFIG", "CENTRIC_PASSWORD_SUPPORT", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, desk.environment[name])

    def answered(words: Sequence[str]) -> int:
        """Say on the command line what a person would answer: there is no terminal here."""
        return desk.run(
            *words, f"{user}@us.example", "--label", "support", "--host", "localhost",
            "--port", str(dovecot.tls_port), "--ca-file",
            str(dovecot.certificates.authority), "--user", user, "--work-since", "all", "-y",
        ).returncode  # fmt: skip

    app = CentricApp(str(desk.store), "ben")
    monkeypatch.setattr(app, "talk", answered)
    monkeypatch.setattr("console.mailroom.AGAIN_SECONDS", 1.0)

    async def work() -> None:
        async with app.run_test(size=(120, 36)) as pilot:
            await pilot.pause(0.1)
            assert isinstance(app.screen, WelcomeScreen)
            await pilot.press("m")
            await until(lambda: isinstance(app.screen, DeskScreen))
            await until(lambda: desk.entries() == 1)

    asyncio.run(work())
    assert app.store is not None
    app.store.close()
