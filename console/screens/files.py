"""A file that came with a message: where it comes from, and the two ways out."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from console.attached import NoFile, could_run, is_risky, private_copy, read_part, save
from console.opener import NoOpener, file_words, launch
from console.screens.picker import Choice, Picker, Prompt
from console.text import one_line
from console.widgets.entry_lines import file_size
from db.engine.interface import Connection
from db.errors import StoreError
from db.queries.entry import attachment_bytes, entry_texts
from db.records import AttachmentRow

if TYPE_CHECKING:
    from console.actions import ActingApp


def attached(connection: Connection, entry_id: int, position: int) -> AttachmentRow | None:
    """Return a file of a message as it is listed."""
    text = entry_texts(connection, [entry_id]).get(entry_id)
    files = text.attachments if text is not None else ()
    return next((file for file in files if file.position == position), None)


async def ask_file(app: ActingApp, entry_id: int, position: int) -> None:
    """Ask what is to be done with a file, and do it."""
    file = app.reader.now(attached, entry_id, position)
    if file is None:
        app.say("That file is not listed any more.")
        return
    name = one_line(file.name or "file", 80)
    ways = [Choice("save", "Save it to…", "a private file, nothing is overwritten")]
    if is_risky(file.name):
        hint = "it could run something: save it, look at it, then decide"
        ways.append(Choice("no", "It is not opened from here", hint))
    else:
        ways.insert(0, Choice("open", "Open it", "with the program that the system has for it"))
    title = f"{name}, {one_line(file.media_type, 40)}, {file_size(file.size)}"
    picked = await app.push_screen_wait(Picker(title, ways))
    if picked not in ("save", "open"):
        return
    folder = None
    if picked == "save":
        typed = await app.push_screen_wait(
            Prompt("Save it to", hint="a folder · enter saves · esc closes", value=_downloads())
        )
        if not typed:
            return
        folder = _folder(typed)
    try:
        data = await _bytes(app, entry_id, file)
        if folder is None and could_run(data):
            raise NoFile("Its bytes are a program or a page, not what its name says: only save it.")
        path = save(data, folder, file.name) if folder else private_copy(data, file.name)
        if folder is None:
            launch(file_words(path))
    except (NoFile, NoOpener) as problem:
        app.warn(str(problem))
    except StoreError as error:
        app.refuse(error)
    else:
        app.say(f"{'Saved' if folder else 'Opened'} {path}")


async def _bytes(app: ActingApp, entry_id: int, file: AttachmentRow) -> bytes:
    if file.part:
        return await asyncio.to_thread(read_part, app.memory.url, entry_id, file.part)
    return app.reader.now(attachment_bytes, entry_id, file.position)


def _folder(typed: str) -> Path:
    return Path(typed.strip()).expanduser()


def _downloads() -> str:
    home = Path.home()
    found = home / "Downloads"
    return str(found if found.is_dir() else home)
