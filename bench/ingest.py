"""The import of real messages, beside parsing them alone in the same run.

``python -m bench ingest``: an mbox of `MAILS` mails; the whole pipeline is `centric import`, with
its worker, identities, threads, cases, search index and originals.
"""

from __future__ import annotations

import json
import mailbox as standard
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench.corpus import mailbox
from bench.tables import show

MAILS = int(os.environ.get("CENTRIC_BENCH_MAILS", "20000"))


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return wall and CPU seconds, children included."""
    before = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    start = time.perf_counter()
    work()
    wall = time.perf_counter() - start
    after = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    cpu = sum(
        new.ru_utime + new.ru_stime - old.ru_utime - old.ru_stime
        for new, old in zip(after, before, strict=True)
    )
    return wall, cpu


def _standard_library(path: Path) -> None:
    for message in standard.mbox(path):
        for part in message.walk():
            if not part.is_multipart():
                part.get_payload(decode=True)


def _parse_only(path: Path) -> None:
    from connectors.contract import Context
    from connectors.mail.mbox import connector

    for _ in connector.pull(Context(path=str(path))):
        pass


def run() -> None:
    """Print the rates."""
    with tempfile.TemporaryDirectory(prefix="centric-bench-") as folder:
        path = Path(folder) / "bench.mbox"
        size = mailbox(path, MAILS)
        print(f"{MAILS} mails, {size / 1e6:.0f} MB")
        store = str(Path(folder) / "bench.db")
        command = [sys.executable, "-m", "console", "import", str(path), "--store", store]
        command += ["--us", "@tidewater.example", "--yes", "--work-since", "14d"]
        env = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_STATE_HOME": folder}

        def whole() -> None:
            done = subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
            counted.update(json.loads(done.stdout.splitlines()[-1]))

        counted: dict[str, object] = {}
        rows = []
        floor = 0.0
        for name, work in (
            ("standard library, parse only", lambda: _standard_library(path)),
            ("ours, parse only", lambda: _parse_only(path)),
            ("centric import, first", whole),
            ("centric import, again", whole),
        ):
            wall, cpu = _timed(work)
            floor = cpu if name.startswith("ours") else floor
            ratio = cpu / floor if floor else 0.0
            rows.append((name, MAILS / wall, MAILS / cpu, ratio, wall))
        show("Import", ("what", "mails/s", "mails/CPU-s", "CPU × parse only", "wall s"), rows)
        print(counted)
