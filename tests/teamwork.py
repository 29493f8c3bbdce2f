"""A team at work on one store, as processes that may be killed; each tells what it was promised.

::

    python tests/teamwork.py write URL LOGIN ACTS PAUSE SEED TOLD    acts, each told when it is done
    python tests/teamwork.py claim URL LOGIN TOLD              takes every case that is free
    python tests/teamwork.py read URL TOLD                     reads until it is told to stop
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

ROOT = Path(__file__).parents[1]
sys.path[:0] = [] if str(ROOT) in sys.path else [str(ROOT)]

import db.commands.run  # noqa: E402, F401  # loaded before any act is timed
from db import journal  # noqa: E402  # the path is set above when this runs as a program
from db.agents import agent_for  # noqa: E402
from db.commands.base import Command  # noqa: E402
from db.commands.links import MergeCustomers, UnmergeCustomer  # noqa: E402
from db.commands.notes import AddNote  # noqa: E402
from db.commands.owners import TakeCase  # noqa: E402
from db.commands.tags import TagCase, UntagCase  # noqa: E402
from db.errors import Conflict, NotFound, Refused  # noqa: E402
from db.queries.desk import status  # noqa: E402
from db.store import open_store  # noqa: E402

_AS_OF_ONE_MOMENT = """
select (select coalesce(sum(cases), 0) from tags), (select count(*) from case_tags),
  (select count(*) from journal), (select coalesce(max(seq), 0) from journal)
"""
TAGS = ("billing", "vip", "late", "refund", "bug")


@dataclass(frozen=True)
class Told:
    """An act that a program was told is done.

    Attributes:
        seq: Its number in the journal.
        milliseconds: From giving the command to being told.
    """

    seq: int
    login: str
    sentence: str
    milliseconds: float


class Worker:
    """A process that works on a store.

    Attributes:
        all: Every one that was started.
    """

    all: ClassVar[list[Worker]] = []

    def __init__(self, folder: Path, number: int, what: str, *words: str) -> None:
        self.told = folder / f"told-{number}"
        self._process = subprocess.Popen(
            [sys.executable, __file__, what, *words, str(self.told)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stderr=(folder / f"error-{number}").open("wb"),
        )
        self.all.append(self)

    def count(self) -> int:
        """Return how many acts it was told are done."""
        return self.told.read_bytes().count(b"\n") if self.told.exists() else 0

    def running(self) -> bool:
        """Say whether it has not ended."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End it as a power cut would end a program."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> int:
        """Wait for its end and return its exit code."""
        return self._process.wait()


def all_told(folder: Path) -> Iterator[Told]:
    """Return everything that any worker was told; a half line is what it was not told."""
    for path in sorted(folder.glob("told-*")):
        for line in path.read_bytes().split(b"\n")[:-1]:
            yield Told(*json.loads(line))


def any_act(chance: random.Random, cases: int, customers: int) -> Command:
    """Return something that somebody may do: claim, note, tag, merge."""
    case = chance.randint(1, cases)
    what = chance.random()
    if what < 0.3:
        return TakeCase(case, expected="" if chance.random() < 0.8 else None)
    if what < 0.55:
        return AddNote(f"Note {chance.randint(1, 10**9)} on {case}", case)
    if what < 0.8:
        return TagCase(case, chance.choice(TAGS))
    if what < 0.9:
        return UntagCase(case, chance.choice(TAGS))
    if what < 0.95:
        return MergeCustomers(chance.randint(1, customers), chance.randint(1, customers))
    return UnmergeCustomer(chance.randint(1, customers))


def write(url: str, login: str, acts: str, pause: str, seed: str, told: str) -> None:
    """Do so many things, with a pause of so many seconds between, and tell each when it is done."""
    store = open_store(url)
    agent = agent_for(store.engine, login)
    cases, customers = store.ask(
        lambda c: c.one("select (select count(*) from cases), (select count(*) from customers)")
    ) or (0, 0)
    chance = random.Random(seed)
    out = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for _ in range(int(acts)):
        started = time.perf_counter()
        try:
            done = store.do(any_act(chance, cases, customers), agent)
        except (Conflict, NotFound, Refused):
            continue
        spent = (time.perf_counter() - started) * 1000
        if done.seq:
            os.write(out, json.dumps([done.seq, login, done.sentence, spent]).encode() + b"\n")
        if float(pause):
            time.sleep(chance.uniform(0, 2 * float(pause)))
    store.close()


def claim(url: str, login: str, told: str) -> None:
    """Take every case that nobody owns."""
    store = open_store(url)
    agent = agent_for(store.engine, login)
    cases = store.ask(lambda c: c.value("select count(*) from cases"))
    out = os.open(told, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for case in range(1, cases + 1):
        try:
            done = store.do(TakeCase(case, expected=""), agent)
        except Conflict:
            continue
        os.write(out, json.dumps([done.seq, login, done.sentence, 0.0]).encode() + b"\n")
    store.close()


def read(url: str, told: str) -> None:
    """Look at what a desk looks at, until the file ``stop`` is there."""
    store = open_store(url)
    stop = Path(told).with_name("stop")
    while not stop.exists():
        counted, there, acts, last = store.ask(lambda c: c.one(_AS_OF_ONE_MOMENT)) or (0, 0, 0, 0)
        if counted != there or acts != last:
            raise SystemExit(f"half of an act: {counted} of {there} tags, {acts} of {last} acts")
        store.ask(status, 0)
        store.ask(journal.recent)
        store.changed()
        time.sleep(0.005)
    store.close()


if __name__ == "__main__":
    {"write": write, "claim": claim, "read": read}[sys.argv[1]](*sys.argv[2:])
