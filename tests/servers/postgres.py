"""A PostgreSQL of the test run's own: private folder, private socket, gone at the end.

The fixtures here are loaded by the ``conftest.py`` of the tests that want them. Debian keeps the
server's programs outside the path; as root the server runs as user ``postgres``, because it
refuses root.
"""

from __future__ import annotations

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest

DEBIAN = Path("/usr/lib/postgresql")
# A server that is thrown away need not survive a power cut.
SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "60",
    "autovacuum": "off",
}


def programs() -> Path | None:
    """Return the folder with ``initdb`` and ``pg_ctl`` of the newest server that is installed."""
    if DEBIAN.is_dir():
        found = [
            folder
            for folder in DEBIAN.iterdir()
            if folder.name.isdigit() and (folder / "bin" / "pg_ctl").exists()
        ]
        if found:
            return max(found, key=lambda folder: int(folder.name)) / "bin"
    on_path = shutil.which("pg_ctl")
    if on_path and (Path(on_path).resolve().parent / "initdb").exists():
        return Path(on_path).resolve().parent
    return None


class PostgresServer:
    """A running server with a database for each test that asks for one."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._numbers = count(1)
        self._templates: dict[str, str] = {}

    def start(self) -> None:
        """Make the cluster and start it; nothing listens on the network."""
        if self._as_user:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        options = ["-U", "centric", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C.UTF-8"]
        self._run("initdb", "-D", str(data), *options)
        self.command(start=True)

    def command(self, *, start: bool) -> None:
        """Start the server, or stop it as a crash would."""
        data, log = str(self.folder / "data"), str(self.folder / "log")
        if not start:
            self._run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
            return
        settings = {**SETTINGS, "unix_socket_directories": str(self.folder)}
        flags = " ".join(f"-c {name}='{value}'" for name, value in settings.items())
        self._run("pg_ctl", "-D", data, "-w", "-t", "60", "-l", log, "-o", flags, "start")

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [*self._as_user, str(self._binaries / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")

    def url(self, database: str) -> str:
        """Return the URL of a database."""
        return f"postgresql://centric@/{database}?host={quote(str(self.folder), safe='')}"

    def execute(self, sql: str, database: str = "postgres") -> None:
        """Execute a statement outside any transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(sql.encode())

    def database(self, template: str = "template0") -> str:
        """Make a database and return its URL."""
        name = f"test_{os.getpid()}_{next(self._numbers)}"
        self.execute(f"create database {name} template {template} strategy file_copy")
        return self.url(name)

    def template(self, key: str, make: Callable[[str], None]) -> str:
        """Return the name of a database that ``make`` filled, the first time that it is asked for.

        Args:
            key: What it is; asked for again, it is not made again.
            make: Fills the database at a URL, and leaves no connection to it open.
        """
        if key not in self._templates:
            name = f"template_{os.getpid()}_{len(self._templates)}"
            self.execute(f"create database {name} template template0")
            make(self.url(name))
            self._templates[key] = name
        return self._templates[key]

    def drop(self, url: str) -> None:
        """Remove a database, whoever is still connected."""
        name = url.partition("?")[0].rpartition("/")[2]
        self.execute(f"drop database if exists {name} with (force)")


def missing() -> str:
    """Return why no server can be started here; empty where one can."""
    if programs() is None:
        return "no PostgreSQL server is installed: apt-get install postgresql"
    try:
        import psycopg
    except ImportError:
        return "psycopg is not installed: pip install --group test"
    del psycopg
    return ""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """Return a server of this test process; skip where none is installed.

    With ``CENTRIC_REQUIRE_SERVERS=1`` a missing server fails instead.
    """
    reason = missing()
    if reason:
        if os.environ.get("CENTRIC_REQUIRE_SERVERS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    binaries = programs()
    assert binaries is not None
    # Not below pytest's folder: user postgres may not enter it, and a socket's path is short.
    folder = Path(tempfile.mkdtemp(prefix=f"centric-pg-{getpass.getuser()}-"))
    server = PostgresServer(folder, binaries)
    try:
        server.start()
        yield server
    finally:
        if (folder / "data" / "postmaster.pid").exists():
            server.command(start=False)
        shutil.rmtree(folder, ignore_errors=True)
