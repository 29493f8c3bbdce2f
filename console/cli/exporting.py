"""``centric export``: everything the store knows of one customer, in one zip."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Group, output_option, pass_session
from console.cli.session import Session, say
from console.output import emit_one
from console.text import clean

if TYPE_CHECKING:
    from db.keeping.export import Exported


@click.group(cls=Group)
def export() -> None:
    """Write what the store knows of somebody into a file."""


@export.command("customer")
@click.argument("who", metavar="WHO")
@click.argument("file", required=False, metavar="[FILE]")
@click.option("--without-notes", is_flag=True, help="Leave out what the team wrote among itself.")
@click.option("--force", is_flag=True, help="In place of a file that is there.")
@output_option(ids=False)
@pass_session
def export_customer(
    session: Session, who: str, file: str | None, without_notes: bool, force: bool, form: str
) -> int:
    r"""Write a zip of all that is known of a customer: to read, to process, and to prove.

    It holds a page to read without a network, the same as JSON, every message as it was received,
    and a manifest with the hash of each file. Only you can read it. What others wrote to or about
    the customer is in it too: look through it before you give it away.

    \b
    centric export customer ada
    centric export customer 42 ada.zip --without-notes
    """
    from console.cli.erasing import one_customer
    from db.keeping.export import export_customer as write

    store = session.open()
    customer_id = one_customer(store, who)
    path = Path(file) if file else Path(f"customer-{customer_id}.zip")
    done = write(store.engine, customer_id, path, notes=not without_notes, force=force)
    emit_one(done, form, lambda: _lines(done))
    if form == "text" and not without_notes:
        say("What the team wrote among itself is in it; --without-notes leaves it out.")
    return exits.OK


def _lines(done: Exported) -> Iterator[str]:
    yield f"{clean(done.path, newlines=False)}  {done.size:,} bytes"
    yield f"customer {done.customer_id} {clean(done.name, newlines=False)}"
    yield (
        f"{done.entries:,} entries, {done.cases:,} cases, {done.originals:,} originals, "
        f"{done.files:,} files"
    )
    yield f"sha256 {done.sha256}"
