"""Disks of a few megabytes for tests: they fill up and become read-only when a test says so."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

FILLER = "filler"


class SmallDisk:
    """A file system in memory, mounted on a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def fill(self) -> None:
        """Leave no room."""
        with contextlib.suppress(OSError), (self.folder / FILLER).open("ab", buffering=0) as file:
            while True:
                file.write(bytes(4096))

    def free(self) -> None:
        """Make room again."""
        (self.folder / FILLER).unlink()

    def read_only(self, *, on: bool) -> None:
        """Take no writes, or take them again."""
        how = "remount,ro" if on else "remount,rw"
        subprocess.run(["mount", "-o", how, str(self.folder)], check=True)


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: int = 8) -> Iterator[SmallDisk | None]:
    """Mount a small disk; None where only the system may mount."""
    folder.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(words, capture_output=True).returncode:
        yield None
        return
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
