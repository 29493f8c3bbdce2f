"""The server that takes the writes dies: what was acknowledged is there, the desk goes on."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from db import journal
from db.agents import agent_for
from db.commands.tags import TagCase
from db.doctor import examine
from db.errors import Unavailable
from db.store import Store, open_store
from tests.servers.patroni import Cluster
from tests.servers.patroni import cluster as cluster

if TYPE_CHECKING:
    from tests.console.pty.terminal import Terminal

WRITERS = 4
PATIENCE_SECONDS = 180.0
ACTS = "select j.seq, a.login, j.sentence from journal j join agents a on a.id = j.agent_id"


class Writer(threading.Thread):
    """An agent who tags without end, and remembers what the store said it has done.

    Attributes:
        told: Number and sentence of each acknowledged act.
        refused: Acts of which it was said that they may not be there.
        longest: Seconds between two acknowledged acts.
    """

    def __init__(self, store: Store, login: str, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self.login = login
        self.told: list[tuple[int, str]] = []
        self.refused = 0
        self.longest = 0.0
        self._store, self._stop_now = store, stop
        self._agent = agent_for(store.engine, login)

    def run(self) -> None:
        number, last = 0, time.monotonic()
        while not self._stop_now.is_set():
            number += 1
            try:
                done = self._store.do(
                    TagCase(number % 8 + 1, f"{self.login}-{number}"), self._agent
                )
            except Unavailable:
                self.refused += 1
                time.sleep(0.2)
                continue
            self.told.append((done.seq, done.sentence))
            now = time.monotonic()
            self.longest, last = max(self.longest, now - last), now
            time.sleep(0.01)


def wait_until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def seen_within(terminal: Terminal, wanted: str, *, gone: bool = False) -> None:
    """Wait longer than a terminal does by itself: a server takes its time to take over."""
    wait_until(lambda: terminal.pump(0.1) is None or (wanted in terminal.text()) != gone, wanted)


@pytest.mark.soak
@pytest.mark.pty
def test_a_leader_that_dies_under_load_costs_nothing_that_was_acknowledged(
    cluster: Cluster,
    start: Callable[..., Terminal],
    fill_small: Callable[[Store], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    url = cluster.url("centric")
    store = open_store(url, create=True)
    fill_small(store)
    terminal = start("--store", url, "--agent", "ana", size=(120, 36))
    seen_within(terminal, "Ada Moreno")
    stop = threading.Event()
    writers = [Writer(store, f"writer{number}", stop) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    wait_until(lambda: all(len(writer.told) >= 40 for writer in writers), "load")

    leader = cluster.leader()
    assert leader is not None
    leader.kill()
    killed_at = time.monotonic()
    seen_within(terminal, "not connected")
    terminal.press("j", "k", "j")
    assert not terminal.ended()
    wait_until(lambda: cluster.leader() is not None, "another leader")
    led_after = time.monotonic() - killed_at
    before = [len(writer.told) for writer in writers]
    seen_within(terminal, "not connected", gone=True)
    wait_until(
        lambda: all(
            len(writer.told) >= count + 40 for writer, count in zip(writers, before, strict=True)
        ),
        "load after the failover",
    )
    stop.set()
    for writer in writers:
        writer.join(PATIENCE_SECONDS)

    acts = {seq: (login, sentence) for seq, login, sentence in store.ask(lambda c: c.all(ACTS))}
    told = [(seq, (writer.login, sentence)) for writer in writers for seq, sentence in writer.told]
    assert [one for one in told if acts.get(one[0]) != one[1]] == []
    assert len({seq for seq, _ in told}) == len(told)
    assert store.ask(journal.verify) == 0
    assert examine(store.engine).sound

    terminal.press("0")
    terminal.rest()
    terminal.press("n")
    terminal.rest()
    terminal.press(*"after it", "ctrl+s")

    def noted() -> bool:
        terminal.pump(0.1)
        found = store.ask(lambda c: c.all("select author from entries where preview = 'after it'"))
        return bool(found)

    wait_until(noted, "a note from the desk")
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the run
            f"\n{len(told)} acknowledged acts, 0 lost; {sum(w.refused for w in writers)} refused;"
            f" another leader after {led_after:.1f} s,"
            f" the longest wait of a writer {max(w.longest for w in writers):.1f} s"
        )
    store.close()
