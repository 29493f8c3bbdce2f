"""Where a store lies: known by the mount table and by trying; one machine at a time on a share."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db import clock
from db.agents import agent_for
from db.commands.tags import TagCase
from db.engine import machine, mounts, one_host
from db.engine import sqlite as engine_module
from db.engine.mounts import Footing, Mount, footing_of, mount_of
from db.errors import Unavailable
from db.store import Store, open_store

AddCase = Callable[..., int]
TABLE = r"""22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda1 rw
31 22 0:26 / /mnt/team rw,relatime shared:2 - nfs4 files.shop.example:/export/team rw,vers=4.2
32 22 0:27 / /mnt/office\040share rw,relatime - cifs //winserver/office rw
33 31 0:28 / /mnt/team/fast rw,relatime - tmpfs tmpfs rw
34 22 0:29 / /home/ana/remote rw - fuse.sshfs ana@box:/home/ana rw
35 22 0:30 / /media/stick rw - vfat /dev/sdb1 rw
36 22 0:31 / /wsl rw - 9p C:\134 rw
37 22 0:32 / /odd rw - oddfs odd rw
a line that is none
"""


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Return a mount table with disks of every kind."""
    path = tmp_path / "mountinfo"
    path.write_text(TABLE)
    return path


@pytest.mark.parametrize(
    ("path", "kind", "sharing", "source"),
    [
        ("/srv/centric/team.db", "ext4", "local", "/dev/vda1"),
        ("/mnt/team/team.db", "nfs4", "shared", "files.shop.example:/export/team"),
        ("/mnt/teamwork/team.db", "ext4", "local", "/dev/vda1"),
        ("/mnt/team/fast/team.db", "tmpfs", "local", "tmpfs"),
        ("/mnt/office share/team.db", "cifs", "shared", "//winserver/office"),
        ("/home/ana/remote/team.db", "fuse.sshfs", "shared", "ana@box:/home/ana"),
        ("/media/stick/team.db", "vfat", "unknown", "/dev/sdb1"),
        ("/wsl/team.db", "9p", "shared", "C:\\"),
        ("/odd/team.db", "oddfs", "unknown", "odd"),
    ],
)
def test_the_mount_table_says_what_a_path_lies_on(
    table: Path, path: str, kind: str, sharing: str, source: str
) -> None:
    found = mount_of(Path(path), table)
    assert (found.kind, found.sharing, found.source) == (kind, sharing, source)


def test_a_real_disk_shares_memory_and_locks(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"37 22 0:32 / {tmp_path} rw - oddfs odd rw\n")
    found = footing_of(tmp_path / "team.db", table)
    assert (found.memory, found.locks, found.log, found.alone) == (True, True, False, True)
    assert [one.name for one in tmp_path.iterdir()] == ["mountinfo"]
    assert footing_of(tmp_path / "team.db").log


def test_locks_that_nobody_sees_and_memory_that_is_not_shared_are_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"37 22 0:32 / {tmp_path} rw - oddfs odd rw\n")
    real_lock = mounts.fcntl.lockf
    monkeypatch.setattr(mounts.fcntl, "lockf", lambda *_: None)  # as cifs with nobrl
    assert not footing_of(tmp_path / "team.db", table).locks
    monkeypatch.setattr(mounts.fcntl, "lockf", real_lock)

    def refuses(*_: object) -> None:
        raise OSError("no such device")  # as fuse with direct_io

    monkeypatch.setattr(mounts.mmap, "mmap", refuses)
    found = footing_of(tmp_path / "team.db", table)
    assert (found.memory, found.locks) == (False, True)


SHARE = Mount("/mnt/team", "nfs4", "files.shop.example:/export/team", "shared")


@pytest.fixture
def shared(
    empty_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    become: Callable[[str], None],
) -> Callable[[str], Store]:
    """Return a function that opens one store from a machine, as if it lay on a network share."""
    path = tmp_path / "team.db"
    shutil.copyfile(empty_file, path)
    monkeypatch.setattr(engine_module, "footing_of", lambda _: Footing(SHARE, True, True))

    def open_from(name: str) -> Store:
        become(name)
        return open_store(str(path))

    return open_from


