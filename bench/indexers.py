"""Search beside notmuch: the same messages in a Maildir, the same words, newest fifty."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path

from bench.mail import install_peers
from bench.tables import percentile
from db.queries.entry import entry_texts
from db.store import Store

ROUNDS = 15
_MAILS = """
select e.id, e.at, e.subject, p.name, i.value from entries e
join entry_parties p on p.entry_id = e.id and p.role = 'from'
join identities i on i.id = p.identity_id
where e.kind = 'message' order by e.id
"""


def maildir(store: Store, path: Path) -> int:
    """Write the messages of a store as mails; return how many."""
    for name in ("cur", "new", "tmp"):
        (path / name).mkdir(parents=True)
    rows = store.ask(lambda connection: connection.all(_MAILS))
    for start in range(0, len(rows), 200):
        piece = rows[start : start + 200]
        texts = store.ask(entry_texts, [row[0] for row in piece])
        for number, at, subject, name, address in piece:
            mail = EmailMessage()
            mail["Message-ID"] = f"<{number}@bench.example>"
            mail["Date"] = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(at / 1000))
            mail["From"] = f'"{name}" <{address}>' if "@" in address else f"{address}@x.example"
            mail["To"] = "support@tidewater.example"
            mail["Subject"] = subject
            mail.set_content(texts[number].text)
            (path / "cur" / f"{at // 1000}.{number}.bench:2,S").write_bytes(mail.as_bytes())
    return len(rows)


class Notmuch:
    """notmuch on a Maildir, run as people run it: a process for each question."""

    def __init__(self, path: Path, home: Path) -> None:
        config = home / "config"
        config.write_text(
            f"[database]\nmail_root={path}\npath={home}\n"
            "[user]\nname=Bench\nprimary_email=bench@corpus.example\n[new]\ntags=inbox\n"
        )
        self._env = {**os.environ, "NOTMUCH_CONFIG": str(config), "HOME": str(home)}

    def index(self) -> None:
        """Index the Maildir."""
        self._run("new", "--quiet")

    def newest(self, word: str) -> None:
        """Ask for the newest fifty messages with a word."""
        self._run("search", "--output=messages", "--sort=newest-first", "--limit=50", word)

    def start(self) -> None:
        """Start the program, and ask nothing."""
        self._run("--version")

    def _run(self, *arguments: str) -> None:
        subprocess.run(
            ["notmuch", *arguments], env=self._env, stdout=subprocess.DEVNULL, check=True
        )


def spent(question: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Return milliseconds of CPU (children included) and wall of some rounds."""
    cpu: list[float] = []
    wall: list[float] = []
    for _ in range(ROUNDS):
        began, began_cpu = time.perf_counter(), _cpu()
        question()
        cpu.append((_cpu() - began_cpu) * 1000)
        wall.append((time.perf_counter() - began) * 1000)
    return cpu, wall


def _cpu() -> float:
    both = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in both)


def report(
    store: Store, folder: Path, words: dict[str, list[str]], ours: Callable[[str], object]
) -> list[tuple[object, ...]]:
    """Return a row for each kind of word: ours, notmuch's with its start, and without.

    Args:
        store: Whose messages are indexed by both.
        folder: Empty.
        words: Kind to words.
        ours: Asks the store for the newest fifty.
    """
    if "notmuch" not in install_peers() or shutil.which("notmuch") is None:
        return []
    (folder / "home").mkdir()
    maildir(store, folder / "Maildir")
    peer = Notmuch(folder / "Maildir", folder / "home")
    peer.index()
    start = percentile(spent(peer.start)[0], 50)
    rows: list[tuple[object, ...]] = []
    for kind, some in words.items():
        mine: list[float] = []
        theirs: list[float] = []
        for word in some:
            began = time.process_time()
            for _ in range(ROUNDS):
                ours(word)
            mine.append((time.process_time() - began) * 1000 / ROUNDS)
            theirs += spent(lambda word=word: peer.newest(word))[0]
        here, there = percentile(mine, 50), percentile(theirs, 50)
        rows.append((kind, here, there, max(there - start, 0.0), f"{there / here:.0f}×",
                     f"{max(there - start, 0.0) / here:.1f}×"))  # fmt: skip
    return rows
