"""Every command of the command line on a store in PostgreSQL."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from db.store import open_store
from tests.servers.postgres import PostgresServer
from tests.servers.postgres import postgres_server as postgres_server

Run = Callable[..., Any]


@pytest.fixture
def server_store(
    shelf: Path,
    postgres_server: PostgresServer,
    monkeypatch: pytest.MonkeyPatch,
    centric: Run,
) -> Iterator[str]:
    """Return the shelf's store in a database of the test's own, where ``CENTRIC_STORE`` says."""

    def make(url: str) -> None:
        done = centric("store", "move", str(shelf), url)
        assert done.code == 0, done.err

    url = postgres_server.database(postgres_server.template("shelf", make))
    monkeypatch.setenv("CENTRIC_STORE", url)
    yield url
    postgres_server.drop(url)


def test_lists_and_pages_say_the_same_as_on_a_file(
    centric: Run, shelf: Path, server_store: str
) -> None:
    for arguments in (
        ("queues",),
        ("cases", "-o", "json"),
        ("cases", "status:new", "-o", "csv"),
        ("show", "1"),
        ("customer", "person 3"),
        ("find", "order", "-o", "json"),
        ("log", "-o", "json"),
        ("agents",),
        ("own",),
        ("quarantine",),
    ):
        on_server = centric(*arguments)
        on_file = centric(*arguments, "--store", str(shelf))
        assert on_server.code == on_file.code == 0, (arguments, on_server.err)
        assert on_server.out == on_file.out, arguments


def test_acts_are_given_undone_and_proved(centric: Run, server_store: str) -> None:
    assert centric("do", "case.tag", "2", "billing").code == 0
    assert centric("do", "note.add", "Seen", "2").code == 0
    assert "Tagged" in centric("log").out
    assert centric("undo").code == 0
    assert centric("undo").code == 0
    assert centric("redo").code == 0
    assert centric("log", "--verify").code == 0
    assert centric("own", "add", "desk@elsewhere.example").code == 0
    assert centric("doctor").code == 0
    assert centric("doctor", "--rebuild").code == 0


def test_mail_is_imported_into_an_empty_database(
    centric: Run,
    mailbox: Callable[..., Path],
    postgres_server: PostgresServer,
    tmp_path: Path,
) -> None:
    url = postgres_server.database()
    file = mailbox(tmp_path / "in.mbox", 30)
    looked = centric("import", str(file), "--store", url, "--us", "@ours.example", "--dry-run")
    assert looked.code == 0, looked.err
    assert centric("info", "--store", url).code != 0
    done = centric("import", str(file), "--store", url, "--us", "@ours.example", "-y")
    assert done.code == 0, done.err
    again = centric("import", str(file), "--store", url, "-y", "-o", "ndjson")
    assert again.code == 0
    store = open_store(url)
    assert store.ask(lambda c: c.value("select count(*) from entries")) == 30
    store.close()
    facts = centric("store", "info", "--store", url, "-o", "json").json()
    assert facts["engine"] == "postgresql"
    assert facts["tables"]["entries"] == 30
    assert centric("info", "--store", url).code == 0


def test_a_password_is_shown_nowhere(centric: Run, server_store: str) -> None:
    url = server_store.replace("centric@", "centric:geheim@")
    for arguments in (("info",), ("store", "info"), ("store", "move", url, url)):
        said = centric(*arguments, "--store", url)
        assert "geheim" not in said.out + said.err
    gone = url.replace("test_", "nothing_")
    said = centric("info", "--store", gone)
    assert said.code != 0
    assert "createdb" in said.err
    assert "geheim" not in said.err


def test_the_demo_goes_into_a_file_first(centric: Run, server_store: str) -> None:
    said = centric("demo", "--no-open")
    assert said.code != 0
    assert "built as a file" in said.err


def test_without_the_driver_the_way_to_install_it_is_said(tmp_path: Path) -> None:
    code = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from console.__main__ import main\n"
        "sys.argv = ['centric', '--store', 'postgresql://nowhere.example/x', 'info']\n"
        "sys.exit(main())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "pip install 'centric[postgres]'" in done.stderr
    assert "Traceback" not in done.stderr
