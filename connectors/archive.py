"""Read a zip file, or the folder it was unpacked to, member by member and within limits.

Nothing is ever extracted: a member's name is a label. What a hostile archive may try is refused
before its first byte is unpacked: too many members, too much in all, too high a ratio, members that
lie over each other. `zipfile` itself stops a member at its stated size and checks its CRC.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from types import TracebackType
from typing import Protocol, Self

from connectors.contract import BadFile

# A large Slack workspace: 2,000 channels over five years have about 200,000 day files.
MAX_MEMBERS = 300_000
MAX_DIRECTORY_BYTES = 64 * 1024 * 1024
MAX_TOTAL_BYTES = 32 * 1024**3
# JSON of chats shrinks 10 to 40 times. Below this total a high ratio does no harm.
MAX_RATIO = 150
RATIO_FREE_BYTES = 64 * 1024 * 1024
MAX_FOLDER_DEPTH = 3
_CHUNK_BYTES = 1 << 20
_LOCAL_HEADER_BYTES = 30
_ENCRYPTED = 0x1


class DamagedMember(Exception):
    """A member cannot be read; ``str()`` is a sentence."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file in an archive.

    Attributes:
        name: Path inside the archive with ``/`` between parts; untrusted, a label only.
        size: Bytes, unpacked.
        stamp: Changes when the content does: the CRC in a zip, the time of change in a folder.
    """

    name: str
    size: int
    stamp: int


class Archive(Protocol):
    """A zip file or a folder, opened for reading."""

    members: tuple[Member, ...]

    def read(self, member: Member, limit: int) -> bytes:
        """Return the bytes of a member.

        Raises:
            DamagedMember: It is larger than ``limit`` bytes, or damaged.
        """
        ...

    def head(self, member: Member, length: int) -> bytes:
        """Return the first ``length`` bytes of a member, fewer where it is shorter.

        Raises:
            DamagedMember: It cannot be read.
        """
        ...

    def verify(self) -> Iterator[int]:
        """Read every member once; yield the bytes read so far.

        Raises:
            BadFile: A member is damaged.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...


def open_archive(path: str, depth: int = MAX_FOLDER_DEPTH) -> Archive:
    """Open a zip file or a folder.

    Args:
        path: An existing file or folder.
        depth: How many levels of a folder are looked at.

    Raises:
        BadFile: It is a broken, encrypted or hostile zip file, or cannot be read.
    """
    if os.path.isdir(path):
        return FolderArchive(path, depth)
    return ZipArchive(path)


def fingerprint(members: tuple[Member, ...]) -> str:
    """Return a short digest that differs when any name, size or content differs."""
    digest = hashlib.blake2b(digest_size=8)
    for member in members:
        line = f"{member.name}\0{member.size}\0{member.stamp}\n"
        digest.update(line.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()


class ZipArchive:
    """A zip file whose directory was checked before anything was unpacked."""

    def __init__(self, path: str) -> None:
        self._label = os.path.basename(path)
        try:
            _check_directory_size(path, self._label)
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError) as error:
            raise BadFile(
                f"{self._label} is not a whole zip file ({error}). "
                "The download may have been cut short: fetch it again."
            ) from None
        except OSError as error:
            raise BadFile(f"{self._label} cannot be read: {error.strerror}.") from None
        try:
            self._infos = {
                Member(info.filename, info.file_size, info.CRC): info
                for info in self._zip.infolist()
                if not info.is_dir() and not stat.S_ISLNK(info.external_attr >> 16)
            }
            self._refuse_bombs(os.path.getsize(path))
        except BaseException:
            self._zip.close()
            raise
        self.members = tuple(self._infos)

    def read(self, member: Member, limit: int) -> bytes:
        """Return the bytes of a member; see `Archive.read`."""
        if member.size > limit:
            raise DamagedMember(
                f"{member.name} holds {member.size} bytes; the limit is {limit} bytes."
            )
        try:
            return self._zip.read(self._infos[member])
        except _READ_ERRORS as error:
            raise DamagedMember(f"{member.name} is damaged inside the zip ({error}).") from None

    def head(self, member: Member, length: int) -> bytes:
        """Return the first bytes of a member; see `Archive.head`."""
        try:
            with self._zip.open(self._infos[member]) as stream:
                return stream.read(length)
        except _READ_ERRORS as error:
            raise DamagedMember(f"{member.name} is damaged inside the zip ({error}).") from None

    def verify(self) -> Iterator[int]:
        """Unpack every member once, which checks its CRC; see `Archive.verify`."""
        done = 0
        for member, info in self._infos.items():
            try:
                with self._zip.open(info) as stream:
                    while part := stream.read(_CHUNK_BYTES):
                        done += len(part)
                        yield done
            except _READ_ERRORS as error:
                raise BadFile(
                    f"{self._label} is damaged: {member.name} cannot be unpacked ({error}). "
                    "Nothing was imported; fetch the export again."
                ) from None

    def _refuse_bombs(self, packed: int) -> None:
        """Raise `BadFile` for archives made to hurt, and for those that need a password."""
        infos = self._zip.infolist()
        total = sum(info.file_size for info in infos)
        if any(info.flag_bits & _ENCRYPTED for info in infos):
            raise BadFile(f"{self._label} is protected by a password: unpack it yourself first.")
        too_large = total > MAX_TOTAL_BYTES
        if too_large or (total > RATIO_FREE_BYTES and total > packed * MAX_RATIO):
            raise BadFile(
                f"{self._label} would unpack to {total} bytes from {packed}. "
                "That is not what an export looks like, so it was not opened."
            )
        reached = 0
        for info in sorted(infos, key=lambda info: info.header_offset):
            if info.header_offset < reached:
                raise BadFile(
                    f"{self._label} has members that lie over each other. "
                    "That is not what an export looks like, so it was not opened."
                )
            name_bytes = len(info.orig_filename)  # at least one byte for each character
            reached = info.header_offset + _LOCAL_HEADER_BYTES + name_bytes + info.compress_size

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._zip.close()


