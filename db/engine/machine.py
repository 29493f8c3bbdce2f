"""Which machine this is, and which program on it."""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

_BOOT = Path("/proc/sys/kernel/random/boot_id")
HOST_CHARACTERS = 253


@cache
def machine() -> str:
    """Return what all programs have in common that share this machine's memory, and no others.

    On Linux the id of the running kernel: containers share it with their host, and with it the
    memory that SQLite's log needs; two machines made from one image do not.
    """
    try:
        return _BOOT.read_text("ascii").strip()
    except OSError:
        import uuid  # 10 ms that Linux does not need

        return f"{host()}-{uuid.getnode():012x}"


def host() -> str:
    """Return the machine's name, as colleagues know it."""
    return os.uname().nodename[:HOST_CHARACTERS]


@cache
def program() -> str:
    """Return a name for this run of the program; no other has it."""
    return os.urandom(8).hex()
