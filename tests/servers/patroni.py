"""Three PostgreSQL servers that take over from each other: Patroni with etcd, all on loopback.

Debian's packages: ``patroni``, ``etcd-server``, ``postgresql``. As root everything runs as user
``postgres``, because the servers refuse root.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers.postgres import programs

NODES = 3
START_SECONDS = 180.0
PASSWORD = "loopback"  # of a cluster that lives for one test

_CONFIG = """
scope: centric
name: {name}
restapi:
  listen: 127.0.0.1:{rest}
  connect_address: 127.0.0.1:{rest}
etcd3:
  host: 127.0.0.1:{etcd}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 2
    retry_timeout: 5
    synchronous_mode: true
    postgresql:
      parameters:
        max_connections: 60
        shared_buffers: 64MB
        wal_keep_size: 256MB
  initdb:
    - encoding: UTF8
    - locale: C.UTF-8
    - no-sync
  pg_hba:
    - host all all 127.0.0.1/32 trust
    - host replication all 127.0.0.1/32 trust
postgresql:
  listen: 127.0.0.1:{port}
  connect_address: 127.0.0.1:{port}
  data_dir: {folder}/data
  bin_dir: {binaries}
  pgpass: {folder}/pgpass
  authentication:
    superuser:
      username: postgres
      password: {password}
    replication:
      username: replicator
      password: {password}
  parameters:
    unix_socket_directories: ''
"""


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on just now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class Node:
    """One server with the program that watches it."""

    name: str
    folder: Path
    port: int
    rest: int
    patroni: subprocess.Popen[bytes]

    def state(self) -> dict[str, object]:
        """Return what the node says of itself; empty where it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/patroni", timeout=2) as got:
                found = json.load(got)
        except urllib.error.HTTPError as answer:
            found = json.load(answer)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def kill(self) -> None:
        """End the watcher and the server at once, as a machine does that loses its power."""
        server = int((self.folder / "data" / "postmaster.pid").read_text().split("\n")[0])
        for pid in (self.patroni.pid, server):
            os.kill(pid, signal.SIGKILL)
        self.patroni.wait()


class Cluster:
    """A running cluster with an empty database ``centric``."""

    def __init__(self, folder: Path, binaries: Path) -> None:
        self.folder = folder
        self._binaries = binaries
        self._as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        self._etcd: subprocess.Popen[bytes] | None = None
        self.nodes: list[Node] = []

    def start(self) -> None:
        """Start everything and wait until there is a leader with a synchronous follower."""
        if self._as_user:
            shutil.chown(self.folder, "postgres")
        client, peer, *others = free_ports(2 + 2 * NODES)
        self._etcd = self._begin(
            "etcd",
            ["etcd", "--data-dir", str(self.folder / "etcd"), "--unsafe-no-fsync",
             "--listen-client-urls", f"http://127.0.0.1:{client}",
             "--advertise-client-urls", f"http://127.0.0.1:{client}",
             "--listen-peer-urls", f"http://127.0.0.1:{peer}",
             "--initial-advertise-peer-urls", f"http://127.0.0.1:{peer}",
             "--initial-cluster", f"default=http://127.0.0.1:{peer}"],
        )  # fmt: skip
        self._wait(lambda: self._answers(f"http://127.0.0.1:{client}/health"), "etcd")
        for number in range(NODES):
            port, rest = others[2 * number : 2 * number + 2]
            name, folder = f"node{number}", self.folder / f"node{number}"
            folder.mkdir(mode=0o700)
            config = folder / "patroni.yml"
            config.write_text(
                _CONFIG.format(
                    name=name,
                    rest=rest,
                    etcd=client,
                    port=port,
                    folder=folder,
                    binaries=self._binaries,
                    password=PASSWORD,
                )
            )
            if self._as_user:
                shutil.chown(folder, "postgres")
                shutil.chown(config, "postgres")
            process = self._begin(name, ["/usr/bin/patroni", str(config)])
            self.nodes.append(Node(name, folder, port, rest, process))
            if not number:
                self._wait(lambda: self.leader() is not None, "a leader")
        self._wait(self._is_whole, "a synchronous follower")
        import psycopg

        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute("create database centric")

    def _begin(self, name: str, words: Sequence[str]) -> subprocess.Popen[bytes]:
        log = (self.folder / f"{name}.log").open("wb")
        # Without runuser between, so that the process that is killed is the one that counts.
        return subprocess.Popen(
            words,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            user="postgres" if self._as_user else None,
            extra_groups=[] if self._as_user else None,
            env={"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8"},
            start_new_session=True,
        )

    def _answers(self, url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as got:
                return bool(got.status == 200)
        except OSError:
            return False

    def _wait(self, true: Callable[[], bool], what: str) -> None:
        end = time.monotonic() + START_SECONDS
        while not true():
            if time.monotonic() > end:
                logs = "\n".join(log.read_text()[-2_000:] for log in self.folder.glob("*.log"))
                raise RuntimeError(f"There was not {what} in time:\n{logs}")
            time.sleep(0.2)

    def leader(self) -> Node | None:
        """Return the node that takes writes; None while there is none."""
        for node in self.nodes:
            if node.patroni.poll() is None and node.state().get("role") in ("master", "primary"):
                return node
        return None

    def _is_whole(self) -> bool:
        leader = self.leader()
        if leader is None:
            return False
        followers = leader.state().get("replication")
        found = followers if isinstance(followers, list) else []
        return len(found) == NODES - 1 and any(one.get("sync_state") == "sync" for one in found)

    def url(self, database: str) -> str:
        """Return a URL that finds whoever takes writes."""
        hosts = ",".join(f"127.0.0.1:{node.port}" for node in self.nodes)
        return (
            f"postgresql://postgres:{PASSWORD}@{hosts}/{database}?target_session_attrs=read-write"
        )

    def stop(self) -> None:
        """End everything that was started, and nothing else."""
        for node in self.nodes:
            if node.patroni.poll() is None:
                node.kill()
        if self._etcd is not None:
            self._etcd.kill()
            self._etcd.wait()


def missing() -> str:
    """Return why no cluster can be started here; empty where one can."""
    if programs() is None:
        return "no PostgreSQL server is installed: apt-get install postgresql"
    if not Path("/usr/bin/patroni").exists() or shutil.which("etcd") is None:
        return "Patroni or etcd is not installed: apt-get install patroni etcd-server"
    return ""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    """Return a cluster of the test's own; skip where it cannot be installed."""
    reason = missing()
    if reason:
        pytest.skip(reason)
    binaries = programs()
    assert binaries is not None
    folder = Path(tempfile.mkdtemp(prefix="centric-ha-"))
    made = Cluster(folder, binaries)
    try:
        made.start()
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)
