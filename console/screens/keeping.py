"""What a desk can do with all that is known of a customer: write it out, or erase it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from console.screens import choices
from console.screens.picker import Choice, Picker
from db.commands.erase import EraseCustomer

if TYPE_CHECKING:
    from console.actions import ActingApp
    from db.erase.act import Preview

MODES = (
    ("anonymise", "Anonymise: keep what was said, without the person"),
    ("replace", "Replace: keep when something was said, and no words"),
    ("remove", "Remove: keep nothing"),
)


async def erase(app: ActingApp, customer_id: int) -> None:
    """Show where a customer stands, ask what becomes of it, and for the name to confirm."""
    from db.erase.act import preview

    app.say("Looking through the whole store…")
    seen: Preview = await asyncio.to_thread(preview, app.memory.engine, customer_id)
    title = (
        f"Erase {seen.name}: {seen.entries:,} entries, {seen.cases:,} cases, and {seen.others:,} "
        "entries of others that name them"
    )
    rows = [Choice(mode, words) for mode, words in MODES]
    mode = await app.push_screen_wait(Picker(title, rows))
    if not mode:
        return
    name = await choices.ask_line(
        app, "This cannot be undone. Type the customer's name to go on", f"{seen.name} · esc closes"
    )
    if name:
        app.act(EraseCustomer(customer_id, mode, name))


async def export(app: ActingApp, customer_id: int) -> None:
    """Ask where to, and write everything that is known of a customer into a zip."""
    from db.keeping.export import export_customer

    usual = Path.home() / f"customer-{customer_id}.zip"
    typed = await choices.ask_line(app, "Export customer: the file", f"empty for {usual}")
    if typed is None:
        return
    path = Path(typed.strip() or usual)
    app.say("Writing…")
    done = await asyncio.to_thread(partial(export_customer, app.memory.engine, customer_id, path))
    app.say(f"{done.entries:,} entries of {done.name} are in {done.path}")
