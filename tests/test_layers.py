"""The rooms stay apart: what really loads, seen from a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SCREEN = ("textual", "rich")
PARSERS = ("fast_mail_parser", "selectolax", "chardet")
HEAVY = (*SCREEN, *PARSERS, "sqlite_utils", "rapidfuzz")


def loaded_after(code: str) -> set[str]:
    script = f"import sys; sys.path.insert(0, {str(ROOT)!r}); {code}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module",
    ["db.store", "db.ingest", "db.queries.desk", "db.queries.find", "connectors.contract"],
)
def test_the_store_loads_neither_the_screen_nor_any_parser(module):
    assert not loaded_after(f"import {module}") & set(HEAVY)


@pytest.mark.parametrize("module", ["connectors.registry", "connectors.runner"])
def test_the_runner_loads_no_parser_and_no_store(module):
    found = loaded_after(f"import {module}")
    assert not found & set(HEAVY)
    assert not any(name == "db" or name.startswith("db.") for name in found)


def test_the_command_line_starts_without_the_screen():
    found = loaded_after("import console.__main__")
    assert not found & set(HEAVY)


def test_opening_a_store_that_is_up_to_date_does_not_load_the_migrations(tmp_path):
    path = str(tmp_path / "centric.db")
    make = f"from db.store import open_store; open_store({path!r}, create=True).close()"
    assert "sqlite_utils" in loaded_after(make)
    again = f"from db.store import open_store; open_store({path!r}).close()"
    assert "sqlite_utils" not in loaded_after(again)
