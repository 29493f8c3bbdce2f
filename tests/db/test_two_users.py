"""Two users of one machine in one group: what one of them makes, the other can use."""

from __future__ import annotations

import grp
import multiprocessing
import os
import pwd
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import journal
from db.agents import agent_for
from db.commands.tags import TagCase
from db.errors import StoreError, Unavailable
from db.keeping.team import create_team_store
from db.store import open_store

AddCase = Callable[..., int]

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be two users")
GROUP = "games"  # every Debian has it, and nobody is in it


@pytest.fixture
def place() -> Iterator[Path]:
    """Return a folder that every user may pass."""
    try:
        grp.getgrnam(GROUP)
    except KeyError:
        pytest.skip(f"there is no group {GROUP} here")
    folder = Path(tempfile.mkdtemp(prefix="team-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def tag(path: Path, login: str, word: str) -> int:
    store = open_store(str(path))
    try:
        return store.do(TagCase(1, word), agent_for(store.engine, login)).seq
    finally:
        store.close()


def tag_as(user: str, in_group: bool, path: Path, word: str) -> None:
    """Become another user and act; the exit code tells how that went."""
    found = pwd.getpwnam(user)
    os.setgroups([grp.getgrnam(GROUP).gr_gid] if in_group else [])
    os.setgid(found.pw_gid)
    os.setuid(found.pw_uid)
    os.umask(0o077)
    try:
        tag(path, user, word)
    except Unavailable:
        os._exit(69)
    except StoreError:
        os._exit(1)
    os._exit(0)


def run_as(user: str, path: Path, word: str, *, in_group: bool = True) -> int:
    """Return how it went for another user; forked, since they may not read our programs."""
    child = multiprocessing.get_context("fork").Process(
        target=tag_as, args=(user, in_group, path, word)
    )
    child.start()
    child.join()
    assert child.exitcode is not None
    return child.exitcode


def test_the_group_reads_and_writes_and_nobody_else_does(place: Path, put_case: AddCase) -> None:
    path = place / "desk" / "team.db"
    create_team_store(path, GROUP, lead="root")
    store = open_store(str(path))
    put_case(store)
    assert tag(path, "root", "by-root") == 1
    assert run_as("nobody", path, "by-nobody") == 0  # while root has it open
    store.close()
    assert run_as("daemon", path, "alone") == 0  # who then makes log and lock file
    assert tag(path, "root", "again") == 4
    assert run_as("nobody", path, "stranger", in_group=False) == 69
    store = open_store(str(path))
    assert store.ask(journal.head)[0] == 4
    held = {one.stat().st_gid for one in path.parent.iterdir()}
    assert held == {grp.getgrnam(GROUP).gr_gid}
    store.close()