_READ_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    struct.error,
)


class FolderArchive:
    """A folder that a zip file was unpacked to; links are not followed."""

    def __init__(self, path: str, depth: int) -> None:
        self._depth = depth
        found = sorted(islice(self._walk(path, "", 1), MAX_MEMBERS))
        self._paths = {Member(name, size, stamp): place for name, size, stamp, place in found}
        self.members = tuple(self._paths)

    def _walk(self, folder: str, prefix: str, depth: int) -> Iterator[tuple[str, int, int, str]]:
        """Yield the regular files, not deeper than was asked for."""
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        if depth < self._depth:
                            below = f"{prefix}{entry.name}/"
                            yield from self._walk(entry.path, below, depth + 1)
                    elif entry.is_file(follow_symlinks=False):
                        facts = entry.stat(follow_symlinks=False)
                        name = prefix + entry.name
                        yield name, facts.st_size, facts.st_mtime_ns, entry.path
        except OSError as error:
            if not prefix:
                raise BadFile(f"The folder {folder} cannot be read: {error.strerror}.") from None

    def read(self, member: Member, limit: int) -> bytes:
        """Return the bytes of a member; see `Archive.read`."""
        if member.size > limit:
            raise DamagedMember(
                f"{member.name} holds {member.size} bytes; the limit is {limit} bytes."
            )
        return self.head(member, limit)

    def head(self, member: Member, length: int) -> bytes:
        """Return the first bytes of a member; see `Archive.head`."""
        try:
            place = os.open(self._paths[member], os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
            with os.fdopen(place, "rb") as file:
                return file.read(length)
        except OSError as error:
            raise DamagedMember(f"{member.name} cannot be read: {error.strerror}.") from None

    def verify(self) -> Iterator[int]:
        """Yield nothing: files in a folder carry no checksum."""
        return iter(())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


_END = struct.Struct("<4s4H2LH")  # end of central directory record, APPNOTE.TXT 4.3.16
_END64 = struct.Struct("<4sQ2H2L4Q")  # its zip64 form, 4.3.14
_LOCATOR64 = struct.Struct("<4sLQL")  # where that form is, 4.3.15


def _check_directory_size(path: str, label: str) -> None:
    """Refuse a directory that would cost much memory, before `zipfile` reads it whole."""
    size = os.path.getsize(path)
    with open(path, "rb") as file:
        tail_start = max(0, size - _END.size - _LOCATOR64.size - 0xFFFF)
        file.seek(tail_start)
        tail = file.read()
        at = tail.rfind(b"PK\x05\x06")
        if at < 0 or len(tail) - at < _END.size:
            raise zipfile.BadZipFile("its end is missing")
        record = _END.unpack_from(tail, at)
        members, directory_bytes = record[4], record[5]
        locator_at = at - _LOCATOR64.size
        if locator_at >= 0 and tail[locator_at : locator_at + 4] == b"PK\x06\x07":
            file.seek(_LOCATOR64.unpack_from(tail, locator_at)[2])
            record64 = _END64.unpack(file.read(_END64.size))
            members, directory_bytes = max(members, record64[7]), max(directory_bytes, record64[8])
    if directory_bytes > size:
        raise zipfile.BadZipFile("its directory is larger than the file")
    if directory_bytes > MAX_DIRECTORY_BYTES or members > MAX_MEMBERS:
        raise BadFile(
            f"{label} lists {members} members, more than any export that Centric reads "
            f"({MAX_MEMBERS}), so it was not opened."
        )
