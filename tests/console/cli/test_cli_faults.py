"""What befalls the disk or the file is a sentence and an exit code; nothing is lost by it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import journal
from db.engine import sqlite as engine_module
from db.store import open_store
from tests.disks import SmallDisk, small_disk

ROOT = Path(__file__).parents[3]
UNAVAILABLE = 69


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """Return a small disk."""
    with small_disk(tmp_path / "disk") as found:
        if found is None:
            pytest.skip("only root can mount a small disk")
        yield found


def moved(store: Path, disk: SmallDisk) -> Path:
    """Put a store on a small disk."""
    shutil.copy(store, disk.folder / "centric.db")
    return disk.folder / "centric.db"


def acts(path: Path) -> int:
    store = open_store(str(path))
    try:
        assert store.engine.check() == ()
        assert store.ask(journal.verify) == 0
        return store.ask(journal.head)[0]
    finally:
        store.close()


def test_on_a_full_disk_reading_goes_on_and_writing_says_so(
    store, centric, mailbox, disk, tmp_path
):
    path = moved(store, disk)
    assert centric("do", "case.tag", "1", "before", "--store", str(path)).code == 0
    mails = str(mailbox(tmp_path / "more.mbox", 400, first=5000))
    entries = len(
        centric("find", "order", "-n", "0", "-o", "ids", "--store", str(path)).out.split()
    )
    disk.fill()
    for arguments in (
        ("do", "case.tag", "1", "billing"),
        ("import", mails, "--us", "@ours.example", "-y"),
        ("backup",),
    ):
        said = centric(*arguments, "--store", str(path))
        assert said.code == UNAVAILABLE, said
        assert "full" in said.err or "No space left" in said.err
        assert "Traceback" not in said.err
    assert centric("cases", "--store", str(path)).code == 0
    assert acts(path) == 1
    disk.free()
    assert centric("do", "case.tag", "1", "billing", "--store", str(path)).code == 0
    assert centric("import", mails, "--us", "@ours.example", "-y", "--store", str(path)).code == 0
    found = centric("find", "order", "-n", "0", "-o", "ids", "--store", str(path)).out.split()
    assert len(found) == entries + 400
    assert acts(path) == 2


def test_a_store_can_be_made_once_there_is_room(centric, disk):
    path = disk.folder / "new.db"
    disk.fill()
    said = centric("own", "add", "@ours.example", "--store", str(path))
    assert said.code == UNAVAILABLE
    assert not path.exists()
    disk.free()
    assert centric("own", "add", "@ours.example", "--store", str(path)).code == 0


def test_a_read_only_disk_can_be_read(store, centric, disk):
    path = moved(store, disk)
    assert centric("do", "case.tag", "1", "before", "--store", str(path)).code == 0
    disk.read_only(on=True)
    assert centric("cases", "--store", str(path)).code == 0
    assert "before" in centric("show", "1", "--store", str(path)).out
    said = centric("do", "case.tag", "1", "billing", "--store", str(path))
    assert said.code == UNAVAILABLE
    assert "is read-only for you" in said.err
    disk.read_only(on=False)
    assert centric("do", "case.tag", "1", "billing", "--store", str(path)).code == 0
    assert acts(path) == 2


@pytest.mark.skipif(not shutil.which("strace"), reason="there is no strace here")
@pytest.mark.parametrize("call", ["pwrite64", "fdatasync", "fsync"])
def test_a_disk_that_fails_loses_nothing_that_was_told(store, centric, call):
    assert centric("do", "case.tag", "1", "before").code == 0
    held = open_store(str(store))  # so that there is a log
    held.do(*tag_by_ada(held, "held"))
    paths = [word for path in (store, f"{store}-wal") for word in ("-P", str(path))]
    command = [sys.executable, "-m", "console", "do", "case.tag", "1", "billing"]
    broken = subprocess.run(
        [
            "strace",
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            *paths,
            "-e",
            f"inject={call}:error=EIO",
            "-e",
            f"trace={call}",
            *command,
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if broken.returncode == 0:
        assert call == "fsync"  # this SQLite syncs with the other call
    else:
        assert broken.returncode == UNAVAILABLE, broken.stderr
        assert "failed (disk I/O error); nothing was changed" in broken.stderr
        assert held.ask(journal.head)[0] == 2
    held.close()
    assert centric("do", "case.tag", "1", "after").code == 0
    assert acts(store) in (3, 4)


def tag_by_ada(store, tag):
    from db.agents import agent_for
    from db.commands.tags import TagCase

    return TagCase(1, tag), agent_for(store.engine, "ada")


def test_a_locked_store_is_a_sentence(store, centric, monkeypatch):
    monkeypatch.setattr(engine_module, "BUSY_MILLISECONDS", 50)
    other = sqlite3.connect(store, isolation_level=None)
    other.execute("begin exclusive")
    said = centric("do", "case.tag", "1", "billing")
    assert said.code == UNAVAILABLE
    assert "stayed locked by another program" in said.err
    other.execute("rollback")
    other.close()
    assert centric("do", "case.tag", "1", "billing").code == 0


def cut_off(path: Path) -> None:
    os.truncate(path, path.stat().st_size * 2 // 3)


def empty(path: Path) -> None:
    os.truncate(path, 0)


def scribble(path: Path) -> None:
    path.write_bytes(b"Dear diary\n" * 10_000)


def garbage(path: Path) -> None:
    with path.open("r+b") as file:
        size = file.seek(0, 2)
        file.seek(8192)
        file.write(bytes(range(256)) * ((size - 8192) // 256))


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


HARMS: list[tuple[Callable[[Path], None], str]] = [
    (cut_off, "is cut off"),
    (empty, "is empty"),
    (scribble, "is not a Centric store"),
    (garbage, "is damaged"),
    (folder, "cannot be read"),
]


@pytest.mark.parametrize(("harm", "sentence"), HARMS)
def test_a_harmed_file_is_a_sentence_for_every_command_and_the_desk(
    store, centric, terminal, tmp_path, harm, sentence
):
    kept = tmp_path / "kept.db"
    shutil.copy(store, kept)
    harm(store)
    for arguments in (("cases",), ("find", "order"), ("do", "case.tag", "1", "billing")):
        said = centric(*arguments)
        assert said.code == UNAVAILABLE, said
        assert sentence in said.err
    shown = terminal([])
    assert shown.code == UNAVAILABLE
    assert sentence in " ".join(shown.screen.split())
    assert shown.before == shown.after
    with contextlib.suppress(IsADirectoryError):
        shutil.copy(kept, store)
    if store.is_file():
        assert centric("do", "case.tag", "1", "billing").code == 0
        assert acts(store) == 1
