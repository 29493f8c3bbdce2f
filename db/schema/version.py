"""What this program expects of a store file; read without importing the migrations."""

from __future__ import annotations

APPLICATION_ID = 0x43454E54
"""``CENT`` in ASCII: the first four bytes that ``file`` and SQLite see as the owner."""

SCHEMA_VERSION = 1

UNFINISHED = -1
"""The version of a database into which a store is being moved: nobody may open it yet."""
