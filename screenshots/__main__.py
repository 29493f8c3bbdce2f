"""``python -m screenshots``: draw every scene from the demo store, as SVG and PNG.

The clock stands still at the demo's present, so a picture changes only when the desk does. The SVG
names no remote font; the PNG is drawn from it by ``rsvg-convert`` where that is installed.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

from textual.pilot import Pilot
from textual.widgets import Input

from console.app import CentricApp, opened
from console.demo.build import build_demo

FOLDER = Path(__file__).parent
SIZES = ((80, 24), (120, 36), (180, 48))
NOON = 1_767_441_600_000  # 3 January 2026, 12:00 UTC, in milliseconds
LOGIN = "ada"  # nobody's real name: the agent of the demo
FONTS = "DejaVu Sans Mono, Noto Sans Mono CJK JP, monospace"
ZOOM = "1.0"
CELL = 12.2  # width of a cell in Textual's pictures


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture: the keys that lead to it from the desk.

    Attributes:
        keys: Names of keys, or text to type between quotes.
    """

    name: str
    keys: tuple[str, ...]
    theme: str = "dark"


SCENES = (
    Scene("desk", ("0", "tab")),
    Scene("light", ("0", "tab"), "light"),
    Scene("finder", ("c", "'moren'")),
    Scene("customer", ("c", "'ada moren'", "enter")),
    Scene("find", ("slash", "'ferry'")),
    Scene("note", ("c", "'ada moren'", "enter", "n", "'Rafael called: room 6 is closed again.'")),
)


async def _press(pilot: Pilot[None], keys: tuple[str, ...]) -> None:
    for key in keys:
        if key.startswith("'"):
            for letter in key.strip("'"):
                await pilot.press("space" if letter == " " else letter)
        else:
            await pilot.press(key)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.2)


async def _draw(store: Path, scene: Scene, size: tuple[int, int]) -> str:
    opened_store, agent = opened(str(store), LOGIN, "")
    app = CentricApp(str(store), LOGIN, store=opened_store, agent=agent, theme=scene.theme)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(0.2)
        await _press(pilot, scene.keys)
        picture = app.export_screenshot(title="Centric", simplify=False)
    opened_store.close()
    return picture


def _drawable(picture: str) -> str:
    """Return an SVG without remote fonts, whose texts begin with a letter.

    ``rsvg-convert`` drops the spaces at the start of a text, and with them its place.
    """
    picture = re.sub(r"@font-face\s*\{[^}]*\}", "", picture)
    picture = re.sub(r"Fira Code,?\s*(monospace)?", FONTS, picture)
    return re.sub(
        r'x="([\d.]+)"( y="[^"]*" )textLength="([\d.]+)"([^>]*>)((?:&#160;)+)', _moved, picture
    )


def _moved(text: re.Match[str]) -> str:
    shift = CELL * text[5].count(";")
    x, length = float(text[1]) + shift, max(0.0, float(text[3]) - shift)
    return f'x="{x:.1f}"{text[2]}textLength="{length:.1f}"{text[4]}'


def _write(name: str, picture: str) -> None:
    svg = FOLDER / f"{name}.svg"
    svg.write_text(_drawable(picture), "utf-8")
    if shutil.which("rsvg-convert"):
        png = str(svg.with_suffix(".png"))
        subprocess.run(["rsvg-convert", "-z", ZOOM, "-o", png, str(svg)], check=True)


def main() -> int:
    """Draw all scenes in all sizes, or those named."""
    chosen = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="centric-pictures-") as folder:
        store = Path(folder) / "demo.db"
        build_demo(store, login=LOGIN, now=NOON)
        for scene in SCENES:
            if chosen and scene.name not in chosen:
                continue
            for size in SIZES:
                with (
                    patch("console.times.now", lambda: NOON),
                    patch("db.clock.now", lambda: NOON),
                    patch.object(Input, "_toggle_cursor", lambda _: None),
                ):
                    picture = asyncio.run(_draw(store, scene, size))
                _write(f"{scene.name}-{size[0]}x{size[1]}", picture)
                print(f"{scene.name} {size[0]}×{size[1]}", flush=True)
    if not shutil.which("rsvg-convert"):
        print("PNG files were not drawn: install rsvg-convert (Debian: librsvg2-bin).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
