"""A mailbox pulled beside mbsync, from the same Dovecot on this machine, in the same run.

``python -m bench pull``: `MAILS` real mails. Both pull everything into a new place, in turns, and
then once more with nothing new; what our second pull says on the wire is counted by a relay between
it and the server. mbsync runs with its defaults: it makes each mail durable by itself.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.mail import Cost, build, measured
from bench.tables import median, show
from tests.servers.dovecot import PASSWORD, Dovecot, find_dovecot, running

MAILS = int(os.environ.get("CENTRIC_BENCH_PULL_MAILS", "5000"))
ROUNDS = int(os.environ.get("CENTRIC_BENCH_ROUNDS", "3"))
USER = "bench"

_MBSYNC = """
IMAPAccount there
Host localhost
Port {port}
User {user}
Pass {password}
SSLType None
AuthMechs LOGIN

IMAPStore far
Account there

MaildirStore near
Path {folder}/
Inbox {folder}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
"""


class Relay:
    """Passes bytes on between a client and the server, and notes what the client says."""

    def __init__(self, port: int) -> None:
        self._server_port = port
        self.port = 0
        self.said: list[str] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @contextmanager
    def running(self) -> Iterator[Relay]:
        """Listen for as long as the block lasts."""
        self._thread.start()
        self._ready.wait(10)
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far, near = await asyncio.open_connection("127.0.0.1", self._server_port)
        await asyncio.gather(self._pass(reader, near, note=True), self._pass(far, writer))

    async def _pass(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, note: bool = False
    ) -> None:
        while data := await reader.read(65_536):
            if note:
                lines = data.decode("latin-1").splitlines()
                self.said += [line.split(" ")[1] for line in lines if " " in line]
            writer.write(data)
            await writer.drain()
        writer.close()


class Ours:
    """`centric pull` into a store of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self._store = folder / "pull.db"
        self._config = folder / "config.toml"
        keys = ("HOME", "XDG_STATE_HOME", "XDG_DATA_HOME")
        self._env = {
            **os.environ, **dict.fromkeys(keys, str(folder)),
            "CENTRIC_CONFIG": str(self._config), "CENTRIC_PASSWORD_BENCH": PASSWORD,
        }  # fmt: skip
        self.through(port)
        self.counted: dict[str, object] = {}

    def through(self, port: int) -> None:
        """Say where the server is."""
        self._config.write_text(
            f'[mail.bench]\naddress = "{USER}@us.example"\nhost = "localhost"\nport = {port}\n'
            f'tls = "none"\nuser = "{USER}"\n'
        )

    def first(self) -> Cost:
        """Pull into a new store."""
        for path in self._store.parent.glob("pull.db*"):
            path.unlink()
        return self.again()

    def again(self) -> Cost:
        """Pull once more."""
        command = [sys.executable, "-m", "console", "pull", "--store", str(self._store), "--yes"]
        cost, printed = measured(command, self._env)
        self.counted = json.loads(printed.splitlines()[-1])
        return cost


class Mbsync:
    """mbsync into a Maildir of its own."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder / "near"
        self._config = folder / "mbsyncrc"
        self._config.write_text(
            _MBSYNC.format(port=port, user=USER, password=PASSWORD, folder=self._folder)
        )

    def first(self) -> Cost:
        """Pull into a new Maildir."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        return self.again()

    def again(self) -> Cost:
        """Pull once more."""
        return measured(["mbsync", "-q", "-c", str(self._config), "all"])[0]


def run() -> None:
    """Print the ratios."""
    if not find_dovecot():
        raise SystemExit("This bench needs Dovecot: make servers")
    if shutil.which("mbsync") is None and os.geteuid() == 0:
        command = ["apt-get", "install", "-y", "--no-install-recommends", "isync"]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
    with tempfile.TemporaryDirectory(prefix="centric-bench-") as name, running() as server:
        folder = Path(name)
        corpus = build(folder, MAILS)
        server.deliver(USER, (path.read_bytes() for path in sorted(corpus.path.glob("cur/*"))))
        print(f"{MAILS} mails, {corpus.size / 1e6:.0f} MB, {os.cpu_count()} cores")
        _compare(folder, server)


def _compare(folder: Path, server: Dovecot) -> None:
    ours = Ours(folder, server.plain_port)
    works = {"centric pull": ours.first, "centric pull, nothing new": ours.again}
    if shutil.which("mbsync"):
        theirs = Mbsync(folder, server.plain_port)
        works = {"mbsync": theirs.first, "mbsync, nothing new": theirs.again, **works}
    costs: dict[str, list[Cost]] = {title: [] for title in works}
    for _ in range(ROUNDS):
        for title, work in works.items():
            costs[title].append(work())
            if title == "centric pull":
                print(json.dumps(ours.counted))
    wall = {title: median(cost.wall for cost in runs) for title, runs in costs.items()}
    rows = [
        (title, wall[title], median(cost.cpu for cost in runs), median(cost.peak for cost in runs),
         wall[title] / wall["centric pull"])
        for title, runs in costs.items()
    ]  # fmt: skip
    heads = ("what", "wall s", "CPU s", "peak MB", "wall × ours")
    show(f"{MAILS} mails from Dovecot, median of {ROUNDS}", heads, rows)
    with Relay(server.plain_port).running() as relay:
        ours.through(relay.port)
        ours.again()
    print(f"\nWith nothing new we said: {', '.join(relay.said)}")
