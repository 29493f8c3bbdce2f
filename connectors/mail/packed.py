"""Mail files that may be packed with gzip, read as if they were not, within what is fair."""

from __future__ import annotations

import gzip
import zlib
from typing import BinaryIO, Self, cast

from connectors.contract import BadFile

_GZIP = b"\x1f\x8b"
# Mail packs three to twenty times smaller; only a trap unpacks to hundreds of times its size.
_RATIO = 250
_FAIR_BYTES = 64 * 1024 * 1024
_HEAD_BYTES = 64 * 1024


def is_packed(head: bytes) -> bool:
    """Tell by the first bytes."""
    return head.startswith(_GZIP)


def unpacked_head(head: bytes) -> bytes:
    """Return the first bytes of what is inside; as they are where nothing is packed."""
    if not is_packed(head):
        return head
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD_BYTES)
    except zlib.error:
        return b""


class MailFile:
    """A file of mail, read forward; a seek back in a packed one reads it anew."""

    def __init__(self, path: str) -> None:
        self._raw = open(path, "rb")  # noqa: SIM115 - closed by `__exit__`
        self.packed = is_packed(self._raw.read(2))
        self._raw.seek(0)
        self._file: BinaryIO = self._raw
        if self.packed:
            self._file = cast(BinaryIO, gzip.GzipFile(fileobj=self._raw))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._file.close()
        self._raw.close()

    def read(self, size: int) -> bytes:
        """Return the next bytes.

        Raises:
            BadFile: The packing is broken, or unpacks to more than any mailbox would.
        """
        if not self.packed:
            return self._file.read(size)
        try:
            data = self._file.read(size)
        except (OSError, EOFError, zlib.error) as error:
            raise BadFile(
                f"The packed file is broken ({error}): get it again, or unpack what is whole"
                " with `gzip -dc FILE`."
            ) from error
        done = self._file.tell()
        if done > _FAIR_BYTES and done > _RATIO * self._raw.tell():
            raise BadFile("The packed file unpacks to far more than a mailbox would: not read.")
        return data

    def seek(self, offset: int) -> int:
        """Go to an offset of what is inside."""
        return self._file.seek(offset)

    def place(self, offset: int) -> int:
        """Return how far in the file itself the reading is, for a bar of progress."""
        return self._raw.tell() if self.packed else offset


def open_file(path: str) -> MailFile:
    """Open a file of mail.

    Raises:
        BadFile: It cannot be opened.
    """
    try:
        return MailFile(path)
    except OSError as error:
        raise BadFile(f"The file cannot be opened: {error.strerror or error}.") from error
