"""Many programs on one store, some of them killed: what was acknowledged is there, and right."""

from __future__ import annotations

import contextlib
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import journal
from db.store import Store
from tests.engines import Places, postings
from tests.replaying import assert_derived_is_right, counted, replay, truth
from tests.teamwork import Told, Worker, all_told

AddCase = Callable[..., int]
LOGINS = ("ana", "ben", "kim", "zoe", "lea", "tom", "eva", "jon")
PATIENCE_SECONDS = 120.0
ACTS = "select j.seq, a.login, j.sentence from journal j join agents a on a.id = j.agent_id"


@pytest.fixture(autouse=True)
def nobody_stays() -> Iterator[None]:
    """End whoever still works when a test ends."""
    yield
    while Worker.all:
        Worker.all.pop().kill()


def filled(places: Places, put_case: AddCase, cases: int) -> str:
    """Return a kept store with so many cases of as many customers, and everybody in it."""

    def fill(store: Store) -> None:
        from db.agents import agent_for

        for login in LOGINS:
            agent_for(store.engine, login)
        for number in range(cases):
            put_case(store, customer=f"Customer {number}")

    return places.kept(f"{cases} cases", fill)


def assert_nothing_is_lost(places: Places, kept: str, store: Store, told: list[Told]) -> None:
    """Compare what was acknowledged, the journal and the tables."""
    acts = {seq: rest for seq, *rest in store.ask(lambda c: c.all(ACTS))}
    lost = [one for one in told if acts.get(one.seq) != [one.login, one.sentence]]
    assert lost == []
    assert len({one.seq for one in told}) == len(told)
    assert store.ask(journal.verify) == 0
    assert store.engine.check() == ()
    if store.engine.name == "sqlite":
        with contextlib.closing(sqlite3.connect(store.url)) as raw:
            assert raw.execute("pragma integrity_check").fetchall() == [("ok",)]
            assert raw.execute("pragma foreign_key_check").fetchall() == []
    assert_derived_is_right(store)
    replayed = places.copy(kept)
    replay(replayed, [act for seq in sorted(acts) if (act := store.ask(journal.act, seq))])
    assert truth(replayed, alive=False) == truth(store, alive=False)
    assert counted(replayed) == counted(store)
    assert postings(replayed) == postings(store)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def test_what_killed_and_living_programs_were_told_is_there(
    places: Places, put_case: AddCase, tmp_path: Path
) -> None:
    kept = filled(places, put_case, 20)
    store = places.copy(kept)
    reader = Worker(tmp_path, 0, "read", store.url)
    writers = [
        Worker(tmp_path, number, "write", store.url, LOGINS[number], "20", "0", str(number))
        for number in (1, 2, 3)
    ]
    doomed = Worker(tmp_path, 4, "write", store.url, LOGINS[4], "100000", "0", "4")
    wait_for(lambda: doomed.count() >= 5)
    doomed.kill()
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    (tmp_path / "stop").touch()
    assert reader.wait() == 0, (tmp_path / "error-0").read_text()
    told = list(all_told(tmp_path))
    assert len(told) > 15
    assert_nothing_is_lost(places, kept, store, told)


def claims(places: Places, put_case: AddCase, folder: Path, cases: int) -> None:
    """Let four programs claim all cases at once; each case is won once."""
    store = places.copy(filled(places, put_case, cases))
    claimers = [Worker(folder, number, "claim", store.url, LOGINS[number]) for number in range(4)]
    assert [one.wait() for one in claimers] == [0, 0, 0, 0]
    told = list(all_told(folder))
    assert len(told) == cases
    owners = store.ask(
        lambda c: c.all("select c.id, a.login from cases c join agents a on a.id = c.owner_id")
    )
    won = sorted((int(one.sentence.removeprefix("Took #")), one.login) for one in told)
    assert won == sorted(owners)


def test_four_programs_claim_all_cases_and_each_is_won_once(
    places: Places, put_case: AddCase, tmp_path: Path
) -> None:
    claims(places, put_case, tmp_path, 24)


@pytest.mark.soak
def test_four_programs_claim_three_hundred_cases(
    places: Places, put_case: AddCase, tmp_path: Path
) -> None:
    claims(places, put_case, tmp_path, 300)


@pytest.mark.soak
@pytest.mark.parametrize("pause", [0.0, 0.2], ids=["without rest", "five acts a second each"])
def test_eight_writers_four_readers_and_a_killer(
    places: Places,
    put_case: AddCase,
    pause: float,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    seconds, kept = 60.0, filled(places, put_case, 300)
    store = places.copy(kept)
    chance, number, kills = random.Random(1), 0, 0

    def started() -> Worker:
        nonlocal number
        number += 1
        login = LOGINS[number % 8]
        words = (store.url, login, "1000000", str(pause), str(number))
        return Worker(tmp_path, number, "write", *words)

    readers = [Worker(tmp_path, 10_000 + n, "read", store.url) for n in range(4)]
    writers = [started() for _ in range(8)]
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        time.sleep(chance.uniform(0.5, 3.5))  # a start takes as much of a core as 500 acts
        victim = chance.randrange(8)
        writers[victim].kill()
        writers[victim] = started()
        kills += 1
    for writer in writers:
        writer.kill()
    (tmp_path / "stop").touch()
    assert [reader.wait() for reader in readers] == [0] * 4
    assert not [path for path in tmp_path.glob("error-*") if path.stat().st_size]
    told = list(all_told(tmp_path))
    spent = sorted(one.milliseconds for one in told)
    assert_nothing_is_lost(places, kept, store, told)
    with capsys.disabled():
        print(  # noqa: T201  # the figure is what the run is for
            f"\n{store.engine.name}: {len(told):,} acts in {seconds:.0f} s by 8 writers, pausing "
            f"{pause} s, {kills} killed; told after p50 {spent[len(spent) // 2]:.1f}, "
            f"p95 {spent[int(len(spent) * 0.95)]:.1f}, worst {spent[-1]:.0f} ms"
        )
    assert spent[-1] < 10_000
