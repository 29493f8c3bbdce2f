"""Time every read of the desk, on both engines, against a naive layout of the same rows.

``python -m bench.store [ENTRIES…]``: the large demo store at 10 k, 100 k and 1 M, the newest fifty
beside notmuch on the same messages, and an agent's commit beside eight writers. The naive layout is
what a first sketch would be: the text inline in one table, single-column indexes, a join for each
question, ``ORDER BY rank`` over all hits. CPU is what this process used (on PostgreSQL the server's
is not in it), the wall is what a person waits; the floor says how fast this machine is just now: on
a busy one every figure grows with it.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench import indexers, writers
from bench.fill import NOW, filled
from bench.naive import naive
from bench.questions import AGENT, ROUNDS, Questions
from bench.tables import percentile, show
from db.queries import find

if TYPE_CHECKING:
    from collections.abc import Iterator

DATA = Path(__file__).parent / "data"
NAIVE_ROUNDS = 25
SIZES = (10_000, 100_000, 1_000_000)
POSTGRES = os.environ.get("CENTRIC_BENCH_POSTGRES", "")  # a server's URL; else one is started
PEER_ENTRIES = 20_000
WRITTEN_ENTRIES = 100_000
Medians = dict[str, float]


@dataclass(frozen=True, slots=True)
class Spent:
    """Milliseconds of CPU and wall."""

    cpu: list[float]
    wall: list[float]


def timed(question: Callable[[int], object], rounds: int) -> Spent:
    """Ask a question many times, with the number of the round, once before to warm up."""
    question(0)
    cpu: list[float] = []
    wall: list[float] = []
    for number in range(rounds):
        began, began_cpu = time.perf_counter(), time.process_time()
        question(number)
        cpu.append((time.process_time() - began_cpu) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    return Spent(cpu, wall)


def on_sqlite(entries: int) -> Medians:
    """Print one table for a file of that size, beside the naive layout; return CPU medians."""
    store = filled(str(DATA / f"store-{entries}.db"), entries)
    plain = naive(store, DATA / f"naive-{entries}.db")
    questions = Questions(store)
    theirs = questions.naively(plain)
    rows: list[tuple[object, ...]] = []
    medians: Medians = {}
    for name, question in questions.ours().items():
        ours = timed(question, ROUNDS)
        medians[name] = percentile(ours.cpu, 50)
        row: list[object] = [name, *_figures(ours.cpu), *_figures(ours.wall)]
        if name in theirs:
            other = timed(theirs[name], NAIVE_ROUNDS)
            row += _figures(other.cpu)
            row.append(f"{percentile(other.cpu, 50) / max(medians[name], 1e-3):.1f}×")
        else:
            row += ["", "", ""]
        rows.append(tuple(row))
    floor = timed(lambda _: sum(range(10_000)), ROUNDS)
    rows.append(("floor: sum(range(10,000))", *_figures(floor.cpu), *_figures(floor.wall),
                 "", "", ""))  # fmt: skip
    heads = ("milliseconds", "CPU p50", "p95", "wall p50", "p95", "naive CPU p50", "p95", "ratio")
    show(f"SQLite, {entries:,} entries", heads, rows)
    plain.close()
    store.close()
    return medians


def on_postgres(url: str, entries: int) -> Medians:
    """Print one table for a database of that size; return wall medians."""
    store = filled(url, entries)
    rows: list[tuple[object, ...]] = []
    medians: Medians = {}
    for name, question in Questions(store).ours().items():
        ours = timed(question, ROUNDS)
        medians[name] = percentile(ours.wall, 50)
        rows.append((name, *_figures(ours.wall), *_figures(ours.cpu)))
    heads = ("milliseconds", "wall p50", "p95", "client's CPU p50", "p95")
    show(f"PostgreSQL, {entries:,} entries", heads, rows)
    store.close()
    return medians


def _figures(values: list[float]) -> list[float]:
    return [percentile(values, which) for which in (50, 95)]


def growth(title: str, sizes: dict[int, Medians]) -> None:
    """Print how much each question costs at the largest size over the smallest."""
    if len(sizes) < 2:
        return
    small, large = min(sizes), max(sizes)
    rows = [
        (name, first, sizes[large][name], f"{sizes[large][name] / max(first, 1e-3):.1f}×")
        for name, first in sizes[small].items()
    ]
    show(f"{title}: growth of the median", ("milliseconds", f"{small:,}", f"{large:,}", ""), rows)


def beside_notmuch() -> None:
    """Print the newest fifty of both."""
    store = filled(str(DATA / f"store-{PEER_ENTRIES}.db"), PEER_ENTRIES)
    questions = Questions(store)
    words = {
        "common word": questions.common[:5],
        "middling word": questions.middling[:5],
        "rare word": questions.rare[:5],
    }
    with tempfile.TemporaryDirectory(prefix="centric-bench-") as name:
        rows = indexers.report(
            store, Path(name), words, lambda word: store.ask(find.find, word, AGENT, NOW)
        )
    heads = ("newest fifty, CPU ms", "ours, with snippets", "notmuch search", "less its start",
             "ratio", "less its start")  # fmt: skip
    show(f"Beside notmuch, {PEER_ENTRIES:,} entries", heads, rows)
    store.close()


def beside_writers(place: str, title: str) -> None:
    """Print an agent's commit beside eight writers."""
    heads = ("eight others write", "commits", "wall ms p50", "p95", "worst", "acts/s in all")
    show(f"{title}: an agent's commit, synced", heads, writers.report(place))


@contextmanager
def server() -> Iterator[Callable[[str], str]]:
    """Give URLs of databases by name: on the server that was named, or one of our own."""
    if POSTGRES:
        yield lambda name: POSTGRES
        return
    from tests.servers.postgres import SETTINGS, PostgresServer, programs

    binaries = programs()
    if binaries is None:
        print("No PostgreSQL here: apt-get install postgresql")
        yield lambda name: ""
        return
    more = {"fsync": "on", "full_page_writes": "on", "autovacuum": "on", "shared_buffers": "1GB"}
    SETTINGS.update(more, max_wal_size="8GB", maintenance_work_mem="512MB")
    with tempfile.TemporaryDirectory(prefix="centric-bench-") as folder:
        os.chmod(folder, 0o755)
        own = PostgresServer(Path(folder), binaries)
        own.start()
        made: dict[str, str] = {}
        try:
            yield lambda name: made.setdefault(name, own.database())
        finally:
            own.command(start=False)


def run() -> None:
    """Measure each size named on the command line, or the usual ones."""
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or list(SIZES)
    growth("SQLite", {entries: on_sqlite(entries) for entries in sizes})
    beside_notmuch()
    filled(str(DATA / f"store-{WRITTEN_ENTRIES}.db"), WRITTEN_ENTRIES).close()
    with tempfile.TemporaryDirectory(prefix="centric-bench-", dir=DATA) as folder:
        place = str(Path(folder) / "written.db")
        for ending in ("", ".gate"):  # without its gate a copy is taken for a torn one
            shutil.copy(DATA / f"store-{WRITTEN_ENTRIES}.db{ending}", place + ending)
        beside_writers(place, "SQLite")
    with server() as url_of:
        if not url_of(""):
            return
        growth("PostgreSQL", {n: on_postgres(url_of(f"store-{n}"), n) for n in sizes})
        beside_writers(url_of(f"store-{sizes[-1]}"), "PostgreSQL")


if __name__ == "__main__":
    run()
