"""The commit of an agent's command while eight others write to the same store.

``python -m bench.writers PLACE SECONDS PAUSE NUMBER`` is one of the eight.
"""

from __future__ import annotations

import random
import subprocess
import sys
import time

from bench.tables import percentile
from db.agents import agent_for
from db.commands.registry import build
from db.store import open_store

WRITERS = 8
SECONDS = 8.0
PAUSES = {"a team of eight: four acts a second each": 0.25, "saturated: no pause": 0.0}
LIMIT_MS = 25


def write(place: str, seconds: float, pause: float, number: int) -> list[float]:
    """Add notes to cases for so long; return the milliseconds of each command."""
    store = open_store(place)
    agent = agent_for(store.engine, f"writer{number}")
    last = int(store.ask(lambda connection: connection.value("select max(id) from cases")))
    draw = random.Random(number)
    took: list[float] = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        case = draw.randint(1, last)
        command = build("note.add", {"text": f"Seen by {number}.", "case_id": str(case)})
        began = time.perf_counter()
        store.do(command, agent)
        took.append((time.perf_counter() - began) * 1000)
        if pause:
            time.sleep(draw.uniform(0, 2 * pause))
    store.close()
    return took


def beside(place: str, pause: float) -> tuple[list[float], float]:
    """Return the milliseconds of one agent's commands beside eight writers, and acts a second."""
    others = [
        subprocess.Popen(
            [sys.executable, "-m", "bench.writers", place, str(SECONDS), str(pause), str(number)],
            stdout=subprocess.PIPE,
        )
        for number in range(1, WRITERS + 1)
    ]
    took = write(place, SECONDS, max(pause, 0.02), 0)
    acts = len(took) + sum(int(other.communicate()[0]) for other in others)
    return took, acts / SECONDS


def report(place: str) -> list[tuple[object, ...]]:
    """Return a row for each pace."""
    rows: list[tuple[object, ...]] = []
    for title, pause in PAUSES.items():
        took, acts = beside(place, pause)
        figures = [percentile(took, 50), percentile(took, 95), max(took)]
        rows.append((title, len(took), *figures, acts))
    return rows


if __name__ == "__main__":
    place, seconds, pause, number = sys.argv[1:5]
    print(len(write(place, float(seconds), float(pause), int(number))))
