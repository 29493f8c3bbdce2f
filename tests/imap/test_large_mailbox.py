"""A mailbox of many years, pulled by a program that is killed again and again."""

from __future__ import annotations

import os
import random
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.imap.desks import Desk
from tests.servers.faulty_imap import message

if TYPE_CHECKING:
    from tests.servers.dovecot import Dovecot

MESSAGES = int(os.environ.get("CENTRIC_SOAK_MESSAGES", "50000"))
KILLS = 10


def pull_and_kill(desk: Desk, more: int, seconds: float) -> None:
    """Pull until so many more entries are there, or so long, and kill it, worker and all."""
    before = desk.entries()
    until = time.monotonic() + seconds
    with desk.started("pull") as process:
        while process.poll() is None and time.monotonic() < until:
            if desk.entries() >= before + more:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait(30)


def assert_complete(desk: Desk, messages: int) -> None:
    """Assert that every message is there once, and everything that belongs to it."""
    assert desk.entries() == messages
    assert desk.ask("select count(distinct external_id) from origins") == messages
    assert desk.ask("select count(*) from places") == messages
    assert desk.ask("select count(*) from received") == messages
    assert desk.ask("select count(*) from quarantine") == 0
    found = desk.run("doctor", "ingest")
    assert found.returncode == 0, found.stdout[-2000:]
    assert "nothing is missing" in found.stdout


def test_a_pull_that_is_killed_four_times_is_complete_at_last(
    tmp_path: Path, dovecot: Dovecot, user: str
) -> None:
    dovecot.deliver(user, (message(number, 2_000) for number in range(1, 1_501)))
    desk = Desk(tmp_path, dovecot.plain_port, user)
    for kill in range(4):
        pull_and_kill(desk, 200 * kill + 1, 30)
    assert desk.entries() > 0
    assert desk.run("pull").returncode == 0
    assert_complete(desk, 1_500)


@pytest.mark.soak
def test_fifty_thousand_messages_are_complete_after_ten_kills(
    tmp_path: Path, dovecot: Dovecot, user: str
) -> None:
    chance = random.Random(4)
    dovecot.deliver(user, (message(number, 6_000) for number in range(1, MESSAGES + 1)))
    desk = Desk(tmp_path, dovecot.plain_port, user)
    for _ in range(KILLS):
        pull_and_kill(desk, chance.randrange(1, MESSAGES // (KILLS + 2)), 120)
    before = desk.entries()
    assert 0 < before < MESSAGES
    assert desk.run("pull", wait=1200).returncode == 0
    assert_complete(desk, MESSAGES)
    again = desk.run("pull")
    assert '"read":0' in again.stdout.replace(" ", "")
