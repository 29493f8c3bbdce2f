"""Power cuts: a program's writes are recorded, and every state that a disk may be left in is made.

What was synced is there. Of what was not, none, all, a random part, or torn pieces may be: as the
crash tests of SQLite do it. Names (made, renamed, removed) are on the disk in their order. Needs
strace, and no rights.
"""

from __future__ import annotations

import random
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MODES = ("none", "all", "part", "torn")
SECTOR = 512
_CALLS = (
    "pwrite64,write,ftruncate,fdatasync,fsync,openat,"
    "unlink,unlinkat,rename,renameat,renameat2,link,linkat"
)
_LINE = re.compile(r"(?P<pid>\d+) +(?:<\.\.\. \w+ resumed>)?(?P<text>.*)")
_CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
_FD = re.compile(r"\d+<((?:\\x[0-9a-f]{2})*)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"(\.\.\.)?')


@dataclass(frozen=True)
class Write:
    """Bytes at a place of a file; no bytes cut it off, or lengthen it, there."""

    name: str
    at: int
    data: bytes | None


@dataclass(frozen=True)
class Synced:
    """A file was brought to the disk."""

    name: str


@dataclass(frozen=True)
class Named:
    """A file was made (``old`` is empty), got another name, a second name, or lost its name."""

    what: str
    old: str
    new: str


@dataclass(frozen=True)
class Told:
    """The program told somebody that something is done."""

    text: str


Operation = Write | Synced | Named | Told


def record(folder: Path, told: Path, command: Sequence[str], log: Path) -> list[Operation]:
    """Run a program and return what it did to the files of a folder.

    Args:
        folder: Only files right in it are followed.
        told: A file elsewhere, to which the program appends what it was promised.
        log: Where strace may write.
    """
    traced = ["strace", "-f", "-qq", "-y", "-xx", "-s", "10000000", "-e", f"trace={_CALLS}"]
    subprocess.run([*traced, "-o", str(log), *command], check=True)
    reader = _Reader(folder.resolve(), told.resolve())
    with log.open(encoding="ascii", errors="replace") as lines:
        return [done for line in lines for done in reader.read(line)]


class _Reader:
    """Makes operations of lines of strace."""

    def __init__(self, folder: Path, told: Path) -> None:
        self._folder = f"{folder}/"
        self._told = str(told)
        self._begun: dict[str, str] = {}

    def read(self, line: str) -> Iterator[Operation]:
        found = _LINE.match(line)
        if found is None:
            return
        pid, text = found["pid"], found["text"]
        if "<unfinished" in text:
            self._begun[pid] = text.partition("<unfinished")[0]
            return
        if "resumed>" in line:
            text = self._begun.pop(pid, "") + text
        call = _CALL.match(text)
        if call is None or int(call[3]) < 0:
            return
        yield from self._operation(call[1], call[2], int(call[3]))

    def _operation(self, name: str, words: str, result: int) -> Iterator[Operation]:
        if name in ("pwrite64", "write"):
            yield from self._write(name, words, result)
        elif name == "ftruncate":
            file = self._name(_fd(words))
            if file:
                yield Write(file, int(words.rpartition(",")[2]), None)
        elif name in ("fsync", "fdatasync"):
            file = self._name(_fd(words))
            if file:
                yield Synced(file)
        elif name == "openat":
            file = self._name(_texts(words)[0])
            if file and "O_CREAT" in words:
                yield Named("make", "", file)
        else:
            names = [self._name(text) for text in _texts(words)]
            what = {"u": "remove", "r": "rename", "l": "link"}[name[0]]
            if any(names):
                yield Named(what, names[0], names[-1])

    def _write(self, name: str, words: str, result: int) -> Iterator[Operation]:
        path = _fd(words)
        file, data = self._name(path), _TEXT.search(words)
        if data is None or not (file or path == self._told):
            return
        written = _plain(data[1])[:result]
        if path == self._told:
            yield Told(written.decode())
        else:
            assert name == "pwrite64", f"{file} is written with {name}"
            yield Write(file, int(words.rpartition(",")[2]), written)

    def _name(self, path: str) -> str:
        name = path.removeprefix(self._folder)
        return name if path.startswith(self._folder) and "/" not in name else ""


def _plain(text: str) -> bytes:
    return bytes.fromhex(text.replace("\\x", ""))


def _fd(words: str) -> str:
    found = _FD.match(words)
    return _plain(found[1]).decode() if found else ""


def _texts(words: str) -> list[str]:
    return [_plain(text).decode() for text, _ in _TEXT.findall(words)]


@dataclass
class _File:
    """A file: what is on the disk, and what may be."""

    data: bytearray = field(default_factory=bytearray)
    waiting: list[Write] = field(default_factory=list)

    def sync(self) -> None:
        for write in self.waiting:
            _apply(self.data, write)
        self.waiting.clear()


def _apply(data: bytearray, write: Write) -> None:
    if write.data is None:
        del data[write.at :]
        data.extend(bytes(write.at - len(data)))
        return
    data.extend(bytes(max(0, write.at - len(data))))
    data[write.at : write.at + len(write.data)] = write.data


class Disk:
    """The files of a folder, and what becomes of them when the power goes."""

    def __init__(self, folder: Path) -> None:
        """Begin with the files that are there; all of them are on the disk."""
        self._files = {
            path.name: _File(bytearray(path.read_bytes()))
            for path in folder.iterdir()
            if path.is_file()
        }

    def do(self, operation: Operation) -> None:
        """Carry out the next thing that the program did."""
        if isinstance(operation, Write):
            self._files.setdefault(operation.name, _File()).waiting.append(operation)
        elif isinstance(operation, Synced):
            self._files.setdefault(operation.name, _File()).sync()
        elif isinstance(operation, Named):
            self._rename(operation)

    def _rename(self, named: Named) -> None:
        if named.what == "make":
            self._files.setdefault(named.new, _File())
        elif named.what == "remove":
            self._files.pop(named.new, None)
        elif named.old in self._files and named.new:
            self._files[named.new] = self._files[named.old]
            if named.what == "rename":
                del self._files[named.old]

    def leave(self, folder: Path, mode: str, chance: random.Random) -> None:
        """Write the files as a power cut leaves them; memory that was shared is gone."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, file in self._files.items():
            if not name.endswith("-shm"):
                data = bytearray(file.data)
                for write in file.waiting:
                    _maybe(data, write, mode, chance)
                (folder / name).write_bytes(data)


def _maybe(data: bytearray, write: Write, mode: str, chance: random.Random) -> None:
    if mode == "all" or (mode == "part" and chance.random() < 0.5):
        _apply(data, write)
    elif mode == "torn" and chance.random() < 0.7:
        if write.data and len(write.data) > SECTOR and chance.random() < 0.5:
            sectors = chance.randrange(1, len(write.data) // SECTOR + 1)
            write = Write(write.name, write.at, write.data[: sectors * SECTOR])
        _apply(data, write)
