"""``python -m docs``: write the generated pages; ``--check`` says which are stale (exit code 1)."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent


def _keys() -> str:
    from console.keymap import as_markdown

    return as_markdown()


def _commands() -> str:
    from console.cli.reference import reference

    return reference()


def _schema() -> str:
    from db.schema.reference import reference

    return reference()


PAGES: dict[str, Callable[[], str]] = {
    "keys.md": _keys,
    "cli.md": _commands,
    "schema.md": _schema,
}


def stale() -> list[str]:
    """Return the names of the pages that differ from what would be generated."""
    return [
        name
        for name, make in PAGES.items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text("utf-8") != make()
    ]


def main() -> int:
    """Write or check the pages."""
    if "--check" in sys.argv:
        for name in stale():
            print(f"docs/{name} is stale: run make docs")
        return 1 if stale() else 0
    for name, make in PAGES.items():
        (FOLDER / name).write_text(make(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
