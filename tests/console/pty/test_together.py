"""Two desks and an import on one file at once: each sees what the others do."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from db.store import open_store

if TYPE_CHECKING:
    from tests.console.pty.terminal import Terminal

pytestmark = pytest.mark.pty

Start = Callable[..., "Terminal"]
MAILS = 600  # beside the ten of the small store


def write_mailbox(path: Path) -> None:
    """Write letters of the last hours, each by somebody else and about something else."""
    now = datetime.now(UTC)
    with path.open("w", encoding="ascii") as file:
        for number in range(MAILS):
            at = format_datetime(now - timedelta(minutes=MAILS - number))
            file.write(
                f"From w{number}@mail.example Thu Jan  1 00:00:00 2026\n"
                f"From: Writer {number} <w{number}@mail.example>\nTo: help@own.example\n"
                f"Subject: Arrived {number}\nDate: {at}\n"
                f"Message-ID: <{number}@mail.example>\n\nWhere is parcel {number}?\n\n"
            )


def count(path: Path, question: str) -> int:
    store = open_store(str(path))
    try:
        return int(store.engine.connection().value(question))
    finally:
        store.close()


def test_two_desks_and_an_import_work_on_one_file_at_once(
    start: Start, small_store: Path, tmp_path: Path, home: dict[str, str], log: Callable[[], str]
) -> None:
    write_mailbox(tmp_path / "new.mbox")
    before = count(small_store, "select count(*) from entries")
    ana = start("--store", str(small_store), "--agent", "ana")
    ben = start("--store", str(small_store), "--agent", "ben")
    for desk in (ana, ben):
        desk.wait_for("waiting")
        desk.press("0")
        desk.wait_for("All open")
        desk.rest()
    words = [sys.executable, "-m", "console", "--store", str(small_store)]
    arguments = ["import", "--yes", "--us", "help@own.example", "--", str(tmp_path / "new.mbox")]
    with (tmp_path / "told").open("wb") as told:
        importing = subprocess.Popen([*words, *arguments], env={**os.environ, **home}, stdout=told)
    ana.press("n")
    ana.wait_for("colleagues only")
    ana.press(*"seen by both", "ctrl+s")
    ana.wait_for("Noted on")
    ben.press("t", *"together", "enter")
    ben.wait_for("Tagged #")
    while importing.poll() is None:  # a desk whose terminal nobody reads would stand still
        ana.pump()
        ben.pump()
    assert importing.returncode == 0
    assert f'"new": {MAILS}' in (tmp_path / "told").read_text()
    ana.wait_for("610 waiting")
    ben.wait_for("610 waiting")
    ana.press("ctrl+q")
    ben.press("ctrl+q")
    assert (ana.wait_end(), ben.wait_end()) == (0, 0)
    assert count(small_store, "select count(*) from tags where name = 'together'") == 1
    assert "Traceback" not in log()
    assert count(small_store, "select count(*) from entries where kind = 'message'") >= MAILS
    assert count(small_store, "select count(*) from entries") >= before + MAILS + 1
    assert count(small_store, "select count(*) from case_tags t join tags g on g.id = t.tag_id "
                 "where g.name = 'together'") == 1  # fmt: skip
    checked = subprocess.run(
        [*words, "doctor"], env={**os.environ, **home}, capture_output=True, check=False
    )
    assert checked.returncode == 0, checked.stdout


def test_what_a_colleague_does_is_seen_without_a_key(start: Start, small_store: Path) -> None:
    ana = start("--store", str(small_store), "--agent", "ana", size=(120, 36))
    ben = start("--store", str(small_store), "--agent", "ben", size=(120, 36))
    for desk in (ana, ben):
        desk.wait_for("waiting")
        desk.press("0")
        desk.wait_for("All open")
        desk.rest()
    ana.press("t", *"fresh", "enter")
    ben.wait_for("fresh")