@pytest.fixture
def become(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that makes this another machine."""

    def be(name: str) -> None:
        for what in ("machine", "host", "program"):
            monkeypatch.setattr(one_host, what, lambda: name)

    return be


def test_on_a_share_there_is_no_log_and_one_machine_at_a_time(
    shared: Callable[[str], Store], become: Callable[[str], None], put_case: AddCase
) -> None:
    desk = shared("desk")
    case = put_case(desk)
    assert desk.do(TagCase(case, "vip"), agent_for(desk.engine, "ana")).seq == 1
    assert desk.ask(lambda c: c.value("pragma journal_mode")) == "delete"
    with pytest.raises(Unavailable, match="two machines would destroy the file") as told:
        shared("laptop")
    become("desk")
    path = desk.url
    assert f"centric --store ssh://desk{path} " in str(told.value)
    assert str(told.value).index("ssh://") < str(told.value).index("postgresql://")
    desk.close()
    laptop = shared("laptop")
    assert laptop.do(TagCase(case, "billing"), agent_for(laptop.engine, "ben")).seq == 2
    laptop.close()


def test_who_read_first_may_not_write_when_another_machine_came(
    shared: Callable[[str], Store], become: Callable[[str], None], put_case: AddCase
) -> None:
    desk = shared("desk")
    case = put_case(desk)
    ana = agent_for(desk.engine, "ana")
    desk.close()
    desk, laptop = shared("desk"), shared("laptop")
    agent_for(laptop.engine, "ben")
    become("desk")
    with pytest.raises(Unavailable, match="laptop works with it now"):
        desk.do(TagCase(case, "vip"), ana)
    with clock.stopped(clock.now() + one_host.LIVE_MILLISECONDS + 1):  # it was switched off
        assert desk.do(TagCase(case, "vip"), ana).seq == 1
    desk.close()
    laptop.close()


def test_a_disk_without_locks_is_refused_with_the_machine_that_has_the_file(
    empty_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "team.db"
    shutil.copyfile(empty_file, path)
    monkeypatch.setattr(engine_module, "footing_of", lambda _: Footing(SHARE, True, False))
    with pytest.raises(Unavailable, match=r"locks do not work.*ssh://files\.shop\.example/"):
        open_store(str(path))


def test_a_log_that_came_with_a_file_is_brought_in_where_none_can_be_used(
    shared: Callable[[str], Store], tmp_path: Path
) -> None:
    path = tmp_path / "team.db"
    with sqlite3.connect(path) as other:
        other.execute("pragma journal_mode=wal")
        other.execute("insert into settings(name, value) values('colour', 'blue')")
        other.commit()
        for ending in ("", "-wal"):
            shutil.copy(f"{path}{ending}", f"{path}.kept{ending}")
    other.close()
    for ending in ("", "-wal"):
        os.replace(f"{path}.kept{ending}", f"{path}{ending}")
    store = shared("desk")
    assert store.ask(lambda c: c.value("select value from settings")) == "blue"
    assert not path.with_name("team.db-wal").exists()
    store.close()


def test_a_machine_is_its_running_kernel() -> None:
    boot = Path("/proc/sys/kernel/random/boot_id")
    assert machine.machine() == (boot.read_text().strip() if boot.exists() else machine.machine())
    assert machine.program() == machine.program()


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Path]:
    """Return a real FUSE mount without shared memory, as network shares are."""
    behind, place = tmp_path / "behind", tmp_path / "share"
    behind.mkdir()
    place.mkdir()
    if not shutil.which("bindfs"):
        pytest.skip("there is no bindfs here")
    words = ["bindfs", "-o", "direct_io", str(behind), str(place)]
    if subprocess.run(words, capture_output=True).returncode:
        pytest.skip("FUSE cannot be mounted here")
    yield place
    subprocess.run(["fusermount", "-u", "-z", str(place)], check=True)


def test_on_a_real_share_a_store_is_made_used_and_kept_from_other_machines(
    mounted: Path, become: Callable[[str], None], put_case: AddCase
) -> None:
    path = mounted / "team.db"
    found = footing_of(path)
    assert (found.mount.kind, found.memory, found.locks) == ("fuse", False, True)
    become("desk")
    desk = open_store(str(path), create=True)
    case = put_case(desk)
    assert desk.do(TagCase(case, "vip"), agent_for(desk.engine, "ana")).seq == 1
    assert sorted(one.name for one in mounted.iterdir()) == ["team.db", "team.db.gate"]
    become("laptop")
    with pytest.raises(Unavailable, match="desk works with it now"):
        open_store(str(path))
    become("desk")
    desk.close()
