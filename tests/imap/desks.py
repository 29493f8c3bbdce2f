"""A machine with a configuration and a store, on which commands are run."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from db.store import Store, open_store
from tests.servers.dovecot import PASSWORD

LONG_AGO = "all"


class Desk:
    """A machine with a configuration and a store."""

    def __init__(self, folder: Path, port: int, user: str, **more: object) -> None:
        self.store = folder / "centric.db"
        self.config = folder / "config.toml"
        self.environment = {
            **os.environ, "CENTRIC_CONFIG": str(self.config), "CENTRIC_STORE": str(self.store),
            "CENTRIC_PASSWORD_SUPPORT": PASSWORD, "XDG_STATE_HOME": str(folder / "state"),
        }  # fmt: skip
        table: dict[str, object] = {
            "address": f"{user}@us.example", "host": "localhost", "port": port, "user": user,
            "tls": "none", "work_since": LONG_AGO, **more,
        }  # fmt: skip
        lines = [f"{key} = {json.dumps(value)}" for key, value in table.items()]
        self.config.write_text("\n".join(["[mail.support]", *lines, ""]))

    def run(self, *words: str, wait: float = 300) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "console", *words], env=self.environment,
            capture_output=True, text=True, timeout=wait, check=False, stdin=subprocess.DEVNULL,
        )  # fmt: skip

    @contextlib.contextmanager
    def started(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run a command beside the test; at its end it is stopped."""
        with subprocess.Popen(
            [sys.executable, "-m", "console", *words], env=self.environment, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.kill()

    def ask(self, sql: str) -> int:
        """Return a number from the store; 0 while there is none."""
        if not self.store.exists():
            return 0
        store: Store = open_store(str(self.store))
        try:
            return int(store.engine.connection().value(sql) or 0)
        finally:
            store.close()

    def entries(self) -> int:
        """Return how many entries there are."""
        return self.ask("select count(*) from entries")
