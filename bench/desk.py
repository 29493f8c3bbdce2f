"""Start and keys of the desk, beside the floor in the same run, interleaved.

``python -m bench desk``: rounds of (floor, desk) at 120×40 on the demo store.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from bench.tables import median, percentile, show
from bench.terminal import KeyTime, Terminal

ROUNDS = 5
KEYS = 40
SIZE = (120, 40)
ALL_OPEN = "0"  # the queue that is longer than the screen
PAGE_DOWN = "\x1b[6~"


def _start(command: list[str], ready: str, env: dict[str, str]) -> tuple[Terminal, float, float]:
    terminal = Terminal(command, *SIZE, env)
    first = terminal.first_byte()
    usable = terminal.until(ready)
    terminal.settle()
    return terminal, first, usable


def _keys(terminal: Terminal, key: str, count: int) -> list[KeyTime]:
    return [terminal.key(key) for _ in range(count)]


def _row(name: str, times: list[KeyTime], floor: float) -> tuple[object, ...]:
    cpu = median(one.cpu for one in times)
    return (
        name,
        median(one.first for one in times),
        percentile((one.first for one in times), 95),
        percentile((one.settled for one in times), 95),
        cpu,
        cpu / floor if floor else 0.0,
        median(one.sent for one in times),
    )


def run() -> None:
    """Print start and key times."""
    home = Path(tempfile.mkdtemp(prefix="centric-bench-"))
    store = home / "demo.db"
    env = {"HOME": str(home), "XDG_CONFIG_HOME": str(home), "XDG_STATE_HOME": str(home)}
    desk = [sys.executable, "-m", "console", "--store", str(store)]
    floor = [sys.executable, "-m", "bench.floor"]
    Terminal([*desk[:3], "demo", "--store", str(store), "--no-open"], *SIZE, env).until("demo", 60)
    starts: dict[str, list[tuple[float, float]]] = {"floor": [], "desk": []}
    keys: dict[str, list[KeyTime]] = {"floor": [], "move": [], "page": [], "timeline": []}
    peaks: list[float] = []
    for _ in range(ROUNDS):
        one, first, usable = _start(floor, "READY", env)
        starts["floor"].append((first, usable))
        keys["floor"] += _keys(one, "x", KEYS)
        one.close()
        one, first, usable = _start(desk, r"#\d+", env)
        starts["desk"].append((first, usable))
        one.key(ALL_OPEN)
        keys["move"] += _keys(one, "j", KEYS // 2) + _keys(one, "k", KEYS // 2)
        keys["page"] += _keys(one, PAGE_DOWN, 3)
        one.key("l")
        keys["timeline"] += _keys(one, "j", KEYS // 4)
        peaks.append(one.peak_mib())
        one.close()
    shutil.rmtree(home, ignore_errors=True)
    _print(starts, keys, peaks)


def _print(
    starts: dict[str, list[tuple[float, float]]], keys: dict[str, list[KeyTime]], peaks: list[float]
) -> None:
    base = median(usable for _, usable in starts["floor"])
    rows = []
    for name, times in starts.items():
        usable = median(one for _, one in times)
        rows.append((name, median(one for one, _ in times), usable, usable - base))
    show("Start (ms)", ("program", "first byte", "usable", "over the floor"), rows)
    floor = median(one.cpu for one in keys["floor"])
    heads = ("key", "first p50", "first p95", "settled p95", "CPU p50", "× floor", "bytes")
    show("Keys (ms)", heads, [_row(name, times, floor) for name, times in keys.items()])
    print(f"\nPeak memory of the desk: {median(peaks):.0f} MiB")
