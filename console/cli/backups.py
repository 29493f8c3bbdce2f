"""``centric backup`` and ``restore``: a copy to go back to, and the way back."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.cli import exits
from console.cli.base import Command, output_option, pass_session
from console.cli.session import Session, say
from console.output import emit_one
from console.text import clean

if TYPE_CHECKING:
    from db.keeping.backup import Backup
    from db.keeping.restore import Restored


@click.command(cls=Command)
@click.argument("folder", required=False, metavar="[FOLDER]")
@click.option(
    "--keep",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Let older backups of this store in the folder go until N are left.",
)
@output_option(ids=False)
@pass_session
def backup(session: Session, folder: str | None, keep: int | None, form: str) -> int:
    r"""Copy the store while everyone works, prove the copy, and write its hash beside it.

    Without a FOLDER it goes beside the store. Keep one on another disk, and one in another house.

    \b
    centric backup
    centric backup /media/usb --keep 14
    """
    from db.keeping.backup import back_up

    store = session.open()
    target = Path(folder) if folder else None
    made = back_up(store.engine, target, keep=keep or 0, progress=_bar())
    emit_one(made, form, lambda: _backup_lines(made))
    if made.same_disk and form == "text":
        say("It lies on the same disk as the store: copy it to another one too.")
    return exits.OK


def _backup_lines(made: Backup) -> Iterator[str]:
    yield f"{clean(made.path, newlines=False)}  {made.size:,} bytes, proved"
    yield f"sha256 {made.sha256}"
    yield f"{made.acts:,} acts in its journal" + (f", the last {made.anchor}" if made.acts else "")
    for path in made.removed:
        yield f"let go {clean(path, newlines=False)}"


@click.command(cls=Command)
@click.argument("backup_file", metavar="BACKUP", type=click.Path(path_type=Path))
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--force", is_flag=True, help="Also where somebody has the store open.")
@output_option(ids=False)
@pass_session
def restore(session: Session, backup_file: Path, yes: bool, force: bool, form: str) -> int:
    """Put a backup in the place of the store; the present file is set aside, not lost.

    The backup is proved first: its hash, every page, every index. It stays where it is.
    """
    from db.engine.postgres_url import is_postgres
    from db.errors import Refused
    from db.keeping.restore import restore as bring_back

    if is_postgres(session.store_url):
        raise Refused(
            "A store in PostgreSQL is restored with its own tools: "
            "pg_restore --clean --if-exists --dbname=DATABASE centric.dump"
        )
    place = Path(session.store_path)
    if place.exists() and not yes:
        if not sys.stdin.isatty():
            raise click.UsageError("Nobody can be asked here: give --yes to replace the store.")
        click.confirm(f"Put {backup_file} in the place of {place}?", abort=True, err=True)
    done = bring_back(backup_file, place, force=force, progress=_bar())
    emit_one(done, form, lambda: _restored_lines(done))
    if not done.hashed:
        say(
            f"No {done.backup}.sha256 stood beside it: that it is what was backed up is not proved."
        )
    for customer_id in done.back_again:
        say(
            f"Customer {customer_id} was erased since this backup was made, and is in it: "
            f"centric erase customer {customer_id}"
        )
    return exits.OK


def _restored_lines(done: Restored) -> Iterator[str]:
    yield f"{clean(done.path, newlines=False)} is {clean(done.backup, newlines=False)} again."
    if done.set_aside:
        yield f"What was there is {clean(done.set_aside, newlines=False)} now."
    yield f"{done.acts:,} acts in its journal" + (f", the last {done.anchor}" if done.acts else "")


class _Bar:
    """Tells on a terminal how far a copy is; a program that reads a pipe is told nothing."""

    def __init__(self) -> None:
        self._shown = ""

    def __call__(self, done: int, total: int) -> None:
        text = f"{100 * done // total if total else 100} %"
        if text == self._shown:
            return
        self._shown = text
        click.echo(f"\r{text}", err=True, nl=False)
        if done >= total:
            click.echo("\r\x1b[K", err=True, nl=False)


def _bar() -> _Bar | None:
    return _Bar() if sys.stderr.isatty() else None
